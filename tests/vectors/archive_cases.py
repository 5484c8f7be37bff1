"""The vectors of the archive: records that a case's key opens, and such as it does not."""

from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.encoding import Value, encode
from crypto.seal.archive import RecordKind
from crypto.seal.primitives import NONCE_BYTES, encrypt
from tests.support.world import seed

MID = seed("archived message")
NONCE = seed("archive nonce")[:NONCE_BYTES]
KEY = seed("case key")
#: Not real ones: a record says nothing of what an envelope is.
PARTS: Value = [b"the envelope", seed("content key"), b"the content"]


@dataclass(frozen=True, slots=True)
class ArchiveCase:
    """A record of a message, and what comes of opening it with the key of its case."""

    name: str
    comment: str
    expect: str
    record: bytes
    key: bytes = KEY

    def text(self) -> str:
        """Return the vector's lines."""
        lines = [
            f"comment: {self.comment}",
            f"expect: {self.expect}",
            f"key: {self.key.hex()}",
            f"mid: {MID.hex()}",
            f"record: {self.record.hex()}",
        ]
        if self.expect == "ok" and isinstance(PARTS, list):
            lines += [f"part: {part.hex()}" for part in PARTS if isinstance(part, bytes)]
        return "\n".join(lines) + "\n"


def record(
    parts: Value = PARTS, *, kind: int = RecordKind.MESSAGE, mid: bytes = MID, label: bytes = b""
) -> bytes:
    """Return a record with its fixed nonce."""
    aad = (label or labels.KEPT) + bytes([kind]) + mid
    return NONCE + encrypt(KEY, NONCE, encode(parts), aad=aad)


def archive_cases() -> list[ArchiveCase]:
    """Return every case."""
    whole, shut = record(), "archive.does_not_open"
    return [
        ArchiveCase("message", "a message", "ok", whole),
        ArchiveCase("key-of-another-case", "another case's key", shut, whole, seed("other case")),
        ArchiveCase("draft-as-message", "a draft's record", shut, record(kind=RecordKind.DRAFT)),
        ArchiveCase("of-another-message", "another's record", shut, record(mid=seed("other"))),
        ArchiveCase("under-another-label", "another label", shut, record(label=labels.WRAP)),
        ArchiveCase("altered", "the last bit differs", shut, whole[:-1] + bytes([whole[-1] ^ 1])),
        ArchiveCase("cut", "its last byte is missing", shut, whole[:-1]),
        ArchiveCase("nonce-only", "nothing after the nonce", shut, NONCE),
        ArchiveCase("empty", "nothing at all", shut, b""),
        ArchiveCase("two-parts", "a part is missing", "archive.malformed", record([b"", b""])),
        ArchiveCase("text", "a text for the content", "archive.malformed", record([b"", b"", ""])),
    ]
