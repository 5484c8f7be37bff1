"""What is measured, in which order, and how much of it.

The same parts at three scales: the short one for every day, the long one, and one so small that a
test can run it to see that the bench still runs.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.carrying import NOTES_AND_OWN_COPY, Run, compare, run_bare, run_broker
from tests.bench.demo import measure_demo
from tests.bench.figures import Part
from tests.bench.growing import measure_from_nothing, measure_growth, measure_large
from tests.bench.network import TEXT_4K, Bench, found_bench
from tests.bench.resting import measure_idle, measure_start
from tests.bench.sealing import measure_sealing
from tests.bench.standing import measure_directory, measure_files


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. What is 0 is left out.

    ``entries`` of a directory, ``file`` in megabytes; ``pairs`` of desks, ``each`` messages a
    sender and run, ``rounds`` of runs in turn, ``seconds`` a turn of sealing, ``starts`` of the
    broker, ``requests`` through the demo; ``growth`` messages stored in steps of ``step``,
    ``large`` bodies a sender, ``idle`` desks; ``clone``: the demo from a fresh clone too.
    """

    entries: int
    file: int
    pairs: int
    each: int
    rounds: int
    seconds: float
    starts: int
    requests: int
    growth: int = 0
    step: int = 0
    large: int = 0
    idle: int = 0
    clone: bool = False


SHORT = Scale(
    entries=5_000, file=64, pairs=32, each=60, rounds=3, seconds=0.5, starts=5, requests=30
)
LONG = Scale(
    entries=5_000,
    file=1_024,
    pairs=32,
    each=150,
    rounds=5,
    seconds=2.0,
    starts=10,
    requests=100,
    growth=105_600,
    step=9_600,
    large=8,
    idle=1_200,
    clone=True,
)
SMOKE = Scale(entries=10, file=1, pairs=2, each=2, rounds=1, seconds=0.01, starts=1, requests=0)


async def measure(scale: Scale, folder: Path, *, begun: Callable[[str], None]) -> list[Part]:
    """Return all parts at ``scale``, measured in the empty ``folder``; ``begun`` hears each title.

    Raises:
        ProgramError, LoadError, TimeoutError: a program did not serve, or a load did not pass.
    """
    return [part async for part in _parts(scale, folder, begun)]


async def _parts(scale: Scale, folder: Path, begun: Callable[[str], None]) -> AsyncIterator[Part]:
    begun("sealing")
    yield Part("Sealing and opening", measure_sealing(seconds=scale.seconds))
    begun("files")
    yield Part("Files beside a message", measure_files(scale.file))
    begun("directory")
    yield Part("The whole directory", measure_directory(scale.entries))
    begun("founding")
    (folder / "founded").mkdir()
    founded = await found_bench(folder / "founded", pairs=scale.pairs, idle=scale.idle)
    async for part in _carrying(scale, founded, folder, begun):
        yield part
    begun("rest")
    figures = await measure_start(founded, folder, starts=scale.starts)
    if scale.idle:
        figures += await measure_idle(founded, folder / "idle")
    yield Part("A broker at rest", figures)
    if scale.requests:
        begun("demo")
        yield Part("The demo", await measure_demo(folder, requests=scale.requests))
    if scale.clone:
        begun("clone")
        yield Part("From nothing", await measure_from_nothing(folder))


async def _carrying(
    scale: Scale, founded: Bench, folder: Path, begun: Callable[[str], None]
) -> AsyncIterator[Part]:
    begun("carrying")
    one = founded.seal_all(scale.each, text_bytes=TEXT_4K, own_copy=False)
    two = founded.seal_all(scale.each, text_bytes=TEXT_4K, own_copy=True)
    bare, broker, full = list[Run](), list[Run](), list[Run]()
    for number in range(scale.rounds):
        bare.append(await run_bare(one, folder / f"bare-{number}"))
        broker.append(await run_broker(founded, one, folder / f"broker-{number}"))
        full.append(
            await run_broker(
                founded,
                two,
                folder / f"full-{number}",
                extra=NOTES_AND_OWN_COPY,
                cosigned=True,
            )
        )
    load = f"{scale.pairs} senders, {scale.pairs} readers, {len(one[0][0]):,} bytes a message"
    yield Part(f"Broker: {load}", compare(broker, bare, "bare prototype"))
    yield Part(
        "Broker as desks use it: own copies, two witnesses",
        compare(full, broker, "broker, one reader, no witness"),
    )
    if scale.growth:
        begun("growth")
        grown = await measure_growth(
            founded, folder / "growth", stored=scale.growth, step=scale.step
        )
        yield Part("Growth", grown)
    if scale.large:
        begun("large bodies")
        (folder / "large").mkdir()
        figures = await measure_large(founded, folder / "large", each=scale.large, rounds=3)
        yield Part("Bodies of 256 KiB", figures)
