"""Files in a folder that is a stick, a disc or a shared place: written whole, read with care.

A file appears under its name only when all of it is on the medium. What cannot be written or read
is refused with its own code, and what was there stays as it was.
"""

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

from protocols.wire.carriage import BLOB_HEAD, FILE_LIMIT

SUFFIX = ".liaison"
#: Bytes that are copied at once of a file of any size.
PIECE = 1 << 20
#: What is being written; no reader takes it for a file.
PARTIAL = ".part"


class FolderError(Exception):
    """A folder or a file in it cannot be used."""

    code = "carriage.folder"


class NotWrittenError(FolderError):
    """The medium took no more: full, write-protected, or gone."""

    code = "carriage.not_written"


class NotReadError(FolderError):
    """The file cannot be read, or is none that could be ours."""

    code = "carriage.not_read"


def write_whole(folder: Path, name: str, content: bytes, body: Path | None = None) -> Path:
    """Return the path of the new file, once all of it is on the medium under ``name``.

    Args:
        folder: where it is written.
        name: under which name.
        content: its bytes, or its first ones.
        body: a file whose bytes follow, in pieces.

    Raises:
        NotWrittenError: it could not be written; nothing of it is left.
    """
    path, partial = folder / name, folder / f"{name}{PARTIAL}"
    try:
        with partial.open("wb") as file:
            file.write(content)
            if body is not None:
                with body.open("rb") as rest:
                    shutil.copyfileobj(rest, file, PIECE)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as e:
        _leave_nothing(partial)
        raise NotWrittenError(f"{name}: {e.strerror or type(e).__name__}") from e
    return path


def read_whole(path: Path) -> bytes:
    """Return what is in a file of at most FILE_LIMIT bytes.

    Raises:
        NotReadError: no plain file, too large, or it cannot be read.
    """
    try:
        # What only looks like a file may never give an end: it is not opened.
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > FILE_LIMIT:
            raise NotReadError(f"a file of at most {FILE_LIMIT} bytes expected")
        with path.open("rb") as file:
            return file.read(FILE_LIMIT + 1)
    except OSError as e:
        raise NotReadError(f"the file cannot be read: {e.strerror or type(e).__name__}") from e


def read_head(path: Path) -> bytes:
    """Return the first bytes of a plain file, by which one tells a blob; raises as read_whole."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotReadError("a plain file expected")
        with path.open("rb") as file:
            return file.read(BLOB_HEAD)
    except OSError as e:
        raise NotReadError(f"the file cannot be read: {e.strerror or type(e).__name__}") from e


async def read_body(path: Path) -> AsyncGenerator[bytes]:
    """Yield the ciphertext in a file with a blob, in pieces; raises as read_whole does."""
    try:
        with path.open("rb") as file:
            file.seek(BLOB_HEAD)
            while piece := await asyncio.to_thread(file.read, PIECE):
                yield piece
    except OSError as e:
        raise NotReadError(f"the file cannot be read: {e.strerror or type(e).__name__}") from e


def carried_files(paths: Iterable[Path]) -> list[Path]:
    """Return ``paths`` with each folder replaced by the files of ours in it, in order of names.

    Raises:
        NotReadError: a folder cannot be listed.
    """
    found: list[Path] = []
    for path in paths:
        try:
            found += sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
        except OSError as e:
            raise NotReadError(f"the folder cannot be listed: {e.strerror}") from e
    return found


def _leave_nothing(partial: Path) -> None:
    try:
        partial.unlink(missing_ok=True)
    except OSError:
        return  # the medium is gone, and the rest of the file with it
