"""What a message says of everything around it: checks 11 to 14 of docs/spec/envelope.md.

Its place in its lane, the messages that it answers, the directory that its sender sees, its time.
The broker can drop, hold back, reorder and fork; it cannot make these agree. Two messages at one
place, or two directories of one size, are never both believed: the message is refused. What is
missing or late is noted, and the message is kept all the same: no gap ever holds up a rescue.
"""

from dataclasses import dataclass, replace

from crypto.attest.directory import Head
from crypto.attest.header import DeskId, EnvelopeError
from crypto.attest.signing import KeyId
from crypto.seal.envelope import Opened
from crypto.seal.lanes import belied, check_place
from liaison.desk.keys.directory import Replica
from liaison.desk.mail.alarms import Alarm, Alarms
from liaison.desk.store import HeadAhead, Keeping, Orphan, Seen, Store

#: So many parents that one desk has named and nobody has are waited for at a time.
MOST_ORPHANS = 256
#: So many heads of the directory beyond ours are kept of one desk, to be compared.
MOST_AHEAD = 64
#: A message that was written a day before the broker took it, or a day after, is marked as such.
TIMES_DIFFER = 86_400


class DirectoryForkError(EnvelopeError):
    """The sender's directory is another than ours: somebody is shown a false one."""

    code = "directory.fork"


@dataclass(frozen=True, slots=True)
class Crosschecks:
    """What one desk compares each message with."""

    store: Store
    replica: Replica
    alarms: Alarms

    async def checked(self, opened: Opened, index: int | None, *, now: int) -> Keeping:
        """Return what is to be kept of what ``opened`` says of its surroundings.

        Args:
            opened: a message that has passed the checks of its seal.
            index: how many leaves the ledger had before it; None while it stands in none.
            now: the time (ts) at which what is missing was noticed.

        Raises:
            LaneForkError: another message stands at its place, or beside it one that denies it.
            DirectoryForkError: its directory has our size and another hash.
        """
        content, mid = opened.content, opened.sealed.mid
        check_head(content.dirhead, self.replica)
        seen = []
        for desk, lane in sorted(content.lanes.items()):
            if opened.own_copy or desk in self._places():
                around = await self.store.around(content.sender, desk, lane.seq)
                check_place(lane, mid, around)
                numbers = belied(lane, around)
                is_ours = self.replica.desk in (desk, opened.sealed.header.src)
                seen.append(
                    Seen(desk, lane, self._peer(opened, desk), now, numbers, is_ours=is_ours)
                )
        for one in seen:
            await tell_of_false_voids(self.alarms, self.replica, content.sender, one)
        return Keeping(
            seen=tuple(seen),
            orphans=await self._orphans(opened, seen, now),
            ahead=await self.ahead(opened, index, now=now),
        )

    def _places(self) -> set[DeskId]:
        return {self.replica.desk, *self.replica.before(self.replica.desk)}

    async def falls_back(self, at: int, index: int) -> bool:
        """Say whether the ledger's times fall between ``at`` at ``index`` and what is beside it."""
        before, after = await self.store.times_beside(index)
        return (before is not None and at < before) or (after is not None and after < at)

    async def compared(self) -> list[HeadAhead]:
        """Return the heads once beyond ours that our directory, grown since, contradicts."""
        false = []
        for head in await self.store.heads_ahead():
            ours = self.replica.directory.head_at(head.size)
            if ours is None:
                continue
            if ours.hash != head.hash:
                false.append(head)
            await self.store.drop_head(head)
        return false

    def _peer(self, opened: Opened, desk: DeskId) -> DeskId:
        return desk if opened.own_copy else opened.sealed.header.src

    async def _orphans(self, opened: Opened, seen: list[Seen], now: int) -> tuple[Orphan, ...]:
        if not seen[0].is_ours:
            return ()
        unknown, peer = await self.store.unknown_of(opened.content.parents), seen[0].peer
        waited, _ = await self.store.count_named(peer)
        room = max(0, MOST_ORPHANS - waited)
        return tuple(Orphan(mid, opened.sealed.mid, peer, now) for mid in unknown[:room])

    async def ahead(self, opened: Opened, index: int | None, *, now: int) -> HeadAhead | None:
        """Return the head that a message names, if it lies beyond ours and may have existed.

        Each entry of the directory is a leaf of the ledger. Before a message there were no more of
        them than leaves that are not known to be something else: a head of more never was, and its
        sender is named. What stands in no ledger yet is looked at when it does.
        """
        head, src = opened.content.dirhead, opened.sealed.header.src
        if index is None or self.replica.directory.head_at(head.size) is not None:
            return None
        if head.size > index - await self.store.leaves_before(index):
            about = self.replica.slug_of(src)
            await self.alarms.raised(Alarm.DIRECTORY_FALSE, src.hex(), about=about)
            return None
        _, waited = await self.store.count_named(src)
        return None if waited >= MOST_AHEAD else HeadAhead(head.size, head.hash, src, now)


def check_head(said: Head, replica: Replica) -> None:
    """Raise DirectoryForkError if our directory had another hash at the size that is named."""
    ours = replica.directory.head_at(said.size)
    if ours is not None and ours != said:
        raise DirectoryForkError(f"another directory of {said.size} entries than ours")


async def tell_of_false_voids(alarms: Alarms, replica: Replica, signer: KeyId, seen: Seen) -> None:
    """Alarm of the numbers of a lane that a device of its desk falsely said to be void."""
    who = f"{replica.slug_of(seen.peer)} {replica.pseudonym(signer)}"
    for seq in seen.belied:
        subject = f"{signer.hex()} {seen.desk.hex()} {seq}"
        await alarms.raised(Alarm.LANE_VOID, subject, about=f"{who} {seq}")


def joined(keeping: Keeping, around: Keeping) -> Keeping:
    """Return ``keeping`` with what :meth:`Crosschecks.checked` gave."""
    return replace(keeping, seen=around.seen, orphans=around.orphans, ahead=around.ahead)


def times_differ(created: int, taken_at: int) -> bool:
    """Say whether a message was written (ts) more than a day from when the broker took it."""
    return abs(created - taken_at) > TIMES_DIFFER
