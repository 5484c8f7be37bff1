"""Reminders over restarts: what fell due while nobody ran fires once, afterwards, and says so.

Desks are stopped and started again while the clock goes on by chance. What must be recorded is
worked out here from the dues alone and from when somebody was there to look.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from liaison.desk.casework.clocks import LATE_AFTER
from tests.support.chance import Chance
from tests.support.figures import Tell
from tests.support.network import AT, Desk, Network, View

RESTARTS, MANY_RESTARTS = 50, 1_000
#: Between two starts; the rungs of a rescue lie 6 to 144 minutes apart.
LONGEST_DOWN = timedelta(minutes=25)
#: Restarts after which another request is sent: its rungs are all due within so many.
A_REQUEST_EVERY = 25

#: A rung: case, limit and level; and what is known of it: due, fired, overtaken, late.
Rung = tuple[str, str, str]
Found = tuple[datetime, datetime, bool, bool]


@dataclass
class Expected:
    """What one desk must have recorded, from when it looked and what was due then."""

    rungs: dict[Rung, Found] = field(default_factory=dict)

    def look(self, ref: str, view: View, now: datetime) -> None:
        """Take note that the desk looks at the case at ``now``; its clocks are as in ``view``."""
        for clock in view["clocks"]:
            marks = [(m["level"], datetime.fromisoformat(m["at"])) for m in clock["ladder"]]
            due = [(level, at) for level, at in marks if at <= now]
            for level, at in due:
                found = (at, now, (level, at) != due[-1], now - at > LATE_AFTER)
                self.rungs.setdefault((ref, clock["limit"], level), found)


async def recorded(desk: Desk, refs: list[str]) -> list[tuple[Rung, Found]]:
    """Return what a desk has recorded of these cases, each record by itself."""
    moment = datetime.fromisoformat
    return [
        (
            (ref, one["limit"], one["level"]),
            (moment(one["due"]), moment(one["fired"]), one["overtaken"], one["late"]),
        )
        for ref in refs
        for one in (await desk.case(ref))["reminders"]
    ]


async def move_to_next_due(network: Network) -> None:
    """Let somebody be there when the next rung falls due, if one does before long."""
    due = await network.move(network.clock.now())
    if due is not None and due - network.clock.now() < LONGEST_DOWN:
        await network.move(due)


async def look(
    expected: dict[str, Expected], desks: Iterable[Desk], refs: list[str], network: Network
) -> None:
    """Take note that each desk has looked at all its cases now."""
    for desk in desks:
        for ref in refs:
            expected[desk.slug].look(ref, await desk.case(ref), network.clock.now())


async def restart_often(network: Network, count: int, *, seed: int) -> str:
    """Restart both desks ``count`` times, check every rung, and return the figures in one line."""
    chance, refs = Chance(seed), list[str]()
    desks = (network.mongcai, network.dongxing)
    expected = {desk.slug: Expected() for desk in desks}
    for number in range(count):
        if number % A_REQUEST_EVERY == 0:
            refs.append(await network.mongcai.request())
            await network.holds(network.dongxing, refs[-1], 1)
            await network.settle()
        if chance.below(2):
            await move_to_next_due(network)
            await look(expected, desks, refs, network)
        for desk in desks:
            await desk.stop()
        network.clock.set(network.clock.now() + chance.seconds(1) * LONGEST_DOWN)
        # In whole seconds, as all of the desk's times are.
        network.clock.set(network.clock.now().replace(microsecond=0))
        for desk in desks:
            await desk.start()
            await desk.agent.waker.sweep()
        await look(expected, desks, refs, network)
    found = {desk.slug: await recorded(desk, refs) for desk in desks}
    for slug, rungs in found.items():
        assert dict(rungs) == expected[slug].rungs
        assert len(rungs) == len(expected[slug].rungs), "a rung was recorded twice"
    every = [one for rungs in found.values() for _, one in rungs]
    late, overtaken = sum(one[3] for one in every), sum(one[2] for one in every)
    assert 0 < late < len(every)
    return (
        f"{count} restarts of each desk in {(network.clock.now() - AT) / timedelta(hours=1):.0f} h "
        f"of the clock; {len(every)} rungs recorded once, {late} of them marked late, "
        f"{overtaken} overtaken; 0 missing, 0 twice"
    )


async def test_each_rung_fires_once_over_fifty_restarts_and_late_ones_say_so(
    network: Network, tell: Tell
) -> None:
    tell(await restart_often(network, RESTARTS, seed=1))


@pytest.mark.soak
async def test_each_rung_fires_once_over_a_thousand_restarts_and_late_ones_say_so(
    network: Network, tell: Tell
) -> None:
    tell(await restart_often(network, MANY_RESTARTS, seed=2))
