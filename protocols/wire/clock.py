"""The broker's blind clock: a token, a due time, and what happens when nobody stops it.

Follows docs/spec/broker.md, "Blind clock". The broker knows nothing of the case: when the due time
passes it tells both desks, and for urgent and rescue messages, after a while more, the desk to
which the receiving desk escalates. A message that carries the token among its stops ends the clock.
"""

from dataclasses import dataclass
from datetime import timedelta

from protocols.wire.mailbox import RESCUE_CLASS, NoticeCode

URGENT_CLASS = 1
#: (ours) until the escalation desk is told: the same as the last step of the desks' own ladder.
ESCALATION = {URGENT_CLASS: timedelta(hours=24), RESCUE_CLASS: timedelta(minutes=30)}


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step of the ladder: at ``at`` (ts) the broker says ``code``."""

    at: int
    code: NoticeCode


def ladder(due: int, priority: int) -> tuple[LadderStep, ...]:
    """Return the steps of a clock that is due at ``due`` (ts), soonest first.

    Args:
        due: the due time of the header, unix seconds.
        priority: the class of the starting message; routine ones never escalate.
    """
    first = LadderStep(due, NoticeCode.DUE)
    if priority not in ESCALATION:
        return (first,)
    later = due + int(ESCALATION[priority].total_seconds())
    return (first, LadderStep(later, NoticeCode.ESCALATED))


def reached(steps: tuple[LadderStep, ...], done: int, *, now: int) -> int:
    """Return how many steps have fallen due by ``now`` (ts), at least ``done``."""
    return max(done, sum(step.at <= now for step in steps))
