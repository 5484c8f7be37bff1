"""Folders that are watched: what waits is written into one, what appears in the other is taken.

For a diode, a disc or a mail gateway that moves files by itself. While the line is down, each thing
that waits is written once. What appears is looked at once it has not changed between two looks, so
that nothing half-written is read; what was taken is removed, what is refused stays with its code in
the log and is looked at again when it changes or the desk learns more. Each folder is looked at for
itself: one that is away is an alarm of its own until it is back, and never stops the other.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from liaison.desk.carriage.blobs import UnaskedBlobError
from liaison.desk.carriage.carrier import Carrier
from liaison.desk.carriage.folder import SUFFIX, FolderError, NotReadError, NotWrittenError
from liaison.desk.carriage.handing import Outcome, carry_out, messages_first, take_file
from liaison.desk.line.broker_client import Line
from liaison.desk.mail.alarms import Alarm, Alarms
from liaison.runtime.tasks import Tasks

#: A look takes no more files than this; the next one goes on.
AT_ONCE = 64
#: Seconds that a sweep waits for its look; who watches over sweeps would give it up and begin anew.
AT_MOST = 20.0
#: Files that are remembered as refused; a hostile folder cannot fill our memory.
MOST_REMEMBERED = 10_000

#: The setting of the folder that each alarm is about: its path may tell more than an alarm may.
SETTINGS = {Alarm.FOLDER_IN: "spool_in", Alarm.FOLDER_OUT: "spool_out"}

#: A file as it was seen: its size and when it was written (ns).
Seen = tuple[int, int]


@dataclass(slots=True)
class Spool:
    """Watches the folders of one desk; either may be None. It is the sweep of a ``Waker``."""

    carrier: Carrier
    line: Line
    out: Path | None
    incoming: Path | None
    alarms: Alarms
    tasks: Tasks
    _looking: asyncio.Task[None] | None = None
    _last: dict[Path, Seen] = field(default_factory=dict)
    _refused: dict[Path, tuple[Seen, int]] = field(default_factory=dict)
    _early: set[Path] = field(default_factory=set)

    async def __call__(self, now: datetime) -> datetime | None:  # noqa: ARG002 - a sweep's shape
        """Look at both folders once; what fails is told of and tried at the next look.

        A look that takes long, at a large file on a slow stick, goes on: the next ones wait for it.
        """
        if self._looking is None or self._looking.done():
            self._looking = self.tasks.start(self._look_at_both(), name="spool")
        done, _ = await asyncio.wait({self._looking}, timeout=AT_MOST)
        for look in done:
            look.result()
        return None

    async def _look_at_both(self) -> None:
        if self.incoming is not None:
            await self._try(Alarm.FOLDER_IN, self._take(self.incoming))
        if self.out is not None:
            await self._try(Alarm.FOLDER_OUT, self._write(self.out))

    async def _try(self, alarm: Alarm, look: Awaitable[None]) -> None:
        setting = SETTINGS[alarm]
        try:
            await look
        except FolderError as e:
            structlog.get_logger().warning("spool.folder", setting=setting, code=e.code)
            await self.alarms.raised(alarm, setting, about=setting)
        else:
            await self.alarms.settled(alarm, setting)

    async def _write(self, folder: Path) -> None:
        if not await asyncio.to_thread(_is_folder, folder):
            raise NotWrittenError("a folder to write into expected, none found")
        if self.line.is_up:
            return
        written = await self.carrier.store.written()
        await carry_out(self.carrier, folder, lambda file: file.item not in written)

    async def _take(self, folder: Path) -> None:
        seen = await asyncio.to_thread(_look, folder)
        known = self.carrier.replica.known.head.size
        ready = [
            path
            for path, state in sorted(seen.items())
            if self._last.get(path) == state and self._refused.get(path) != (state, known)
        ]
        self._last = seen
        self._refused = {path: state for path, state in self._refused.items() if path in seen}
        self._early &= seen.keys()
        # What came before its message, perhaps of none that will ever come, keeps nothing waiting.
        ready.sort(key=lambda path: path in self._early)
        for path in await messages_first(ready[:AT_ONCE]):
            handed = await take_file(self.carrier, path)
            is_gone = handed.outcome is not Outcome.REFUSED and await asyncio.to_thread(_drop, path)
            is_early = handed.code == UnaskedBlobError.code  # its message may come at any time
            (self._early.add if is_early else self._early.discard)(path)
            if not is_gone and not is_early and len(self._refused) < MOST_REMEMBERED:
                self._refused[path] = (seen[path], known)


def _look(folder: Path) -> dict[Path, Seen]:
    """Return the files of ours in ``folder`` as they are now; raise NotReadError if it is none."""
    if not _is_folder(folder):
        raise NotReadError("a folder to be watched expected, none found")
    try:
        paths = list(folder.glob(f"*{SUFFIX}"))
    except OSError as e:
        raise NotReadError(f"the folder cannot be listed: {e.strerror}") from e
    seen = {path: _seen(path) for path in paths}
    return {path: state for path, state in seen.items() if state is not None}


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a medium that was pulled out may answer with any error
        return False


def _seen(path: Path) -> Seen | None:
    """Return a file as it is now; None of one that is gone or shows nothing of itself."""
    try:
        found = path.stat()
    except OSError as e:
        structlog.get_logger().info("spool.passed_over", error=type(e).__name__)
        return None
    return found.st_size, found.st_mtime_ns


def _drop(path: Path) -> bool:
    """Remove what was taken; say whether it is gone."""
    try:
        path.unlink(missing_ok=True)
    except OSError as e:
        structlog.get_logger().warning("spool.not_removed", error=type(e).__name__)
        return False
    return True
