"""The inbox: what the broker delivers is checked, kept, and only then acknowledged.

Checks in the order of docs/spec/envelope.md; any failure puts that one message into quarantine with
its code, and the next one is taken up. A message is *delivered* when it is durable here: the device
signs that after the store has it. The same message again is acknowledged again and stored once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from config.errors import ConfigError
from config.schema import Corridor
from crypto.attest import labels
from crypto.attest.directory import DirectoryError
from crypto.attest.hashing import digest
from crypto.attest.header import (
    DeskId,
    EnvelopeError,
    MessageId,
    Sealed,
    envelope_id,
    parse_envelope,
)
from crypto.attest.signing import KeyId, SignatureError, open_signed, pack_signed, split_signed
from crypto.attest.statement import Role
from crypto.seal.content import Kind
from crypto.seal.envelope import NoLiveWindowError, Opened, ReadersError, SignerError, open_envelope
from liaison.desk.broker_client import BrokerRefusedError, Line
from liaison.desk.directory import Replica
from liaison.desk.keyring import Keyring
from liaison.desk.outbox import LATEST, FalseReceiptError, check_took
from liaison.desk.release import Releases
from liaison.desk.store import Keeping, Notice, Opening, Store, StoredAck, StoredMessage
from liaison.runtime.clock import Clock, timestamp
from protocols.casework.case_number import parse_case_number
from protocols.casework.errors import CaseworkError, SenderMismatchError
from protocols.casework.payload import Step, from_value
from protocols.casework.receipt import receipt_from_value
from protocols.wire import api
from protocols.wire.mailbox import ItemKind, MailLane, NoticeCode
from protocols.wire.receipt import (
    Ack,
    AckWhat,
    ReceiptError,
    Took,
    parse_ack,
    parse_noted,
)

#: Two computers' clocks may differ by a day at most before what they say of a time is refused.
CLOCKS_DIFFER = 86_400
#: An acknowledgement with this number says that we have a message, and moves no cursor.
MOVES_NO_CURSOR = 0
#: The broker takes no more acknowledgements in one frame than four times as many.
ACKS_AT_ONCE = 64
#: What may fail only because our replica of the directory is behind.
BEHIND = (NoLiveWindowError, SignerError, ReadersError)


class FalseItemError(Exception):
    """An item of the mailbox does not hold: it is set aside, never believed."""

    code = "inbox.false_item"


class ConflictError(FalseItemError):
    """Other bytes under the id of a message that is here."""

    code = "inbox.conflict"


class FalseTimeError(FalseItemError):
    """A time that no calendar has, or at which the signer could not have signed."""

    code = "inbox.false_time"


class StrangerError(FalseItemError):
    """A step in a case in which its sender has no part."""

    code = "inbox.not_a_party"


class ForeignReferenceError(FalseItemError):
    """A case opened under another desk's number."""

    code = "inbox.foreign_reference"


@dataclass(slots=True)
class Inbox:
    """Takes what comes for one desk."""

    store: Store
    replica: Replica
    keyring: Keyring
    line: Line
    clock: Clock
    corridor: Corridor
    releases: Releases
    changed: Callable[[], None]

    async def take(self, frame: api.Deliver) -> None:
        """Deal with one item and acknowledge it; raises LineDownError when the line breaks."""
        _, kind = api.lane_and_kind(frame)
        takers: dict[ItemKind, Callable[[api.Deliver], Awaitable[bytes | None]]] = {
            ItemKind.ENVELOPE: self._take_envelope,
            ItemKind.ACK: self._take_ack,
            ItemKind.NOTICE: self._take_notice,
        }
        ack = await takers[kind](frame)
        await self.store.move_cursor(frame.lane, frame.seq)
        await self.line.acknowledge(frame.lane, frame.seq, *([] if ack is None else [ack]))
        self.changed()

    async def _take_envelope(self, frame: api.Deliver) -> bytes | None:
        eid = envelope_id(frame.first)
        try:
            sealed = parse_envelope(frame.first)
            took = check_took(frame.second, sealed.mid, eid, self.replica.broker_key())
            known = await self.store.message(sealed.mid)
            if known is None:
                return await self._open(sealed, took, frame.second)
            if known.eid != eid:
                raise ConflictError("the message of this id is here in other bytes")
        except (EnvelopeError, FalseReceiptError, CaseworkError, FalseItemError) as e:
            await self._set_aside(eid, frame.first, e.code, receipt=frame.second)
            return None
        if known.outgoing:
            # Our own copy may tell of the receipt before the answer to our submission does.
            await self.store.mark_taken(sealed.mid, frame.second, position=took.index, at=took.at)
            return None
        return None if known.kind == Kind.RECEIPT else self._delivered(sealed)

    async def try_again(self) -> None:
        """Take up what was set aside only because our directory was behind; it has grown."""
        for envelope, receipt in await self.store.aside([kind.code for kind in BEHIND]):
            sealed = parse_envelope(envelope)
            try:
                took = check_took(receipt, sealed.mid, sealed.eid, self.replica.broker_key())
                ack = await self._open(sealed, took, receipt)
            except (EnvelopeError, FalseReceiptError, CaseworkError, FalseItemError) as e:
                structlog.get_logger().info("inbox.still_aside", code=e.code)
                continue
            await self.store.release_from_quarantine(sealed.eid)
            if ack is not None:
                await self.line.acknowledge(MailLane.ORDINARY.value, MOVES_NO_CURSOR, ack)
            self.changed()

    async def acknowledge_again(self) -> None:
        """Say once more that we have what the broker has not noted as delivered to us."""
        kinds = [int(kind) for kind in Kind if kind is not Kind.RECEIPT]
        device, what = self.keyring.device.kid, int(AckWhat.DELIVERED)
        waiting = await self.store.unacknowledged(device, what, kinds)
        for begin in range(0, len(waiting), ACKS_AT_ONCE):
            acks = [
                self._delivered(parse_envelope(message.envelope))
                for message in waiting[begin : begin + ACKS_AT_ONCE]
            ]
            await self.line.acknowledge(MailLane.ORDINARY.value, MOVES_NO_CURSOR, *acks)

    async def _open(self, sealed: Sealed, took: Took, receipt: bytes) -> bytes | None:
        opened = await self._opened(sealed, took)
        _check_calendar(opened.content.created)
        own_copy = opened.own_copy
        message = StoredMessage(
            mid=sealed.mid,
            eid=sealed.eid,
            outgoing=own_copy,
            src=sealed.header.src,
            thread=opened.content.thread,
            kind=int(opened.content.kind),
            signer=opened.signer.kid,
            envelope=sealed.raw,
            content_key=opened.content_key,
            content=opened.content.encoded(),
            took=receipt,
            position=took.index,
            taken_at=took.at,
        )
        if opened.content.kind is Kind.RECEIPT:
            found = await self._opening(opened, took)
            keeping = Keeping(opening=(found.mid, found.officer, found.at))
            await self.store.keep(message, keeping)
            return None
        await self.store.keep(message, await self._keeping(opened))
        return None if own_copy else self._delivered(sealed)

    async def _keeping(self, opened: Opened) -> Keeping:
        if opened.content.kind is Kind.COUNTERSIGN:
            if opened.own_copy:
                return Keeping()
            return await self.releases.keeping_for(opened.content, opened.sealed.header.src)
        step = from_value(opened.content.form)
        await self._check_step(opened, step)
        return Keeping(ref=step.case)

    async def _opened(self, sealed: Sealed, took: Took) -> Opened:
        """Open; when only our replica may be behind, bring it up to date and try once more."""
        try:
            return self._try(sealed, took)
        except BEHIND:
            try:
                await self.replica.sync(self.line)
            except (DirectoryError, BrokerRefusedError, api.FrameError) as e:
                structlog.get_logger().error("broker.not_followed", code=e.code)
            await self.keyring.load()
            return self._try(sealed, took)

    def _try(self, sealed: Sealed, took: Took) -> Opened:
        return open_envelope(
            sealed,
            desk=self.replica.desk,
            windows=self.keyring.opening_keys(),
            directory=self.replica.directory,
            at=took.at,
        )

    async def _check_step(self, opened: Opened, step: Step) -> None:
        """Refuse a step of a stranger to its case, and a case in another desk's name or number."""
        src = opened.sealed.header.src
        messages = await self.store.messages_of(opened.content.thread)
        first = next((m for m in messages if m.kind == Kind.STEP), None)
        if first is None:
            self._check_number(src, step)
        elif src not in _parties(first):
            raise StrangerError("the sender has no part in this case")
        if step.request is None:
            return
        slugs = [self._slug(desk) for desk in (src, *opened.sealed.header.dst)]
        named = step.request.header
        if named.sender != slugs[0] or named.to not in slugs[1:]:
            raise SenderMismatchError("a request names the desks between which it is sent")

    def _check_number(self, src: DeskId, step: Step) -> None:
        """Refuse a new case under another number than its requester's own: it would hide theirs."""
        try:
            code = self.corridor.desk(self._slug(src)).code
        except ConfigError as e:
            raise ForeignReferenceError(f"{e.code}: {e}") from e
        if parse_case_number(step.case).desk_code != code:
            raise ForeignReferenceError(f"a case number of {code} expected")

    def _slug(self, desk: DeskId) -> str:
        return self.replica.directory.desk(desk).payload.slug

    async def _opening(self, opened: Opened, took: Took) -> Opening:
        receipt = receipt_from_value(opened.content.form)
        about = await self.store.message(MessageId(receipt.mid))
        if about is None or about.eid != receipt.eid:
            raise FalseItemError("a receipt for a message that is not here")
        if receipt.by != opened.signer.kid:
            raise FalseItemError("a receipt by another than the one who signed it")
        if opened.sealed.header.src not in parse_envelope(about.envelope).header.dst:
            raise FalseItemError("a receipt by a desk to which the message was not addressed")
        self._check_signed_at(opened.signer.kid, receipt.at, took)
        return Opening(about.mid, opened.signer.kid, receipt.at, opened.sealed.mid)

    def _check_signed_at(self, signer: KeyId, at: int, took: Took) -> None:
        try:
            self.replica.directory.signer(signer, at=at)
        except DirectoryError as e:
            raise FalseTimeError(f"{e.code}: {e}") from e
        if at > took.at + CLOCKS_DIFFER:
            raise FalseTimeError(f"up to {took.at + CLOCKS_DIFFER} expected, {at} found")

    def _delivered(self, sealed: Sealed) -> bytes:
        device = self.keyring.device
        ack = Ack(
            AckWhat.DELIVERED,
            sealed.mid,
            sealed.eid,
            timestamp(self.clock.now()),
            device.kid,
        )
        return pack_signed(device, labels.ACK, ack.encoded())

    async def _take_ack(self, frame: api.Deliver) -> None:
        try:
            await self.store.keep_ack(await self._checked_ack(frame))
        except (SignatureError, ReceiptError, DirectoryError, FalseItemError) as e:
            await self._set_aside(envelope_id(frame.first), frame.first, e.code)

    async def _checked_ack(self, frame: api.Deliver) -> StoredAck:
        ack = parse_ack(split_signed(frame.first)[0])
        message = await self.store.message(MessageId(ack.mid))
        if message is None or message.eid != ack.eid:
            raise FalseItemError("an acknowledgement of a message that is not here")
        broker = self.replica.broker_key()
        noted = parse_noted(open_signed(broker, labels.NOTED, frame.second))
        if noted.ack != digest(labels.P_PERSISTED, frame.first):
            raise FalseItemError("the broker's note is of another acknowledgement")
        device = self.replica.directory.signer(KeyId(ack.device), at=noted.at).payload
        open_signed(device.key, labels.ACK, frame.first)
        header = parse_envelope(message.envelope).header
        if device.role is not Role.DEVICE or device.desk not in header.dst:
            raise FalseItemError("an acknowledgement by no device of an addressed desk")
        return StoredAck(
            mid=message.mid,
            device=KeyId(ack.device),
            what=int(ack.what),
            ack=frame.first,
            noted=frame.second,
            position=noted.index,
            at=noted.at,
        )

    async def _take_notice(self, frame: api.Deliver) -> None:
        try:
            await self.store.keep_notice(_checked_notice(frame.first))
        except (api.FrameError, FalseItemError) as e:
            await self._set_aside(envelope_id(frame.first), frame.first, e.code)

    async def _set_aside(self, eid: bytes, raw: bytes, code: str, *, receipt: bytes = b"") -> None:
        structlog.get_logger().warning("inbox.set_aside", code=code, eid=eid.hex()[:16])
        at = timestamp(self.clock.now())
        await self.store.set_aside(eid, raw, receipt=receipt, code=code, at=at)


def _check_calendar(*times: int) -> None:
    if max(times) > LATEST:
        raise FalseTimeError(f"a time up to {LATEST} expected, {max(times)} found")


def _parties(message: StoredMessage) -> tuple[DeskId, ...]:
    header = parse_envelope(message.envelope).header
    return header.src, *header.dst


def _checked_notice(raw: bytes) -> Notice:
    body = api.parse_notice_body(raw)
    if body.code not in set(NoticeCode):
        raise FalseItemError(f"an unknown notice {body.code}")
    _check_calendar(body.due, body.at)
    return Notice(body.token, body.code, body.mid, body.due, body.at)
