"""Processes are killed at random instants of sends by both desks: nothing is lost or doubled.

The long run. Who is killed and when is drawn from the seed that names the run; where in its work a
process is hit is the machine's own chance.
"""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.support.agencies import DONGXING, MONGCAI
from tests.support.chance import Chance
from tests.support.figures import Tell
from tests.support.killed import BROKER, accepted, contradicted
from tests.support.storm import STAFF, Storm, storm

SEEDS = range(1, 21)
#: What each desk writes in one run, and the longest pause of the killer, in seconds.
NOTES, LONGEST_PAUSE = 60, 0.6
#: A desk or the broker is killed more often than a witness, for which only proofs wait.
VICTIMS = (BROKER, BROKER, MONGCAI, MONGCAI, DONGXING, DONGXING)


async def write_all(network: Storm, slug: str) -> None:
    """Write all notes of a desk, one after another."""
    for number in range(NOTES):
        await network.write(slug, f"{slug} {number}")


async def kill_while_they_write(network: Storm, chance: Chance) -> Counter[str]:
    """Have both desks write all their notes with the killer about; return who was killed."""
    killed: Counter[str] = Counter()
    written = asyncio.Event()
    witnesses = [n.name for n in network.network.nodes if n.name.startswith("witness")]

    async def kill_on() -> None:
        while not written.is_set():
            await asyncio.sleep(chance.seconds(LONGEST_PAUSE))  # the random instant
            victim = chance.one_of((*VICTIMS, *witnesses))
            await network.kill(victim)
            await network.start_again(victim)
            killed[victim] += 1

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(kill_on())
        await asyncio.gather(*(write_all(network, slug) for slug in STAFF))
        written.set()
    return killed


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_lost_doubled_or_out_of_order_though_processes_are_killed_at_random(
    tmp_path: Path, tell: Tell, seed: int
) -> None:
    async with storm(tmp_path) as network:
        killed = await kill_while_they_write(network, Chance(seed))
        await network.settle()
        notes = {slug: await network.notes(slug) for slug in STAFF}
        held = {(slug, by): await network.held(slug, by) for slug in STAFF for by in STAFF}
        cases = [await network.case(slug) for slug in STAFF]
        ledger = await network.ledger()

    sent = sum(map(len, network.said.values()))
    delivered = sum(known for slug in STAFF for by, _, known in notes[slug] if by == slug)
    lost = sum(
        len(set(said) - set(held[s, by])) for by, said in network.said.items() for s in STAFF
    )
    doubled = sum(len(found) - len(set(found)) for found in held.values())
    disorder = sum(found != network.said[by] for (_, by), found in held.items())
    taken = accepted(ledger)
    tell(
        f"seed {seed}: {sum(killed.values())} kills {dict(sorted(killed.items()))}; {sent} sent, "
        f"{delivered} delivered, {lost} lost, {doubled} doubled, {disorder} of {len(held)} "
        f"sequences out of order; {len(network.handed_out)} checkpoints, "
        f"{len(contradicted(ledger, network.handed_out, network.network.log))} contradicted"
    )
    assert (delivered, lost, doubled, disorder) == (sent, 0, 0, 0)
    assert len(taken) == len(set(taken))
    assert cases[0]["clocks"] == cases[1]["clocks"]
    assert cases[0]["stage"] == cases[1]["stage"]
    assert contradicted(ledger, network.handed_out, network.network.log) == []
    assert killed.total() > 0
