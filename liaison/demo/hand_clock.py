"""A clock moved by hand, over a descriptor that only the demo's own processes inherit.

Served processes have no such clock and no switch for one: it is made here, by the demo's own entry
point, and handed to the same composition roots. The player sends one JSON line a command and reads
one back: ``{"set": ts}`` moves the clock, ``{"sweep": true}`` does all that is due and says what is
next.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from liaison.runtime.clock import from_timestamp, timestamp

#: Sweeps the process's application; returns when something is next due.
Sweeper = Callable[[], Awaitable[datetime | None]]


class HandClock:
    """Stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        """Begin at ``start`` (aware)."""
        self._now = start
        self._wakers: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """Return the time to which the clock was last moved."""
        return self._now

    def on_jump(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` at each move."""
        self._wakers.append(wake)

    def set(self, moment: datetime) -> None:
        """Move the clock, and wake who asked for it."""
        self._now = moment
        for wake in self._wakers:
            wake()


async def obey(descriptor: int, clock: HandClock, sweep: Sweeper) -> None:
    """Carry out the player's commands on the inherited socket until it is closed."""
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor))
    while line := await reader.readline():
        answer = await _carry_out(json.loads(line), clock, sweep)
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()


async def _carry_out(command: dict[str, Any], clock: HandClock, sweep: Sweeper) -> dict[str, Any]:
    if "set" in command:
        clock.set(from_timestamp(command["set"]))
        return {"at": command["set"]}
    due = await sweep()
    return {"next": None if due is None else timestamp(due)}
