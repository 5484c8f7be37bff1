"""That an officer has opened a message: what their signed receipt says.

Follows docs/spec/envelope.md, "Receipts between desks". The receipt travels sealed like any other
message; opening stops no clock, only an act does. Receipts are never receipted.
"""

from dataclasses import dataclass

from crypto.attest.encoding import Value
from protocols.casework.errors import CaseworkError

OPENED = 1
HASH_BYTES = 32
ID_BYTES = 16


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


def receipt_to_value(receipt: OpenedReceipt) -> Value:
    """Return the receipt as the value that stands in a message's form."""
    fields: dict[int, Value] = {
        1: OPENED,
        2: receipt.mid,
        3: receipt.eid,
        4: receipt.plain,
        5: receipt.at,
        6: receipt.by,
    }
    return fields


def receipt_from_value(value: Value) -> OpenedReceipt:
    """Return the receipt in ``value``; raise ReceiptFormError when it is none."""
    match value:
        case {
            1: int(what),
            2: bytes(mid),
            3: bytes(eid),
            4: bytes(plain),
            5: int(at),
            6: bytes(by),
            **rest,
        } if what == OPENED and not rest:
            if {len(mid), len(eid), len(plain)} == {HASH_BYTES} and len(by) == ID_BYTES:
                return OpenedReceipt(mid, eid, plain, at, by)
    raise ReceiptFormError("receipt: expected what 1 (opened), message, envelope, hash, time, key")
