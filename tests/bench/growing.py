"""The long forms: a broker that has stored much, large bodies, many idle desks, a fresh clone."""

import subprocess
import time
from pathlib import Path

from liaison.broker.settings import DATABASE_NAME
from tests.bench.carrying import NOTES, Run, compare, run_bare, run_broker, serving, size_of
from tests.bench.figures import Figure, at_most
from tests.bench.load import connected, drive
from tests.bench.network import TEXT_4K, TEXT_256K, Bench
from tests.bench.programs import MIB, running
from tests.support.requirements import REPOSITORY

#: Limit: seconds from a fresh clone to the demo's printed lines.
FROM_NOTHING = 90.0
#: What ``make demo`` prints in its last line.
LAST_LINE = "Ctrl-C"


async def measure_growth(founded: Bench, folder: Path, *, stored: int, step: int) -> list[Figure]:
    """Return the rate after ``stored`` messages beside that after ``step``, over one database.

    Envelopes are sealed step by step, between the measured loads. Each step goes over new lines.
    """
    rates, messages = list[Run](), 0
    each = step // len(founded.pairs)
    async with serving(founded, folder, cosigned=False) as program:
        while messages < stored:
            bodies = founded.seal_all(each, text_bytes=TEXT_4K, own_copy=False)
            async with connected(program.line, founded.pairs) as lanes:
                before = program.cpu
                load = await drive(lanes, bodies, extra=NOTES)
                rates.append(Run(load, program.cpu - before, 0.0))
            messages += load.messages
        resident = program.resident / MIB
    peer = f"at {step:,} stored"
    size = size_of(folder / DATABASE_NAME) / messages
    first, last = rates[0], rates[-1]
    return [
        Figure(f"accepted at {messages:,} stored", last.accepted, "/s", first.accepted, peer),
        Figure(
            f"server CPU of 1,000 at {messages:,} stored",
            last.cpu_of_thousand,
            "s",
            first.cpu_of_thousand,
            peer,
        ),
        Figure(f"broker: resident after {messages:,}", resident, "MiB"),
        Figure(f"stored a message, of {messages:,}", size, "bytes"),
    ]


async def measure_large(founded: Bench, folder: Path, *, each: int, rounds: int) -> list[Figure]:
    """Return the figures of 256 KiB bodies beside the bare prototype's."""
    bodies = founded.seal_all(each, text_bytes=TEXT_256K, own_copy=False)
    ours, theirs = list[Run](), list[Run]()
    for number in range(rounds):
        theirs.append(await run_bare(bodies, folder / f"bare-{number}"))
        ours.append(await run_broker(founded, bodies, folder / f"broker-{number}"))
    return compare(ours, theirs, "bare prototype")


async def measure_from_nothing(folder: Path) -> list[Figure]:
    """Return the seconds of ``make demo`` in a fresh clone, its environment built on the way."""
    clone, state = folder / "clone", folder / "cloned-demo"
    subprocess.run(  # noqa: ASYNC221 - nothing else runs
        ["git", "clone", "--quiet", str(REPOSITORY), str(clone)],  # noqa: S607
        check=True,
    )
    begun = time.perf_counter()
    command = ["make", "-C", str(clone), "demo", f"DEMO_ARGS=--state {state}"]
    async with running(command, folder / "clone.log", until=LAST_LINE):
        seconds = time.perf_counter() - begun
    return [at_most("demo: from a fresh clone", seconds, "s", FROM_NOTHING)]
