"""What desks tell each other of their lanes: what is missing, what is sent again, what never went.

Follows docs/spec/envelope.md, "What is missing". All three are signed by a device and belong to no
case. A message is sent again whole: its own envelope with the broker's receipt and its content key,
so that it keeps its id, its signer and its place, and counts once however often it comes.
"""

from dataclasses import dataclass

from crypto.attest.encoding import Value
from crypto.attest.hashing import DIGEST_BYTES
from crypto.attest.header import MessageId
from crypto.attest.signing import KEY_ID_BYTES, KeyId
from crypto.seal.grants import Remembered
from crypto.seal.primitives import KEY_BYTES

#: One message asks for so many stretches, and for so many messages by name, at most.
MOST_WANTED = 64


class ResendError(Exception):
    """What a message says of a lane is not of the specified form."""

    code = "resend.malformed"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Numbers of a signer's lane that are missing since ``since`` (ts)."""

    signer: KeyId
    first: int
    last: int
    since: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is missing: stretches of lanes, and messages that others have named."""

    stretches: tuple[Stretch, ...] = ()
    named: tuple[MessageId, ...] = ()


@dataclass(frozen=True, slots=True)
class Void:
    """A place of a lane at which nothing will come: the broker refused the message."""

    signer: KeyId
    seq: int
    mid: MessageId


def wanted_to_value(wanted: Wanted) -> Value:
    """Return the form in which what is missing is asked for."""
    stretches: list[Value] = [[s.signer, s.first, s.last, s.since] for s in wanted.stretches]
    fields: dict[int, Value] = {1: stretches, 2: list(wanted.named)}
    return fields


def wanted_from_value(value: Value) -> Wanted:
    """Return what is asked for in ``value``; raise ResendError when it is no such form."""
    match value:
        case {1: list(stretches), 2: list(named), **rest} if not rest:
            _check_count(len(stretches), len(named))
            return Wanted(
                tuple(_stretch(item) for item in stretches),
                tuple(MessageId(_fixed(mid, DIGEST_BYTES)) for mid in named),
            )
    raise ResendError("what is missing is {1: [[key, first, last, since], ...], 2: [message, ...]}")


def voids_to_value(voids: tuple[Void, ...]) -> Value:
    """Return the form that tells of places at which nothing will come."""
    return [void_to_value(void) for void in voids]


def voids_from_value(value: Value) -> tuple[Void, ...]:
    """Return the places in ``value``; raise ResendError when it is no such form."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_WANTED:
        raise ResendError(f"from 1 to {MOST_WANTED} places expected")
    return tuple(void_from_value(item) for item in value)


def void_to_value(void: Void) -> Value:
    """Return one such place."""
    return [void.signer, void.seq, void.mid]


def void_from_value(item: Value) -> Void:
    """Return the place in ``item``; raise ResendError when it is none."""
    match item:
        case [bytes(signer), int(seq), bytes(mid)] if seq >= 1:
            kid, digest = _fixed(signer, KEY_ID_BYTES), _fixed(mid, DIGEST_BYTES)
            return Void(KeyId(kid), seq, MessageId(digest))
    raise ResendError("a place is [key, number, message]")


def resend_to_value(message: Remembered) -> Value:
    """Return the form of a message that is sent again."""
    return [message.envelope, message.took, message.content_key]


def resend_from_value(value: Value) -> Remembered:
    """Return the message that is sent again; raise ResendError when there is none."""
    match value:
        case [bytes(envelope), bytes(took), bytes(key)] if len(key) == KEY_BYTES:
            return Remembered(envelope, took, key)
    raise ResendError("a message that is sent again is [envelope, receipt, content key]")


def _check_count(stretches: int, named: int) -> None:
    if not stretches + named or max(stretches, named) > MOST_WANTED:
        raise ResendError(f"from 1 to {MOST_WANTED} stretches and messages expected")


def _stretch(item: Value) -> Stretch:
    match item:
        case [bytes(signer), int(first), int(last), int(since)] if 1 <= first <= last:
            return Stretch(KeyId(_fixed(signer, KEY_ID_BYTES)), first, last, since)
    raise ResendError("a stretch is [key, first, last, since], first no later than last")


def _fixed(value: Value, size: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise ResendError(f"expected {size} bytes")
    return value
