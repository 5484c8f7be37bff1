"""Folders that are watched: what waits is written into one, what appears in the other is taken.

For a diode, a disc or a mail gateway that moves files by itself. While the line is down, each thing
that waits is written once. What appears is looked at once it has not changed between two looks, so
that nothing half-written is read; what was taken is removed, what is refused stays with its code in
the log and is looked at again when it changes or the desk learns more.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from liaison.desk.broker_client import Line
from liaison.desk.carriage.carrier import Carrier
from liaison.desk.carriage.folder import SUFFIX, FolderError, NotReadError
from liaison.desk.carriage.handing import Outcome, carry_out, take_file

#: A look takes no more files than this; the next one goes on.
AT_ONCE = 64
#: Files that are remembered as refused; a hostile folder cannot fill our memory.
MOST_REMEMBERED = 10_000

#: A file as it was seen: its size and when it was written (ns).
Seen = tuple[int, int]


@dataclass(slots=True)
class Spool:
    """Watches the folders of one desk; either may be None. It is the sweep of a ``Waker``."""

    carrier: Carrier
    line: Line
    out: Path | None
    incoming: Path | None
    _last: dict[Path, Seen] = field(default_factory=dict)
    _refused: dict[Path, tuple[Seen, int]] = field(default_factory=dict)

    async def __call__(self, now: datetime) -> datetime | None:  # noqa: ARG002 - a sweep's shape
        """Look at both folders once; what fails is logged and tried at the next look."""
        try:
            if self.incoming is not None:
                await self._take(self.incoming)
            if self.out is not None and not self.line.is_up:
                await self._write(self.out)
        except FolderError as e:
            structlog.get_logger().warning("spool.folder", code=e.code)
        return None

    async def _write(self, folder: Path) -> None:
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
        for path in ready[:AT_ONCE]:
            handed = await take_file(self.carrier, path)
            is_gone = handed.outcome is not Outcome.REFUSED and await asyncio.to_thread(_drop, path)
            if not is_gone and len(self._refused) < MOST_REMEMBERED:
                self._refused[path] = (seen[path], known)


def _look(folder: Path) -> dict[Path, Seen]:
    """Return the files of ours in ``folder`` as they are now; raise NotReadError if it is none."""
    if not folder.is_dir():
        raise NotReadError("a folder to be watched expected, none found")
    try:
        found = {path: path.stat() for path in folder.glob(f"*{SUFFIX}")}
    except OSError as e:
        raise NotReadError(f"the folder cannot be listed: {e.strerror}") from e
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


def _drop(path: Path) -> bool:
    """Remove what was taken; say whether it is gone."""
    try:
        path.unlink(missing_ok=True)
    except OSError as e:
        structlog.get_logger().warning("spool.not_removed", error=type(e).__name__)
        return False
    return True
