"""A broker that means ill, in the directory: no entry that it makes stands, in no replica."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path

import pytest

from crypto.attest.directory import Directory, DirectoryError
from liaison.desk.keys.directory import Replica
from liaison.desk.mail.crosschecks import DirectoryForkError, check_head
from liaison.desk.store import Store
from tests.support.figures import Tell
from tests.support.hostile_directory import BEHAVIOURS, KNOWN, Hostile, forks, meet
from tests.support.world import HERE, THERE, THIRD

PINS = (HERE.pin, THERE.pin, THIRD.pin)
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


@pytest.mark.parametrize("seeds", SEEDS)
def test_a_directory_shown_in_two_orders_is_told_by_the_first_message_that_crosses(
    seeds: Sequence[int], tmp_path: Path, tell: Tell
) -> None:
    told = 0
    for seed in seeds:
        one, other, common = forks(seed)
        replica = Replica(Directory.replay(PINS, other), HERE.slug, Store(tmp_path / "s", b""))
        sender = Directory.replay(PINS, one)
        for size in range(len(one) + 1):
            head = sender.head_at(size)
            assert head is not None
            if size <= common:
                check_head(head, replica)
                continue
            with pytest.raises(DirectoryForkError):
                check_head(head, replica)
            told += 1

    tell(f"{len(seeds)} forks, {told} messages across them, each refused: directory.fork; at once")
    assert told > len(seeds)
