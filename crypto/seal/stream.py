"""A file as a stream of sealed chunks: written and read in constant memory, in one pass.

Follows docs/spec/envelope.md, "Attachments": libsodium's secretstream (XChaCha20-Poly1305) over
chunks of 64 KiB, the last of which alone carries TAG_FINAL, so that none can be dropped, added,
swapped or altered. The file is padded with zeros before. Pure: bytes in, bytes out; what came out
of an :class:`Opening` counts only once ``finish`` has returned.
"""

from collections.abc import Iterator
from hashlib import blake2b

from crypto.attest import labels
from crypto.attest.blob import CHUNK, CHUNK_ADDS, LARGEST_FILE, BlobHash, blob_size
from crypto.attest.hashing import DIGEST_BYTES
from crypto.attest.padding import rounded
from crypto.seal.attachment import Attachment
from crypto.seal.primitives import (
    KEY_BYTES,
    STREAM_HEADER_BYTES,
    DoesNotOpenError,
    SecretStream,
    fresh,
)

_SEALED_CHUNK = CHUNK + CHUNK_ADDS


class AttachmentError(Exception):
    """A file cannot be used. ``code`` is stable: logs, tests and screens rely on it."""

    code = "attachment"


class EmptyFileError(AttachmentError):
    """A file without a byte."""

    code = "attachment.empty"


class TooLargeError(AttachmentError):
    """A file of more than 1 GiB."""

    code = "attachment.too_large"


class TruncatedError(AttachmentError):
    """The blob ends before the file does."""

    code = "attachment.truncated"


class ExtendedError(AttachmentError):
    """The blob goes on behind the file."""

    code = "attachment.extended"


class ChunkError(AttachmentError):
    """A chunk does not open: altered, at another place, or of another stream."""

    code = "attachment.chunk"


class FinalMissingError(AttachmentError):
    """The last chunk is not marked as the last."""

    code = "attachment.final_missing"


class FinalEarlyError(AttachmentError):
    """A chunk before the last is marked as the last."""

    code = "attachment.final_early"


class TagError(AttachmentError):
    """A chunk carries a mark that this format does not use."""

    code = "attachment.tag"


class NotPaddedError(AttachmentError):
    """There is something else than zeros behind the file."""

    code = "attachment.padding"


class BlobHashError(AttachmentError):
    """The blob is another than the message names."""

    code = "attachment.blob_hash"


class PlainHashError(AttachmentError):
    """The file is another than the message names."""

    code = "attachment.plain_hash"


class Sealing:
    """Seals one file under a key of its own; ``key`` and ``header`` are drawn unless given."""

    def __init__(self, *, key: bytes = b"", header: bytes = b"") -> None:
        self._key = key or fresh(KEY_BYTES)
        self._header = header or fresh(STREAM_HEADER_BYTES)
        self._stream = SecretStream(self._key, self._header)
        self._waiting = bytearray()
        self._size = 0
        self._plain = _plain_hash()
        self._blob = BlobHash()

    def push(self, plain: bytes) -> bytes:
        """Return the sealed chunks that ``plain``, the file's next bytes, completes.

        Raises:
            TooLargeError: the file has more than 1 GiB.
        """
        self._size += len(plain)
        if self._size > LARGEST_FILE:
            raise TooLargeError(f"at most {LARGEST_FILE} bytes are allowed")
        self._plain.update(plain)
        return self._sealed(plain)

    def finish(self) -> Iterator[bytes]:
        """Yield what is left of the blob: padding, and the chunk that is marked as the last.

        Raises:
            EmptyFileError: nothing was pushed.
        """
        if not self._size:
            raise EmptyFileError("a file of at least one byte expected, none found")
        padding = rounded(self._size) - self._size
        for begin in range(0, padding, CHUNK):
            yield self._sealed(bytes(min(CHUNK, padding - begin)))
        last = self._stream.push(bytes(self._waiting), final=True)
        self._blob.update(last)
        yield last

    def attachment(self, name: str, media_type: str) -> Attachment:
        """Return what a message says of the file, once ``finish`` is exhausted."""
        return Attachment(
            blob=self._blob.id(),
            key=self._key,
            header=self._header,
            size=self._size,
            name=name,
            media_type=media_type,
            plain=self._plain.digest(),
        )

    def _sealed(self, plain: bytes) -> bytes:
        # A whole chunk is held back until more follows: only then is it known not to be the last.
        self._waiting += plain
        whole = max(0, len(self._waiting) - 1) // CHUNK * CHUNK
        pieces = [
            self._stream.push(bytes(self._waiting[begin : begin + CHUNK]), final=False)
            for begin in range(0, whole, CHUNK)
        ]
        del self._waiting[:whole]
        sealed = b"".join(pieces)
        self._blob.update(sealed)
        return sealed


class Opening:
    """Opens the blob of one attachment, whose form was checked."""

    def __init__(self, attachment: Attachment) -> None:
        self._attachment = attachment
        self._stream = SecretStream(attachment.key, attachment.header)
        self._expected = blob_size(attachment.size)
        self._seen = self._opened = 0
        self._waiting = bytearray()
        self._plain = _plain_hash()
        self._blob = BlobHash()

    def pull(self, sealed: bytes) -> bytes:
        """Return the file's next bytes, of the chunks that ``sealed`` completes.

        Raises:
            AttachmentError: a subclass for each check; nothing of the file may be used.
        """
        self._seen += len(sealed)
        if self._seen > self._expected:
            raise ExtendedError(f"{self._expected} bytes expected, more found")
        self._blob.update(sealed)
        self._waiting += sealed
        is_all = self._seen == self._expected
        whole = len(self._waiting) // _SEALED_CHUNK * _SEALED_CHUNK
        end = len(self._waiting) if is_all else whole
        # The last chunk waits for nothing more; a whole one before the end is not the last.
        plain = b"".join(
            self._open(
                bytes(self._waiting[begin : min(begin + _SEALED_CHUNK, end)]),
                is_last=is_all and begin + _SEALED_CHUNK >= end,
            )
            for begin in range(0, end, _SEALED_CHUNK)
        )
        del self._waiting[:end]
        return self._without_padding(plain)

    def finish(self) -> None:
        """Return when all that came is the whole file.

        Raises:
            TruncatedError, BlobHashError, PlainHashError: as their names say.
        """
        if self._seen < self._expected:
            raise TruncatedError(f"{self._expected} bytes expected, {self._seen} found")
        if self._blob.id() != self._attachment.blob:
            raise BlobHashError("the blob is another than the message names")
        if self._plain.digest() != self._attachment.plain:
            raise PlainHashError("the file is another than the message names")

    def _open(self, chunk: bytes, *, is_last: bool) -> bytes:
        try:
            plain, mark = self._stream.pull(chunk)
        except DoesNotOpenError as e:
            raise ChunkError("a chunk does not open at its place") from e
        if mark not in (SecretStream.MESSAGE, SecretStream.FINAL):
            raise TagError("a chunk is marked as neither one more nor the last")
        if is_last and mark != SecretStream.FINAL:
            raise FinalMissingError("the last chunk is not marked as the last")
        if not is_last and mark == SecretStream.FINAL:
            raise FinalEarlyError("a chunk before the last is marked as the last")
        return plain

    def _without_padding(self, plain: bytes) -> bytes:
        left = self._attachment.size - self._opened
        found, padding = plain[:left], plain[left:]
        if any(padding):
            raise NotPaddedError("something else than zeros behind the file")
        self._opened += len(found)
        self._plain.update(found)
        return found


def _plain_hash() -> blake2b:
    return blake2b(digest_size=DIGEST_BYTES, person=labels.P_FILE)
