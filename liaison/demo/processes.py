"""The demo's processes: started with what they are told, moved in time together, ended together."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from liaison.runtime.clock import from_timestamp, timestamp

STARTING = timedelta(seconds=30)
ENDING = timedelta(seconds=10)
#: What is run, as the interpreter's arguments.
PROGRAM = ("-m", "liaison.demo.node")


class NodeError(Exception):
    """A process of the demo did not start, or has ended by itself."""

    code = "demo.node"


@dataclass(slots=True)
class Node:
    """One process and its clock."""

    name: str
    log: Path
    told: dict[str, Any] = field(repr=False)  # a desk is told its passphrase
    port: int
    process: asyncio.subprocess.Process
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    async def start(
        cls,
        name: str,
        log: Path,
        at: datetime,
        told: dict[str, Any],
        *,
        port: int = 0,
        program: Sequence[str] = PROGRAM,
    ) -> "Node":
        """Return the started process, told what to be.

        Args:
            name: what it is called.
            log: the file to which its log is added.
            at: the time at which its clock stands.
            told: what it is to be.
            port: where it listens; 0 takes any free port.
            program: what is run, as the interpreter's arguments.

        Raises:
            NodeError: it ended, or did not listen in time; the log says why.
        """
        ours, theirs = socket.socketpair()
        start = {**told, "at": timestamp(at), "clock": theirs.fileno(), "port": port}
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                *program,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            port = await asyncio.wait_for(_tell(process, start), STARTING.total_seconds())
        except (TimeoutError, ValueError, OSError) as e:
            await end(process)
            raise NodeError(f"{name} did not start; its log is {log.name}") from e
        except asyncio.CancelledError:
            # Interrupted between its start and its first word: nobody else knows of it yet.
            await end(process)
            raise
        return cls(name, log, told, port, process, reader, writer)

    async def again(self, at: datetime, *, program: Sequence[str] = PROGRAM) -> "Node":
        """Return the same anew, over the same folder and on the same port, once it has ended.

        Raises:
            NodeError: it ended, or did not listen in time; the log says why.
        """
        await self._hang_up()
        return await Node.start(self.name, self.log, at, self.told, port=self.port, program=program)

    async def set(self, moment: datetime) -> None:
        """Move the process's clock."""
        await self._ask({"set": timestamp(moment)})

    async def sweep(self) -> datetime | None:
        """Have it do all that is due; return when something is next due there."""
        due = (await self._ask({"sweep": True}))["next"]
        return None if due is None else from_timestamp(due)

    async def stop(self) -> None:
        """End the process and wait for it."""
        await self._hang_up()
        await end(self.process)

    async def kill(self) -> None:
        """End the process without a word (SIGKILL) and wait until it is gone."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._hang_up()

    async def _hang_up(self) -> None:
        """Let go of the process's clock, whether or not it is still there."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        self._writer.write(json.dumps(command).encode() + b"\n")
        await self._writer.drain()
        line = await self._reader.readline()
        if not line:
            raise NodeError(f"{self.name} has ended by itself")
        answer: dict[str, Any] = json.loads(line)
        return answer


async def move(nodes: Sequence[Node], moment: datetime) -> datetime | None:
    """Move every clock to ``moment``, do what is due, and return when something is next due."""
    await asyncio.gather(*(node.set(moment) for node in nodes))
    due = await asyncio.gather(*(node.sweep() for node in nodes))
    return min((moment for moment in due if moment is not None), default=None)


async def stop_all(nodes: Sequence[Node]) -> None:
    """End every process, the last started first."""
    for node in reversed(nodes):
        await node.stop()


async def _tell(process: asyncio.subprocess.Process, told: dict[str, Any]) -> int:
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes")
    process.stdin.write(json.dumps(told).encode() + b"\n")
    await process.stdin.drain()
    process.stdin.close()
    port: int = json.loads(await process.stdout.readline())["port"]
    return port


async def end(process: asyncio.subprocess.Process) -> None:
    """Ask a process to end, wait for it, and kill it when it takes too long."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), ENDING.total_seconds())
    except TimeoutError:
        process.kill()
        await process.wait()
