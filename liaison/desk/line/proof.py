"""Seeing with our own eyes that the ledger holds what we were told it holds.

After each new checkpoint that the witnesses of both sides have cosigned, the desk checks that it
continues the last one it saw, and that every message and acknowledgement it knows stands in it
where the broker's receipt says. A failure is an alarm and stops nothing: the mail is already here.
"""

import asyncio
from dataclasses import dataclass, field

from crypto.attest.checkpoint import Checkpoint, Cosigned, open_checkpoint, verify_checkpoint
from crypto.attest.header import parse_envelope
from crypto.attest.note import NoteError
from crypto.attest.proof import verify_consistency, verify_inclusion
from crypto.attest.tree import TreeError, TreeHead, hash_leaf
from liaison.desk.keys.directory import Replica
from liaison.desk.line.broker_client import Line
from liaison.desk.line.places import FalsePlaceError, Places
from liaison.desk.line.witnesses import Witnesses
from liaison.desk.mail.alarms import Alarm, Alarms
from liaison.desk.store import Store, StoredAck, StoredMessage
from protocols.wire import api
from protocols.wire.ledger_event import Event, EventKind, LeafError, parse_leaf
from protocols.wire.receipt import AckWhat

ACK_KINDS = {
    AckWhat.ARRIVED: EventKind.RECEIPT_ARRIVED,
    AckWhat.DELIVERED: EventKind.RECEIPT_DELIVERED,
    AckWhat.CARRIED: EventKind.RECEIPT_CARRIED,
}
#: The fact under which the store keeps an alarm.
ALARM = "alarm"


class FalseLeafError(Exception):
    """The ledger holds something else at a place than the broker's receipt said."""

    code = "ledger.false_leaf"


class RolledBackError(Exception):
    """The broker shows a smaller ledger than it has shown before."""

    code = "ledger.rolled_back"


#: What is an accusation of the broker: kept and shown until a supervisor has dealt with it.
ACCUSATIONS = (
    NoteError,
    TreeError,
    LeafError,
    FalseLeafError,
    FalsePlaceError,
    RolledBackError,
)


@dataclass(slots=True)
class Prover:
    """Checks the ledger for one desk."""

    store: Store
    replica: Replica
    line: Line
    places: Places
    alarms: Alarms
    witnesses: Witnesses
    alarm: str | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load(self) -> None:
        """Take up the alarm that was raised before the last end of the program, if any."""
        raised = await self.store.fact(ALARM)
        self.alarm = None if raised is None else raised.decode()
        await self.places.load()

    async def last_seen(self) -> Checkpoint | None:
        """Return the last checkpoint that held, or None before the first.

        The broker's signature is verified anew. The witnesses had cosigned it as the directory
        asked when it was kept; one that was named since has not, and what was seen stays seen.

        Raises:
            NoteError, DirectoryError: it is not by the broker that our agency names now.
        """
        raw = await self.store.fact("checkpoint")
        return None if raw is None else open_checkpoint(raw, self.replica.log())

    async def last_cosigned(self) -> Cosigned | None:
        """Return the last checkpoint that held with what its witnesses say, None before the first.

        Raises:
            NoteError, DirectoryError: not all who must cosign by now have cosigned it.
        """
        raw = await self.store.fact("checkpoint")
        return None if raw is None else verify_checkpoint(raw, self.replica.policy())

    async def check(self) -> None:
        """Check the newest cosigned checkpoint; raises what the line raises.

        What fails is logged and stands in ``alarm`` as its code from then on.
        """
        async with self._turn:
            try:
                await self._check()
            except ACCUSATIONS as e:
                self.alarm = e.code
                await self.store.set_fact(ALARM, e.code.encode())
                await self.alarms.raised(e.code, e.code, about="")
                return
            await self._compare()

    async def _check(self) -> None:
        raw = await self.line.fetch(api.CHECKPOINT_PATH)
        seen = await self.witnesses.verified(raw)
        await self._check_continues(seen)
        size = seen.checkpoint.size
        messages, acks = await self.store.unproven(size)
        for message in messages:
            _check_message(await self._leaf(_position(message), seen), message)
        for ack in acks:
            _check_ack(await self._leaf(ack.position, seen), ack)
        positions = [_position(m) for m in messages] + [ack.position for ack in acks]
        await self.store.mark_proven(size, raw, positions)
        await self.places.find(seen, self._leaf)

    async def _compare(self) -> None:
        """Compare what other desks have seen of the ledger with what we have seen of it."""
        last = await self.last_seen()
        if last is None:
            return
        for one in await self.store.shown():
            about = {"about": self.replica.slug_of(one.desk)}
            try:
                theirs = await self.witnesses.verified(one.checkpoint)
                is_compared = await self._agrees(theirs.checkpoint.head, last.head)
            except TreeError:
                await self.alarms.raised(Alarm.LEDGER_FORK, one.checkpoint.hex(), **about)
            except NoteError:
                await self.alarms.raised(Alarm.PEER_CHECKPOINT, one.desk.hex(), **about)
            else:
                if not is_compared:
                    continue
            await self.store.mark_compared(one)

    async def _agrees(self, theirs: TreeHead, ours: TreeHead) -> bool:
        """Say whether both were compared: not while theirs is larger than what we are shown.

        Raises:
            TreeError: they are heads of two ledgers.
        """
        if theirs.size > ours.size:
            return False
        proof: list[bytes] = []
        if 0 < theirs.size < ours.size:
            proof = await self.line.page(api.CONSISTENCY_PATH, old=theirs.size, size=ours.size)
        verify_consistency(proof, old=theirs, new=ours)
        return True

    async def _check_continues(self, seen: Cosigned) -> None:
        last = await self.last_seen()
        if last is None:
            return
        old, new = last.head, seen.checkpoint.head
        if new.size < old.size:
            raise RolledBackError(f"{old.size} leaves were shown before, {new.size} now")
        proof = await self.line.page(api.CONSISTENCY_PATH, old=old.size, size=new.size)
        verify_consistency(proof, old=old, new=new)

    async def _leaf(self, position: int, seen: Cosigned) -> Event:
        head = seen.checkpoint.head
        leaves = await self.line.page(api.LEDGER_PATH, **{"from": position, "to": position + 1})
        if len(leaves) != 1:
            raise FalseLeafError(f"one leaf expected at {position}, {len(leaves)} given")
        proof = await self.line.page(api.INCLUSION_PATH, index=position, size=head.size)
        verify_inclusion(hash_leaf(leaves[0]), proof, index=position, head=head)
        return parse_leaf(leaves[0])


def _position(message: StoredMessage) -> int:
    if message.position is None:
        raise FalseLeafError("a message that was not taken has no place in the ledger")
    return message.position


def _check_message(leaf: Event, message: StoredMessage) -> None:
    expected = (
        EventKind.MESSAGE_ACCEPTED,
        (message.mid, message.eid),
        (int(parse_envelope(message.envelope).header.priority),),
        message.taken_at,
    )
    if (leaf.kind, leaf.objects, leaf.codes, leaf.at) != expected:
        raise FalseLeafError(f"leaf {message.position} is not the message that was receipted")


def _check_ack(leaf: Event, ack: StoredAck) -> None:
    expected = (ACK_KINDS[AckWhat(ack.what)], ack.ack, ack.at)
    if (leaf.kind, leaf.evidence, leaf.at) != expected:
        raise FalseLeafError(f"leaf {ack.position} is not the acknowledgement that was noted")
