"""A process dies at each point between two of its effects: the message arrives once, unchanged."""

import os
import signal
from asyncio import TaskGroup, timeout
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path

from liaison.demo.processes import PROGRAM
from liaison.desk.entrance.roster import STORE
from liaison.desk.entrance.vault import unlock_vault
from liaison.desk.store import Store
from tests.faults.dying_node import POINTS
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.figures import Tell
from tests.support.killed import BROKER, contradicted
from tests.support.storm import PATIENCE, STAFF, Storm, storm

DYING = str(Path(__file__).with_name("dying_node.py"))
#: The officer's own copy comes back to the writing desk, so both meet the points of the receiver.
VICTIMS = {"desk": (MONGCAI, DONGXING), "broker": (BROKER,)}


#: Points that a note of Móng Cái does not bring a process to.
NEVER = {(DONGXING, "desk.submit"), (DONGXING, "desk.mark_taken")}


def deaths() -> list[tuple[str, str]]:
    """Return every victim and point, those of one victim together."""
    return [
        (victim, point)
        for kind, victims in VICTIMS.items()
        for victim in victims
        for point in POINTS
        if f" {kind}." in point and (victim, point.split()[1]) not in NEVER
    ]


async def test_a_message_arrives_once_and_unchanged_wherever_a_process_dies(
    tmp_path: Path, tell: Tell
) -> None:
    waited: list[bytes] = []
    async with storm(tmp_path) as network:
        stores = Stores(network)
        for victim, of_victim in groupby(deaths(), key=itemgetter(0)):
            points = [point for _, point in of_victim]
            await network.kill(victim)
            await network.start_again(victim, point=(DYING, points[0]))
            for point, following in pairwise([*points, None]):
                await network.settle()
                await network.ask_for_checkpoints()
                os.kill(network.network.node(victim).process.pid, signal.SIGUSR1)
                started = PROGRAM if following is None else (DYING, following)
                waited += await die(network, stores, victim, f"{victim} {point}", started)
        ledger = await network.ledger()
    held = [await stores.envelopes(slug) for slug in STAFF]

    assert contradicted(ledger, network.handed_out, network.network.log) == []
    assert held[0] == held[1]
    assert len(held[0]) == 1 + len(deaths())
    assert set(waited) <= set(held[0])
    # After it was kept; before and after it was sent; before its receipt was kept.
    assert len(waited) == 4
    tell(
        f"{len(deaths())} points of death; {len(deaths())} messages arrived once; "
        f"{len(waited)} waited in a dead desk's outbox and went out in the same bytes; "
        f"{len(network.handed_out)} checkpoints"
    )


class Stores:
    """The desks' own files, read while the desk is dead."""

    def __init__(self, network: Storm) -> None:
        self._state = network.network.state
        self._keys = {
            slug: unlock_vault(self._state / slug, posts[0].officer, network.network.passphrase)
            for slug, posts in STAFF.items()
        }

    async def waiting(self, slug: str) -> list[bytes]:
        """Return the envelopes in a desk's outbox."""
        store = Store(self._state / slug / STORE, self._keys[slug].master)
        await store.open()
        try:
            return [message.envelope for message in await store.outbox()]
        finally:
            await store.close()

    async def envelopes(self, slug: str) -> list[bytes]:
        """Return the envelopes of the one case, in the order of the ledger."""
        store = Store(self._state / slug / STORE, self._keys[slug].master)
        await store.open()
        try:
            ((thread, _),) = await store.threads()
            messages = [m for m in await store.messages_of(thread) if m.position is not None]
            return [m.envelope for m in sorted(messages, key=lambda m: m.position or 0)]
        finally:
            await store.close()


async def die(
    network: Storm, stores: Stores, victim: str, text: str, started: tuple[str, ...]
) -> list[bytes]:
    """Write a note during which ``victim`` dies; return what waited in its outbox then.

    It is started again as ``started`` says: whole, or to die at its next point once it is told.
    """
    process = network.network.node(victim).process
    writing = network.write(MONGCAI, text)
    async with TaskGroup() as tasks:
        tasks.create_task(writing)
        async with timeout(PATIENCE):
            await process.wait()
        waiting = await stores.waiting(victim) if victim == MONGCAI else []
        await network.start_again(victim, point=started)
    await network.settle()
    assert process.returncode == -signal.SIGKILL
    for slug in STAFF:
        assert (await network.held(slug, MONGCAI)).count(text) == 1
    return waiting
