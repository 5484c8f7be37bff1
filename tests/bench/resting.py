"""A broker at rest: how soon it is there, what it holds, what a silent connection costs."""

from pathlib import Path
from statistics import median

from tests.bench.carrying import serving
from tests.bench.figures import Figure, at_most
from tests.bench.load import log_in, many_connections
from tests.bench.network import Bench
from tests.bench.programs import MIB

#: Limits: seconds until it serves, MiB at rest, KiB a connected desk that is idle.
START, AT_REST, IDLE = 1.0, 120.0, 20.0
KIB = 1_024


async def measure_start(founded: Bench, folder: Path, *, starts: int) -> list[Figure]:
    """Return the median start of the broker (``liaison broker serve`` to its address), its size."""
    seconds, cpu, sizes = list[float](), list[float](), list[float]()
    for number in range(starts):
        async with serving(founded, folder / f"start-{number}", cosigned=False) as program:
            seconds.append(program.started_in)
            cpu.append(program.cpu)
            sizes.append(program.resident / MIB)
    return [
        at_most("broker: cold start", median(seconds), "s", START),
        Figure("broker: cold start, processor time", median(cpu), "s"),
        at_most("broker: resident at rest", median(sizes), "MiB", AT_REST),
    ]


async def measure_idle(founded: Bench, folder: Path) -> list[Figure]:
    """Return the KiB that each further connected device costs the broker."""
    tenth = len(founded.idle) // 10
    async with (
        serving(founded, folder, cosigned=False) as program,
        many_connections() as http,
    ):
        # What only the first connections cost is no cost of a connection.
        held = [await log_in(http, program.line, key) for key in founded.idle[:tenth]]
        before = program.resident
        held += [await log_in(http, program.line, key) for key in founded.idle[tenth:]]
        each = (program.resident - before) / KIB / (len(held) - tenth)
        connected = sum(not line.closed for line in held)
    return [at_most(f"idle desk, of {connected:,} connected", each, "KiB", IDLE)]
