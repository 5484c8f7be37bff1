"""The folder that a demo stays in: whose it is, how far it was founded, who runs in it, its ports.

A mark in the folder says that a demo made it; nothing is founded in, or removed from, a folder that
holds anything else. The lock is held by the demo and every process of it, so it comes free when the
last of them has ended.
"""

import asyncio
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

MARK, LOCK = "demo.json", "demo.lock"
BROKER, LOGS = "broker", "logs"
PASSPHRASE = "passphrase"  # noqa: S105 - a file's name
VERSION = 1
#: The processes of a demo that was killed end by themselves; a new one waits for them this long.
WAITING = timedelta(seconds=5)
PAUSE = 0.1


class ForeignFolderError(Exception):
    """The folder holds something that no demo made."""

    code = "stay.foreign_folder"


class HalfFoundedError(Exception):
    """The demo in this folder was interrupted while it was founded."""

    code = "stay.half_founded"


class FolderInUseError(Exception):
    """Another demo runs in this folder."""

    code = "stay.folder_in_use"


class Stage(StrEnum):
    """How far the demo in a folder has come."""

    FOUNDING = "founding"
    FOUNDED = "founded"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a demo's folder says of itself.

    ``log`` is the key of the broker's ledger as a witness takes it, ``witnesses`` are their names,
    ``ports`` those last used, by program.
    """

    stage: Stage
    log: str = ""
    witnesses: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)


async def claim(state: Path, *, waiting: timedelta = WAITING) -> int:
    """Make ``state`` if it is missing, and return the descriptor that holds its lock.

    A demo that runs in it is waited for so long: it may be about to end.

    Raises:
        ForeignFolderError: it holds files, and no demo's mark.
        FolderInUseError: another demo runs in it.
    """
    _make(state)
    descriptor = os.open(state / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    ends = time.monotonic() + waiting.total_seconds()
    while not _locked(descriptor):
        if time.monotonic() > ends:
            os.close(descriptor)
            raise FolderInUseError(f"another demo runs in {state}")
        await asyncio.sleep(PAUSE)
    return descriptor


def read_mark(state: Path) -> Mark | None:
    """Return the mark of the demo in ``state``; None where nothing was begun.

    Raises:
        ForeignFolderError: it holds files, and no demo's mark.
    """
    try:
        said = json.loads((state / MARK).read_text(encoding="utf-8"))
        if said["version"] != VERSION:
            raise ForeignFolderError(f"{state}: expected a demo of version {VERSION}")
        ports = {str(name): int(port) for name, port in said["ports"].items()}
        return Mark(Stage(said["stage"]), str(said["log"]), tuple(said["witnesses"]), ports)
    except FileNotFoundError:
        if state.is_dir() and any(path.name != LOCK for path in state.iterdir()):
            raise ForeignFolderError(
                f"expected an empty folder or a demo's; {state} holds other files"
            ) from None
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise ForeignFolderError(f"{state}/{MARK}: expected a demo's mark") from e


def write_mark(state: Path, mark: Mark) -> None:
    """Put ``mark`` into the folder in one act, durably."""
    replacement = state / f"{MARK}.new"
    with replacement.open("w", encoding="utf-8") as file:
        json.dump({"version": VERSION, **asdict(mark)}, file)
        file.flush()
        os.fsync(file.fileno())
    replacement.replace(state / MARK)


def clear(state: Path, names: Iterable[str]) -> None:
    """Remove from ``state`` the entries ``names`` that a demo made there; its mark stays."""
    for name in names:
        path = state / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _make(state: Path) -> None:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    read_mark(state)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
