"""Programs under measurement: started, listening, asked for what they have cost, and ended.

Processor time and memory are the system's own account of the process (``/proc``): user and system
seconds of all its threads, and what of it is resident.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.command import environment

#: For a program to serve (the slowest builds its environment first), and to end.
PATIENCE = 300.0
TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1_048_576
#: Fields of /proc/PID/stat after the name in brackets: user and system ticks.
_USER, _SYSTEM = 11, 12


class ProgramError(Exception):
    """A program under measurement did not start; its log says why."""


@dataclass(frozen=True, slots=True)
class Program:
    """A running program: its process, the first line that it printed, how long that took (s)."""

    pid: int
    line: str
    started_in: float

    @property
    def cpu(self) -> float:
        """Return the processor seconds that it has used."""
        return cpu(self.pid)

    @property
    def resident(self) -> int:
        """Return the bytes of it that are resident."""
        return resident(self.pid)


def cpu(pid: int) -> float:
    """Return the processor seconds that process ``pid`` has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / TICKS


def resident(pid: int) -> int:
    """Return the bytes of process ``pid`` that are resident."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    [line] = [line for line in status if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1_024


def python(module: str, *words: str) -> list[str]:
    """Return the command that runs ``module`` with this Python."""
    return [sys.executable, "-m", module, *words]


def liaison(words: Sequence[str]) -> list[str]:
    """Return the command ``liaison`` with ``words``, as it is installed."""
    return [str(Path(sys.executable).with_name("liaison")), *words]


@asynccontextmanager
async def running(
    command: Sequence[str],
    log: Path,
    settings: Mapping[str, str] | None = None,
    *,
    until: str = "",
) -> AsyncIterator[Program]:
    """Give the program of ``command`` once it has printed a line with ``until``; end it afterwards.

    Args:
        command: the program and its words.
        log: the file to which its log is added.
        settings: what its environment has besides ours.
        until: what stands in the line that is waited for; by default that is the first one.

    Raises:
        ProgramError: it ended before it printed that line.
        TimeoutError: it did not print it in time.
    """
    begun = time.perf_counter()
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=environment(**(settings or {})),
        )
    try:
        line = await asyncio.wait_for(_read_until(process, until), PATIENCE)
        if not line:
            raise ProgramError(f"{command[-1]} did not start; its log is {log}")
        yield Program(process.pid, line, time.perf_counter() - begun)
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)


async def _read_until(process: asyncio.subprocess.Process, word: str) -> str:
    """Return the first line that has ``word``; nothing when the output ends before."""
    if process.stdout is None:
        return ""
    async for line in process.stdout:
        if word in line.decode():
            return line.decode().strip()
    return ""
