"""A broker that means ill, over days: that it drops all or shows nothing new is told in time."""

from collections.abc import Awaitable, Callable, Sequence

import pytest

from tests.support.figures import Tell
from tests.support.hostile_days import BEHAVIOURS
from tests.support.hostile_line import HostileLine, hostile_line
from tests.support.network import Network

SEEDS = [
    pytest.param(range(3), id="3 seeds"),
    pytest.param(range(40), id="40 seeds", marks=pytest.mark.soak),
]


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("behaves", BEHAVIOURS, ids=lambda behaves: behaves.__name__)
async def test_what_a_broker_withholds_over_days_is_told_in_its_time(
    parts: Network,
    behaves: Callable[[HostileLine], Awaitable[None]],
    seeds: Sequence[int],
    tell: Tell,
) -> None:
    code, bound = BEHAVIOURS[behaves]
    told = 0
    async with hostile_line(parts) as line:
        for seed in seeds:
            told += code in await line.told(behaves, seed)

    tell(f"{behaves.__name__}: {len(seeds)} plays, {code} {told}; {bound}")
    assert told == len(seeds)
