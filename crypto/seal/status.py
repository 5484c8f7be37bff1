"""A desk's daily word to another: how far each lane goes, and which directory and ledger it sees.

Follows docs/spec/envelope.md, "Status". Signed by a device, in no case, never acknowledged. What a
broker drops, holds back or forks between two desks contradicts the next of these; that none comes
says that the other desk is silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crypto.attest.directory import Head
from crypto.attest.encoding import Value
from crypto.attest.hashing import DIGEST_BYTES
from crypto.attest.header import ID_BYTES, DeskId, MessageId
from crypto.attest.signing import KeyId
from crypto.seal.resends import MOST_WANTED, ResendError, Void, void_from_value, void_to_value

#: Lanes of one desk, and windows, that one status tells of.
MOST_LANES = 1_000


class StatusError(Exception):
    """A status is not of the specified form."""

    code = "status.malformed"


#: The last message of each signer's lane: its number and id.
Ends = Mapping[KeyId, tuple[int, MessageId]]


@dataclass(frozen=True, slots=True)
class Status:
    """What a device says to ``peer`` at ``at`` (ts).

    ``sent`` and ``received`` are the ends of the lanes to and from the peer; ``checkpoint`` is the
    last cosigned one it has verified, or None; ``windows`` are its desk's that it can open and that
    are not over; ``voids`` are places at which the peer waits for nothing.
    """

    peer: DeskId
    at: int
    sent: Ends
    received: Ends
    dirhead: Head
    checkpoint: bytes | None
    windows: tuple[KeyId, ...]
    voids: tuple[Void, ...] = ()


def status_to_value(status: Status) -> Value:
    """Return the form of a status."""
    fields: dict[int, Value] = {
        1: status.peer,
        2: status.at,
        3: _ends_to_value(status.sent),
        4: _ends_to_value(status.received),
        5: [status.dirhead.size, status.dirhead.hash],
        6: status.checkpoint,
        7: list(status.windows),
        8: [void_to_value(void) for void in status.voids],
    }
    return fields


def status_from_value(value: Value) -> Status:
    """Return the status in ``value``; raise StatusError when it is none."""
    match value:
        case {
            1: bytes(peer),
            2: int(at),
            3: dict(sent),
            4: dict(received),
            5: [int(size), bytes(head)],
            6: checkpoint,
            7: list(windows),
            8: list(voids),
            **rest,
        } if not rest and (checkpoint is None or isinstance(checkpoint, bytes)):
            if max(len(windows), len(sent), len(received)) > MOST_LANES:
                raise StatusError(f"at most {MOST_LANES} lanes and windows expected")
            return Status(
                DeskId(_fixed(peer, ID_BYTES)),
                at,
                dict(_end(kid, end) for kid, end in sent.items()),
                dict(_end(kid, end) for kid, end in received.items()),
                Head(size, _fixed(head, DIGEST_BYTES)),
                checkpoint,
                tuple(KeyId(_fixed(kid, ID_BYTES)) for kid in windows),
                _voids(voids),
            )
    raise StatusError("a status has the fields 1 to 8")


def _ends_to_value(ends: Ends) -> Value:
    fields: dict[bytes, Value] = {kid: [seq, mid] for kid, (seq, mid) in ends.items()}
    return fields


def _end(kid: object, end: Value) -> tuple[KeyId, tuple[int, MessageId]]:
    match kid, end:
        case bytes(signer), [int(seq), bytes(mid)] if seq >= 1:
            return KeyId(_fixed(signer, ID_BYTES)), (seq, MessageId(_fixed(mid, DIGEST_BYTES)))
    raise StatusError("the end of a lane is key: [number from 1, message]")


def _voids(items: list[Value]) -> tuple[Void, ...]:
    if len(items) > MOST_WANTED:
        raise StatusError(f"at most {MOST_WANTED} places expected")
    try:
        return tuple(void_from_value(item) for item in items)
    except ResendError as e:
        raise StatusError(f"{e.code}: {e}") from e


def _fixed(value: Value, size: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise StatusError(f"expected {size} bytes")
    return value
