"""Desks tell each other every day how they stand; what is dropped or forked contradicts it."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from crypto.attest.signing import SigningKey
from crypto.seal.content import Kind, parse_content
from crypto.seal.status import status_from_value
from liaison.desk.mail.peers import SILENT_AFTER, last_instant
from liaison.desk.mail.resends import ASK_AFTER
from liaison.desk.store import StoredMessage
from tests.integration.desk.test_resends import Dropping, drop_one
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.installations import revoke_key
from tests.support.interposed import interpose
from tests.support.network import AT, Desk, Network, View, start, until

MIDNIGHT = last_instant(AT) + timedelta(days=1)


@pytest.fixture
async def dropping(parts: Network) -> Dropping:
    """Return the broker before Dongxing, which runs with Móng Cái."""
    await start(parts)
    between = await interpose(parts, parts.dongxing)
    await parts.mongcai.start()
    await parts.dongxing.start()
    await parts.settle()
    return Dropping(between, parts.mongcai.agent.replica.desk)


async def peer(desk: Desk, slug: str) -> View:
    """Return how a desk says that another stands."""
    found: list[View] = (await desk.status())["peers"]
    return next(one for one in found if one["desk"] == slug)


async def statuses(desk: Desk, *, outgoing: bool) -> list[StoredMessage]:
    """Return the statuses that a desk has sent, or that came to it."""
    messages = await desk.agent.store.taken()
    return [m for m in messages if m.kind == Kind.STATUS and m.outgoing is outgoing]


async def alarms(desk: Desk) -> list[tuple[str, str]]:
    """Return the alarms that stand, and about what."""
    return [(alarm["code"], alarm["about"]) for alarm in (await desk.status())["alarms"]]


async def lacks_the_first(desk: Desk) -> bool:
    """Say whether just the first message of Móng Cái's officer is missing at a desk."""
    missing = (await desk.status())["missing"]
    return [(gap["by"], gap["first"], gap["last"]) for gap in missing] == [("MC-04", 1, 1)]


async def to(network: Network, moment: datetime) -> None:
    """Move all to ``moment`` and let them come to rest."""
    await network.move(moment)
    await network.settle()


async def test_each_desk_tells_the_other_how_it_stands_at_the_days_instant_and_once(
    network: Network,
) -> None:
    await to(network, MIDNIGHT - timedelta(seconds=1))
    assert (await peer(network.mongcai, DONGXING))["state"] == "unheard"

    await to(network, MIDNIGHT)
    await to(network, MIDNIGHT + timedelta(hours=3))

    here = await peer(network.mongcai, DONGXING)
    assert (here["state"], here["heard"]) == ("here", "2026-03-03T00:00:00Z")
    assert len(await statuses(network.mongcai, outgoing=False)) == 1


async def test_a_status_tells_the_ends_of_all_lanes_and_is_never_acknowledged(
    network: Network,
) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.settle()

    await to(network, MIDNIGHT)

    (held,) = (await network.mongcai.agent.casebook.find(ref)).steps
    (message,) = await statuses(network.dongxing, outgoing=False)
    status = status_from_value(parse_content(message.content).form)
    assert status.sent[held.message.signer] == (1, held.message.mid)
    (message,) = await statuses(network.mongcai, outgoing=False)
    status = status_from_value(parse_content(message.content).form)
    assert status.received[held.message.signer] == (1, held.message.mid)
    assert await network.mongcai.agent.store.acks_of([message.mid]) == []
    assert await alarms(network.mongcai) == await alarms(network.dongxing) == []


async def test_the_last_message_that_is_dropped_is_told_by_the_status_and_sent_again(
    parts: Network, dropping: Dropping
) -> None:
    lost = await drop_one(parts, dropping)

    await parts.move(MIDNIGHT)

    await until(partial(lacks_the_first, parts.dongxing), "the status tells of it")
    await parts.move(MIDNIGHT + ASK_AFTER)
    await parts.holds(parts.dongxing, lost, 1)


async def test_the_last_message_of_an_officer_who_was_revoked_is_told_by_the_status_too(
    parts: Network, dropping: Dropping
) -> None:
    lost = await drop_one(parts, dropping)
    kid = SigningKey.from_seed(parts.mongcai.keys.seed).kid
    await revoke_key(parts, parts.mongcai, kid)

    async def is_known() -> bool:
        replicas = [desk.agent.replica.directory for desk in (parts.mongcai, parts.dongxing)]
        return all(one.is_revoked(one.whose(kid)) for one in replicas)

    await until(is_known, "both know of the revocation")

    await parts.move(MIDNIGHT)

    await until(partial(lacks_the_first, parts.dongxing), "the status tells of it")
    assert await parts.dongxing.set_aside() == []
    await parts.move(MIDNIGHT + ASK_AFTER)
    await parts.holds(parts.dongxing, lost, 1)


async def test_the_sender_hears_by_the_others_status_that_it_was_not_received(
    parts: Network, dropping: Dropping
) -> None:
    """Also where the newest is only on its way: the first that they lack counts."""
    await drop_one(parts, dropping)
    await parts.move(MIDNIGHT - timedelta(minutes=5))
    await drop_one(parts, dropping)
    dropping.count = 1  # the status that would tell of it

    await parts.move(MIDNIGHT)

    about = f"{DONGXING} MC-04 > 0, {AT:%Y-%m-%d %H:%MZ}"

    async def is_told() -> bool:
        return ("lane.unreceived", about) in await alarms(parts.mongcai)

    await until(is_told, "the sender is alarmed")
    assert not dropping.count


async def test_a_desk_whose_status_does_not_come_is_silent_and_then_heard_again(
    network: Network,
) -> None:
    await to(network, MIDNIGHT)
    await network.dongxing.stop()

    await to(network, MIDNIGHT + SILENT_AFTER)
    assert (await peer(network.mongcai, DONGXING))["state"] == "here"
    await to(network, MIDNIGHT + SILENT_AFTER + timedelta(seconds=1))
    assert (await peer(network.mongcai, DONGXING))["state"] == "silent"
    assert ("peer.silent", DONGXING) in await alarms(network.mongcai)

    await network.dongxing.start()
    await network.settle()
    await to(network, MIDNIGHT + SILENT_AFTER + timedelta(minutes=1))

    assert (await peer(network.mongcai, DONGXING))["state"] == "here"
    assert ("peer.silent", DONGXING) not in await alarms(network.mongcai)


async def test_without_a_line_nothing_is_said_of_the_others(network: Network) -> None:
    await to(network, MIDNIGHT)
    await network.broker.stop()
    await network.line_is(network.mongcai, "down")

    await network.move(MIDNIGHT + timedelta(days=3))

    assert (await peer(network.mongcai, DONGXING))["state"] == "unknown"
    assert await alarms(network.mongcai) == []


async def test_an_office_that_was_closed_tells_once_how_it_stands_when_it_is_back(
    network: Network,
) -> None:
    await network.dongxing.stop()
    await to(network, MIDNIGHT + timedelta(days=4, hours=5))

    await network.dongxing.start()
    await network.settle()

    async def is_heard() -> bool:
        return bool((await peer(network.mongcai, DONGXING))["heard"] == "2026-03-07T05:00:00Z")

    await until(is_heard, "its status comes")
    assert len(await statuses(network.mongcai, outgoing=False)) == 1


async def test_a_broker_that_drops_everything_is_told_within_a_day_on_both_sides(
    parts: Network,
) -> None:
    await start(parts)
    between = await interpose(parts, parts.dongxing)
    await parts.mongcai.start()
    await parts.dongxing.start()
    await parts.settle()
    await to(parts, MIDNIGHT)
    dropping = Dropping(between, parts.mongcai.agent.replica.desk)
    dropping.count = 1_000
    between.is_deaf = True

    await parts.move(MIDNIGHT + SILENT_AFTER + timedelta(seconds=1))

    for desk, other in ((parts.mongcai, DONGXING), (parts.dongxing, MONGCAI)):

        async def is_told(desk: Desk = desk, other: str = other) -> bool:
            return ("peer.silent", other) in await alarms(desk)

        await until(is_told, f"{desk.slug} is alarmed")
