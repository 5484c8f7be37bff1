"""Handing over: all that waits into a folder, and what lies in files into the desk.

One file that is refused never stops the next; each is told with its code, and none is moved or
removed here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog

from liaison.desk.carriage.carrier import BLOB_REFUSED, FILE_REFUSED, Carrier
from liaison.desk.carriage.folder import (
    SUFFIX,
    FolderError,
    carried_files,
    read_body,
    read_head,
    read_whole,
    write_whole,
)
from liaison.desk.carriage.outgoing import Outgoing
from liaison.desk.store import StoreError
from protocols.wire.carriage import named_blob


class Outcome(StrEnum):
    """What became of a file."""

    TAKEN = "taken"
    #: The same was here before, by whichever way: nothing changed.
    KNOWN = "known"
    REFUSED = "refused"


class UnforeseenFileError(Exception):
    """A file that breaks our own code: refused like a bad one, and logged as a defect."""

    code = "carriage.unforeseen"


@dataclass(frozen=True, slots=True)
class Handed:
    """A file and what became of it; ``code`` and ``detail`` say why it was refused."""

    name: str
    outcome: Outcome
    code: str | None = None
    detail: str = ""


async def carry_out(
    carrier: Carrier, folder: Path, choose: Callable[[Outgoing], bool] = lambda _: True
) -> list[str]:
    """Write what waits into ``folder`` and return the names of the files, oldest first.

    Notes that wait with their files for a line that is down are sealed for it.

    Raises:
        NotWrittenError: the folder took no more; what was written until then is kept as written.
    """
    await carrier.seal_waiting()
    written: list[Outgoing] = []
    try:
        for file in filter(choose, await carrier.outgoing()):
            await _write(folder, file)
            written.append(file)
    finally:
        await carrier.mark_written(written)
    return [file.stem + SUFFIX for file in written]


async def carry_case_out(carrier: Carrier, folder: Path, ref: str) -> list[str]:
    """Write the files of a case into ``folder`` and return their names.

    It is for who has the messages and not the files: a computer of this desk that joined later, one
    restored from a backup, or the other desk. Nobody confirms it, and nothing is kept of it.

    Raises:
        NotWrittenError: the folder took no more; what was written until then stays.
        UnknownCaseError: there is no such case here.
    """
    files = await carrier.files_of(ref)
    for file in files:
        await _write(folder, file)
    return [file.stem + SUFFIX for file in files]


async def _write(folder: Path, file: Outgoing) -> None:
    await asyncio.to_thread(write_whole, folder, file.stem + SUFFIX, file.raw, file.body)


async def carry_in(carrier: Carrier, paths: Sequence[Path]) -> list[Handed]:
    """Take what lies in files, or in the files of folders, and return what became of each.

    Messages are taken before the files that they name.

    Raises:
        NotReadError: a folder cannot be listed.
    """
    files = await asyncio.to_thread(carried_files, paths)
    return [await take_file(carrier, path) for path in await messages_first(files)]


async def messages_first(paths: Sequence[Path]) -> list[Path]:
    """Return ``paths`` with those that hold blobs last."""
    return await asyncio.to_thread(sorted, paths, key=lambda path: blob_in(path) is not None)


def blob_in(path: Path) -> bytes | None:
    """Return the name of the blob that a file says to hold; None when it holds another thing."""
    try:
        return named_blob(read_head(path))
    except FolderError:
        return None  # what is wrong is told when it is taken


async def take_file(carrier: Carrier, path: Path) -> Handed:
    """Take what lies in a file, and return what became of it."""

    async def taken() -> bool:
        blob = await asyncio.to_thread(blob_in, path)
        if blob is not None:
            async with aclosing(read_body(path)) as pieces:
                return await carrier.blobs.take(blob, pieces)
        return await carrier.take(await asyncio.to_thread(read_whole, path))

    return await handed(path.name, taken())


async def take_bytes(carrier: Carrier, name: str, raw: bytes) -> Handed:
    """Take the bytes of a file called ``name``, and return what became of it."""
    return await handed(name, carrier.take(raw))


async def handed(name: str, taking: Awaitable[bool]) -> Handed:
    """Return what becomes of a file called ``name`` as it is taken."""
    try:
        is_new = await taking
    except (*FILE_REFUSED, *BLOB_REFUSED, FolderError) as e:
        return _refused(name, e.code, str(e))
    except StoreError:
        raise
    except Exception as e:  # noqa: BLE001 - one bad file must never stop the next
        structlog.get_logger().error("carriage.unforeseen", error=type(e).__name__)
        return _refused(name, UnforeseenFileError.code, type(e).__name__)
    return Handed(name, Outcome.TAKEN if is_new else Outcome.KNOWN)


def refusals(handed: Iterable[Handed]) -> int:
    """Return how many were refused."""
    return sum(one.outcome is Outcome.REFUSED for one in handed)


def _refused(name: str, code: str, detail: str) -> Handed:
    # Whoever brought the file may have named it after a person: the log does not say it.
    structlog.get_logger().info("carriage.refused", code=code)
    return Handed(name, Outcome.REFUSED, code, detail)
