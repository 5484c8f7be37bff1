"""What devices of one desk give each other, at the broker: in a lane of its own, to them alone."""

from http import HTTPStatus

import pytest

from crypto.attest.directory import GRANT_WAITS
from crypto.attest.header import ClockToken, StartClock
from crypto.attest.payload import encode_payload
from crypto.attest.statement import GrantKey, Statement, What, make_statement
from crypto.seal.ceremony import state_grant_key
from crypto.seal.content import ReaderRole
from crypto.seal.primitives import fresh
from crypto.seal.readers import Reader
from crypto.seal.windows import make_grant_key
from protocols.wire import api
from protocols.wire.api import Welcome
from protocols.wire.mailbox import MailLane
from tests.support.agencies import DONGXING, MONGCAI, MONGCAI_2
from tests.support.broker import NOW, RefusalError, Served


async def stated(
    served: Served, slug: str = MONGCAI, device: int = 1, *, after: Statement | None = None
) -> GrantKey:
    """Return a grant key that a device of this desk has stated at the broker."""
    office, key = served.corridor.office(slug), make_grant_key().key
    entry = state_grant_key(office.agency, key, device=office.devices[device], after=after)
    status, _ = await served.post(api.DIRECTORY_PATH, entry)
    assert status == HTTPStatus.OK
    return key


def given(served: Served, *keys: GrantKey, exp: int | None = None) -> bytes:
    """Return an envelope of Móng Cái to itself, wrapped to these grant keys."""
    readers = [Reader(key, ReaderRole.DEVICE) for key in keys]
    return served.corridor.seal(MONGCAI, (MONGCAI,), readers=readers, exp=exp)


async def test_what_a_desk_gives_itself_comes_in_the_keys_lane_before_all_else(
    either: Served,
) -> None:
    key = await stated(either)
    sender = await either.call(DONGXING)
    await sender.submit(either.corridor.seal(DONGXING, (MONGCAI,)))
    giver = await either.call(MONGCAI)
    await giver.submit(given(either, key))

    reader = await either.call(MONGCAI, 1)
    items = await reader.items(2)

    assert [item.lane for item in items] == [MailLane.KEYS, MailLane.ORDINARY]


async def test_a_grant_key_that_was_replaced_gets_nothing_any_more(either: Served) -> None:
    old = await stated(either)
    office = either.corridor.office(MONGCAI)
    first = make_statement(
        What.GRANT_KEY,
        agency=office.agency,
        subject=office.devices[1].kid,
        payload=encode_payload(old),
    )
    await stated(either, after=first)
    giver = await either.call(MONGCAI)

    with pytest.raises(RefusalError, match=r"submit\.unknown_window"):
        await giver.submit(given(either, old))


async def test_a_grant_key_that_nobody_has_stated_gets_nothing(either: Served) -> None:
    giver = await either.call(MONGCAI)

    with pytest.raises(RefusalError, match=r"submit\.unknown_window"):
        await giver.submit(given(either, make_grant_key().key))


async def test_another_desks_device_is_given_nothing(either: Served) -> None:
    ours, theirs = await stated(either), await stated(either, DONGXING, 0)
    giver = await either.call(MONGCAI)

    with pytest.raises(RefusalError, match=r"submit\.unknown_window"):
        await giver.submit(given(either, ours, theirs))


async def test_a_desk_does_not_write_to_itself_under_its_window(either: Served) -> None:
    giver = await either.call(MONGCAI)
    own = Reader(either.corridor.office(MONGCAI).window, ReaderRole.DESK)

    with pytest.raises(RefusalError, match=r"submit\.unknown_window"):
        await giver.submit(either.corridor.seal(MONGCAI, (MONGCAI,), readers=[own]))


async def test_a_grant_key_reads_nothing_that_goes_to_another_desk(either: Served) -> None:
    key = await stated(either)
    sender = await either.call(MONGCAI)
    readers = [
        Reader(either.corridor.office(DONGXING).window, ReaderRole.DESK),
        Reader(key, ReaderRole.DEVICE),
    ]

    with pytest.raises(RefusalError, match=r"submit\.unknown_window"):
        await sender.submit(either.corridor.seal(readers=readers))


async def test_a_clock_of_other_desks_cannot_be_stopped(either: Served) -> None:
    sender, stranger = await either.call(MONGCAI), await either.call(MONGCAI_2)
    start = StartClock(ClockToken(fresh(16)), NOW + 3_600)
    await sender.submit(either.corridor.seal(start=start))
    own = [Reader(await stated(either, MONGCAI_2), ReaderRole.DEVICE)]

    with pytest.raises(RefusalError, match=r"submit\.clock_not_ours"):
        await stranger.submit(
            either.corridor.seal(MONGCAI_2, (MONGCAI_2,), readers=own, stop=[start.token])
        )


@pytest.mark.parametrize("exp", [NOW, NOW + GRANT_WAITS + 1])
async def test_a_grant_waits_for_five_weeks_at_most(either: Served, exp: int) -> None:
    key = await stated(either)
    giver = await either.call(MONGCAI)

    with pytest.raises(RefusalError, match=r"submit\.expired"):
        await giver.submit(given(either, key, exp=exp))


async def test_the_welcome_says_how_much_waits_in_all_lanes(either: Served) -> None:
    key = await stated(either)
    giver = await either.call(MONGCAI)
    await giver.submit(given(either, key))
    sender = await either.call(DONGXING)
    for _ in range(2):
        await sender.submit(either.corridor.seal(DONGXING, (MONGCAI,)))

    device = either.corridor.office(MONGCAI).devices[1]
    reader = await either.connect(device)
    welcome = await reader.login(int(either.clock.now().timestamp()))

    assert isinstance(welcome, Welcome)
    assert (welcome.keys, welcome.ordinary, welcome.waiting) == (0, 0, 3)
