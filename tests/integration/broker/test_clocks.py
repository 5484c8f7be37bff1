"""The blind clock: who is told, when, and once."""

import asyncio
from datetime import timedelta

from crypto.attest.header import ClockToken, PriorityClass, StartClock
from crypto.seal.primitives import fresh
from liaison.broker.clocks import AT_ONCE, Clocks
from liaison.broker.routes import REPLICA, STORE, WRITER
from liaison.runtime.clock import from_timestamp
from protocols.wire.api import NoticeBody, Submit, Taken, parse_notice_body
from protocols.wire.clock import ESCALATION
from protocols.wire.ledger_event import Event, EventKind
from protocols.wire.mailbox import ItemKind, MailLane, NoticeCode
from tests.support.agencies import DONGXING, FANGCHENGGANG, MONGCAI, QUANGNINH
from tests.support.broker import NOW, Caller, Served

DUE = NOW + 3_600
AFTER = int(ESCALATION[PriorityClass.RESCUE].total_seconds())


async def start(broker: Served, priority: PriorityClass = PriorityClass.RESCUE) -> ClockToken:
    """Send a message that sets a clock which is due in an hour; return its token."""
    sender = await broker.call(MONGCAI)
    token = ClockToken(fresh(16))
    clock = StartClock(token, DUE)
    await sender.submit(broker.corridor.seal(priority=priority, start=clock, own_copy=False))
    await sender.ws.close()
    return token


async def notice(caller: Caller) -> NoticeBody:
    """Return the next notice of the device's mailbox."""
    while (item := (await caller.items(1))[0]).item != ItemKind.NOTICE:
        pass
    assert (item.lane, item.second) == (MailLane.RESCUE, b"")
    return parse_notice_body(item.first)


async def steps(broker: Served, token: ClockToken) -> list[Event]:
    kinds = {EventKind.CLOCK_MISSED, EventKind.CLOCK_ESCALATED}
    return [e for e in await broker.leaves() if e.kind in kinds and token in e.objects]


async def test_nothing_is_said_before_the_due_time(either: Served) -> None:
    token = await start(either)
    either.move(3_599)

    following = await either.sweep()

    assert following == from_timestamp(DUE)
    assert await steps(either, token) == []


async def test_both_desks_are_told_once_when_the_due_time_has_passed(either: Served) -> None:
    token = await start(either)
    either.move(3_600)

    following = [await either.sweep() for _ in range(3)]

    assert following == [from_timestamp(DUE + AFTER)] * 3
    for slug in (MONGCAI, DONGXING):
        caller = await either.call(slug)
        said = await notice(caller)
        assert (said.code, said.token, said.due, said.at) == (NoticeCode.DUE, token, DUE, DUE)
        assert await caller.is_silent()
    assert [e.codes for e in await steps(either, token)] == [(NoticeCode.DUE,)]
    assert await (await either.call(FANGCHENGGANG)).is_silent()


async def test_the_desk_above_the_receiving_one_is_told_after_the_ladder(either: Served) -> None:
    token = await start(either)
    either.move(3_600)
    await either.sweep()
    either.move(AFTER)

    assert await either.sweep() is None

    above = await notice(await either.call(FANGCHENGGANG))
    assert (above.code, above.token) == (NoticeCode.ESCALATED, token)
    reader = await either.call(DONGXING)
    assert [(await notice(reader)).code for _ in range(2)] == [1, 2]
    assert await (await either.call(QUANGNINH)).is_silent()
    assert [e.kind for e in await steps(either, token)] == [
        EventKind.CLOCK_MISSED,
        EventKind.CLOCK_ESCALATED,
    ]


async def test_a_routine_message_never_escalates(either: Served) -> None:
    await start(either, PriorityClass.ROUTINE)
    either.move(30 * 86_400)

    assert await either.sweep() is None

    assert await (await either.call(FANGCHENGGANG)).is_silent()


async def test_after_a_downtime_only_the_highest_step_is_taken_and_its_leaf_names_the_others(
    either: Served,
) -> None:
    token = await start(either)
    await either.stop()
    either.move(86_400)
    await either.start()

    await either.sweep()

    (leaf,) = await steps(either, token)
    assert leaf.kind is EventKind.CLOCK_ESCALATED
    assert leaf.codes == (NoticeCode.ESCALATED, NoticeCode.DUE)
    reader = await either.call(DONGXING)
    assert (await notice(reader)).code == NoticeCode.ESCALATED
    assert await reader.is_silent()


async def test_a_clock_that_was_stopped_says_nothing(either: Served) -> None:
    token = await start(either)
    reader = await either.call(DONGXING)
    await reader.submit(either.corridor.seal(DONGXING, (MONGCAI,), stop=[token], own_copy=False))
    either.move(86_400)

    assert await either.sweep() is None

    assert await steps(either, token) == []


def clocks(broker: Served) -> Clocks:
    """Return a second sweep over the broker's own parts, without the waker's lock."""
    assert broker.app is not None
    app = broker.app
    return Clocks(app[REPLICA], store=app[STORE], writer=app[WRITER])


async def test_sweeps_at_the_same_time_take_a_step_once(either: Served) -> None:
    tokens = [await start(either) for _ in range(5)]
    either.move(3_600)
    sweeps = clocks(either)

    await asyncio.gather(*(sweeps.sweep(either.clock.now()) for _ in range(4)))

    for token in tokens:
        assert len(await steps(either, token)) == 1


async def test_a_step_that_was_taken_since_the_token_was_read_is_not_taken_again(
    either: Served,
) -> None:
    token = await start(either)
    either.move(3_600)
    await either.sweep()
    assert either.app is not None

    await either.app[WRITER].run(clocks(either).advance([token], DUE))

    assert len(await steps(either, token)) == 1


async def test_a_clock_that_was_stopped_since_its_token_was_read_says_nothing(
    either: Served,
) -> None:
    token = await start(either)
    reader = await either.call(DONGXING)
    await reader.submit(either.corridor.seal(DONGXING, (MONGCAI,), stop=[token]))
    assert either.app is not None

    await either.app[WRITER].run(clocks(either).advance([token], DUE))

    assert await steps(either, token) == []


async def test_a_moved_clock_wakes_the_sweep_by_itself(broker: Served) -> None:
    await start(broker)
    caller = await broker.call(DONGXING)

    broker.clock.set(broker.clock.now() + timedelta(hours=1))

    assert (await notice(caller)).code == NoticeCode.DUE


async def test_more_clocks_than_one_commit_takes_are_all_taken(broker: Served) -> None:
    sender = await broker.call(MONGCAI)
    for number in range(AT_ONCE + 1):
        clock = StartClock(ClockToken(fresh(16)), DUE)
        await sender.send(Submit(number, broker.corridor.seal(start=clock, own_copy=False)))
    for _ in range(AT_ONCE + 1):
        await sender.wait(Taken)
    broker.move(3_600)

    assert await broker.sweep() is None

    missed = [e for e in await broker.leaves() if e.kind is EventKind.CLOCK_MISSED]
    assert len(missed) == AT_ONCE + 1
