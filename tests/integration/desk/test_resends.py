"""A message that the broker drops is asked for, sent again whole, and counts once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from crypto.attest.header import DeskId, MessageId, PriorityClass, parse_envelope
from crypto.seal.content import NO_CASE, Kind, parse_content
from crypto.seal.resends import Stretch, Wanted, wanted_to_value
from liaison.desk.casework.dispatch import Address, Letter
from liaison.desk.mail.resends import ASK_AFTER
from protocols.wire import api
from protocols.wire.mailbox import ItemKind
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.installations import admit_each_other, enrol_installation
from tests.support.interposed import Interposed, interpose
from tests.support.network import Desk, Network, View, start, until


class Dropping:
    """A broker that drops the envelopes of one desk that it is told to, and passes all else on."""

    def __init__(self, between: Interposed, src: DeskId) -> None:
        """Begin with passing everything on."""
        self.between, self.src = between, src
        self.count, self.dropped = 0, list[api.Deliver]()
        between.to_desk = self.pass_on

    async def pass_on(self, frame: api.Frame) -> Sequence[api.Frame]:
        """Drop the next ``count`` envelopes."""
        if not self.count or not isinstance(frame, api.Deliver):
            return [frame]
        if frame.item != ItemKind.ENVELOPE or parse_envelope(frame.first).header.src != self.src:
            return [frame]
        self.count -= 1
        self.dropped.append(frame)
        return []


@pytest.fixture
async def dropping(parts: Network) -> Dropping:
    """Return the broker before Dongxing, which runs with Móng Cái."""
    await start(parts)
    between = await interpose(parts, parts.dongxing)
    await parts.mongcai.start()
    await parts.dongxing.start()
    await parts.settle()
    return Dropping(between, parts.mongcai.agent.replica.desk)


async def drop_one(network: Network, dropping: Dropping, sender: Desk | None = None) -> str:
    """Have the broker drop a request of Móng Cái; return its reference."""
    dropping.count = 1
    ref = await (sender or network.mongcai).request()

    async def is_dropped() -> bool:
        return not dropping.count

    await until(is_dropped, "the broker drops it")
    return ref


async def gaps(desk: Desk) -> list[tuple[str, int, int]]:
    """Return who wrote what is missing, and its numbers."""
    return [(gap["by"], gap["first"], gap["last"]) for gap in (await desk.status())["missing"]]


async def alarms(desk: Desk) -> list[str]:
    """Return the codes of the alarms that stand."""
    return [alarm["code"] for alarm in (await desk.status())["alarms"]]


async def is_whole(desk: Desk) -> bool:
    """Say whether nothing is missing and no alarm tells of it."""
    return not await gaps(desk) and not {"lane.gap", "parent.missing"} & set(await alarms(desk))


async def kinds(desk: Desk) -> list[Kind]:
    """Return the kinds of all messages that a desk holds, in order."""
    return [Kind(message.kind) for message in await desk.agent.store.taken()]


async def has(desk: Desk, kind: Kind, count: int) -> bool:
    """Say whether a desk holds so many messages of a kind."""
    return (await kinds(desk)).count(kind) >= count


async def test_a_dropped_message_is_told_at_the_next_and_sent_again(
    parts: Network, dropping: Dropping
) -> None:
    lost = await drop_one(parts, dropping)
    after = await parts.mongcai.request()

    await parts.holds(parts.dongxing, after, 1)
    assert await gaps(parts.dongxing) == [("MC-04", 1, 1)]
    await parts.clock_on(ASK_AFTER)

    view: View = await parts.holds(parts.dongxing, lost, 1)
    await until(lambda: is_whole(parts.dongxing), "the gap is closed")
    assert view["steps"][0]["act"] == "request"

    async def is_delivered() -> bool:
        step = (await parts.mongcai.steps(lost))[0]
        return step["delivery"]["delivered"] is not None

    await until(is_delivered, "the sender hears that it was delivered")
    assert await parts.dongxing.set_aside() == []


async def test_what_was_sent_again_is_the_very_message_and_counts_once(
    parts: Network, dropping: Dropping
) -> None:
    lost = await drop_one(parts, dropping)
    after = await parts.mongcai.request()
    await parts.holds(parts.dongxing, after, 1)
    await parts.clock_on(ASK_AFTER)
    await parts.holds(parts.dongxing, lost, 1)
    (sent,) = (await parts.mongcai.agent.casebook.find(lost)).steps

    (found,) = (await parts.dongxing.agent.casebook.find(lost)).steps
    # The original comes after all.
    await dropping.between.say(replace(dropping.dropped[0], seq=0))
    await parts.settle()

    assert (found.message.mid, found.message.envelope) == (sent.message.mid, sent.message.envelope)
    assert dropping.dropped[0].first == sent.message.envelope
    assert len(await parts.dongxing.steps(lost)) == 1
    assert (await kinds(parts.mongcai)).count(Kind.RESEND) == 1


async def test_nothing_is_asked_for_before_what_was_overtaken_could_come(
    parts: Network, dropping: Dropping
) -> None:
    await drop_one(parts, dropping)
    after = await parts.mongcai.request()
    await parts.holds(parts.dongxing, after, 1)

    await parts.clock_on(ASK_AFTER - timedelta(seconds=1))
    await parts.settle()

    assert Kind.MISSING not in await kinds(parts.dongxing)
    assert await alarms(parts.dongxing) == []


async def test_what_is_dropped_with_all_that_sends_it_again_goes_each_day_until_it_comes(
    parts: Network, dropping: Dropping
) -> None:
    lost = await drop_one(parts, dropping)
    after = await parts.mongcai.request()
    await parts.holds(parts.dongxing, after, 1)
    dropping.count = 1_000

    for asked in range(1, 4):
        await parts.clock_on(timedelta(hours=25))
        await until(partial(has, parts.mongcai, Kind.MISSING, asked), "it is asked")

    await until(partial(has, parts.mongcai, Kind.RESEND, 3), "it is sent again each day")
    assert await gaps(parts.dongxing) == [("MC-04", 1, 1)]
    assert "lane.gap" in await alarms(parts.dongxing)

    dropping.count = 0
    await parts.clock_on(timedelta(hours=25))

    await parts.holds(parts.dongxing, lost, 1)
    assert (await kinds(parts.mongcai)).count(Kind.RESEND) == 4


async def test_a_message_that_the_broker_refused_leaves_no_hole(network: Network) -> None:
    first = await network.mongcai.request()
    await network.holds(network.dongxing, first, 1)
    await network.settle()
    await network.broker.stop()
    await network.line_is(network.mongcai, "down")
    refused = await network.mongcai.request()
    await network.clock_on(timedelta(weeks=7))
    await network.broker.start()
    await network.settle()
    assert (await network.mongcai.steps(refused))[0]["refused"] == "submit.expired"

    after = await network.mongcai.request()
    await network.holds(network.dongxing, after, 1)
    await network.clock_on(ASK_AFTER)

    await until(lambda: is_whole(network.dongxing), "the place is closed")
    assert Kind.RESEND not in await kinds(network.mongcai)
    (held,) = (await network.mongcai.agent.casebook.find(refused)).steps
    await ask_for(network, Stretch(held.message.signer, 1, 9, 0))
    await until(partial(has, network.dongxing, Kind.VOID, 1), "it is told on asking too")
    assert await is_whole(network.dongxing)


async def ask_for(network: Network, stretch: Stretch) -> None:
    """Have the computer in Dongxing ask Móng Cái for numbers of a lane."""
    to = network.mongcai.agent.replica.desk
    letter = Letter(Kind.MISSING, NO_CASE, wanted_to_value(Wanted((stretch,))))
    dispatch = network.dongxing.agent.peers.dispatch
    assert await dispatch.say(letter, Address(to, PriorityClass.ROUTINE))


async def test_what_a_colleagues_computer_sealed_is_sent_again_from_here_when_it_stays_away(
    parts: Network, dropping: Dropping
) -> None:
    second = await enrol_installation(parts, parts.mongcai)
    await second.start()
    await parts.settle()
    await admit_each_other(parts.mongcai, second)
    await parts.settle()
    lost = await drop_one(parts, dropping, second)
    after = await second.request()
    await parts.holds(parts.dongxing, after, 1)
    await parts.settle()
    await second.stop()

    await parts.clock_on(ASK_AFTER)
    await parts.settle()
    assert lost not in [row["case"] for row in await parts.dongxing.board()]
    await parts.clock_on(timedelta(hours=25))

    await parts.holds(parts.dongxing, lost, 1)


async def test_an_answer_whose_question_is_missing_has_it_asked_for(
    parts: Network,
) -> None:
    """The parent stands in a colleague's lane to the other desk: no gap of ours tells of it."""
    await start(parts, MONGCAI, DONGXING)
    second = await enrol_installation(parts, parts.dongxing, officer="DX-07")
    between = await interpose(parts, second)
    dropper = Dropping(between, parts.dongxing.agent.replica.desk)
    await second.start()
    await parts.settle()
    await admit_each_other(parts.dongxing, second)
    await parts.settle()
    ref = await parts.mongcai.request()
    await parts.holds(second, ref, 1)
    await parts.settle()

    dropper.count = 1  # our own copy of the acknowledgement
    await parts.dongxing.act(ref, "acknowledge")
    await parts.holds(parts.mongcai, ref, 2)
    await parts.mongcai.act(ref, "note", text={"lang": "vi", "text": "Xin chào."})

    async def has_note() -> bool:
        return "note" in [step["act"] for step in await second.steps(ref)]

    await until(has_note, "the note comes")
    await parts.clock_on(ASK_AFTER)
    await parts.holds(second, ref, 3)
    acts = [step["act"] for step in await second.steps(ref)]
    assert sorted(acts) == ["acknowledge", "note", "request"]


async def test_a_resend_comes_in_the_lane_of_what_it_carries_and_once_a_day(
    parts: Network, dropping: Dropping
) -> None:
    lost = await drop_one(parts, dropping)
    after = await parts.mongcai.request()
    await parts.holds(parts.dongxing, after, 1)
    await parts.clock_on(ASK_AFTER)
    await parts.holds(parts.dongxing, lost, 1)

    # A question that comes again on the same day.
    form = Stretch((await parts.mongcai.agent.casebook.find(lost)).steps[0].message.signer, 1, 1, 0)
    await ask_for(parts, form)
    await until(partial(has, parts.mongcai, Kind.MISSING, 2), "it is asked again")
    await parts.settle()
    messages = await parts.mongcai.agent.store.taken()
    resend, *more = [m for m in messages if m.kind == Kind.RESEND]
    (held,) = (await parts.mongcai.agent.casebook.find(lost)).steps

    assert parse_envelope(resend.envelope).header.priority == held.header.priority
    assert resend.thread == held.message.thread
    assert more == []


async def test_what_a_computer_says_at_once_takes_a_number_each(network: Network) -> None:
    desk = network.mongcai.agent
    to = desk.replica.directory.desk_named(DONGXING).id
    form = wanted_to_value(Wanted((), (MessageId(bytes(32)),)))
    letter = Letter(Kind.MISSING, NO_CASE, form)

    said = [desk.peers.dispatch.say(letter, Address(to, PriorityClass.ROUTINE)) for _ in range(5)]
    assert all(await asyncio.gather(*said))

    messages = await desk.store.outbox() + await desk.store.taken()
    lanes = [parse_content(m.content).lanes[to].seq for m in messages if m.kind == Kind.MISSING]
    assert sorted(lanes) == [1, 2, 3, 4, 5]
