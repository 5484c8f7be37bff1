"""The attachments of the vectors: blobs that must open, and one for each field or check spoilt.

Every byte is made from fixed seeds. A vector holds what a message says of the file (the value of
content field 13, one attachment), the blob, and the file where it opens.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import nacl.bindings as sodium

from crypto.attest.blob import CHUNK, CHUNK_ADDS, BlobHash
from crypto.attest.encoding import Value, encode
from crypto.attest.padding import rounded
from crypto.seal.attachment import Attachment
from crypto.seal.stream import Sealing
from tests.support.world import seed

KEY, HEADER = seed("file key"), seed("file header")[:24]
SMALL, TWO_CHUNKS = 2_000, CHUNK + 1
MESSAGE, PUSH, FINAL = 0, 1, 3


@dataclass(frozen=True, slots=True)
class AttachmentCase:
    """A blob, and what is said of it."""

    name: str
    comment: str
    expect: str
    said: bytes
    blob: bytes

    def text(self) -> str:
        """Return the vector's text."""
        return (
            f"comment: {self.comment}\nexpect: {self.expect}\n"
            f"attachment: {self.said.hex()}\nblob: {self.blob.hex()}\n"
        )


def file_of(size: int) -> bytes:
    """Return a file of ``size`` bytes, none of which is zero."""
    return bytes(1 + n % 251 for n in range(size))


def sealed(plain: bytes) -> tuple[Attachment, bytes]:
    """Return what is said of a file, and its blob."""
    sealing = Sealing(key=KEY, header=HEADER)
    blob = sealing.push(plain) + b"".join(sealing.finish())
    return sealing.attachment("hộ chiếu 护照.pdf", "application/pdf"), blob


def forged(plain: bytes, marks: list[int], padding: bytes = b"") -> tuple[Attachment, bytes]:
    """Return a file sealed with these marks, padded with ``padding``, and named as it is."""
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, HEADER, KEY)
    padded = (plain + padding).ljust(rounded(len(plain)), b"\0")
    blob = b"".join(
        sodium.crypto_secretstream_xchacha20poly1305_push(
            state, padded[number * CHUNK : (number + 1) * CHUNK], None, mark
        )
        for number, mark in enumerate(marks)
    )
    return named(sealed(plain)[0], blob), blob


def named(attachment: Attachment, blob: bytes) -> Attachment:
    """Return what is said of a file whose blob is ``blob``."""
    name = BlobHash()
    name.update(blob)
    return replace(attachment, blob=name.id())


def said(attachment: Attachment, **changes: Value) -> bytes:
    """Return the encoding of an attachment, with other values at these fields (``f1`` to ``f8``).

    A field whose value is None is left out.
    """
    value = attachment.value()
    assert isinstance(value, dict)
    fields: dict[int, Value] = {int(str(key)): item for key, item in value.items()}
    fields |= {int(name[1:]): item for name, item in changes.items()}
    left: dict[int, Value] = {key: item for key, item in fields.items() if item is not None}
    return encode(left)


def good() -> Iterator[AttachmentCase]:
    """Yield what must open."""
    for name, size in (
        ("one-byte", 1),
        ("small", SMALL),
        ("just-padded", 2_048),
        ("two-chunks", TWO_CHUNKS),
    ):
        attachment, blob = sealed(file_of(size))
        yield AttachmentCase(name, f"a file of {size:,} bytes", "ok", said(attachment), blob)


def forms() -> Iterator[AttachmentCase]:
    """Yield what is said out of form."""
    attachment, blob = sealed(file_of(SMALL))
    changes: dict[str, dict[str, Value]] = {
        "blob-16-bytes": {"f1": bytes(16)},
        "key-31-bytes": {"f2": bytes(31)},
        "header-missing": {"f3": None},
        "header-23-bytes": {"f3": bytes(23)},
        "size-0": {"f4": 0},
        "size-over-1-gib": {"f4": (1 << 30) + 1},
        "name-empty": {"f5": ""},
        "name-a-path": {"f5": "../../x.pdf"},
        "name-backslash": {"f5": "a\\b.pdf"},
        "name-direction": {"f5": "a\u202egpj.exe"},
        "name-control": {"f5": "a\nb.pdf"},
        "name-dots": {"f5": ".."},
        "name-hidden": {"f5": ".profile"},
        "name-device": {"f5": "NUL.pdf"},
        "name-201-bytes": {"f5": "x" * 201},
        "type-capital": {"f6": "Application/pdf"},
        "type-with-parameter": {"f6": "text/plain; charset=utf-8"},
        "plain-hash-31-bytes": {"f7": bytes(31)},
        "field-8": {"f8": 1},
    }
    for name, change in changes.items():
        yield AttachmentCase(
            f"form-{name}",
            f"out of form: {name}",
            "attachment.form",
            said(attachment, **change),
            blob,
        )


def lies() -> Iterator[AttachmentCase]:
    """Yield what is said in form and of another blob or file."""
    attachment, blob = sealed(file_of(SMALL))
    changes: list[tuple[str, str, dict[str, Value]]] = [
        ("blob", "attachment.blob_hash", {"f1": bytes(32)}),
        ("key", "attachment.chunk", {"f2": bytes(32)}),
        ("header", "attachment.chunk", {"f3": bytes(24)}),
        ("size-one-more", "attachment.plain_hash", {"f4": SMALL + 1}),
        ("size-one-less", "attachment.padding", {"f4": SMALL - 1}),
        ("size-of-a-larger-blob", "attachment.truncated", {"f4": 4_000}),
        ("plain-hash", "attachment.plain_hash", {"f7": bytes(32)}),
    ]
    for name, code, change in changes:
        comment = f"another value than the sender's: {name}"
        yield AttachmentCase(f"other-{name}", comment, code, said(attachment, **change), blob)
    large, large_blob = sealed(file_of(TWO_CHUNKS))
    smaller = said(large, f4=CHUNK)
    yield AttachmentCase(
        "other-size-of-a-smaller-blob",
        "a size whose blob is smaller",
        "attachment.extended",
        smaller,
        large_blob,
    )


def blobs() -> Iterator[AttachmentCase]:
    """Yield blobs that a broker spoilt, and those that a sender made wrong."""
    attachment, blob = sealed(file_of(SMALL))
    two, two_blob = sealed(file_of(TWO_CHUNKS))
    chunk = CHUNK + CHUNK_ADDS
    swapped = two_blob[chunk:] + two_blob[:chunk]
    final_early = forged(file_of(TWO_CHUNKS), [FINAL, FINAL])
    unmarked = forged(file_of(SMALL), [MESSAGE])
    marked = forged(file_of(SMALL), [PUSH])
    channel = forged(file_of(SMALL), [FINAL], padding=b"\0\1")
    spoilt: list[tuple[str, str, str, Attachment, bytes]] = [
        ("empty", "no byte", "truncated", attachment, b""),
        ("cut", "its last byte is missing", "truncated", attachment, blob[:-1]),
        ("first-chunk-dropped", "it begins late", "truncated", two, two_blob[chunk:]),
        ("last-chunk-dropped", "it ends early", "truncated", two, two_blob[:chunk]),
        ("longer", "a byte behind it", "extended", attachment, blob + b"\0"),
        ("bit", "one bit is another", "chunk", attachment, blob[:-1] + bytes([blob[-1] ^ 1])),
        ("swapped", "its chunks in another order", "chunk", two, swapped),
        ("final-early", "its first chunk is marked as the last", "final_early", *final_early),
        ("final-missing", "no chunk is marked as the last", "final_missing", *unmarked),
        ("mark", "a chunk is marked as what this format lacks", "tag", *marked),
        ("channel", "a one behind the file", "padding", *channel),
    ]
    for name, comment, code, told, bad in spoilt:
        yield AttachmentCase(f"blob-{name}", comment, f"attachment.{code}", said(told), bad)


def attachment_cases() -> list[AttachmentCase]:
    """Return every attachment vector."""
    sources: tuple[Callable[[], Iterator[AttachmentCase]], ...] = (good, forms, lies, blobs)
    return [case for source in sources for case in source()]
