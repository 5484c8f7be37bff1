"""The ordinary serving commands as processes of the demo, on the system's clock.

Each is the program that an operator runs, tied to its starter; a passphrase goes over on a
descriptor. Settings in the starter's environment are not for them: the demo's parts are told all.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from liaison.demo.processes import STARTING, NodeError, end
from liaison.runtime.origin import check_origin

DISTRIBUTION = "border-liaison"
SETTINGS, LANGUAGE = "LIAISON_", "LIAISON_LANG"
PATH = "PYTHONPATH"


@dataclass(frozen=True, slots=True)
class Program:
    """What one process is: its name, the words after ``liaison``, what it prints once it serves."""

    name: str
    words: tuple[str, ...]
    lines: int = 1
    passphrase: str | None = None


@dataclass(slots=True)
class Served:
    """One running program, and the lines that it printed."""

    name: str
    log: Path
    process: asyncio.subprocess.Process
    _tie: int
    lines: tuple[str, ...] = ()

    @classmethod
    async def start(cls, program: Program, log: Path, *, held: Sequence[int]) -> "Served":
        """Return the program started; it may not listen yet.

        Args:
            program: what to run.
            log: the file that its log is added to.
            held: descriptors that it keeps open for as long as it runs.
        """
        reading, tie = os.pipe()
        with ExitStack() as stack:
            stack.callback(os.close, reading)
            words, passed = [*program.words], [reading, *held]
            if program.passphrase is not None:
                handed = _hand_over(program.passphrase)
                stack.callback(os.close, handed)
                passed.append(handed)
                words += ["--passphrase-fd", str(handed)]
            errors = stack.enter_context(log.open("ab"))
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "liaison.demo.tied",
                str(reading),
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=surroundings(),
                pass_fds=passed,
                start_new_session=True,
            )
        return cls(program.name, log, process, tie)

    async def listen(self, lines: int) -> None:
        """Wait until it serves: it prints so many lines then.

        Raises:
            NodeError: it ended, or did not listen in time; the log says why.
        """
        try:
            async with asyncio.timeout(STARTING.total_seconds()):
                self.lines = tuple([await self._line() for _ in range(lines)])
        except (TimeoutError, EOFError) as e:
            raise NodeError(f"{self.name} did not start; its log is {self.log}") from e

    async def watch(self) -> None:
        """Raise NodeError as soon as it has ended."""
        await self.process.wait()
        raise NodeError(f"{self.name} has ended by itself; its log is {self.log}")

    async def stop(self) -> None:
        """End it and wait for it."""
        await end(self.process)
        os.close(self._tie)

    async def _line(self) -> str:
        line = b"" if self.process.stdout is None else await self.process.stdout.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line.decode().rstrip("\n")


def surroundings() -> dict[str, str]:
    """Return the environment of the programs: ours, without settings, and they find our packages.

    A process that is started with ``-P`` does not look for packages where it is started; where
    ours are not installed, it is told their folder.
    """
    kept = {k: v for k, v in os.environ.items() if k == LANGUAGE or not k.startswith(SETTINGS)}
    try:
        distribution(DISTRIBUTION)
    except PackageNotFoundError:
        kept[PATH] = os.pathsep.join(filter(None, [str(check_origin()), kept.get(PATH)]))
    return kept


def _hand_over(passphrase: str) -> int:
    """Return a descriptor from which the passphrase can be read, once."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(passphrase.encode() + b"\n")
    return reading
