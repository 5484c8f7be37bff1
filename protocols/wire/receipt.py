"""Receipts that the broker and a desk's device give: taken, arrived, delivered, noted.

Follows docs/spec/envelope.md, "Receipts". Here are the bodies only; each is signed under a label of
its own by whoever gives it. What an officer says of a message (opened, acknowledged) travels sealed
and is none of the broker's business.
"""

from dataclasses import dataclass
from enum import IntEnum

from crypto.attest.encoding import EncodingError, Value, decode, encode

BODY_LIMIT = 512
HASH_BYTES = 32
ID_BYTES = 16


class ReceiptError(Exception):
    """A receipt's body is not of the specified form."""

    code = "receipt.malformed"


class AckWhat(IntEnum):
    """What a device says of a message: it lies on the desk's computer; it was opened and stored.

    ``CARRIED``: it was opened and stored from a file, before the broker had told of it.
    """

    ARRIVED = 1
    DELIVERED = 2
    CARRIED = 3


@dataclass(frozen=True, slots=True)
class Took:
    """The broker has taken an envelope: it stands in the ledger at ``index`` since ``at`` (ts)."""

    mid: bytes
    eid: bytes
    index: int
    at: int
    broker: bytes

    def encoded(self) -> bytes:
        """Return the body that the broker signs."""
        return encode([self.mid, self.eid, self.index, self.at, self.broker])


@dataclass(frozen=True, slots=True)
class Ack:
    """A device of an addressed desk has the message, at its own time ``at`` (ts)."""

    what: AckWhat
    mid: bytes
    eid: bytes
    at: int
    device: bytes

    def encoded(self) -> bytes:
        """Return the body that the device signs."""
        return encode([int(self.what), self.mid, self.eid, self.at, self.device])


@dataclass(frozen=True, slots=True)
class Noted:
    """The broker has entered an acknowledgement: ``ack`` is its 32-byte hash; times are ts."""

    ack: bytes
    index: int
    at: int
    broker: bytes

    def encoded(self) -> bytes:
        """Return the body that the broker signs."""
        return encode([self.ack, self.index, self.at, self.broker])


def parse_took(body: bytes) -> Took:
    """Return the receipt in ``body``; raise ReceiptError when it is none."""
    match _decode(body):
        case [bytes(mid), bytes(eid), int(index), int(at), bytes(broker)]:
            return Took(_hash(mid), _hash(eid), index, at, _id(broker))
    raise ReceiptError("expected [message id, envelope id, ledger index, time, broker]")


def parse_ack(body: bytes) -> Ack:
    """Return the acknowledgement in ``body``; raise ReceiptError when it is none."""
    match _decode(body):
        case [int(what), bytes(mid), bytes(eid), int(at), bytes(device)] if what in set(AckWhat):
            return Ack(AckWhat(what), _hash(mid), _hash(eid), at, _id(device))
    raise ReceiptError("expected [what, message id, envelope id, time, device]")


def parse_noted(body: bytes) -> Noted:
    """Return the receipt in ``body``; raise ReceiptError when it is none."""
    match _decode(body):
        case [bytes(ack), int(index), int(at), bytes(broker)]:
            return Noted(_hash(ack), index, at, _id(broker))
    raise ReceiptError("expected [acknowledgement's hash, ledger index, time, broker]")


def _decode(body: bytes) -> Value:
    try:
        return decode(body, limit=BODY_LIMIT)
    except EncodingError as e:
        raise ReceiptError(f"{e.code}: {e}") from e


def _hash(value: bytes) -> bytes:
    if len(value) != HASH_BYTES:
        raise ReceiptError(f"a hash has {HASH_BYTES} bytes, not {len(value)}")
    return value


def _id(value: bytes) -> bytes:
    if len(value) != ID_BYTES:
        raise ReceiptError(f"an id has {ID_BYTES} bytes, not {len(value)}")
    return value
