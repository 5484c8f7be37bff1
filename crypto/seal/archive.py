"""The archive: what a desk keeps of a case, shut under that case's own key.

Follows docs/spec/archive.md. Each case has its own random key; whatever is kept of the case is
encrypted under it and bound to what it is and whose it is, so that no record can stand in another's
place. Destroying the key makes all of them unreadable at once. Nothing here keeps anything.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from crypto.attest import labels
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.header import ENVELOPE_LIMIT
from crypto.attest.padding import LARGEST
from crypto.seal.primitives import (
    KEY_BYTES,
    NONCE_BYTES,
    DoesNotOpenError,
    decrypt,
    encrypt,
    fresh,
)

#: An envelope with what was in it, and what stands around the two.
RECORD_LIMIT = ENVELOPE_LIMIT + LARGEST + 128


class ArchiveError(Exception):
    """A record of the archive cannot be read."""

    code = "archive"


class WrongCaseKeyError(ArchiveError):
    """Key, record, its kind and its name do not belong together."""

    code = "archive.does_not_open"


class MalformedRecordError(ArchiveError):
    """What was shut in is not of the form of such a record."""

    code = "archive.malformed"


class RecordKind(IntEnum):
    """What a record is."""

    MESSAGE = 1
    DRAFT = 2
    FILE = 3
    PARCEL = 4


@dataclass(frozen=True, slots=True)
class CaseKey:
    """The key of one case: 32 random bytes, never shown by ``repr``."""

    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as it is shut in: its very envelope, its content key and its content."""

    envelope: bytes
    content_key: bytes = field(repr=False)
    content: bytes = field(repr=False)


def make_case_key() -> CaseKey:
    """Return a new case's key."""
    return CaseKey(fresh(KEY_BYTES))


def shut_in(key: CaseKey, kind: RecordKind, name: bytes, plain: bytes) -> bytes:
    """Return ``plain`` as the record of this kind and name, to be opened with the case's key."""
    nonce = fresh(NONCE_BYTES)
    return nonce + encrypt(key.raw, nonce, plain, aad=_context(kind, name))


def take_out(key: CaseKey, kind: RecordKind, name: bytes, record: bytes) -> bytes:
    """Return what ``record`` holds.

    Raises:
        WrongCaseKeyError: another case's, another kind's or another name's, or altered.
    """
    nonce, box = record[:NONCE_BYTES], record[NONCE_BYTES:]
    try:
        return decrypt(key.raw, nonce, box, aad=_context(kind, name))
    except DoesNotOpenError as e:
        raise WrongCaseKeyError("the record does not open as this one with this key") from e


def shut_in_message(key: CaseKey, mid: bytes, message: KeptMessage) -> bytes:
    """Return the record of the message that goes by ``mid``."""
    plain = encode([message.envelope, message.content_key, message.content])
    return shut_in(key, RecordKind.MESSAGE, mid, plain)


def take_out_message(key: CaseKey, mid: bytes, record: bytes) -> KeptMessage:
    """Return the message in ``record``.

    Raises:
        WrongCaseKeyError: it is not the record of this message of this case.
        MalformedRecordError: it holds something else.
    """
    match _decoded(take_out(key, RecordKind.MESSAGE, mid, record)):
        case [bytes(envelope), bytes(content_key), bytes(content)]:
            return KeptMessage(envelope, content_key, content)
    raise MalformedRecordError("a message is kept as [envelope, content key, content]")


def shut_in_draft(key: CaseKey, ask: bytes, form: bytes, reason: bytes | None) -> bytes:
    """Return the record of a draft: its form, and why it was refused, by its question's id."""
    return shut_in(key, RecordKind.DRAFT, ask, encode([form, reason]))


def take_out_draft(key: CaseKey, ask: bytes, record: bytes) -> tuple[bytes, bytes | None]:
    """Return form and reason in ``record``; raises what :func:`take_out_message` raises."""
    match _decoded(take_out(key, RecordKind.DRAFT, ask, record)):
        case [bytes(form), bytes() | None as reason]:
            return form, reason
    raise MalformedRecordError("a draft is kept as [form, reason]")


def _context(kind: RecordKind, name: bytes) -> bytes:
    return labels.KEPT + bytes([kind]) + name


def _decoded(plain: bytes) -> Value:
    try:
        return decode(plain, limit=RECORD_LIMIT)
    except EncodingError as e:
        raise MalformedRecordError(f"{e.code}: {e}") from e
