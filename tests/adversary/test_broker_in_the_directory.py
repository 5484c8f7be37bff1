"""A broker that means ill, in the directory: no entry that it makes stands, in no replica."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy

import pytest

from crypto.attest.directory import Directory, DirectoryError
from tests.support.figures import Tell
from tests.support.hostile_directory import BEHAVIOURS, KNOWN, Hostile, meet

SEEDS = [
    pytest.param(range(10), id="10 seeds"),
    pytest.param(range(100), id="100 seeds", marks=pytest.mark.soak),
]


def offer(entry: bytes, to: Directory) -> str:
    """Return the code under which a replica refuses ``entry``, or ``stands``."""
    try:
        to.append(entry)
    except DirectoryError as e:
        return e.code
    return "stands"


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("behaves", BEHAVIOURS, ids=lambda behaves: behaves.__name__)
def test_no_entry_that_a_broker_makes_stands(
    behaves: Callable[[Hostile], Iterator[bytes]], seeds: Sequence[int], tell: Tell
) -> None:
    replica = deepcopy(KNOWN)

    found = Counter(offer(entry, replica) for seed in seeds for entry in behaves(meet(seed)))

    told = ", ".join(f"{code} {count}" for code, count in sorted(found.items()))
    tell(f"{behaves.__name__}: {found.total()} offered, 0 stand; {told}")
    assert set(found) == BEHAVIOURS[behaves]
    assert replica == KNOWN
