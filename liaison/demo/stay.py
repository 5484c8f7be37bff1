"""The demo that stays: a broker, two witnesses and four desks on the system's clock, by hand.

What runs are the ordinary serving commands, each a process with a folder of its own. The folder of
the demo is founded once; every later start continues where the last one stopped.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiohttp import ClientSession

from config.schema import Corridor
from liaison.demo.folder import (
    BROKER,
    LOGS,
    PASSPHRASE,
    HalfFoundedError,
    Mark,
    Stage,
    claim,
    read_mark,
    write_mark,
)
from liaison.demo.ports import LOOPBACK, choose_ports
from liaison.demo.processes import NodeError
from liaison.demo.served import Program, Served
from liaison.demo.staff import STAYING, Post
from liaison.desk.client import DeskClient
from liaison.runtime.clock import Clock

#: Until every desk has its line to the broker and knows the others' windows.
MEETING, PAUSE = 30.0, 0.05
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: A desk prints its address, then the launch link of its screen after this word.
DESK_LINES, LINK = 2, "screen "


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """A running desk: its address, the link that opens its screen once, and its officers."""

    slug: str
    url: str
    link: str
    posts: list[Post]


@dataclass(frozen=True, slots=True)
class Running:
    """The demo once it runs: where, its desks, and the passphrase of every officer."""

    state: Path
    desks: list[OpenDesk]
    passphrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told: of each thing that happens, a line; of the running demo, once."""

    progress: Callable[[str], None]
    ready: Callable[[Running], None]


async def stay(
    state: Path, corridor: Corridor, *, fresh: bool, clock: Clock, telling: Telling
) -> None:
    """Run the demo in ``state`` until the process is asked to end; every process ends with it.

    Args:
        state: the demo's folder; founded if it is missing or empty.
        corridor: whose agencies and desks are founded.
        fresh: found it anew; what was there is removed.
        clock: says when the ceremony is held.
        telling: who is told.

    Raises:
        ForeignFolderError, FolderInUseError, HalfFoundedError: ``state`` cannot be used.
        NoPortError, NodeError: a process could not start, or has ended by itself.
    """
    nodes: list[Served] = []
    lock = await claim(state)
    try:
        with _interruptible() as ending:
            try:
                size = await _found(state, corridor, fresh=fresh, clock=clock, telling=telling)
                await _start(_programs(state, telling), state / LOGS, nodes, lock=lock)
                await _meet(state, size)
                telling.ready(_running(state, nodes))
                await asyncio.gather(*(node.watch() for node in nodes))
            except asyncio.CancelledError:
                if not ending.is_asked:
                    raise
            finally:
                # Whoever presses Ctrl-C again has to wait for the same end.
                ending.is_asked = True
                await _stop(nodes)
    finally:
        os.close(lock)


@dataclass(slots=True)
class _Ending:
    """The end of a task, asked for by a signal: the first one counts."""

    task: asyncio.Task[None] | None
    is_asked: bool = False

    def ask(self) -> None:
        if not self.is_asked and self.task is not None:
            self.is_asked = True
            self.task.cancel()


@contextmanager
def _interruptible() -> Iterator[_Ending]:
    """Give the end of this task, which SIGINT, SIGTERM and SIGHUP ask for meanwhile."""
    loop, ending = asyncio.get_running_loop(), _Ending(asyncio.current_task())
    for number in ENDINGS:
        loop.add_signal_handler(number, ending.ask)
    try:
        yield ending
    finally:
        for number in ENDINGS:
            loop.remove_signal_handler(number)


async def _found(
    state: Path, corridor: Corridor, *, fresh: bool, clock: Clock, telling: Telling
) -> int:
    """Found the demo unless it was; return the least size that its directory will have."""
    mark = read_mark(state)
    if mark is not None and not fresh:
        if mark.stage is Stage.FOUNDING:
            raise HalfFoundedError(f"{state} was not founded to its end")
        return 0
    # The desk and the broker themselves cost time that a later start need not pay.
    from liaison.demo.founding import found_demo  # noqa: PLC0415

    telling.progress(f"founding a demo in {state}")
    return await found_demo(state, corridor, at=clock.now())


def _programs(state: Path, telling: Telling) -> list[Program]:
    """Return what is run, the broker first: it answers before any desk asks."""
    mark = _with_free_ports(state, telling)
    urls = {name: f"http://{LOOPBACK}:{port}" for name, port in mark.ports.items()}
    passphrase = (state / PASSPHRASE).read_text()

    def program(kind: str, name: str, *more: str) -> Program:
        where = ("--state", str(state / name), "--port", str(mark.ports[name]))
        words = (kind, "serve", *where, *more)
        if kind == "desk":
            return Program(name, words, lines=DESK_LINES, passphrase=passphrase)
        return Program(name, words)

    cosigning = [word for name in mark.witnesses for word in ("--witness", f"{name}={urls[name]}")]
    return [
        program("broker", BROKER, *cosigning),
        *(program("witness", n, "--name", n, "--log", mark.log) for n in mark.witnesses),
        *(
            program("desk", slug, "--broker", urls[BROKER], "--officer", posts[0].officer)
            for slug, posts in STAYING.items()
        ),
    ]


def _with_free_ports(state: Path, telling: Telling) -> Mark:
    """Return the demo's mark with the ports last used where they are free, and keep it."""
    mark = read_mark(state)
    if mark is None:
        raise HalfFoundedError(f"{state} lost its mark meanwhile")
    chosen = choose_ports(mark.ports)
    for name, port in chosen.taken.items():
        telling.progress(f"port {port} is taken: {name} listens on {chosen.ports[name]} instead")
    mark = replace(mark, ports=chosen.ports)
    write_mark(state, mark)
    return mark


async def _start(programs: list[Program], logs: Path, nodes: list[Served], *, lock: int) -> None:
    """Start all at once and wait until each listens; ``nodes`` holds those that run."""
    logs.mkdir(exist_ok=True)  # noqa: ASYNC240 - nothing runs yet
    for program in programs:
        node = await Served.start(program, logs / f"{program.name}.log", held=[lock])
        nodes.append(node)  # at once: if the next one fails, this one is ended
    await asyncio.gather(
        *(node.listen(program.lines) for node, program in zip(nodes, programs, strict=True))
    )


async def _stop(nodes: list[Served]) -> None:
    """End the desks, then what they talk to."""
    for name_is_desk in (True, False):
        await asyncio.gather(*(n.stop() for n in nodes if (n.name in STAYING) is name_is_desk))


async def _meet(state: Path, size: int) -> None:
    """Wait until every desk has its line, and the same directory of at least ``size`` entries."""
    async with ClientSession() as session:
        desks = [DeskClient.of(state / slug, session) for slug in STAYING]
        ends = time.monotonic() + MEETING
        while not await _have_met(desks, size):
            if time.monotonic() > ends:
                raise NodeError(f"the desks did not reach the broker within {MEETING:.0f} s")
            await asyncio.sleep(PAUSE)


async def _have_met(desks: list[DeskClient], size: int) -> bool:
    found = await asyncio.gather(*(desk.get("/api/status") for desk in desks))
    sizes = {status["directory"] for status in found}
    return all(s["line"] == "up" for s in found) and len(sizes) == 1 and min(sizes) >= size


def _running(state: Path, nodes: list[Served]) -> Running:
    lines = {node.name: node.lines for node in nodes if node.name in STAYING}
    desks = [
        OpenDesk(slug, url, link.removeprefix(LINK), STAYING[slug])
        for slug, (url, link) in lines.items()
    ]
    return Running(state, desks, (state / PASSPHRASE).read_text())
