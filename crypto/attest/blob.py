"""The outside of an attachment: the name of its ciphertext, and the sizes that it can have.

Follows docs/spec/envelope.md, "Attachments". A *blob* is an attachment as it is stored and carried:
chunks of 64 KiB, each 17 bytes longer once sealed, over a file that was padded. It lies on the
broker's side of the trust line because the broker checks name and size of what it is given.
"""

from hashlib import blake2b
from typing import NewType

from crypto.attest import labels
from crypto.attest.hashing import DIGEST_BYTES
from crypto.attest.padding import rounded

BlobId = NewType("BlobId", bytes)

CHUNK = 65_536
#: What sealing adds to a chunk: a tag of the stream's own, and 16 bytes that authenticate it.
CHUNK_ADDS = 17
#: The largest file, 1 GiB; Padmé leaves this size as it is.
LARGEST_FILE = 1 << 30


class BlobHash:
    """The name of a blob whose bytes come one piece after the other."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=DIGEST_BYTES, person=labels.P_BLOB)

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Take the next bytes of the blob."""
        self._hash.update(piece)

    def id(self) -> BlobId:
        """Return the 32-byte name of what was taken so far."""
        return BlobId(self._hash.digest())


def blob_size(length: int) -> int:
    """Return how many bytes the blob of a file of ``length`` bytes (1 to 1 GiB) has."""
    padded = rounded(length)
    return padded + -(-padded // CHUNK) * CHUNK_ADDS


def is_blob_size(size: int) -> bool:
    """Say whether some file's blob has exactly ``size`` bytes."""
    padded = size - -(-size // (CHUNK + CHUNK_ADDS)) * CHUNK_ADDS
    return 0 < padded <= LARGEST_FILE and rounded(padded) == padded and blob_size(padded) == size


LARGEST_BLOB = blob_size(LARGEST_FILE)
