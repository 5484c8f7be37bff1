"""One message shown to somebody who is no party: its bytes, its key, and what vouches for both.

Follows docs/spec/disclosure.md, "File". The content key opens this one body and no other: every
message has a key of its own, drawn at random, and a file holds nothing from which another could be
had. What lies in a file is not believed here; :mod:`liaison.desk.disclosure.check` checks it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.header import ENVELOPE_LIMIT
from crypto.seal.content import Kind
from crypto.seal.primitives import KEY_BYTES

VERSION = 1
#: The most bytes of a file: the largest envelope, and room for what vouches for it.
FILE_LIMIT = ENVELOPE_LIMIT + 262_144
MOST_ENTRIES, MOST_HASHES = 256, 64
#: What may be shown alone: other kinds carry other messages, or keys.
DISCLOSABLE = frozenset({Kind.STEP, Kind.RECEIPT, Kind.COUNTERSIGN})


class DisclosureError(Exception):
    """The bytes are no disclosure of one message."""

    code = "disclosure.malformed"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A message with its content key, and the entries, receipt, leaf and heads that vouch for it.

    ``took`` is the broker's signed receipt, ``proof`` the audit path of ``leaf`` in the ledger
    under ``checkpoint``, a signed note.
    """

    envelope: bytes
    content_key: bytes = field(repr=False)
    entries: tuple[bytes, ...]
    took: bytes
    leaf: bytes
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def encoded(self) -> bytes:
        """Return the file's bytes."""
        entries: list[Value] = list(self.entries)
        proof: list[Value] = list(self.proof)
        return encode(
            [
                VERSION,
                self.envelope,
                self.content_key,
                entries,
                self.took,
                self.leaf,
                proof,
                self.checkpoint,
            ]
        )


def parse_disclosure(raw: bytes) -> Disclosure:
    """Return what lies in a file; raise DisclosureError when it is none."""
    try:
        value = decode(raw, limit=FILE_LIMIT)
    except EncodingError as e:
        raise DisclosureError(f"a disclosure expected; {e.code}: {e}") from e
    match value:
        case [
            int(version),
            bytes(envelope),
            bytes(key),
            list(entries),
            bytes(took),
            bytes(leaf),
            list(proof),
            bytes(note),
        ] if version == VERSION and len(key) == KEY_BYTES:
            vouching = _strings(entries, MOST_ENTRIES), _strings(proof, MOST_HASHES)
            return Disclosure(envelope, key, vouching[0], took, leaf, vouching[1], note)
    raise DisclosureError(f"a disclosure of version {VERSION} expected")


def _strings(items: Sequence[Value], most: int) -> tuple[bytes, ...]:
    found = tuple(item for item in items if isinstance(item, bytes))
    if len(found) != len(items) or len(found) > most:
        raise DisclosureError(f"up to {most} byte strings expected, {len(items)} items found")
    return found
