"""The line breaks at every point where it can: nothing is lost and nothing comes twice."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from crypto.attest import labels
from crypto.attest.signing import SigningKey, open_signed, pack_signed
from crypto.seal.content import Lane, parse_content
from liaison.desk.line.outbox import check_took
from protocols.wire import api
from protocols.wire.mailbox import ItemKind
from protocols.wire.receipt import Took, parse_took
from tests.support.agencies import MONGCAI
from tests.support.interposed import Interposed, interpose
from tests.support.network import Desk, Network, start, until

#: Seconds within which a desk ends.
ENDING = 5


async def has_taken(desk: Desk, count: int) -> bool:
    """Say whether nothing waits at ``desk`` and ``count`` cases were taken."""
    rows = await desk.board()
    return (await desk.status())["unsent"] == 0 and len(rows) == count


async def test_a_request_waits_while_the_broker_is_down_and_arrives_once_when_it_is_back(
    network: Network,
) -> None:
    await network.broker.stop()
    await network.line_is(network.mongcai, "down")

    ref = await network.mongcai.request()

    status, (row,) = await network.mongcai.status(), await network.mongcai.board()
    assert (status["line"], status["unsent"]) == ("down", 1)
    assert (row["case"], row["stage"], row["waiting_for_line"]) == (ref, None, 1)
    assert row["clocks"] == []

    await network.clock_on(timedelta(minutes=10))
    await network.broker.start()
    view = await network.holds(network.dongxing, ref, 1)
    await network.settle()

    assert [row["case"] for row in await network.dongxing.board()] == [ref]
    assert len(view["steps"]) == 1
    (row,) = await network.mongcai.board()
    assert (row["stage"], row["waiting_for_line"]) == ("received", 0)
    # The clocks run from when the broker took it, not from when the officer wrote it.
    assert row["clocks"][0]["starts"] == "2026-03-02T08:10:00Z"


async def test_a_desk_that_died_before_it_could_send_sends_the_same_bytes_after_its_restart(
    network: Network,
) -> None:
    await network.broker.stop()
    await network.line_is(network.mongcai, "down")
    ref = await network.mongcai.request()
    (waiting,) = await network.mongcai.agent.store.outbox()
    await network.mongcai.stop()

    await network.broker.start()
    await network.mongcai.start()
    await network.holds(network.dongxing, ref, 1)

    (came,) = (await network.dongxing.agent.casebook.find(ref)).steps
    assert came.message.envelope == waiting.envelope
    await network.settle()
    assert len(await network.dongxing.board()) == 1


async def interposed(parts: Network) -> Interposed:
    """Start all, with a broker that means ill between Móng Cái and the real one."""
    await start(parts)
    between = await interpose(parts, parts.mongcai)
    await parts.mongcai.start()
    await parts.dongxing.start()
    await parts.settle()
    return between


async def test_a_receipt_that_is_lost_after_the_commit_makes_no_second_message(
    parts: Network,
) -> None:
    between = await interposed(parts)
    swallowed: list[api.Frame] = []

    async def swallow_once(frame: api.Frame) -> Sequence[api.Frame]:
        if not swallowed and isinstance(frame, api.Taken):
            swallowed.append(frame)
            await between.cut()
            return []
        # Until the line has broken its own copy must not tell it either.
        return [] if swallowed and between.connections == connections else [frame]

    connections = between.connections
    between.to_desk = swallow_once
    ref = await parts.mongcai.request()
    await until(lambda: has_taken(parts.mongcai, 1), "the request is taken")
    await parts.settle()

    assert len(swallowed) == 1
    assert between.connections == connections + 1
    assert [row["case"] for row in await parts.dongxing.board()] == [ref]
    assert len(await parts.dongxing.steps(ref)) == 1
    (message,) = (await parts.mongcai.agent.casebook.find(ref)).steps
    assert message.message.took == swallowed[0].took  # type: ignore[union-attr] # a Taken


async def test_what_is_delivered_again_after_a_reconnection_is_acknowledged_again_and_kept_once(
    parts: Network,
) -> None:
    between = await interposed(parts)
    envelopes: list[bytes] = []

    async def note(frame: api.Frame) -> Sequence[api.Frame]:
        if isinstance(frame, api.Deliver) and frame.item == ItemKind.ENVELOPE:
            envelopes.append(frame.first)
            if len(envelopes) == 1:
                # It reaches the desk, and the line breaks before its word comes back.
                between.is_deaf = True
                await between.say(frame)
                await until(lambda: is_kept(parts), "the message is stored")
                await between.cut()
                between.is_deaf = False
                return []
        return [frame]

    between.to_desk = note
    ref = await parts.dongxing.request(MONGCAI)
    await parts.settle()

    assert envelopes[0] == envelopes[1]
    assert len(await parts.mongcai.steps(ref)) == 1
    assert await parts.mongcai.set_aside() == []
    (step,) = await parts.dongxing.steps(ref)
    assert step["delivery"]["delivered"] is not None
    case = await parts.dongxing.agent.casebook.find(ref)
    assert len(case.acks) == 1


async def is_kept(network: Network) -> bool:
    """Say whether Móng Cái has a case."""
    return len(await network.mongcai.board()) == 1


async def test_a_receipt_by_another_key_or_for_another_message_is_none(parts: Network) -> None:
    between = await interposed(parts)
    stranger = SigningKey.from_seed(bytes(32))
    broker = parts.broker_key
    forged: list[bytes] = []

    def forge(took: bytes) -> bytes:
        body = open_signed(broker.verify_key, labels.TOOK, took)
        if len(forged) == 0:
            return pack_signed(stranger, labels.TOOK, body)
        real = parse_took(body)
        other = Took(bytes(32), real.eid, real.index, real.at, real.broker)
        return pack_signed(broker, labels.TOOK, other.encoded())

    async def lie_twice(frame: api.Frame) -> Sequence[api.Frame]:
        if isinstance(frame, api.Taken) and len(forged) < len(("key", "message")):
            forged.append(forge(frame.took))
            return [api.Taken(frame.number, forged[-1])]
        # Nothing else tells it the truth before it was lied to twice.
        is_own_copy = isinstance(frame, api.Deliver) and len(forged) < len(("key", "message"))
        return [] if is_own_copy else [frame]

    between.to_desk = lie_twice
    ref = await parts.mongcai.request()
    await until(lambda: were_forged(forged, 1), "a receipt was forged")
    assert (await parts.mongcai.status())["unsent"] == 1
    await until(lambda: were_forged(forged, 2), "another one was forged")
    await until(lambda: has_taken(parts.mongcai, 1), "the true receipt is believed")

    (held,) = (await parts.mongcai.agent.casebook.find(ref)).steps
    assert held.message.took not in forged
    assert held.message.took is not None
    message = held.message
    check_took(held.message.took, message.mid, message.eid, broker.verify_key)


async def were_forged(forged: Sequence[bytes], count: int) -> bool:
    """Say whether so many receipts were forged."""
    return len(forged) >= count


async def test_steps_written_while_the_line_is_down_arrive_in_their_order(
    network: Network,
) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.settle()
    await network.broker.stop()
    await network.line_is(network.dongxing, "down")

    for act in ("acknowledge", "accept", "start"):
        await network.dongxing.act(ref, act)
    (row,) = await network.dongxing.board()
    assert (row["stage"], row["waiting_for_line"]) == ("received", 3)

    await network.broker.start()
    view = await network.holds(network.mongcai, ref, 4)
    await network.settle()
    assert [s["act"] for s in view["steps"]] == ["request", "acknowledge", "accept", "start"]
    assert (await network.mongcai.case(ref))["stage"] == "in_progress"
    assert (await network.dongxing.case(ref))["stage"] == "in_progress"


async def test_each_message_names_its_place_in_the_line_and_the_one_before(
    network: Network,
) -> None:
    refs = [await network.mongcai.request() for _ in range(3)]
    found = [await network.mongcai.agent.casebook.find(ref) for ref in refs]
    messages = [case.steps[0].message for case in found]
    there = network.dongxing.agent.replica.desk

    lanes = [parse_content(message.content).lanes for message in messages]

    assert lanes == [
        {there: Lane(1, None)},
        {there: Lane(2, messages[0].mid)},
        {there: Lane(3, messages[1].mid)},
    ]


async def test_a_message_that_the_broker_refuses_is_shown_and_does_not_stop_the_next(
    network: Network,
) -> None:
    await network.broker.stop()
    await network.line_is(network.mongcai, "down")
    refused = await network.mongcai.request()
    # The office was closed so long that what was sealed then may not wait any longer.
    await network.clock_on(timedelta(weeks=7))
    await network.broker.start()
    await network.settle()
    accepted = await network.mongcai.request()
    await network.mongcai.act(accepted, "note", text={"lang": "vi", "text": "Thêm."})

    await network.holds(network.dongxing, accepted, 2)
    assert [row["case"] for row in await network.dongxing.board()] == [accepted]
    view = await network.mongcai.case(refused)
    assert (view["stage"], view["steps"][0]["refused"]) == (None, "submit.expired")
    assert (await network.mongcai.status())["unsent"] == 0


async def test_a_step_after_one_that_was_refused_is_taken(network: Network) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.settle()
    await network.broker.stop()
    await network.line_is(network.dongxing, "down")
    await network.dongxing.act(ref, "acknowledge")
    await network.clock_on(timedelta(weeks=7))
    await network.broker.start()
    await network.settle()
    assert (await network.dongxing.steps(ref))[1]["refused"] == "submit.expired"

    await network.dongxing.act(ref, "accept")

    view = await network.holds(network.mongcai, ref, 2)
    assert [step["act"] for step in view["steps"]] == ["request", "accept"]


async def test_a_line_that_was_up_is_dialled_again_without_a_long_pause(network: Network) -> None:
    for _ in range(6):
        await network.broker.stop()
        await network.line_is(network.mongcai, "down")
        await network.broker.start()
        await network.line_is(network.mongcai, "up")

    await network.line_is(network.dongxing, "up")
    assert network.mongcai.agent.line.next_pause < 1.0


async def test_a_restarted_desk_holds_what_it_held(network: Network) -> None:
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.dongxing.open(ref)
    await network.settle()
    before = await network.dongxing.case(ref), await network.dongxing.status()

    await network.dongxing.stop()
    await network.dongxing.start()
    await network.settle()

    after = await network.dongxing.case(ref), await network.dongxing.status()
    assert after[0] == before[0]
    assert after[1]["mailbox"] == before[1]["mailbox"]


async def test_a_desk_ends_although_a_message_is_on_its_way(parts: Network) -> None:
    between = await interposed(parts)
    between.is_deaf = True
    ref = await parts.mongcai.request()
    await until(lambda: is_on_its_way(parts.mongcai), "the request is on its way")

    async with asyncio.timeout(ENDING):
        await parts.mongcai.stop()

    between.is_deaf = False
    await parts.mongcai.start()
    await parts.holds(parts.dongxing, ref, 1)


async def is_on_its_way(desk: Desk) -> bool:
    """Say whether something was sent and has no answer yet."""
    return desk.agent.line.is_waiting
