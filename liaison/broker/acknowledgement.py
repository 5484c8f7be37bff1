"""Acknowledgements: a device's signed word that it has a message, entered and passed on.

Follows docs/spec/broker.md, "Acknowledgement". Each enters the ledger once, and goes with the
broker's signed note of it to the desk that wrote and to the desk that has it. One that was entered
before is not entered again, and still moves the device's cursor: a device that heard no answer may
say it all again. All acknowledgements of a frame stand or none does.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from crypto.attest import labels
from crypto.attest.hashing import digest
from crypto.attest.signing import KeyId, SignatureError, SigningKey, open_signed, pack_signed
from crypto.attest.statement import AgencyId, DevicePayload
from liaison.broker.batch import Batch, Mail, Message, Needs, Operation, desks_in
from liaison.broker.errors import RefusedError
from protocols.wire.api import Acknowledge, Refusal
from protocols.wire.ledger_event import Event, EventKind
from protocols.wire.mailbox import ItemKind, MailLane, lane_of
from protocols.wire.receipt import Ack, AckWhat, Noted, ReceiptError, parse_ack

#: The most acknowledgements in a frame: more than two of each item that may be on its way.
MOST_ACKS = 256

_LEAF = {
    AckWhat.ARRIVED: EventKind.RECEIPT_ARRIVED,
    AckWhat.DELIVERED: EventKind.RECEIPT_DELIVERED,
    AckWhat.CARRIED: EventKind.RECEIPT_CARRIED,
}


@dataclass(frozen=True, slots=True)
class Device:
    """A device that has logged in, and the agency of its desk."""

    agency: AgencyId
    payload: DevicePayload


@dataclass(frozen=True, slots=True)
class _Signed:
    raw: bytes
    ack: Ack

    @property
    def key(self) -> tuple[bytes, bytes, int]:
        return (self.ack.mid, self.ack.device, int(self.ack.what))


#: Raises RefusedError unless the device of this key still counts at that time (ts).
Standing = Callable[[KeyId, int], None]
#: Returns desks with those that follow them: in whose mailboxes lies what is theirs.
Mailboxes = Callable[[Iterable[bytes]], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked when a frame is entered: who counts by then, and who reads whose mail."""

    standing: Standing
    mailboxes: Mailboxes


def acknowledge(
    frame: Acknowledge, *, device: Device, key: SigningKey, rules: Rules
) -> Operation[int]:
    """Return the operation that enters a frame and answers the device's cursor in its lane.

    Args:
        frame: what the device has sent.
        device: who is logged in on this connection.
        key: the broker's, for its notes.
        rules: asked when the frame is entered: what was revoked since its login has no say.

    Raises:
        RefusedError: no such lane, or an acknowledgement that is not this device's own. The
            operation itself refuses one for a message that is unknown or not addressed to the desk.
    """
    if frame.lane not in set(MailLane) or len(frame.acks) > MOST_ACKS:
        raise RefusedError(
            Refusal.BAD_ACK, f"lane 0, 1 or 2 and up to {MOST_ACKS} acknowledgements expected"
        )
    signed = [_open(raw, device.payload) for raw in frame.acks]
    needs = Needs(
        mids=frozenset(one.ack.mid for one in signed),
        devices=frozenset({device.payload.key.kid}),
    )
    return Operation(needs, partial(_enter, frame, signed, device, key, rules))


def _open(raw: bytes, device: DevicePayload) -> _Signed:
    try:
        ack = parse_ack(open_signed(device.key, labels.ACK, raw))
    except (SignatureError, ReceiptError) as e:
        raise RefusedError(Refusal.BAD_ACK, f"{e.code}: {e}") from e
    if ack.device != device.key.kid:
        raise RefusedError(Refusal.BAD_ACK, "a device acknowledges in its own name")
    return _Signed(raw, ack)


def _enter(
    frame: Acknowledge,
    signed: Sequence[_Signed],
    device: Device,
    key: SigningKey,
    rules: Rules,
    batch: Batch,
) -> int:
    desk = device.payload.desk
    rules.standing(device.payload.key.kid, batch.now)
    found = [(one, _addressed(one.ack, desk, rules, batch)) for one in signed]
    for one, message in found:
        if not batch.is_noted(one.key):
            told = rules.mailboxes((message.src, desk))
            _note(one, message, device, key, told, batch)
    cursor = (desk, device.payload.key.kid, MailLane(frame.lane))
    return batch.move_cursor(cursor, frame.seq)


def _addressed(ack: Ack, desk: bytes, rules: Rules, batch: Batch) -> Message:
    message = batch.message(ack.mid)
    if message is None or message.eid != ack.eid:
        raise RefusedError(Refusal.BAD_ACK, "no such envelope was taken")
    if desk not in rules.mailboxes(desks_in(message.dst)):
        raise RefusedError(Refusal.BAD_ACK, "the message is not addressed to the device's desk")
    return message


def _note(
    one: _Signed,
    message: Message,
    device: Device,
    key: SigningKey,
    told: Iterable[bytes],
    batch: Batch,
) -> None:
    position = batch.append(
        Event(
            _LEAF[one.ack.what],
            batch.log,
            batch.now,
            actor=one.ack.device,
            agency=device.agency,
            objects=(one.ack.mid, one.ack.eid),
            evidence=one.raw,
        )
    )
    batch.note(one.key, position)
    noted = Noted(digest(labels.P_PERSISTED, one.raw), position, batch.now, batch.log)
    mail = Mail(
        ItemKind.ACK,
        message.mid,
        message.exp,
        first=one.raw,
        second=pack_signed(key, labels.NOTED, noted.encoded()),
    )
    for desk in told:
        batch.post(desk, lane_of(message.priority), mail)
