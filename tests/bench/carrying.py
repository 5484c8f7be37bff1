"""The broker beside the bare prototype: the same messages, the same clients, in turn.

Runs alternate (A B A B ...) so that a noisy moment hits both, and a figure is the median over the
runs. Each run of the broker serves its own copy of the founded folder; the clients are this
process, so what is accounted to the servers is theirs alone.
"""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from liaison.broker.settings import DATABASE_NAME
from tests.bench import bare
from tests.bench.figures import Figure, percentile
from tests.bench.load import Load, connected, connected_barely, drive
from tests.bench.network import WITNESSES, Bench
from tests.bench.programs import Program, liaison, python, running

#: How often the bare prototype sends each message: it is done before a short run is measured.
AGAIN = 3
#: The broker's notes of an acknowledgement: one to the sender, one to the reader.
NOTES, NOTES_AND_OWN_COPY = 1, 2


@dataclass(frozen=True, slots=True)
class Run:
    """One run: what the load came to, the server's processor seconds, bytes stored a message."""

    load: Load
    cpu: float
    stored: float

    @property
    def accepted(self) -> float:
        """Return the messages receipted a second."""
        return self.load.messages / self.load.accepting

    @property
    def delivered(self) -> float:
        """Return the messages delivered a second."""
        return self.load.messages / self.load.delivering

    @property
    def cpu_of_thousand(self) -> float:
        """Return the server's processor seconds for 1,000 messages."""
        return 1_000 * self.cpu / self.load.messages

    def latency(self, share: float) -> float:
        """Return the milliseconds from send to receive that ``share`` of the messages took."""
        return 1_000 * percentile(self.load.latencies, share)


def compare(ours: Sequence[Run], theirs: Sequence[Run], peer: str) -> list[Figure]:
    """Return the medians of ``ours`` beside those of ``theirs``."""

    def figure(name: str, unit: str, of: str, *arguments: float) -> Figure:
        def value(run: Run) -> float:
            found = getattr(run, of)
            return float(found(*arguments) if arguments else found)

        return Figure(name, median(map(value, ours)), unit, median(map(value, theirs)), peer)

    return [
        figure("accepted", "/s", "accepted"),
        figure("delivered", "/s", "delivered"),
        figure("send to receive p50", "ms", "latency", 0.5),
        figure("send to receive p99", "ms", "latency", 0.99),
        figure("server CPU of 1,000 messages", "s", "cpu_of_thousand"),
        figure("stored a message", "bytes", "stored"),
    ]


async def run_bare(bodies: Sequence[Sequence[bytes]], folder: Path) -> Run:
    """Return a run of the bare prototype in the new ``folder``."""
    folder.mkdir()  # noqa: ASYNC240 - nothing runs yet
    many = [list(own) * AGAIN for own in bodies]
    command = python("tests.bench.bare", str(folder))
    async with (
        running(command, folder.with_suffix(".log")) as program,
        connected_barely(program.line, len(bodies)) as lanes,
    ):
        before = program.cpu
        load = await drive(lanes, many, extra=0)
        cpu = program.cpu - before
    return Run(load, cpu, size_of(folder / bare.DATABASE) / load.messages)


async def run_broker(
    founded: Bench,
    bodies: Sequence[Sequence[bytes]],
    folder: Path,
    *,
    extra: int = NOTES,
    cosigned: bool = False,
) -> Run:
    """Return a run of the broker over its own copy of what was founded, in the new ``folder``."""
    async with serving(founded, folder, cosigned=cosigned) as program:
        empty = size_of(folder / DATABASE_NAME)
        async with connected(program.line, founded.pairs) as lanes:
            before = program.cpu
            load = await drive(lanes, bodies, extra=extra)
            cpu = program.cpu - before
    stored = size_of(folder / DATABASE_NAME) - empty
    return Run(load, cpu, stored / load.messages)


@asynccontextmanager
async def serving(founded: Bench, folder: Path, *, cosigned: bool) -> AsyncIterator[Program]:
    """Give the broker over its own copy of what was founded, with both witnesses if wanted."""
    founded.copy(folder)
    log = folder.with_suffix(".log")
    async with AsyncExitStack() as stack:
        urls = [
            (name, await stack.enter_async_context(running(liaison(founded.witness(name)), log)))
            for name in (WITNESSES if cosigned else ())
        ]
        words = founded.serve(folder, *(f"{name}={program.line}" for name, program in urls))
        yield await stack.enter_async_context(running(liaison(words), log, founded.settings))


def size_of(database: Path) -> int:
    """Return the bytes of a SQLite file, with what stands in its log so far."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (pages,), (size,) = (
            connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
        )
    return int(pages) * int(size)
