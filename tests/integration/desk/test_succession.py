"""A desk is dissolved and another has its place: letters arrive, and say what they said."""

import pytest

from liaison.desk.client import DeskRefusedError
from liaison.runtime.clock import timestamp
from tests.support.agencies import DONGXING, MONGCAI, QUANGNINH
from tests.support.installations import admit, close, succeed
from tests.support.network import Network, View
from tests.support.women import request_fields

DAY = 86_400
ROUTINE = {"urgency": "U3", "urgency_reason": None}


def routine() -> dict[str, object]:
    """Return a request that can wait."""
    fields = request_fields()
    header = fields["header"]
    assert isinstance(header, dict)
    return {**fields, "header": header | ROUTINE}


@pytest.fixture
async def followed(network: Network) -> Network:
    """Return the network after Móng Cái was dissolved, and the province's desk has its place."""
    await network.desks[QUANGNINH].start()
    before = timestamp(network.clock.now()) - DAY
    await succeed(network, network.mongcai, network.desks[QUANGNINH], begins=before)
    await network.mongcai.stop()
    await network.settle()
    return network


async def test_a_rescue_to_a_dissolved_desk_reaches_its_successor_and_is_answered(
    followed: Network,
) -> None:
    successor = followed.desks[QUANGNINH]

    ref = await followed.dongxing.request(MONGCAI)
    view = await followed.holds(successor, ref, 1)
    await successor.act(ref, "acknowledge")
    answered = await followed.holds(followed.dongxing, ref, 2)
    await followed.settle()

    for one in (view, answered):
        assert (one["requester"], one["requested"]) == (DONGXING, MONGCAI)
    assert [step["desk"] for step in answered["steps"]] == [DONGXING, QUANGNINH]
    assert answered["stage"] == "acknowledged"
    assert (await followed.dongxing.case(ref))["steps"][0]["delivery"]["delivered"] is not None
    assert await followed.dongxing.set_aside() == await successor.set_aside() == []


async def test_a_rescue_goes_to_the_old_desk_while_nobody_can_read_it_at_its_successor(
    network: Network,
) -> None:
    before = timestamp(network.clock.now()) - DAY
    await network.desks[QUANGNINH].start()
    await network.settle()
    await succeed(network, network.mongcai, network.desks[QUANGNINH], begins=before)
    await network.desks[QUANGNINH].stop()
    await close(network, network.desks[QUANGNINH], at=before)
    await network.settle()

    ref = await network.dongxing.request(MONGCAI)

    await network.holds(network.mongcai, ref, 1)


async def test_a_case_goes_on_with_the_successor(network: Network) -> None:
    ref = await network.dongxing.request(MONGCAI)
    await network.holds(network.mongcai, ref, 1)
    await network.mongcai.act(ref, "acknowledge")
    await network.holds(network.dongxing, ref, 2)
    await network.desks[QUANGNINH].start()
    before = timestamp(network.clock.now()) - DAY
    await succeed(network, network.mongcai, network.desks[QUANGNINH], begins=before)
    await network.mongcai.stop()
    await network.settle()

    await network.dongxing.act(ref, "note", text={"lang": "zh", "text": "补充情况。"})
    await network.settle()

    (_, _, note) = (await network.dongxing.agent.casebook.find(ref)).steps
    slugs = [network.dongxing.agent.replica.slug_of(desk) for desk in note.header.dst]
    assert slugs == [QUANGNINH]


async def test_what_can_wait_is_not_sent_to_a_successor_whom_nobody_has_confirmed(
    followed: Network,
) -> None:
    desk = followed.dongxing

    with pytest.raises(DeskRefusedError) as refused:
        await desk.request(MONGCAI, request=routine())
    listed: list[View] = (await desk.client.get("/api/successors"))["successors"]
    answer = await desk.client.post("/api/successors", officer=desk.officer, desk=MONGCAI)
    ref = await desk.request(MONGCAI, request=routine())

    assert refused.value.code == "desk.successor_unconfirmed"
    assert [(one["followed_by"], one["confirmed"]) for one in listed] == [(QUANGNINH, False)]
    assert answer["followed_by"] == [QUANGNINH]
    await followed.holds(followed.desks[QUANGNINH], ref, 1)


async def test_an_open_case_goes_on_at_the_desk_that_follows_and_nothing_on_its_way_is_lost(
    network: Network,
) -> None:
    old, new = network.mongcai, network.desks[QUANGNINH]
    ref = await network.dongxing.request(MONGCAI)
    await network.holds(old, ref, 1)
    await old.act(ref, "acknowledge")
    await network.holds(network.dongxing, ref, 2)
    await network.settle()
    await old.stop()
    # The minute before: nobody at Móng Cái reads it, and its writer knows of no other desk.
    await network.dongxing.act(ref, "note", text={"lang": "zh", "text": "补充情况。"})
    await network.settle()
    await succeed(network, old, new, begins=timestamp(network.clock.now()) - DAY)

    await new.start()
    await old.start()
    await admit(old, new)
    await admit(new, old)
    await network.holds(new, ref, 3)
    await old.stop()
    await new.act(ref, "note", text={"lang": "vi", "text": "Đã tiếp nhận hồ sơ."})
    await network.holds(network.dongxing, ref, 4)
    await network.settle()

    there, here = await new.case(ref), await network.dongxing.case(ref)
    assert [step["desk"] for step in here["steps"]] == [DONGXING, MONGCAI, DONGXING, QUANGNINH]
    for same in ("stage", "requester", "requested", "clocks", "persons", "next_due"):
        assert there[same] == here[same], same
    assert (there["turn"], here["turn"]) == ("ours", "theirs")
    assert [step["delivery"]["delivered"] is not None for step in here["steps"]] == [True] * 4
    assert await network.dongxing.set_aside() == await new.set_aside() == []


async def test_who_follows_in_one_case_is_told_of_that_case_and_is_given_no_window(
    network: Network,
) -> None:
    old, new = network.mongcai, network.desks[QUANGNINH]
    given, kept = [await network.dongxing.request(MONGCAI) for _ in range(2)]
    for ref in (given, kept):
        await network.holds(old, ref, 1)
    thread = (await old.agent.casebook.find(given)).thread
    before = timestamp(network.clock.now()) - DAY
    await succeed(network, old, new, begins=before, threads=(thread,))
    await new.start()

    await admit(old, new)
    await admit(new, old)
    await network.holds(new, given, 1)
    await network.settle()

    assert [ref for _, ref in await new.agent.store.threads()] == [given]
    granted = await old.agent.store.granted(new.agent.keyring.device.kid)
    assert granted.isdisjoint(kid for kid, _ in await old.agent.store.own_windows())
    assert await new.set_aside() == []


async def test_what_can_wait_is_held_back_until_a_new_root_was_compared_and_a_rescue_is_not(
    network: Network,
) -> None:
    desk = network.dongxing
    directory = desk.agent.replica.directory
    typed = directory.pins
    # As after new roots: those that count now are not among the digits that two people typed.
    directory.pins = frozenset()

    with pytest.raises(DeskRefusedError) as refused:
        await desk.request(MONGCAI, request=routine())
    rescue = await desk.request(MONGCAI)
    directory.pins = typed
    ref = await desk.request(MONGCAI, request=routine())

    assert refused.value.code == "desk.root_unconfirmed"
    for one in (rescue, ref):
        await network.holds(network.mongcai, one, 1)


async def test_a_desk_that_nobody_follows_is_not_confirmed(network: Network) -> None:
    desk = network.dongxing

    with pytest.raises(DeskRefusedError) as refused:
        await desk.client.post("/api/successors", officer=desk.officer, desk=MONGCAI)

    assert refused.value.code == "desk.no_successor"
