"""Handing over: all that waits into a folder, and what lies in files into the desk.

One file that is refused never stops the next; each is told with its code, and none is moved or
removed here.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog

from liaison.desk.carriage.carrier import FILE_REFUSED, Carrier, Outgoing
from liaison.desk.carriage.folder import SUFFIX, FolderError, carried_files, read_whole, write_whole
from liaison.desk.store import StoreError


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

    Raises:
        NotWrittenError: the folder took no more; what was written until then is kept as written.
    """
    written: list[Outgoing] = []
    try:
        for file in filter(choose, await carrier.outgoing()):
            await asyncio.to_thread(write_whole, folder, file.stem + SUFFIX, file.raw)
            written.append(file)
    finally:
        await carrier.mark_written(written)
    return [file.stem + SUFFIX for file in written]


async def carry_in(carrier: Carrier, paths: Sequence[Path]) -> list[Handed]:
    """Take what lies in files, or in the files of folders, and return what became of each.

    Raises:
        NotReadError: a folder cannot be listed.
    """
    files = await asyncio.to_thread(carried_files, paths)
    return [await take_file(carrier, path) for path in files]


async def take_file(carrier: Carrier, path: Path) -> Handed:
    """Take what lies in a file, and return what became of it."""
    try:
        raw = await asyncio.to_thread(read_whole, path)
    except FolderError as e:
        return _refused(path.name, e.code, str(e))
    return await take_bytes(carrier, path.name, raw)


async def take_bytes(carrier: Carrier, name: str, raw: bytes) -> Handed:
    """Take the bytes of a file called ``name``, and return what became of it."""
    try:
        is_new = await carrier.take(raw)
    except FILE_REFUSED as e:
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
