"""When a seed is destroyed: once nothing that was sealed to it can still be on its way.

Follows docs/spec/archive.md, "Seeds". Two clocks must agree, our own and one that both sides'
witnesses have signed, so that no computer whose clock jumps destroys what it still needs. A window
that no later one follows stays in use past its week, and its seed stays with it. Destroys nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crypto.attest.sealing_keys import MAIL_WAITS
from crypto.attest.statement import Window
from crypto.seal.windows import WEEK

#: After the end of its use a window's seed is destroyed at the latest (s), read or not.
AT_LATEST = 35 * 86_400
#: How long (s) after a grant key was replaced what was on its way to the old one may still come.
GRANT_SETTLES = 86_400


@dataclass(frozen=True, slots=True)
class Times:
    """What time it is (ts): by our own clock, and by the last checkpoint that both sides cosigned.

    ``is_read`` says that our mailbox has been dealt with to its end.
    """

    own: int
    cosigned: int
    is_read: bool

    def have_passed(self, moment: int) -> bool:
        """Say whether both clocks have passed ``moment``, and all that came was dealt with."""
        return self.is_read and min(self.own, self.cosigned) >= moment


def follower(not_after: int, published: Iterable[Window]) -> int | None:
    """Return when (ts) the first later week begins for which senders have a window, if they do.

    Args:
        not_after: the end (ts) of the window in question.
        published: those of the desk's windows among which senders choose.
    """
    return min((w.not_before for w in published if w.not_before >= not_after), default=None)


def served_until(not_after: int, followed: int, begins: int) -> int:
    """Return until when (ts) somebody may have sealed to a window.

    Args:
        not_after: its end (ts).
        followed: when (ts) we first knew of a later one, by our own clock.
        begins: when (ts) the later one's week begins.
    """
    # Whoever published the later one did so before its week was over, whatever our clock says.
    return max(not_after, min(followed, begins + WEEK))


def window_is_over(until: int, times: Times) -> bool:
    """Say whether the seed of a window that served until then (ts) is to be destroyed."""
    return times.have_passed(until + MAIL_WAITS) or times.cosigned >= until + AT_LATEST


def grant_key_is_over(replaced: int, times: Times) -> bool:
    """Say whether the seed of a grant key that was replaced then (ts) is to be destroyed."""
    return times.have_passed(replaced + GRANT_SETTLES) or times.cosigned >= replaced + AT_LATEST
