"""What a batch knows and changes of blobs: which are whole, who names them, who has them.

A blob belongs to the desk that brought it: only that desk's messages can name it, so nobody gains a
way to a ciphertext by its name alone.
"""

from dataclasses import dataclass, field

from crypto.attest.header import Header

BlobKey = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Blob:
    """A whole blob of ``size`` bytes that ``desk`` brought at ``at`` (ts)."""

    desk: bytes
    blob: bytes
    size: int
    at: int

    @property
    def key(self) -> BlobKey:
        """Return desk and name."""
        return self.desk, self.blob


@dataclass(frozen=True, slots=True)
class BlobUse:
    """That the message ``mid`` of ``desk`` names a blob; ``dst`` holds ids one after the other."""

    desk: bytes
    blob: bytes
    mid: bytes
    dst: bytes
    exp: int


@dataclass(frozen=True, slots=True)
class BlobHolder:
    """That a device has said that it holds a desk's blob."""

    desk: bytes
    blob: bytes
    device: bytes


@dataclass(frozen=True, slots=True)
class FetchedBlobs:
    """The rows of the blobs that a batch has to see."""

    blobs: dict[BlobKey, Blob] = field(default_factory=dict)
    uses: list[BlobUse] = field(default_factory=list)
    holders: set[BlobHolder] = field(default_factory=set)


class BlobBatch:
    """The part of a batch that is about blobs."""

    def __init__(self, fetched: FetchedBlobs) -> None:
        """Begin over the rows ``fetched`` in this transaction."""
        self.brought: list[Blob] = []
        self.named: list[BlobUse] = []
        self.held: list[BlobHolder] = []
        self.forgotten: list[BlobKey] = []
        self._fetched = fetched

    def blob(self, desk: bytes, blob: bytes) -> Blob | None:
        """Return a desk's blob if it is whole here."""
        return self._fetched.blobs.get((desk, blob))

    def keep(self, blob: Blob) -> None:
        """Keep that a blob is whole here."""
        self._fetched.blobs[blob.key] = blob
        self.brought.append(blob)

    def name(self, mid: bytes, header: Header) -> None:
        """Keep which blobs a message names."""
        for blob in header.blobs:
            use = BlobUse(header.src, blob, mid, b"".join(header.dst), header.exp)
            self._fetched.uses.append(use)
            self.named.append(use)

    def uses(self, blob: bytes) -> list[BlobUse]:
        """Return what names a blob of this name, whoever brought it."""
        return [use for use in self._fetched.uses if use.blob == blob]

    def hold(self, holder: BlobHolder) -> None:
        """Keep that a device holds a blob; said again it changes nothing."""
        if holder not in self._fetched.holders:
            self._fetched.holders.add(holder)
            self.held.append(holder)

    def holders(self, key: BlobKey) -> set[bytes]:
        """Return the devices that have said that they hold a desk's blob."""
        return {h.device for h in self._fetched.holders if (h.desk, h.blob) == key}

    def forget(self, key: BlobKey) -> None:
        """Keep nothing more of a desk's blob."""
        self._fetched.blobs.pop(key, None)
        self.forgotten.append(key)

    @property
    def is_changed(self) -> bool:
        """Say whether what is due for blobs may have changed."""
        return bool(self.brought or self.named or self.forgotten)
