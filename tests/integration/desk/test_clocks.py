"""What falls due by itself: each rung of the ladder once, late ones marked, nothing by opening."""

from datetime import timedelta

import pytest

from crypto.seal.content import ThreadId
from liaison.desk.casework.cases import Case, Casebook
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.network import AT, GUANGXI, Desk, Network, View, start

ACKNOWLEDGE = "acknowledge"
RUNGS = ["officer", "unit_head", "supervisor", "provincial_desk"]
#: The limit of half an hour: at 50, 80 and 100 % of it, and half an hour later.
MINUTES = [15, 24, 30, 60]


async def sent(network: Network) -> str:
    """Have a rescue request arrive in Dongxing at AT and return its reference."""
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.settle()
    return ref


async def reminders(desk: Desk, ref: str, limit: str = ACKNOWLEDGE) -> list[View]:
    """Return the reminders of one limit, oldest first."""
    found: list[View] = (await desk.case(ref))["reminders"]
    return [reminder for reminder in found if reminder["limit"].endswith(limit)]


def minute(count: int) -> str:
    """Return the time so many minutes after AT."""
    return (AT + timedelta(minutes=count)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_each_rung_fires_once_at_its_time_on_both_desks(network: Network) -> None:
    ref = await sent(network)

    await network.pass_time(AT + timedelta(minutes=61))
    await network.move(AT + timedelta(minutes=62))

    for desk in (network.mongcai, network.dongxing):
        found = await reminders(desk, ref)
        assert [reminder["level"] for reminder in found] == RUNGS
        assert [reminder["fired"] for reminder in found] == [minute(m) for m in MINUTES]
        assert [reminder["due"] for reminder in found] == [minute(m) for m in MINUTES]
        assert not any(reminder["overtaken"] or reminder["late"] for reminder in found)
    clocks = (await network.mongcai.case(ref))["clocks"]
    assert clocks[0]["state"] == "overdue"


async def test_after_a_downtime_only_the_highest_rung_fires_and_late_ones_show_it(
    network: Network,
) -> None:
    ref = await sent(network)
    await network.pass_time(AT + timedelta(minutes=16))
    await network.mongcai.stop()
    network.clock.set(AT + timedelta(minutes=31))

    await network.mongcai.start()
    await network.settle()
    await network.move(AT + timedelta(minutes=31))

    found = await reminders(network.mongcai, ref)
    assert [(r["level"], r["overtaken"]) for r in found] == [
        ("officer", False),
        ("unit_head", True),
        ("supervisor", False),
    ]
    assert [(r["due"], r["fired"]) for r in found] == [
        (minute(15), minute(15)),
        (minute(24), minute(31)),
        (minute(30), minute(31)),
    ]
    assert [reminder["late"] for reminder in found] == [False, True, True]


async def test_a_restart_fires_nothing_again(network: Network) -> None:
    ref = await sent(network)
    await network.pass_time(AT + timedelta(minutes=31))
    before = (await network.dongxing.case(ref))["reminders"]

    await network.dongxing.stop()
    await network.dongxing.start()
    await network.move(AT + timedelta(minutes=32))

    assert (await network.dongxing.case(ref))["reminders"] == before
    assert len(await reminders(network.dongxing, ref)) == len(("50 %", "80 %", "100 %"))


async def test_a_clock_that_was_met_fires_nothing_more(network: Network) -> None:
    ref = await sent(network)
    await network.pass_time(AT + timedelta(minutes=20))
    await network.dongxing.act(ref, "acknowledge")
    await network.holds(network.mongcai, ref, 2)

    await network.pass_time(AT + timedelta(minutes=61))

    for desk in (network.mongcai, network.dongxing):
        assert [r["level"] for r in await reminders(desk, ref)] == ["officer"]
        met = (await desk.case(ref))["clocks"][0]
        assert (met["state"], met["met_at"]) == ("met", minute(20))
        assert [n["due"] for n in (await desk.case(ref))["notices"]] == []


async def test_nobody_is_reminded_while_what_waited_is_not_read(network: Network) -> None:
    ref = await sent(network)
    desk = network.dongxing

    desk.agent.backlog.begins(1_000)
    await network.move(AT + timedelta(minutes=16))
    waiting = await reminders(desk, ref)
    desk.agent.backlog.cannot_be_had()
    await network.move(AT + timedelta(minutes=17))

    assert waiting == []
    assert [r["fired"] for r in await reminders(desk, ref)] == [minute(17)]


async def test_opening_a_message_stops_no_clock(network: Network) -> None:
    ref = await sent(network)
    await network.move(AT + timedelta(minutes=5))

    await network.dongxing.open(ref)
    await network.pass_time(AT + timedelta(minutes=31))

    for desk in (network.mongcai, network.dongxing):
        view = await desk.case(ref)
        assert view["steps"][0]["delivery"]["opened" if desk is network.mongcai else "taken"]
        assert view["clocks"][0]["state"] == "overdue"
        assert [n["code"] for n in view["notices"]] == ["due"]


async def test_the_brokers_notices_reach_both_desks_and_the_one_above_the_receiver(
    parts: Network,
) -> None:
    await start(parts, MONGCAI, DONGXING, GUANGXI)
    ref = await sent(parts)

    await parts.pass_time(AT + timedelta(minutes=61))

    for desk in (parts.mongcai, parts.dongxing):
        view = await desk.case(ref)
        assert [(n["code"], n["due"], n["at"]) for n in view["notices"]] == [
            ("due", minute(30), minute(30)),
            ("escalated", minute(30), minute(60)),
        ]
        assert [n["late"] for n in view["notices"]] == [False, False]
    above = await parts.desks[GUANGXI].client.get("/api/notices")
    found = [(n["code"], n["case"], n["late"]) for n in above["notices"]]
    assert found == [("escalated", None, None)]
    assert await parts.desks[GUANGXI].board() == []
    below = await parts.dongxing.client.get("/api/notices")
    assert [(n["code"], n["case"]) for n in below["notices"]] == [("due", ref), ("escalated", ref)]


async def test_the_broker_keeps_time_for_a_desk_that_sleeps(network: Network) -> None:
    ref = await sent(network)
    await network.dongxing.stop()

    await network.pass_time(AT + timedelta(minutes=31))

    assert [n["code"] for n in (await network.mongcai.case(ref))["notices"]] == ["due"]
    await network.dongxing.start()
    await network.settle()
    assert [n["code"] for n in (await network.dongxing.case(ref))["notices"]] == ["due"]


async def test_the_boards_first_row_is_what_is_due_first(network: Network) -> None:
    first = await sent(network)
    await network.move(AT + timedelta(minutes=10))
    second = await network.mongcai.request()
    await network.holds(network.dongxing, second, 1)
    await network.dongxing.act(first, "accept")
    await network.holds(network.mongcai, first, 2)

    for desk in (network.mongcai, network.dongxing):
        assert [row["case"] for row in await desk.board()] == [second, first]


async def test_a_desk_says_that_it_cannot_look_for_reminders_and_when_it_can_again(
    network: Network,
) -> None:
    store = network.mongcai.agent.store

    async def change(statement: str) -> None:
        await store.run(lambda db: db.exec_driver_sql(statement))

    well = (await network.mongcai.status())["sweep"]
    await change("ALTER TABLE cases RENAME TO elsewhere")
    await network.mongcai.agent.waker.sweep()
    failing = (await network.mongcai.status())["sweep"]
    await change("ALTER TABLE elsewhere RENAME TO cases")
    await network.move(AT + timedelta(minutes=1))

    assert well == {"state": "well", "last": minute(0)}
    assert failing == {"state": "failing", "last": minute(0)}
    assert (await network.mongcai.status())["sweep"] == {"state": "well", "last": minute(1)}


async def test_a_notice_that_the_broker_could_not_give_in_time_says_that_it_is_late(
    network: Network,
) -> None:
    ref = await sent(network)
    await network.broker.stop()
    await network.move(AT + timedelta(minutes=95))
    await network.broker.start()
    await network.move(AT + timedelta(minutes=95))
    await network.settle()

    for desk in (network.mongcai, network.dongxing):
        notices = (await desk.case(ref))["notices"]
        assert [(n["code"], n["at"], n["late"]) for n in notices] == [
            ("escalated", minute(95), True)
        ]
        every = (await desk.client.get("/api/notices"))["notices"]
        assert [n["late"] for n in every] == [True]


async def test_a_sweep_folds_again_only_the_case_in_which_something_happened(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await sent(network), await sent(network)
    threads = {ref: await network.mongcai.agent.store.thread_of(ref) for ref in (first, second)}
    folded: list[object] = []

    async def fold(book: Casebook, thread: ThreadId, ref: str) -> Case:
        if book is network.mongcai.agent.casebook:
            folded.append(thread)
        return await whole(book, thread, ref)

    whole = Casebook.case
    await network.move(AT + timedelta(minutes=1))
    monkeypatch.setattr(Casebook, "case", fold)

    await network.mongcai.agent.waker.sweep()
    assert folded == []
    await network.dongxing.act(second, "acknowledge")
    await network.settle()
    await network.mongcai.agent.waker.sweep()

    assert set(folded) == {threads[second]}
