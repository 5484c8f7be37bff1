"""What is missing is asked for, what others miss is sent again, and what never went is said.

Follows docs/spec/envelope.md, "What is missing". All of it is the device's work and needs no
officer. A message goes again whole, and once a day to each desk, from where it was sealed; when
that one has been away for long, from a colleague's own copy. A question is asked a little after the
gap was seen, when the mailbox has been read: a rescue overtakes what was sent before it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from crypto.attest.directory import UnknownSignerError
from crypto.attest.header import DeskId, MessageId, PriorityClass, parse_envelope
from crypto.attest.statement import Role
from crypto.seal.content import NO_CASE, Kind
from crypto.seal.envelope import Opened
from crypto.seal.grants import Remembered, can_be_told
from crypto.seal.lanes import Gap
from crypto.seal.resends import (
    MOST_WANTED,
    Stretch,
    Void,
    Wanted,
    resend_to_value,
    voids_from_value,
    voids_to_value,
    wanted_from_value,
    wanted_to_value,
)
from liaison.desk.casework.dispatch import Address, Dispatch, Letter
from liaison.desk.keys.directory import Replica
from liaison.desk.line.backlog import Backlog
from liaison.desk.mail.alarms import Alarm, Alarms
from liaison.desk.mail.intake import FalseItemError
from liaison.desk.store import Keeping, Missing, Orphan, Store, StoredMessage
from liaison.runtime.clock import from_timestamp, timestamp
from protocols.casework.receipt import FailedReceipt, Outcome, receipt_from_value

#: From seeing that something is missing until it is asked for: what was overtaken comes by itself.
ASK_AFTER = timedelta(minutes=2)
#: Until the same is asked for once more.
ASK_AGAIN = timedelta(hours=24)
#: Until what was sent again is sent once more, if it is asked for: a question comes as late as the
#: one before it did, give or take what the line took.
SEND_AGAIN = ASK_AGAIN - timedelta(hours=1)
#: How often a parent is asked for, a day apart, until it counts as one that nobody has.
MOST_TRIES = 7
#: What a colleague's installation sealed is sent again from here when it is missing this long.
ELSEWHERE_AFTER = timedelta(hours=12)


class FalseVoidError(FalseItemError):
    """A desk speaks of places in a lane that is not its own."""

    code = "resend.not_theirs"


@dataclass(frozen=True, slots=True)
class Resends:
    """The questions and answers about missing messages of one installation."""

    store: Store
    replica: Replica
    dispatch: Dispatch
    backlog: Backlog
    alarms: Alarms

    async def keep_up(self, now: datetime, *, is_up: bool) -> datetime | None:
        """Ask for what is missing by ``now``; return when something is next to be asked for.

        Args:
            now: the time.
            is_up: whether the line is up; while it is down nothing is asked.
        """
        gaps, orphans = await self.store.missing(), await self.store.orphans()
        if is_up and self.backlog.is_read and self.dispatch.keyring.is_member():
            at = timestamp(now)
            await self._give_up(now)
            due = [gap for gap in gaps if _due(gap) <= now]
            parents = [one for one in orphans if _due(one) <= now and one.tries < MOST_TRIES]
            peers = {gap.peer for gap in due} | {orphan.peer for orphan in parents}
            for peer in sorted(peers):
                await self._ask(
                    peer,
                    [gap for gap in due if gap.peer == peer][:MOST_WANTED],
                    [orphan for orphan in parents if orphan.peer == peer][:MOST_WANTED],
                    at,
                )
            gaps, orphans = await self.store.missing(), await self.store.orphans()
        await self._tell(gaps, orphans)
        waits = [*map(_due, gaps), *map(_due, orphans)]
        return min((wait for wait in waits if wait > now), default=None)

    async def answer(self, opened: Opened) -> None:
        """Send again what another desk asks for and may read, and say what will never come.

        Raises:
            ResendError: the question is malformed.
        """
        wanted, asker = wanted_from_value(opened.content.form), opened.sealed.header.src
        mids: dict[MessageId, None] = {}
        voids: list[Void] = []
        for stretch in wanted.stretches:
            await self._find(stretch, asker, mids, voids)
        mids.update(dict.fromkeys(wanted.named))
        for mid in list(mids)[:MOST_WANTED]:
            message = await self.store.message(mid)
            is_here = message is not None and not message.is_erased
            if message is not None and is_here and asker in _parties(message):
                await self.send_again(message, asker)
        if voids:
            form = voids_to_value(tuple(voids[:MOST_WANTED]))
            await self.dispatch.say(
                Letter(Kind.VOID, NO_CASE, form), Address(asker, PriorityClass.ROUTINE)
            )

    async def send_again(self, message: StoredMessage, desk: DeskId) -> bool:
        """Send a message to ``desk`` again, unless that was done today; say whether it is now.

        What sends it again may be lost as it was: who still lacks it asks every day.
        """
        now = self.dispatch.clock.now()
        today = timestamp(now - SEND_AGAIN)
        if message.took is None or await self.store.is_resent(message.mid, desk, since=today):
            return False
        whole = Remembered(message.envelope, message.took, message.content_key)
        if not whole.content_key or not can_be_told(whole):
            structlog.get_logger().warning("resend.not_possible")
            return False
        letter = Letter(Kind.RESEND, message.thread, resend_to_value(whole), resend_of=message.mid)
        priority = parse_envelope(message.envelope).header.priority
        keeping = Keeping(resent=(message.mid, desk, timestamp(now)))
        return await self.dispatch.say(letter, Address(desk, priority), keeping=keeping)

    async def seal_anew(self, opened: Opened) -> None:
        """Send again, to a window that is open now, what another desk could not open.

        Only the installation that sealed it does, and only while no computer of that desk has it.
        """
        receipt, src = receipt_from_value(opened.content.form), opened.sealed.header.src
        if not isinstance(receipt, FailedReceipt) or receipt.outcome is not Outcome.UNDECRYPTABLE:
            return
        mid = MessageId(receipt.mid)
        message = await self.store.message(mid)
        if message is None or message.is_erased or not await self.store.is_sealed_here(mid):
            return
        theirs = {one.kid for one in self.replica.known.signers(src, Role.DEVICE)}
        if not any(ack.device in theirs for ack in await self.store.acks_of([mid])):
            await self.send_again(message, src)

    async def close(self, opened: Opened) -> None:
        """Keep that nothing will come at places of the sender's own lanes to us.

        Raises:
            ResendError: the form is malformed.
            FalseVoidError: a place in another desk's lane.
        """
        src = opened.sealed.header.src
        voids = voids_from_value(opened.content.form)
        if any(self._whose(void) != src for void in voids):
            raise FalseVoidError("a desk can only say of its own messages that they never went")
        for void in voids:
            await self.close_place(void)

    async def close_place(self, void: Void) -> None:
        """Keep that nothing will come at a place that is missing, if the next one agrees.

        It is one device's word about what all its colleagues have sent: it closes nothing that is
        not known to be missing, and gives way to whatever comes there all the same.
        """
        lane = void.signer, self.replica.desk
        after = (await self.store.around(*lane, void.seq)).get(void.seq + 1)
        if after is not None and after.prev not in (None, void.mid):
            return
        await self.store.keep_void(*lane, void.seq, void.mid)

    def _whose(self, void: Void) -> DeskId | None:
        try:
            return self.replica.known.whose(void.signer).payload.desk
        except UnknownSignerError:
            return None

    async def _find(
        self, stretch: Stretch, asker: DeskId, mids: dict[MessageId, None], voids: list[Void]
    ) -> None:
        """Add to ``mids`` and ``voids`` what stands here at the numbers that are asked for."""
        ours = self.replica.desk
        try:
            owner = self.replica.known.whose(stretch.signer).payload.desk
        except UnknownSignerError:
            return
        # Our own lane to them, or one of their colleagues to us, of which they miss their own copy.
        lane = {ours: asker, asker: ours}.get(owner)
        if lane is None:
            return
        last = min(stretch.last, stretch.first + MOST_WANTED - 1)
        is_late = from_timestamp(stretch.since) + ELSEWHERE_AFTER <= self.dispatch.clock.now()
        for seq, place in (
            await self.store.places(stretch.signer, lane, Gap(stretch.first, last))
        ).items():
            if owner == ours and not is_late and not await self.store.is_sealed_here(place.mid):
                continue
            message = await self.store.message(place.mid)
            if message is None:
                continue
            if message.refused is not None:
                voids.append(Void(stretch.signer, seq, place.mid))
            mids[place.mid] = None

    async def _ask(self, peer: DeskId, gaps: list[Missing], parents: list[Orphan], at: int) -> None:
        stretches = tuple(Stretch(g.signer, g.first, g.last, g.noticed) for g in gaps)
        named = tuple(sorted({orphan.parent for orphan in parents}))
        form = wanted_to_value(Wanted(stretches, named))
        letter = Letter(Kind.MISSING, NO_CASE, form)
        if await self.dispatch.say(letter, Address(peer, PriorityClass.ROUTINE)):
            await self.store.mark_asked(gaps, at)
            await self.store.mark_parents_asked(named, at)

    async def _give_up(self, now: datetime) -> None:
        """Wait no more for parents that were asked for often, and say whose word they were."""
        vain = await self.store.give_up(MOST_TRIES, timestamp(now - ASK_AGAIN))
        for peer in {orphan.peer for orphan in vain}:
            about = self.replica.slug_of(peer)
            await self.alarms.raised(Alarm.PARENT_UNKNOWN, peer.hex(), about=about)

    async def _tell(self, gaps: Iterable[Missing], orphans: Iterable[Orphan]) -> None:
        """Alarm of what was asked for and has not come, and settle what has."""
        lanes = {
            f"{gap.signer.hex()} {gap.desk.hex()}": self._about(gap)
            for gap in gaps
            if gap.asked is not None
        }
        asked = {(orphan.peer, orphan.parent) for orphan in orphans if orphan.asked is not None}
        waited = {
            peer.hex(): f"{self.replica.slug_of(peer)} {count}"
            for peer, count in Counter(peer for peer, _ in asked).items()
        }
        await self.alarms.stand(Alarm.LANE_GAP, lanes)
        await self.alarms.stand(Alarm.PARENT_MISSING, waited)

    def _about(self, gap: Missing) -> str:
        who = f"{self.replica.slug_of(gap.peer)} {self.replica.pseudonym(gap.signer)}"
        return f"{who} {gap.first}-{gap.last}"


def _due(one: Missing | Orphan) -> datetime:
    """Return when something that is missing is to be asked for."""
    if one.asked is None:
        return from_timestamp(one.noticed) + ASK_AFTER
    return from_timestamp(one.asked) + ASK_AGAIN


def _parties(message: StoredMessage) -> tuple[DeskId, ...]:
    header = parse_envelope(message.envelope).header
    return header.src, *header.dst
