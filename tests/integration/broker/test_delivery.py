"""What waits for a desk reaches each of its devices, and goes on where it stopped."""

import asyncio

import pytest

from crypto.attest import labels
from crypto.attest.hashing import digest
from crypto.attest.header import PriorityClass
from crypto.attest.signing import open_signed, pack_signed
from liaison.broker.acknowledgement import MOST_ACKS
from liaison.broker.delivery import WINDOW
from protocols.wire.api import (
    Acknowledge,
    Deliver,
    Refused,
    Submit,
    Taken,
)
from protocols.wire.ledger_event import EventKind
from protocols.wire.mailbox import ItemKind, MailLane
from protocols.wire.receipt import Ack, AckWhat, parse_noted, parse_took
from tests.support.agencies import DONGXING, MONGCAI, MONGCAI_2
from tests.support.broker import NOW, Caller, Served


async def send(broker: Served, count: int, priority: PriorityClass = PriorityClass.ROUTINE) -> None:
    sender = await broker.call(MONGCAI)
    for number in range(count):
        envelope = broker.corridor.seal(priority=priority, own_copy=False)
        await sender.send(Submit(number, envelope))
    for _ in range(count):
        await sender.wait(Taken)
    await sender.ws.close()


async def settle(caller: Caller, cursor: int, lane: MailLane = MailLane.ORDINARY) -> None:
    """Return when the broker has dealt with all that ``caller`` has sent."""
    await caller.send(Acknowledge(int(lane), cursor, (b"no acknowledgement",)))
    assert (await caller.wait(Refused)).code == "ack.bad"


async def test_every_device_of_a_desk_gets_all_by_its_own_cursor(either: Served) -> None:
    first = await either.call(DONGXING, 0)
    await send(either, 3)
    items = await first.items(3)
    await first.acknowledge(items[-1], AckWhat.DELIVERED)

    second = await either.call(DONGXING, 1)

    assert [item.first for item in await second.items(3)] == [item.first for item in items]


async def test_what_was_not_acknowledged_is_delivered_again_after_a_reconnection(
    either: Served,
) -> None:
    await send(either, 3)
    before = await either.call(DONGXING)
    items = await before.items(3)
    await before.acknowledge(items[0], None)
    await settle(before, 0)
    await before.ws.close()

    after = await either.connect(before.key)
    welcome = await after.login(NOW)

    assert (welcome.ordinary, welcome.rescue) == (1, 0)
    assert await after.items(2) == items[1:]


async def test_a_cursor_moves_neither_back_nor_beyond_what_there_is(either: Served) -> None:
    await send(either, 2)
    caller = await either.call(DONGXING)
    await caller.send(Acknowledge(int(MailLane.ORDINARY), 99, ()))
    await caller.send(Acknowledge(int(MailLane.ORDINARY), 1, ()))
    await settle(caller, 0)
    await caller.ws.close()

    after = await either.connect(caller.key)

    assert (await after.login(NOW)).ordinary == 2


async def test_a_rescue_overtakes_what_waits(either: Served) -> None:
    await send(either, 20)
    await send(either, 2, PriorityClass.RESCUE)
    caller = await either.call(DONGXING)

    lanes = [item.lane for item in await caller.items(22)]

    assert lanes == [MailLane.RESCUE] * 2 + [MailLane.ORDINARY] * 20


async def test_no_more_than_a_window_is_on_its_way_and_a_rescue_still_passes(
    broker: Served,
) -> None:
    await send(broker, WINDOW + 6)
    caller = await broker.call(DONGXING)
    items = await caller.items(WINDOW)
    assert await caller.is_silent()

    await send(broker, 1, PriorityClass.RESCUE)
    (rescue,) = await caller.items(1)
    await caller.acknowledge(items[5], None)
    more = await caller.items(6)

    assert rescue.lane == MailLane.RESCUE
    assert [item.seq for item in more] == list(range(WINDOW + 1, WINDOW + 7))


@pytest.mark.parametrize(
    "what, kind",
    [
        (AckWhat.ARRIVED, EventKind.RECEIPT_ARRIVED),
        (AckWhat.DELIVERED, EventKind.RECEIPT_DELIVERED),
        (AckWhat.CARRIED, EventKind.RECEIPT_CARRIED),
    ],
)
async def test_an_acknowledgement_reaches_both_desks_with_the_brokers_note(
    either: Served, what: AckWhat, kind: EventKind
) -> None:
    reader = await either.call(DONGXING)
    await send(either, 1, PriorityClass.RESCUE)
    (item,) = await reader.items(1)

    ack = await reader.acknowledge(item, what)

    there, here = await (await either.call(MONGCAI)).items(1), await reader.items(1)
    assert [(i.item, i.lane) for i in (*there, *here)] == [(ItemKind.ACK, MailLane.RESCUE)] * 2
    assert there[0].first == here[0].first == ack
    assert there[0].second == here[0].second
    noted = parse_noted(open_signed(either.key.verify_key, labels.NOTED, here[0].second))
    assert noted.ack == digest(labels.P_PERSISTED, ack)
    leaf = (await either.leaves())[noted.index]
    assert (leaf.kind, leaf.actor, leaf.evidence) == (kind, reader.key.kid, ack)


async def test_an_acknowledgement_said_twice_stands_once_and_moves_the_cursor(
    either: Served,
) -> None:
    reader = await either.call(DONGXING)
    await send(either, 1)
    (item,) = await reader.items(1)
    ack = reader.ack(item, AckWhat.DELIVERED)

    await reader.send(Acknowledge(item.lane, 0, (ack,)))
    await reader.send(Acknowledge(item.lane, item.seq, (ack,)))
    await settle(reader, 0)
    await reader.ws.close()

    kinds = [leaf.kind for leaf in await either.leaves()]
    assert kinds.count(EventKind.RECEIPT_DELIVERED) == 1
    again = await either.connect(reader.key)
    assert (await again.login(NOW)).ordinary == 1


async def test_two_devices_of_a_desk_each_give_their_own_acknowledgement(either: Served) -> None:
    await send(either, 1)

    for device in (0, 1):
        caller = await either.call(DONGXING, device)
        (item,) = await caller.items(1)
        await caller.acknowledge(item, AckWhat.DELIVERED)
        await settle(caller, 0)

    found = [leaf for leaf in await either.leaves() if leaf.kind is EventKind.RECEIPT_DELIVERED]
    devices = either.corridor.office(DONGXING).devices
    assert [leaf.actor for leaf in found] == [key.kid for key in devices]


async def bad_acks(broker: Served, item: Deliver, reader: Caller) -> dict[str, bytes]:
    took = parse_took(_opened(item.second, broker))
    other = broker.corridor.office(DONGXING).devices[1]

    def signed(mid: bytes, eid: bytes, device: bytes, label: bytes = labels.ACK) -> bytes:
        body = Ack(AckWhat.DELIVERED, mid, eid, NOW, device).encoded()
        return pack_signed(reader.key, label, body)

    mine = reader.key.kid
    return {
        "of an unknown message": signed(bytes(32), took.eid, mine),
        "of another envelope": signed(took.mid, bytes(32), mine),
        "in another device's name": signed(took.mid, took.eid, other.kid),
        "under another label": signed(took.mid, took.eid, mine, labels.NOTED),
        "out of form": pack_signed(reader.key, labels.ACK, b"x"),
    }


def _opened(receipt: bytes, broker: Served) -> bytes:
    return open_signed(broker.key.verify_key, labels.TOOK, receipt)


async def test_an_acknowledgement_that_does_not_hold_is_refused_with_all_of_its_frame(
    either: Served,
) -> None:
    reader = await either.call(DONGXING)
    await send(either, 1)
    (item,) = await reader.items(1)
    before = await either.leaves()

    for name, bad in (await bad_acks(either, item, reader)).items():
        good = reader.ack(item, AckWhat.DELIVERED)
        frame = Acknowledge(item.lane, item.seq, (good, bad))
        assert await reader.refusal_of(frame) == "ack.bad", name

    assert await either.leaves() == before


async def test_a_desk_that_is_not_addressed_cannot_acknowledge(either: Served) -> None:
    sender = await either.call(MONGCAI)
    await sender.submit(either.corridor.seal())
    (own_copy,) = await sender.items(1)
    stranger = await either.call(MONGCAI_2)

    for caller in (sender, stranger):
        ack = caller.ack(own_copy, AckWhat.DELIVERED)
        assert await caller.refusal_of(Acknowledge(own_copy.lane, 0, (ack,))) == "ack.bad"


async def test_an_unknown_lane_is_refused(broker: Served) -> None:
    reader = await broker.call(DONGXING)

    assert await reader.refusal_of(Acknowledge(3, 1, ())) == "ack.bad"


async def test_more_acknowledgements_than_a_frame_may_hold_are_refused(broker: Served) -> None:
    reader = await broker.call(DONGXING)
    await send(broker, 1)
    (item,) = await reader.items(1)
    ack = reader.ack(item, AckWhat.DELIVERED)

    frame = Acknowledge(item.lane, item.seq, (ack,) * (MOST_ACKS + 1))

    assert await reader.refusal_of(frame) == "ack.bad"


async def test_devices_that_hang_up_in_the_middle_take_no_connection_to_the_database_with_them(
    either: Served,
) -> None:
    await send(either, 8)
    for number in range(40):  # more than the fifteen connections that the driver's pool holds
        caller = await either.call(DONGXING, number % 2)
        await caller.ws.close()

    async with asyncio.timeout(10):
        assert len(await (await either.call(DONGXING)).items(8)) == 8


async def test_what_is_committed_while_a_device_logs_in_is_not_missed(broker: Served) -> None:
    sender = await broker.call(MONGCAI)
    envelopes = [broker.corridor.seal(own_copy=False) for _ in range(30)]

    async def write() -> None:
        for number, envelope in enumerate(envelopes):
            await sender.send(Submit(number, envelope))
            await asyncio.sleep(0)

    writing = asyncio.gather(write())
    reader = await broker.call(DONGXING)
    await writing

    assert [item.first for item in await reader.items(30)] == envelopes
