"""Windows that rotate, and who is taken out: what they open afterwards, and what before.

A desk of two computers by a clock that the machine moves: one keeps publishing windows, giving them
to the other and destroying seeds; the other, and an officer, are taken out at some point. Whoever
was taken out keeps a copy of every seed that they ever held.
"""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from crypto.attest.directory import Directory, DirectoryError
from crypto.attest.header import EnvelopeError, parse_envelope
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import Reason, RevocationPayload, What
from crypto.seal.ceremony import publish_windows, revoke
from crypto.seal.content import ReaderRole
from crypto.seal.destruction import Times, follower, served_until, window_is_over
from crypto.seal.envelope import Opened, open_envelope, seal
from crypto.seal.primitives import OpeningKey
from crypto.seal.readers import Reader, with_readers
from crypto.seal.windows import OwnWindow, make_window, next_publication, weeks_wanted
from tests.support.chance import Chance
from tests.support.world import (
    HERE,
    NOW,
    SECOND,
    THERE,
    Post,
    content,
    directory,
    outside,
    second_device,
)

DAY = 86_400
#: Where the ledger stands when the play begins.
FIRST_LEAF = 100


def replica() -> Directory:
    """Return the directory of both desks, ours with two computers."""
    known = directory(HERE, THERE)
    for entry in second_device():
        known.append(entry)
    return known


@dataclass(frozen=True)
class Sent:
    """A message as the broker took it."""

    envelope: bytes
    at: int
    leaf: int


@dataclass
class Play:
    """Both desks as everybody's replica has them, and what each computer of ours holds."""

    directory: Directory = field(default_factory=replica)
    now: int = NOW
    leaf: int = FIRST_LEAF
    kept: dict[KeyId, OpeningKey] = field(default_factory=lambda: dict(HERE.opening))
    copied: dict[KeyId, OpeningKey] = field(default_factory=lambda: dict(HERE.opening))
    followed: dict[KeyId, int] = field(default_factory=dict)
    removed: dict[KeyId, int] = field(default_factory=dict)

    def pass_days(self, days: int) -> None:
        """Let days pass one by one, with all that falls due."""
        for _ in range(days):
            self.now += DAY
            self.publish()
            self.destroy()

    def publish(self) -> None:
        """Publish what is wanted, and give it to the other computer while that one counts."""
        fresh = self.directory.fresh_windows(HERE.desk)
        until = fresh[-1].not_after if fresh else None
        if next_publication(until) > self.now:
            return
        made = [make_window(begins) for begins in weeks_wanted(until, at=self.now)]
        self._enter(made)
        opening = {own.window.kid: OpeningKey.from_seed(own.seed) for own in made}
        self.kept |= opening
        if SECOND.kid not in self.removed:
            self.copied |= opening

    def destroy(self) -> None:
        """Destroy the seeds that are over, by two clocks that agree."""
        ours, times = self.directory, Times(self.now, self.now, is_read=True)
        chosen = ours.fresh_windows(HERE.desk) or ours.windows(HERE.desk)
        for window in ours.windows(HERE.desk):
            begins = follower(window.not_after, chosen)
            if begins is None or window.kid not in self.kept:
                continue
            since = self.followed.setdefault(window.kid, self.now)
            if window_is_over(served_until(window.not_after, since, begins), times):
                del self.kept[window.kid]

    def remove(self, key: SigningKey) -> None:
        """Have the registrar revoke a key; the desk answers with new windows at once."""
        payload = RevocationPayload(self.now, Reason.LEFT)
        entry = revoke(HERE.agency, key.kid, payload, signers=[HERE.registrar])
        self.directory.append(entry)
        self.directory.place(self.directory.head.size, self._next_leaf())
        self.removed[key.kid] = self.leaf
        self.publish()

    def send(self, to: Post, sender: SigningKey, src: Post) -> Sent:
        """Return a message from one desk to the other, sealed by what the sender knows."""
        window = self.directory.open_window(to.desk, at=self.now)
        readers = [Reader(window, ReaderRole.DESK)]
        said = replace(content(to, sender=sender, wrapped=readers), created=self.now)
        out = replace(outside(to, src=src), exp=self.now + 14 * DAY)
        sealed = seal(with_readers(said, readers), out, readers=readers, signer=sender)
        return Sent(sealed, self.now, self._next_leaf())

    def open(self, sent: Sent, windows: dict[KeyId, OpeningKey], at_desk: Post = HERE) -> Opened:
        """Return a message, opened with these windows."""
        return open_envelope(
            parse_envelope(sent.envelope),
            desk=at_desk.desk,
            windows=windows,
            directory=self.directory,
            at=sent.at,
            index=sent.leaf,
        )

    def opens(self, sent: Sent, windows: dict[KeyId, OpeningKey], at_desk: Post = HERE) -> bool:
        """Say whether a message opens with these windows."""
        try:
            self.open(sent, windows, at_desk)
        except EnvelopeError:
            return False
        return True

    def _enter(self, made: list[OwnWindow]) -> None:
        entry = publish_windows(
            HERE.agency,
            HERE.desk,
            [own.window for own in made],
            device=HERE.device,
            after=self.directory.last(What.WINDOWS, HERE.agency, HERE.desk),
        )
        self.directory.append(entry)

    def _next_leaf(self) -> int:
        self.leaf += 1
        return self.leaf


class Rotation(RuleBasedStateMachine):
    """Days pass, messages go both ways, and a computer and an officer are taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.play = Play()
        self.came: list[Sent] = []
        self.went: list[Sent] = []

    @rule(days=st.integers(1, 20))
    def pass_days(self, days: int) -> None:
        self.play.pass_days(days)

    @rule()
    def they_write(self) -> None:
        sent = self.play.send(HERE, THERE.officer, THERE)
        assert self.play.opens(sent, self.play.kept)
        self.came.append(sent)

    @rule()
    def our_officer_writes(self) -> None:
        sent = self.play.send(THERE, HERE.officer, HERE)
        is_removed = HERE.officer.kid in self.play.removed
        assert self.play.opens(sent, THERE.opening, THERE) is not is_removed
        self.went.append(sent)

    @precondition(lambda self: SECOND.kid not in self.play.removed)
    @rule()
    def a_computer_is_taken_out(self) -> None:
        self.play.remove(SECOND)

    @precondition(lambda self: HERE.officer.kid not in self.play.removed)
    @rule()
    def an_officer_is_taken_out(self) -> None:
        self.play.remove(HERE.officer)

    @invariant()
    def who_was_taken_out_opens_what_came_before_and_nothing_after(self) -> None:
        removed = self.play.removed.get(SECOND.kid)
        for sent in self.came:
            is_before = removed is None or sent.leaf < removed
            assert self.play.opens(sent, self.play.copied) is is_before

    @invariant()
    def what_an_officer_signed_before_leaving_counts_for_ever(self) -> None:
        removed = self.play.removed.get(HERE.officer.kid)
        for sent in self.went:
            is_before = removed is None or sent.leaf < removed
            assert self.play.opens(sent, THERE.opening, THERE) is is_before

    @invariant()
    def no_seed_outlives_its_window_by_three_weeks_while_others_follow(self) -> None:
        for window in self.play.directory.windows(HERE.desk):
            if window.not_after + 14 * DAY <= self.play.now - DAY:
                assert window.kid not in self.play.kept


TestRotation = Rotation.TestCase
TestRotation.settings = settings(
    max_examples=15,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_a_computer_that_was_taken_out_opens_none_of_a_thousand_later_messages() -> None:
    play, chance = Play(), Chance(4)
    before = []
    for _ in range(100):
        play.pass_days(chance.below(2))
        before.append(play.send(HERE, THERE.officer, THERE))
    play.remove(SECOND)
    later = []
    for _ in range(1_000):
        if chance.below(10) == 0:
            play.pass_days(1)
        later.append(play.send(HERE, THERE.officer, THERE))
        assert play.opens(later[-1], play.kept)

    assert sum(play.opens(sent, play.copied) for sent in later) == 0
    assert sum(play.opens(sent, play.copied) for sent in before) == 100


def test_an_officer_who_was_taken_out_signs_nothing_more_and_what_was_signed_counts() -> None:
    play = Play()
    before = [play.send(THERE, HERE.officer, HERE) for _ in range(50)]
    play.remove(HERE.officer)
    later = [play.send(THERE, HERE.officer, HERE) for _ in range(50)]

    assert sum(play.opens(sent, THERE.opening, THERE) for sent in before) == 50
    assert sum(play.opens(sent, THERE.opening, THERE) for sent in later) == 0
    with pytest.raises(DirectoryError):
        play.directory.signer(HERE.officer.kid, at=play.now)
