"""Two installations of one desk: the same cases on both, and nothing for one nobody admitted."""

import asyncio
from datetime import timedelta

import pytest

from crypto.attest.header import parse_envelope
from crypto.attest.signing import KeyId
from liaison.desk.client import DeskRefusedError
from liaison.desk.entrance.officers import LockedError
from protocols.wire.mailbox import MailLane
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.forge_desk import forging
from tests.support.installations import (
    admit,
    devices,
    enrol_installation,
    second_of,
)
from tests.support.network import AT, GUANGXI, Desk, Network, View, start, until
from tests.support.releases import asks_at, grant, request_dna


async def shown(desk: Desk) -> list[View]:
    """Return all that an installation shows: its board's rows, and each case in full.

    Left out are under which cosigned head it has itself seen a step in the ledger, and what has
    rung there: a computer that is off rings for nobody.
    """
    rows = await desk.board()
    cases = [await desk.case(row["case"], "vi") for row in rows]
    for case in cases:
        del case["reminders"]
    for step in (step for case in cases for step in case["steps"]):
        assert step.pop("proven_in") is not None
    return rows + cases


def unheld(desk: Desk) -> set[KeyId]:
    """Return the published windows of its desk that an installation cannot open."""
    replica = desk.agent.replica
    published = {window.kid for window in replica.directory.windows(replica.desk)}
    return published - set(desk.agent.keyring.windows())


async def test_two_installations_show_the_same_cases(network: Network) -> None:
    before = await network.mongcai.request()
    await network.holds(network.dongxing, before, 1)
    second = await second_of(network)

    ref = await second.request()
    await network.holds(network.dongxing, ref, 1)
    await network.dongxing.act(ref, "acknowledge")
    await network.dongxing.act(before, "acknowledge")
    await network.mongcai.open(ref)
    await network.settle()

    assert {row["case"] for row in await second.board()} == {before, ref}
    assert await shown(network.mongcai) == await shown(second)
    assert await network.mongcai.set_aside() == await second.set_aside() == []


async def test_an_installation_that_was_off_for_a_week_catches_up(network: Network) -> None:
    second = await second_of(network)
    before = await second.request()
    await network.settle()
    await second.stop()

    await network.dongxing.act(before, "acknowledge")
    await network.pass_time(AT + timedelta(days=3))
    during = await network.dongxing.request(MONGCAI)
    await network.holds(network.mongcai, during, 1)
    await network.mongcai.act(during, "acknowledge")
    await network.mongcai.open(during)
    await network.pass_time(AT + timedelta(days=8))
    await second.start()
    await network.settle()

    assert {row["case"] for row in await second.board()} == {before, during}
    assert await shown(network.mongcai) == await shown(second)
    assert await second.set_aside() == []
    assert unheld(second) == set()


async def test_what_was_answered_while_an_installation_was_off_rings_nowhere(
    network: Network,
) -> None:
    second = await second_of(network)
    ref = await second.request()
    await network.settle()
    await second.stop()
    await network.dongxing.act(ref, "acknowledge")
    await network.settle()
    network.clock.set(AT + timedelta(minutes=45))

    await second.start()
    await network.settle()
    await network.move(AT + timedelta(minutes=46))

    assert (await second.case(ref))["reminders"] == []


async def test_a_new_installation_is_told_of_what_no_window_opens_any_more(
    network: Network,
) -> None:
    old = await network.mongcai.request()
    await network.holds(network.dongxing, old, 1)
    await network.dongxing.act(old, "acknowledge")
    await network.mongcai.open(old)
    await network.pass_time(AT + timedelta(weeks=7))

    second = await second_of(network)

    held = set(second.agent.keyring.windows())
    case = await network.mongcai.agent.casebook.find(old)
    assert not any(held & set(parse_envelope(s.message.envelope).header.kids) for s in case.steps)
    assert [step["act"] for step in await second.steps(old)] == ["request", "acknowledge"]
    ours, theirs = await network.mongcai.case(old), await second.case(old)
    for part in ("stage", "turn", "persons", "clocks"):
        assert ours[part] == theirs[part]
    assert [s["delivery"] for s in ours["steps"]] == [s["delivery"] for s in theirs["steps"]]
    acks = await network.dongxing.agent.store.acks_of([s.message.mid for s in case.steps])
    assert second.agent.keyring.device.kid not in {ack.device for ack in acks}


async def test_an_installation_that_only_the_registrar_admitted_gets_nothing(
    network: Network,
) -> None:
    second = await enrol_installation(network, network.mongcai)
    await second.start()
    ref = await network.dongxing.request(MONGCAI)
    await network.holds(network.mongcai, ref, 1)
    await network.pass_time(AT + timedelta(weeks=2))

    assert (await devices(second))["member"] is False
    assert second.agent.keyring.windows() == {}
    assert await second.board() == []
    assert await second.set_aside() == []
    for lane in (MailLane.ORDINARY, MailLane.RESCUE):
        assert await second.agent.store.cursor(lane) == 0
    replica = network.broker_directory()
    held = set(network.mongcai.agent.keyring.windows())
    assert {window.kid for window in replica.windows(second.agent.replica.desk)} <= held
    with pytest.raises(DeskRefusedError) as refused:
        await second.request()
    assert refused.value.code == "desk.not_admitted"


async def test_what_a_device_gives_counts_only_where_an_officer_admitted_it(
    network: Network,
) -> None:
    second = await enrol_installation(network, network.mongcai)
    await second.start()

    await admit(network.mongcai, second)
    await until(lambda: has_set_aside(second, 2), "the grant and the history are set aside")
    before = await second.set_aside()
    await admit(second, network.mongcai)
    await network.settle()

    assert set(before) == {"devices.not_admitted"}
    assert await second.set_aside() == []
    assert (await devices(second))["member"] is True
    ref = await second.request()
    await network.holds(network.mongcai, ref, 1)


async def test_a_number_that_no_device_of_the_desk_has_admits_nobody(network: Network) -> None:
    number = (await devices(network.dongxing))["number"]

    for typed, code in ((number, "devices.unknown"), ("12345", "devices.number")):
        with pytest.raises(DeskRefusedError) as refused:
            await network.mongcai.client.post("/api/devices", officer="MC-04", number=typed)
        assert refused.value.code == code

    assert await network.mongcai.agent.store.colleagues() == {}


async def test_an_officer_who_has_not_unlocked_admits_nobody(network: Network) -> None:
    number = (await devices(network.dongxing))["number"]

    with pytest.raises(DeskRefusedError) as refused:
        await network.mongcai.client.post("/api/devices", officer="MC-05", number=number)
    with pytest.raises(LockedError):  # whatever door was asked at
        await network.mongcai.agent.devices.admit("MC-05", number)

    assert refused.value.code == "desk.locked"


async def test_whichever_installation_publishes_a_window_the_other_opens_it(
    network: Network,
) -> None:
    second = await second_of(network)
    await network.mongcai.stop()
    await network.pass_time(AT + timedelta(weeks=1))
    await second.stop()
    await network.mongcai.start()
    await network.pass_time(AT + timedelta(weeks=2))
    await second.start()
    await network.settle()

    async def hold_all() -> bool:
        return unheld(network.mongcai) == unheld(second) == set()

    await until(hold_all, "each holds every window of the desk")
    ref = await network.dongxing.request(MONGCAI)
    for desk in (network.mongcai, second):
        await network.holds(desk, ref, 1)
        assert await desk.set_aside() == []


async def test_a_grant_key_that_has_served_is_replaced_and_then_destroyed(
    network: Network,
) -> None:
    second = await second_of(network)
    replica, kid = second.agent.replica, second.agent.keyring.device.kid
    first = second.agent.keyring.grant_keys()
    assert replica.directory.grant_key(kid).kid == first[-1]

    for week in (1, 2):
        await network.pass_time(AT + timedelta(weeks=week))

    async def is_replaced() -> bool:
        held = second.agent.keyring.grant_keys()
        return not set(held) & set(first) and replica.directory.grant_key(kid).kid == held[-1]

    await until(is_replaced, "the grant keys of the beginning are gone")
    stored = [kid for kid, _ in await second.agent.store.grant_keys()]
    assert stored == second.agent.keyring.grant_keys()
    assert unheld(second) == set()


async def test_two_installations_never_give_two_cases_one_number(network: Network) -> None:
    second = await second_of(network)
    await network.broker.stop()

    refs = [await desk.request() for desk in (network.mongcai, second, network.mongcai, second)]
    await network.broker.start()
    await network.settle()

    assert len(set(refs)) == len(refs)
    for desk in (network.mongcai, second, network.dongxing):
        assert {row["case"] for row in await desk.board()} == set(refs)


async def test_of_two_new_installations_one_begins_and_the_other_waits(parts: Network) -> None:
    """Both are enrolled before the desk has published a window."""
    await start(parts, MONGCAI)
    desk = parts.desks[DONGXING]
    first = await enrol_installation(parts, desk, officer="DX-03", name="first")
    await desk.start()
    await first.start()
    await parts.settle()

    members = [one for one in (desk, first) if (await devices(one))["member"]]

    assert members == [desk]


async def test_an_installation_admitted_again_is_told_again(network: Network) -> None:
    second = await second_of(network)
    kid = second.agent.keyring.device.kid

    await admit(network.mongcai, second)
    await network.settle()

    given = await network.mongcai.agent.store.colleagues()
    assert given == {kid: True}
    assert await second.set_aside() == []


async def test_what_one_installation_asked_and_another_granted_stands_the_same_on_all(
    parts: Network,
) -> None:
    await start(parts, MONGCAI, DONGXING, GUANGXI)
    province = parts.desks[GUANGXI]
    asking = await second_of(parts, parts.dongxing, officer="DX-03")
    releasing = await second_of(parts, province, officer="GX-03")
    ref = await request_dna(parts)
    await asks_at(releasing)

    await grant(province)
    await parts.holds(parts.mongcai, ref, 1)
    await parts.settle()

    for desk in (province, releasing):
        assert (await desk.client.get("/api/asks", lang="zh"))["asks"] == []
    assert await shown(parts.dongxing) == await shown(asking)
    for desk in (asking, releasing):
        assert await desk.set_aside() == []


async def test_a_colleagues_step_of_a_time_at_which_it_could_not_sign_is_set_aside(
    network: Network,
) -> None:
    """The sender's own installation that means ill: its own copies come to the other one too."""
    second = await second_of(network)
    await network.mongcai.stop()

    async with forging(network, network.mongcai, network.dongxing) as forger:
        form = forger.request("QN-MC1-2026-0001")
        await forger.caller.submit(forger.forgery(forger.content(form, created=1)).build())

    assert await network.quarantines(second, 1) == ["inbox.false_time"]
    assert await second.board() == []


async def has_set_aside(desk: Desk, count: int) -> bool:
    """Say whether an installation has set so much aside."""
    return len(await desk.set_aside()) >= count


async def test_what_was_set_aside_is_taken_up_once_however_many_ask_for_it(
    network: Network,
) -> None:
    old = await network.mongcai.request()
    await network.settle()
    await network.pass_time(AT + timedelta(weeks=7))
    second = await enrol_installation(network, network.mongcai)
    await second.start()
    await admit(network.mongcai, second)
    await until(lambda: has_set_aside(second, 2), "the grant and the history are set aside")
    await second.agent.store.add_colleague(network.mongcai.agent.keyring.device.kid)

    await asyncio.gather(*(second.agent.inbox.try_again() for _ in range(5)))

    assert await second.set_aside() == []
    assert [row["case"] for row in await second.board()] == [old]
