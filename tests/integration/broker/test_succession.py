"""The mailbox of a followed desk: what is for it reaches who follows it, and nobody else."""

from http import HTTPStatus

import pytest

from crypto.attest.header import ClockToken, StartClock
from crypto.attest.statement import SuccessionPayload, sign_entry
from crypto.seal.ceremony import state_grant_key, state_succession
from crypto.seal.content import ReaderRole
from crypto.seal.primitives import fresh
from crypto.seal.readers import Reader
from crypto.seal.windows import make_grant_key
from protocols.wire import api
from protocols.wire.mailbox import MailLane
from protocols.wire.receipt import AckWhat
from tests.support.agencies import DONGXING, MONGCAI, MONGCAI_2
from tests.support.broker import NOW, Caller, RefusalError, Served

DAY = 86_400


async def succeed(served: Served, threads: tuple[bytes, ...] | None = None) -> None:
    """Have the second ward follow the first, from tomorrow."""
    agency = served.corridor.vietnam
    old, new = (served.corridor.office(slug).id for slug in (MONGCAI, MONGCAI_2))
    statement = state_succession(agency.id, old, SuccessionPayload(new, NOW + DAY, threads))
    status, _ = await served.post(api.DIRECTORY_PATH, sign_entry(statement, agency.roots))
    assert status == HTTPStatus.OK


async def until(last: bytes, caller: Caller) -> list[bytes]:
    """Return what is delivered up to ``last``, in its order."""
    found: list[bytes] = []
    while last not in found:
        found += [item.first for item in await caller.items(1)]
    return found


async def test_what_waits_and_what_comes_for_a_followed_desk_reaches_who_follows_it(
    either: Served,
) -> None:
    sender = await either.call(DONGXING)
    waiting, coming = (either.corridor.seal(DONGXING, (MONGCAI,)) for _ in range(2))
    await sender.submit(waiting)
    heir = await either.call(MONGCAI_2)
    is_silent = await heir.is_silent()

    await succeed(either)
    await sender.submit(coming)
    last = either.corridor.seal(DONGXING, (MONGCAI_2,))
    await sender.submit(last)

    assert is_silent
    assert await until(last, heir) == [waiting, coming, last]


async def test_who_follows_in_single_cases_is_sent_nothing_of_the_others(broker: Served) -> None:
    sender, follower = await broker.call(DONGXING), await broker.call(MONGCAI_2)

    await succeed(broker, threads=(fresh(16),))
    await sender.submit(broker.corridor.seal(DONGXING, (MONGCAI,)))

    assert await follower.is_silent()


async def test_who_follows_acknowledges_and_the_sender_is_told(broker: Served) -> None:
    await succeed(broker)
    sender = await broker.call(DONGXING)
    await sender.submit(broker.corridor.seal(DONGXING, (MONGCAI,), own_copy=False))
    heir = await broker.call(MONGCAI_2)
    [item] = await heir.items(1)

    ack = await heir.acknowledge(item, AckWhat.DELIVERED)

    assert [told.first for told in await sender.items(1)] == [ack]


async def test_who_follows_stops_the_clocks_of_the_desk_before_it(broker: Served) -> None:
    sender, heir = await broker.call(DONGXING), await broker.call(MONGCAI_2)
    start = StartClock(ClockToken(fresh(16)), NOW + 3_600)
    await sender.submit(broker.corridor.seal(DONGXING, (MONGCAI,), start=start))
    stop = broker.corridor.seal(MONGCAI_2, (DONGXING,), stop=[start.token])

    with pytest.raises(RefusalError, match=r"submit\.no_channel"):
        await heir.submit(stop)
    await succeed(broker)
    taken = await heir.submit(stop)

    assert taken


async def test_a_followed_desk_gives_to_devices_of_who_follows_it_and_to_nobody_else(
    broker: Served,
) -> None:
    office, key = broker.corridor.office(MONGCAI_2), make_grant_key().key
    stated = state_grant_key(office.agency, key, device=office.device, after=None)
    assert (await broker.post(api.DIRECTORY_PATH, stated))[0] == HTTPStatus.OK
    readers = [Reader(key, ReaderRole.DEVICE)]
    giver, heir = await broker.call(MONGCAI), await broker.call(MONGCAI_2)
    given = broker.corridor.seal(MONGCAI, (MONGCAI_2,), readers=readers)

    with pytest.raises(RefusalError, match=r"submit\.no_channel"):
        await giver.submit(given)
    await succeed(broker)
    await giver.submit(given)

    [item] = await heir.items(1)
    assert (item.lane, item.first) == (MailLane.KEYS, given)
