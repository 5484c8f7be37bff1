"""The outside of an envelope: what the broker reads, and the names a message goes by.

Follows docs/spec/envelope.md, "Header" and "Envelope". A message is named by its *message id*, the
hash of the header, which commits to everything else; the *envelope id* is the hash of these very
bytes. Refuses any header that is not the one encoding of its value, and lists that are not sorted
and distinct.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NewType

from crypto.attest import labels
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.hashing import DIGEST_BYTES, digest
from crypto.attest.padding import LARGEST, is_padded_size
from crypto.attest.signing import KeyId

MessageId = NewType("MessageId", bytes)
EnvelopeId = NewType("EnvelopeId", bytes)
DeskId = NewType("DeskId", bytes)
ClockToken = NewType("ClockToken", bytes)

VERSION = 1
SUITE = 1
HEADER_LIMIT = 4_096
WRAP_BYTES = 1_168
SIGBOX_BYTES = 96
TAG_BYTES = 16
NONCE_BYTES = 24
ID_BYTES = 16
BODY_LIMIT = LARGEST + TAG_BYTES
ENVELOPE_LIMIT = BODY_LIMIT + HEADER_LIMIT + 64 * (WRAP_BYTES + 3) + 128
MAX_DESKS, MAX_READERS, MAX_STOPS, MAX_BLOBS = 8, 64, 4, 16


class EnvelopeError(Exception):
    """An envelope cannot be used. ``code`` is stable: logs, tests and screens rely on it."""

    code = "envelope"


class MalformedEnvelopeError(EnvelopeError):
    """The outside of the envelope is not of the specified form."""

    code = "envelope.malformed"


class UnknownSuiteError(EnvelopeError):
    """Another version or suite than 1."""

    code = "envelope.suite"


class BodyHashError(EnvelopeError):
    """The body is not the one that the header commits to."""

    code = "envelope.body_hash"


class PriorityClass(IntEnum):
    """How urgent a message is, as far as the broker may know."""

    ROUTINE = 0
    URGENT = 1
    RESCUE = 2


@dataclass(frozen=True, slots=True)
class StartClock:
    """A blind clock that begins when the broker takes the message: a token and a due time (ts)."""

    token: ClockToken
    due: int


@dataclass(frozen=True, slots=True)
class Header:
    """All that the broker sees. Lists are sorted and distinct; times are unix seconds."""

    src: DeskId
    dst: tuple[DeskId, ...]
    priority: PriorityClass
    kids: tuple[KeyId, ...]
    start: StartClock | None
    stop: tuple[ClockToken, ...]
    exp: int
    blobs: tuple[bytes, ...]
    nonce: bytes
    commit: bytes
    hct: bytes

    def encoded(self) -> bytes:
        """Return the header's one encoding."""
        start: Value = None if self.start is None else [self.start.token, self.start.due]
        return encode(
            [
                VERSION,
                SUITE,
                self.src,
                list(self.dst),
                int(self.priority),
                list(self.kids),
                start,
                list(self.stop),
                self.exp,
                list(self.blobs),
                self.nonce,
                self.commit,
                self.hct,
            ]
        )


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope whose outside has been read; ``raw`` are its very bytes."""

    raw: bytes
    header: Header
    header_bytes: bytes
    wraps: tuple[bytes, ...]
    sigbox: bytes
    body: bytes
    mid: MessageId
    eid: EnvelopeId


def message_id(header_bytes: bytes) -> MessageId:
    """Return the 32-byte name of the message with this header."""
    return MessageId(digest(labels.P_MESSAGE_ID, header_bytes))


def envelope_id(raw: bytes) -> EnvelopeId:
    """Return the 32-byte name of these very bytes."""
    return EnvelopeId(digest(labels.P_ENVELOPE_ID, raw))


def body_hash(body: bytes) -> bytes:
    """Return the 32-byte hash under which a header commits to its encrypted body."""
    return digest(labels.P_BODY_HASH, body)


def pack_envelope(header_bytes: bytes, wraps: Sequence[bytes], sigbox: bytes, body: bytes) -> bytes:
    """Return the envelope's bytes from its four parts."""
    return encode([header_bytes, list(wraps), sigbox, body])


def parse_envelope(raw: bytes) -> Sealed:
    """Return the envelope in ``raw`` with everything checked that can be checked without a key.

    Raises:
        MalformedEnvelopeError: sizes, encoding, types, order of lists, padded size of the body.
        UnknownSuiteError: another version or suite.
        BodyHashError: the header commits to another body.
    """
    header_bytes, wraps, sigbox, body = _parts(raw)
    header = parse_header(header_bytes)
    if len(wraps) != len(header.kids) or any(len(wrap) != WRAP_BYTES for wrap in wraps):
        raise MalformedEnvelopeError(f"one wrap of {WRAP_BYTES} bytes is expected for each kid")
    if len(sigbox) != SIGBOX_BYTES:
        raise MalformedEnvelopeError(f"sigbox is {len(sigbox)} bytes; {SIGBOX_BYTES} expected")
    if not is_padded_size(len(body) - TAG_BYTES):
        raise MalformedEnvelopeError(f"a body of {len(body)} bytes is not a padded one")
    if body_hash(body) != header.hct:
        raise BodyHashError("the body is not the one that the header commits to")
    return Sealed(
        raw, header, header_bytes, wraps, sigbox, body, message_id(header_bytes), envelope_id(raw)
    )


def parse_header(raw: bytes) -> Header:
    """Return the header in ``raw``.

    Raises:
        MalformedEnvelopeError: encoding, types, ranges, or order of lists.
        UnknownSuiteError: another version or suite.
    """
    try:
        value = decode(raw, limit=HEADER_LIMIT)
    except EncodingError as e:
        raise MalformedEnvelopeError(f"header: {e.code}: {e}") from e
    match value:
        case [int(version), int(suite), *_] if (version, suite) != (VERSION, SUITE):
            raise UnknownSuiteError(f"version {version}, suite {suite}; expected 1, 1")
        case [int(), int(), src, dst, priority, kids, start, stop, exp, blobs, nonce, commit, hct]:
            return Header(
                src=DeskId(_fixed(src, ID_BYTES, "src")),
                dst=tuple(DeskId(i) for i in _ids(dst, 1, MAX_DESKS, ID_BYTES, "dst")),
                priority=_priority(priority),
                kids=tuple(KeyId(i) for i in _ids(kids, 1, MAX_READERS, ID_BYTES, "kids")),
                start=_start(start),
                stop=tuple(ClockToken(i) for i in _ids(stop, 0, MAX_STOPS, ID_BYTES, "stop")),
                exp=_number(exp, "exp"),
                blobs=_ids(blobs, 0, MAX_BLOBS, DIGEST_BYTES, "blobs"),
                nonce=_fixed(nonce, NONCE_BYTES, "nonce"),
                commit=_fixed(commit, DIGEST_BYTES, "commit"),
                hct=_fixed(hct, DIGEST_BYTES, "hct"),
            )
    raise MalformedEnvelopeError("header: expected a list of thirteen fields")


def _parts(raw: bytes) -> tuple[bytes, tuple[bytes, ...], bytes, bytes]:
    try:
        value = decode(raw, limit=ENVELOPE_LIMIT)
    except EncodingError as e:
        raise MalformedEnvelopeError(f"envelope: {e.code}: {e}") from e
    match value:
        case [bytes(header), list(wraps), bytes(sigbox), bytes(body)]:
            found = tuple(wrap for wrap in wraps if isinstance(wrap, bytes))
            if len(found) == len(wraps):
                return header, found, sigbox, body
    raise MalformedEnvelopeError("envelope: expected [header, wraps, sigbox, body]")


def _fixed(value: Value, size: int, name: str) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise MalformedEnvelopeError(f"header: {name} must be {size} bytes")
    return value


def _ids(value: Value, least: int, most: int, size: int, name: str) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise MalformedEnvelopeError(f"header: {name} must be a list of {least} to {most}")
    ids = tuple(_fixed(item, size, name) for item in value)
    if list(ids) != sorted(set(ids)):
        raise MalformedEnvelopeError(f"header: {name} must be sorted and distinct")
    return ids


def _number(value: Value, name: str) -> int:
    if not isinstance(value, int):
        raise MalformedEnvelopeError(f"header: {name} must be a number")
    return value


def _priority(value: Value) -> PriorityClass:
    try:
        return PriorityClass(_number(value, "class"))
    except ValueError as e:
        raise MalformedEnvelopeError("header: class must be 0, 1 or 2") from e


def _start(value: Value) -> StartClock | None:
    match value:
        case None:
            return None
        case [token, due]:
            return StartClock(
                ClockToken(_fixed(token, ID_BYTES, "start token")), _number(due, "start due")
            )
    raise MalformedEnvelopeError("header: start must be null or [token, due]")
