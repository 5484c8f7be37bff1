"""Who may speak with the broker."""

import pytest
from aiohttp import WSCloseCode

from crypto.attest.directory import GRACE
from crypto.attest.signing import split_signed
from crypto.attest.statement import Role
from protocols.wire.api import DIRECTORY_PATH, Frame, Grew, Hello, Login
from protocols.wire.ledger_event import EventKind
from tests.support.agencies import DONGXING, MONGCAI, draw_key
from tests.support.broker import NOW, RefusalError, Served


async def test_a_device_is_welcomed_and_the_ledger_keeps_what_it_signed(broker: Served) -> None:
    device = broker.corridor.office(MONGCAI).device
    caller = await broker.connect(device)

    welcome = await caller.login(NOW)

    assert caller.hello.broker == broker.key.kid
    assert (welcome.at, welcome.directory) == (NOW, broker.corridor.directory.head.size)
    last = (await broker.leaves())[-1]
    assert (last.kind, last.actor) == (EventKind.LOGIN_OK, device.kid)
    assert last.agency == broker.corridor.vietnam.id
    assert last.evidence is not None
    assert caller.hello.nonce in split_signed(last.evidence)[0]


async def test_a_login_for_another_nonce_is_refused(broker: Served) -> None:
    caller = await broker.connect(broker.corridor.office(MONGCAI).device)

    with pytest.raises(RefusalError, match=r"login\.bad"):
        await caller.login(NOW, nonce=bytes(32))


async def test_a_login_for_another_broker_is_refused(broker: Served) -> None:
    caller = await broker.connect(broker.corridor.office(MONGCAI).device)

    with pytest.raises(RefusalError, match=r"login\.bad"):
        await caller.login(NOW, broker=bytes(16))


async def test_a_login_signed_by_another_key_is_refused_and_stands_in_the_ledger_once(
    broker: Served,
) -> None:
    office = broker.corridor.office(MONGCAI)

    for _ in range(2):
        caller = await broker.connect(office.device)
        with pytest.raises(RefusalError, match=r"login\.bad"):
            await caller.login(NOW, signer=office.devices[1])

    failed = [leaf for leaf in await broker.leaves() if leaf.kind is EventKind.LOGIN_FAILED]
    assert [(leaf.actor, leaf.codes) for leaf in failed] == [(office.device.kid, ("login.bad",))]


@pytest.mark.parametrize("late", [-121, 121])
async def test_a_login_of_another_time_is_refused_as_stale(broker: Served, late: int) -> None:
    caller = await broker.connect(broker.corridor.office(MONGCAI).device)

    with pytest.raises(RefusalError, match=r"login\.stale"):
        await caller.login(NOW + late)


async def test_a_login_two_minutes_off_is_still_taken(broker: Served) -> None:
    caller = await broker.connect(broker.corridor.office(MONGCAI).device)

    assert (await caller.login(NOW - 120)).at == NOW


async def test_an_unknown_key_cannot_log_in_and_leaves_nothing_in_the_ledger(
    broker: Served,
) -> None:
    before = await broker.leaves()
    caller = await broker.connect(draw_key())

    with pytest.raises(RefusalError, match=r"login\.bad"):
        await caller.login(NOW)

    assert await broker.leaves() == before


async def test_an_officers_key_cannot_log_in(broker: Served) -> None:
    caller = await broker.connect(broker.corridor.office(MONGCAI).officer)

    with pytest.raises(RefusalError, match=r"login\.bad"):
        await caller.login(NOW)


async def test_a_key_that_has_run_out_cannot_log_in(broker: Served) -> None:
    office = broker.corridor.office(MONGCAI)
    key, entry = broker.corridor.vietnam.enrol(office, Role.DEVICE, at=NOW - GRACE, validity=3_600)
    assert (await broker.post(DIRECTORY_PATH, entry))[0] == 200
    caller = await broker.connect(key)

    with pytest.raises(RefusalError, match=r"login\.bad"):
        await caller.login(NOW)


async def test_a_device_that_has_run_out_since_its_login_may_not_submit(broker: Served) -> None:
    office = broker.corridor.office(MONGCAI)
    key, entry = broker.corridor.vietnam.enrol(office, Role.DEVICE, at=NOW - GRACE, validity=3_700)
    await broker.post(DIRECTORY_PATH, entry)
    caller = await broker.connect(key)
    await caller.login(NOW)

    broker.move(100)

    with pytest.raises(RefusalError, match=r"login\.required"):
        await caller.submit(broker.corridor.seal())


async def test_nothing_is_taken_before_the_login(broker: Served) -> None:
    caller = await broker.connect(broker.corridor.office(MONGCAI).device)

    with pytest.raises(RefusalError, match=r"login\.required"):
        await caller.submit(broker.corridor.seal())


async def test_a_frame_that_is_none_ends_the_connection_with_its_reason(broker: Served) -> None:
    caller = await broker.call(MONGCAI)

    await caller.ws.send_bytes(b"\xff")

    with pytest.raises(RefusalError, match=r"submit\.malformed"):
        await caller.wait(Hello)


@pytest.mark.parametrize(
    "said", ["text", Grew(1, 1), Login(b"again")], ids=["text", "grew", "login"]
)
async def test_a_device_that_says_what_is_not_its_to_say_is_cut_off(
    broker: Served, said: Frame | str
) -> None:
    caller = await broker.call(MONGCAI)

    assert await caller.refusal_of(said) == "submit.malformed"
    assert await caller.wait_for_end() == WSCloseCode.PROTOCOL_ERROR


async def test_a_new_login_of_a_device_takes_the_place_of_the_old_one(broker: Served) -> None:
    old = await broker.call(DONGXING)
    new = await broker.call(DONGXING)
    sender = await broker.call(MONGCAI)

    await sender.submit(broker.corridor.seal())

    assert len(await new.items(1)) == 1
    assert await old.wait_for_end() == WSCloseCode.GOING_AWAY
