"""A message, or the word that one has come, as a file that is carried by hand.

Follows docs/spec/carriage.md, "File". A file is ``[item, [*entry]]``: the envelope or the signed
acknowledgement as it would have gone over the line, and entries of the directory that its reader
may lack. Nothing of it is believed for having come: each part carries its own signatures. The
ciphertext of an attachment goes in a file of its own, behind the blob's name; the message that
names it says what it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.attest.encoding import EncodingError, Value, decode, encode

#: The most bytes of a file: the largest envelope, and room for the entries.
FILE_LIMIT = 1_500_000
MOST_ENTRIES = 256
#: How a file with an attachment's ciphertext begins; the blob's name follows, then its bytes.
BLOB_MARK = b"liaison/1 blob\0"
BLOB_NAME = 32
BLOB_HEAD = len(BLOB_MARK) + BLOB_NAME
#: How a list of four (an envelope) and of two (a signed body) begin.
ENVELOPE_HEAD, SIGNED_HEAD = b"\x84", b"\x82"


class CarriedFileError(Exception):
    """The bytes are no whole file of this form."""

    code = "carriage.malformed"


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """What lies in a file; ``item`` is not read further than to tell which of the two it is."""

    item: bytes
    entries: tuple[bytes, ...] = ()

    @property
    def is_envelope(self) -> bool:
        """Say whether it is a message; else it is an acknowledgement."""
        return self.item.startswith(ENVELOPE_HEAD)

    def encoded(self) -> bytes:
        """Return the file's bytes."""
        entries: list[Value] = list(self.entries)
        return encode([self.item, entries])


def blob_head(blob: bytes) -> bytes:
    """Return the bytes before the ciphertext of the blob of this 32-byte name."""
    return BLOB_MARK + blob


def named_blob(first: bytes) -> bytes | None:
    """Return the name of the blob in a file that begins with ``first``; None when it holds none.

    Args:
        first: the first BLOB_HEAD bytes of the file, or more.
    """
    if len(first) < BLOB_HEAD or not first.startswith(BLOB_MARK):
        return None
    return first[len(BLOB_MARK) : BLOB_HEAD]


def parse_carried(raw: bytes) -> CarriedFile:
    """Return what lies in a file; raise CarriedFileError when it is none, or not whole."""
    try:
        value = decode(raw, limit=FILE_LIMIT)
    except EncodingError as e:
        raise CarriedFileError(f"a file of Liaison expected; {e.code}: {e}") from e
    match value:
        case [bytes(item), list(entries)] if item.startswith((ENVELOPE_HEAD, SIGNED_HEAD)):
            return CarriedFile(item, _entries(entries))
    raise CarriedFileError("a file of Liaison expected: [item, [*entry]]")


def _entries(items: Sequence[Value]) -> tuple[bytes, ...]:
    entries = tuple(item for item in items if isinstance(item, bytes))
    if len(entries) != len(items) or len(entries) > MOST_ENTRIES:
        raise CarriedFileError(f"up to {MOST_ENTRIES} entries expected, {len(items)} items found")
    return entries
