"""What became of a message on the other desk: opened by an officer, refused, or not to be opened.

Follows docs/spec/envelope.md, "Receipts between desks". A receipt travels sealed like any other
message; opening stops no clock, only an act does. Receipts are never receipted.
"""

from dataclasses import dataclass
from enum import IntEnum

from crypto.attest.encoding import Value
from protocols.casework.errors import CaseworkError

HASH_BYTES = 32
ID_BYTES = 16
LONGEST_CODE = 64


class Outcome(IntEnum):
    """What became of a message."""

    OPENED = 1
    REFUSED = 2
    UNDECRYPTABLE = 3


class ReceiptFormError(CaseworkError):
    """A sealed receipt is not of the specified form."""

    code = "casework.receipt"


@dataclass(frozen=True, slots=True)
class OpenedReceipt:
    """Message ``mid`` in the bytes ``eid`` was opened; ``plain`` is its content's hash."""

    mid: bytes
    eid: bytes
    plain: bytes
    at: int
    by: bytes


@dataclass(frozen=True, slots=True)
class FailedReceipt:
    """Message ``mid`` in the bytes ``eid`` was refused, or did not open; ``code`` says why."""

    outcome: Outcome
    mid: bytes
    eid: bytes
    code: str
    at: int
    by: bytes


Receipt = OpenedReceipt | FailedReceipt


def receipt_to_value(receipt: Receipt) -> Value:
    """Return the receipt as the value that stands in a message's form."""
    fields: dict[int, Value] = {2: receipt.mid, 3: receipt.eid, 5: receipt.at, 6: receipt.by}
    if isinstance(receipt, OpenedReceipt):
        return {1: int(Outcome.OPENED), **fields, 4: receipt.plain}
    return {1: int(receipt.outcome), **fields, 7: receipt.code}


def receipt_from_value(value: Value) -> Receipt:
    """Return the receipt in ``value``; raise ReceiptFormError when it is none."""
    match value:
        case {1: int(what), 2: bytes(mid), 3: bytes(eid), 5: int(at), 6: bytes(by), **rest}:
            if {len(mid), len(eid)} == {HASH_BYTES} and len(by) == ID_BYTES:
                return _receipt(what, mid, eid, at, by, rest)
    raise _malformed()


def _receipt(what: int, mid: bytes, eid: bytes, at: int, by: bytes, rest: object) -> Receipt:
    match what, rest:
        case 1, {4: bytes(plain), **more} if not more and len(plain) == HASH_BYTES:
            return OpenedReceipt(mid, eid, plain, at, by)
        case ((2 | 3), {7: str(code), **more}) if not more and 0 < len(code) <= LONGEST_CODE:
            return FailedReceipt(Outcome(what), mid, eid, code, at, by)
    raise _malformed()


def _malformed() -> ReceiptFormError:
    return ReceiptFormError(
        "receipt: expected 1 (opened) with the content's hash, or 2 or 3 with a code;"
        " message, envelope, time, key"
    )
