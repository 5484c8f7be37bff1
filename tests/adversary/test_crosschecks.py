"""What a message says of its lane, its parents, the directory and the time is compared."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from crypto.attest.directory import Head
from crypto.attest.header import MessageId, parse_envelope
from crypto.seal.content import Content, Kind, Lane
from crypto.seal.primitives import fresh
from crypto.seal.resends import MOST_WANTED
from liaison.desk.mail.crosschecks import MOST_ORPHANS
from liaison.desk.mail.resends import ASK_AFTER, ASK_AGAIN, MOST_TRIES
from protocols.wire.mailbox import ItemKind
from tests.adversary.test_hostile_desk import check_the_next_arrives, set_aside_as
from tests.support.agencies import MONGCAI
from tests.support.forge_desk import Forger, forging
from tests.support.interposed import Interposed, delivery, interpose
from tests.support.network import Network, View, start, until

REFS = [f"GX-DX-2026-{number:04}" for number in range(1, 10)]


@pytest.fixture
async def forger(parts: Network) -> AsyncIterator[Forger]:
    """Yield the keys of the desk in Dongxing; only the desk in Móng Cái runs."""
    await start(parts, MONGCAI)
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        yield forger


async def alarms(forger: Forger) -> list[tuple[str, str]]:
    """Return what the victim is alarmed by, and about what."""
    return [(a["code"], a["about"]) for a in (await forger.victim.status())["alarms"]]


def placed(forger: Forger, ref: str, lane: Lane) -> Content:
    """Return a request that claims this place."""
    honest = forger.content(forger.request(ref))
    return replace(honest, lanes=dict.fromkeys(honest.lanes, lane))


async def sent(forger: Forger, content: Content) -> MessageId:
    """Have the broker take ``content`` and return the message's id."""
    envelope = forger.forgery(content).build()
    await forger.caller.submit(envelope)
    return parse_envelope(envelope).mid


async def missing(forger: Forger) -> list[tuple[int, int]]:
    """Return the numbers that the victim says are missing."""
    return [(gap["first"], gap["last"]) for gap in (await forger.victim.status())["missing"]]


async def test_another_message_under_a_number_that_is_here_is_refused(forger: Forger) -> None:
    first = await sent(forger, placed(forger, REFS[0], Lane(1, None)))

    other = forger.forgery(placed(forger, REFS[1], Lane(1, None))).build()

    assert await set_aside_as(forger, other) == "lane.fork"
    assert await alarms(forger) == [("lane.fork", "cn-dongxing")]
    await sent(forger, placed(forger, REFS[2], Lane(2, first)))
    await forger.network.holds(forger.victim, REFS[2], 1)
    assert [row["case"] for row in await forger.victim.board()] == [REFS[0], REFS[2]]


async def test_a_message_that_names_another_before_it_is_refused(forger: Forger) -> None:
    await sent(forger, placed(forger, REFS[0], Lane(1, None)))
    forked = forger.forgery(placed(forger, REFS[1], Lane(2, MessageId(fresh(32))))).build()

    assert await set_aside_as(forger, forked) == "lane.fork"


async def test_a_message_that_its_successor_denies_is_refused(forger: Forger) -> None:
    await sent(forger, placed(forger, REFS[0], Lane(3, MessageId(fresh(32)))))
    late = forger.forgery(placed(forger, REFS[1], Lane(2, MessageId(fresh(32))))).build()

    assert await set_aside_as(forger, late) == "lane.fork"


async def test_a_message_without_a_place_in_the_lane_to_us_is_refused(forger: Forger) -> None:
    placeless = replace(forger.content(forger.request(REFS[0])), lanes={})

    assert await set_aside_as(forger, forger.forgery(placeless).build()) == "envelope.lane"
    await check_the_next_arrives(forger)


async def test_a_number_of_which_the_words_were_refused_is_not_missing(forger: Forger) -> None:
    bad = forger.forgery(forger.content(["no step"])).build()
    assert await set_aside_as(forger, bad) == "casework.form"

    await sent(forger, placed(forger, REFS[0], Lane(2, parse_envelope(bad).mid)))

    await forger.network.holds(forger.victim, REFS[0], 1)
    assert await missing(forger) == []


async def test_a_gap_holds_up_nothing_and_is_told_at_the_next_message(forger: Forger) -> None:
    first = MessageId(fresh(32))
    await sent(forger, placed(forger, REFS[1], Lane(4, first)))

    await forger.network.holds(forger.victim, REFS[1], 1)

    assert await missing(forger) == [(1, 3)]
    assert await forger.victim.set_aside() == []


async def test_messages_out_of_order_fill_the_gap(forger: Forger) -> None:
    first = forger.forgery(placed(forger, REFS[0], Lane(1, None))).build()
    await sent(forger, placed(forger, REFS[1], Lane(2, parse_envelope(first).mid)))
    await forger.network.holds(forger.victim, REFS[1], 1)
    assert await missing(forger) == [(1, 1)]

    await forger.caller.submit(first)

    await forger.network.holds(forger.victim, REFS[0], 1)
    assert await missing(forger) == []


async def test_a_sender_with_another_directory_of_our_size_is_refused(forger: Forger) -> None:
    ours = forger.directory.head
    other = replace(forger.content(forger.request(REFS[0])), dirhead=Head(ours.size, fresh(32)))

    assert await set_aside_as(forger, forger.forgery(other).build()) == "directory.fork"
    assert await alarms(forger) == [("directory.fork", "cn-dongxing")]
    await check_the_next_arrives(forger)


async def test_a_sender_that_forks_the_directory_below_our_size_is_refused(forger: Forger) -> None:
    earlier = forger.directory.head.size - 3
    other = replace(forger.content(forger.request(REFS[0])), dirhead=Head(earlier, fresh(32)))

    assert await set_aside_as(forger, forger.forgery(other).build()) == "directory.fork"


async def test_a_false_head_beyond_ours_is_told_once_the_directory_has_grown(
    forger: Forger,
) -> None:
    """The message is kept: nothing told then that its directory is another."""
    beyond = Head(forger.directory.head.size + 1, fresh(32))
    content = replace(forger.content(forger.request(REFS[0])), dirhead=beyond)
    await sent(forger, content)
    await forger.network.holds(forger.victim, REFS[0], 1)
    assert await alarms(forger) == []

    await forger.network.pass_time(forger.network.clock.now() + timedelta(weeks=1))

    async def is_told() -> bool:
        return ("directory.fork", "cn-dongxing") in await alarms(forger)

    await until(is_told, "the victim compares the head")


async def test_a_directory_larger_than_the_ledger_had_room_for_is_named_as_false(
    forger: Forger,
) -> None:
    for ref, size in zip(REFS[:2], (2**53 - 1, 10**6), strict=True):
        content = replace(forger.content(forger.request(ref)), dirhead=Head(size, fresh(32)))
        envelope = forger.forgery(content).build()
        await forger.caller.submit(envelope)
        forger.ends[forger.officer.kid] = (REFS.index(ref) + 1, parse_envelope(envelope).mid)

    await forger.network.holds(forger.victim, REFS[1], 1)

    assert await alarms(forger) == [("directory.false_head", "cn-dongxing")]
    assert await forger.victim.agent.store.heads_ahead() == []
    assert await forger.victim.set_aside() == []


async def test_invented_parents_are_one_alarm_and_are_given_up(forger: Forger) -> None:
    for ref in REFS[:5]:
        invented = sorted(MessageId(fresh(32)) for _ in range(64))
        envelope = forger.forgery(
            replace(forger.content(forger.request(ref)), parents=tuple(invented))
        ).build()
        await forger.caller.submit(envelope)
        forger.ends[forger.officer.kid] = (REFS.index(ref) + 1, parse_envelope(envelope).mid)
    await forger.network.holds(forger.victim, REFS[4], 1)

    await forger.network.clock_on(ASK_AFTER)
    for _ in range(MOST_ORPHANS // MOST_WANTED):
        await forger.network.clock_on(timedelta(minutes=1))

    assert parents_of(await alarms(forger)) == [("parent.missing", f"cn-dongxing {MOST_ORPHANS}")]
    for _ in range(MOST_TRIES + 1):
        await forger.network.clock_on(ASK_AGAIN + timedelta(minutes=MOST_ORPHANS // MOST_WANTED))
        for _ in range(MOST_ORPHANS // MOST_WANTED):
            await forger.network.clock_on(timedelta(minutes=1))
    assert parents_of(await alarms(forger)) == [("parent.unknown", "cn-dongxing")]
    asked = [m for m in await forger.victim.agent.store.taken() if m.kind == Kind.MISSING]
    assert len(asked) == MOST_TRIES * MOST_ORPHANS // MOST_WANTED


def parents_of(alarms: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those that are of parents."""
    return [(code, about) for code, about in alarms if code.startswith("parent.")]


@pytest.fixture
async def between(parts: Network) -> Interposed:
    """Return the broker that lies to the desk in Móng Cái, which runs with Dongxing."""
    await start(parts)
    between = await interpose(parts, parts.mongcai)
    await parts.mongcai.start()
    return between


async def test_a_ledger_whose_times_fall_back_is_told(parts: Network, between: Interposed) -> None:
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        await forger.send(forger.request(REFS[0]))
        await parts.holds(parts.mongcai, REFS[0], 1)
        (held,) = (await parts.mongcai.agent.casebook.find(REFS[0])).steps
        assert held.message.position is not None
        later = forger.forgery(forger.content(forger.request(REFS[1]))).build()
        lie = delivery(later, parts.broker_key, at=forger.at - 1, index=held.message.position + 1)
        assert lie.item == ItemKind.ENVELOPE

        await between.say(lie)
        await parts.holds(parts.mongcai, REFS[1], 1)

        assert ("ledger.time_fell_back", str(held.message.position + 1)) in await alarms(forger)


async def test_a_step_written_a_day_before_the_broker_took_it_says_so(forger: Forger) -> None:
    written = forger.at - 86_400 - 1
    await forger.send(forger.request(REFS[0]), created=written)
    await forger.send(forger.request(REFS[1]), created=written + 1)

    late: View = (await forger.network.holds(forger.victim, REFS[0], 1))["steps"][0]
    just: View = (await forger.network.holds(forger.victim, REFS[1], 1))["steps"][0]

    assert (late["times_differ"], just["times_differ"]) == (True, False)
