"""Blobs on the disk: a file each, in a folder of the desk that brought it.

A blob that is still coming is a file with another ending; it is appended to, and takes its own name
only when it is whole, has the hash that names it, and lies on the disk. Every method waits for the
disk and is called in a thread.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from crypto.attest.blob import BlobHash
from liaison.broker.blobs.state import BlobKey
from liaison.broker.errors import RefusedError
from protocols.wire.api import Refusal

FOLDER = "blobs"
COMING = ".part"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
#: Bytes read at once where a file's hash is made again.
PIECE = 1 << 20


class Coming:
    """A blob that is coming: what of it is here, and the hash of that."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Take up the file where it ends."""
        self._path, self._file = path, file
        self._hash, self._turn = BlobHash(), Lock()
        self.offset = 0
        while piece := file.read(PIECE):
            self._hash.update(piece)
            self.offset += len(piece)

    def append(self, piece: bytes) -> None:
        """Put ``piece`` behind what is here; raise RefusedError when the disk is full."""
        with self._turn:
            try:
                self._file.write(piece)
            except OSError as e:
                self._file.truncate(self.offset)
                raise RefusedError(Refusal.BLOB_DISK, "the broker's disk is full") from e
            self._hash.update(piece)
            self.offset += len(piece)

    def sync(self) -> None:
        """Return when what came lies on the disk."""
        with self._turn:
            os.fdatasync(self._file.fileno())

    def finish(self, blob: bytes) -> None:
        """Give the whole blob its name; raise RefusedError, and keep nothing, when it is another.

        It lies on the disk, and its name too, when this returns.
        """
        if self._hash.id() != blob:
            self._path.unlink()
            raise RefusedError(Refusal.BLOB_HASH, "these bytes have another hash than the name")
        self.sync()
        self._path.rename(self._path.with_suffix(""))
        _sync_folder(self._path.parent)


class BlobFiles:
    """The files of all blobs of a broker, in the folder ``root``; ``reserve`` bytes stay free."""

    def __init__(self, root: Path, *, reserve: int) -> None:
        """Take the folder, made at first use."""
        self._root, self._reserve = root, reserve
        root.mkdir(mode=FOLDER_MODE, exist_ok=True)

    def path(self, key: BlobKey) -> Path:
        """Return where a desk's whole blob lies."""
        desk, blob = key
        return self._root / desk.hex() / blob.hex()

    def offset(self, key: BlobKey) -> int:
        """Return how many bytes of a blob have come that is not whole yet."""
        path = self._coming(key)
        return path.stat().st_size if path.exists() else 0

    @contextmanager
    def receive(self, key: BlobKey, *, now: int) -> Iterator[Coming]:
        """Give the blob that is coming; what has come stays, and ``now`` (ts) says since when."""
        path = self._coming(key)
        path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            try:
                yield Coming(path, file)
            finally:
                os.utime(descriptor, (now, now))

    def check_room(self, size: int) -> None:
        """Raise RefusedError unless ``size`` bytes more leave the reserve free."""
        free = shutil.disk_usage(self._root).free
        if free - size < self._reserve:
            raise RefusedError(Refusal.BLOB_DISK, "the broker's disk is nearly full; try later")

    def coming_bytes(self, desk: bytes, besides: bytes) -> int:
        """Return how many bytes have come of a desk's blobs that are not whole, but for one."""
        parts = (self._root / desk.hex()).glob(f"*{COMING}")
        return sum(part.stat().st_size for part in parts if part.stem != besides.hex())

    def remove(self, key: BlobKey) -> None:
        """Remove a blob, if it is here."""
        self.path(key).unlink(missing_ok=True)

    def give_up(self, *, before: int) -> None:
        """Remove what began to come and was last heard of before ``before`` (ts)."""
        for part in self._root.glob(f"*/*{COMING}"):
            if part.stat().st_mtime < before:
                part.unlink(missing_ok=True)

    def every(self) -> set[BlobKey]:
        """Return the keys of all files with a whole blob's name."""
        files = [path for path in self._root.glob("*/*") if path.suffix != COMING]
        return {(bytes.fromhex(p.parent.name), bytes.fromhex(p.name)) for p in files}

    def doubt(self, key: BlobKey) -> None:
        """Take back a whole blob's name: it counts as coming until its hash was made again."""
        self.path(key).rename(self._coming(key))

    def _coming(self, key: BlobKey) -> Path:
        return self.path(key).with_suffix(COMING)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
