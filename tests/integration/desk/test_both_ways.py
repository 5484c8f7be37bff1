"""One message by file and over the line, as often and in whichever order: it stands once."""

from collections.abc import Sequence
from enum import StrEnum

import pytest

from liaison.desk.carriage.handing import take_bytes
from protocols.wire import api
from protocols.wire.carriage import CarriedFile
from protocols.wire.mailbox import ItemKind
from tests.support.chance import Chance
from tests.support.interposed import Interposed, interpose
from tests.support.network import Network, start, until


class Way(StrEnum):
    """How a copy of the message comes to Dongxing."""

    FILE = "file"
    LINE = "line"
    BREAK = "line, broken before it could be heard"


def orders(chance: Chance, count: int) -> list[list[Way]]:
    """Return ``count`` orders of two to five copies, at least one of them over the line."""
    found = []
    for _ in range(count):
        copies = [chance.one_of(list(Way)) for _ in range(1 + chance.below(4))]
        copies.insert(chance.below(len(copies) + 1), Way.LINE)
        found.append(copies)
    return found


async def play(network: Network, between: Interposed, copies: Sequence[Way]) -> None:
    """Write a request, have its copies come in this order, and check that it stands once."""
    held: list[api.Deliver] = []

    async def hold(frame: api.Frame) -> Sequence[api.Frame]:
        if isinstance(frame, api.Deliver) and frame.item == ItemKind.ENVELOPE:
            held.append(frame)
            return []
        return [frame]

    async def is_held() -> bool:
        return bool(held)

    between.to_desk = hold
    agent = network.dongxing.agent
    ref = await network.mongcai.request()
    (waiting,) = (await network.mongcai.agent.casebook.find(ref)).steps
    raw = CarriedFile(waiting.message.envelope).encoded()
    await until(is_held, "the broker brings it")
    for way in copies:
        if way is Way.FILE:
            assert (await take_bytes(agent.carrier, "file", raw)).code is None
        elif way is Way.LINE:
            await agent.inbox.take(held[-1])
        else:
            await broken(network, between)
    await network.settle()

    (here,) = (await agent.casebook.find(ref)).steps
    (there,) = (await network.mongcai.agent.casebook.find(ref)).steps
    assert here.is_taken, copies
    assert here.carried_at == there.carried_at, copies
    assert (here.carried_at is not None) is (copies.index(Way.LINE) > first_file(copies)), copies
    assert await network.dongxing.set_aside() == [], copies


async def broken(network: Network, between: Interposed) -> None:
    """Break the line of Dongxing and wait until it has dialled anew."""
    before = between.connections

    async def is_back() -> bool:
        return between.connections > before and network.dongxing.agent.line.is_up

    await between.cut()
    await until(is_back, "the line is up again")


def first_file(copies: Sequence[Way]) -> int:
    """Return the place of the first file, or that behind all copies."""
    return copies.index(Way.FILE) if Way.FILE in copies else len(copies)


async def played(parts: Network, seed: int, count: int) -> None:
    """Play ``count`` orders on one network."""
    await start(parts)
    between = await interpose(parts, parts.dongxing)
    await parts.mongcai.start()
    await parts.dongxing.start()
    await parts.settle()
    for copies in orders(Chance(seed), count):
        await play(parts, between, copies)


async def test_a_message_that_comes_both_ways_stands_once_in_fifty_orders(parts: Network) -> None:
    await played(parts, 1, 50)


@pytest.mark.soak
async def test_a_message_that_comes_both_ways_stands_once_in_a_thousand_orders(
    parts: Network,
) -> None:
    await played(parts, 2, 1_000)
