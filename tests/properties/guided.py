"""Fuzzing led by what it reaches: ``python -m tests.properties.guided READER RUNS FOLDER``.

atheris counts which branches of `crypto` and `protocols` an input goes through, and goes on from
those that reach new ones. Half of the inputs are spoilt by parts as in :mod:`tests.support.fuzz`,
since blind bytes seldom come past a hash. Whatever is no error of our own, or takes too long, ends
the program with a stack and an exit code; the library ends it too, so it is run as a process.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["crypto", "protocols"]):
    from tests.properties.test_fuzz import SLOWEST, TARGETS, seconds

from tests.support.chance import Chance
from tests.support.fuzz import Target, spoilt

#: Megabytes that the whole process may take, the library's own tables and the project included.
MEMORY = 1_024


class TooSlowError(Exception):
    """An input took longer than any may."""


def fuzz(target: Target, runs: int, folder: Path) -> None:
    """Offer so many inputs to ``target`` and end the process; new inputs are kept in ``folder``."""
    for number, sample in enumerate(target.samples):
        (folder / str(number)).write_bytes(sample)

    def offer(raw: bytes) -> None:
        if seconds(target, raw) > SLOWEST:
            raise TooSlowError(f"{len(raw)} bytes")

    atheris.Setup(
        [
            sys.argv[0],
            f"-runs={runs}",
            "-seed=1",
            f"-rss_limit_mb={MEMORY}",
            f"-artifact_prefix={folder}/",
            str(folder),
        ],
        offer,
        custom_mutator=_mutated,
    )
    atheris.Fuzz()


def _mutated(raw: bytes, largest: int, seed: int) -> bytes:
    if seed % 2:
        return bytes(atheris.Mutate(raw, largest))
    return spoilt(raw, Chance(seed))[:largest]


if __name__ == "__main__":
    reader, count, kept = sys.argv[1:]
    fuzz(next(one for one in TARGETS if one.name == reader), int(count), Path(kept))
