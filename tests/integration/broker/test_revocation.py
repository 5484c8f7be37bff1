"""What a revocation does at the broker: at once, and to nobody else."""

import pytest
from aiohttp import WSCloseCode

from liaison.broker.acknowledgement import Device, acknowledge
from liaison.broker.errors import RefusedError
from liaison.broker.routes import DESK, REPLICA, WRITER
from protocols.wire.api import DIRECTORY_PATH, PLACE_PATH, Acknowledge, Grew, parse_place
from protocols.wire.ledger_event import EventKind
from protocols.wire.receipt import AckWhat
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.broker import NOW, RefusalError, Served


async def state(broker: Served, entry: bytes) -> int:
    """Return the directory's size with ``entry``, which must stand."""
    status, answer = await broker.post(DIRECTORY_PATH, entry)
    assert (status, answer.get("code")) == (200, None)
    size = answer["size"]
    assert isinstance(size, int)
    return size


async def test_a_revoked_devices_connection_is_closed_and_it_is_not_let_in_again(
    either: Served,
) -> None:
    lost, kept = await either.call(MONGCAI, 0), await either.call(MONGCAI, 1)

    await state(either, either.corridor.vietnam.revoke(lost.key.kid, at=NOW))

    assert await lost.wait_for_end() == WSCloseCode.GOING_AWAY
    again = await either.connect(lost.key)
    with pytest.raises(RefusalError, match=r"login\.revoked"):
        await again.login(NOW)
    await kept.submit(either.corridor.seal())


async def test_a_devices_login_ends_with_its_desk(broker: Served) -> None:
    office = broker.corridor.office(MONGCAI)
    caller = await broker.call(MONGCAI)

    size = await state(broker, broker.corridor.vietnam.close(office, at=NOW))

    while isinstance(last := await caller.next_or_end(), Grew) and last.directory < size:
        pass  # of a checkpoint from before
    # It is not even told what the others are: that the directory has grown.
    assert last == WSCloseCode.GOING_AWAY
    with pytest.raises(RefusalError, match=r"login\.revoked"):
        await (await broker.connect(office.device)).login(NOW)


async def test_what_stands_in_line_behind_a_revocation_is_not_entered(broker: Served) -> None:
    await (await broker.call(MONGCAI)).submit(broker.corridor.seal())
    reader = await broker.call(DONGXING)
    [item] = await reader.items(1)
    assert broker.app is not None
    writer, replica, desk = broker.app[WRITER], broker.app[REPLICA], broker.app[DESK]
    signer = replica.device(reader.key.kid, now=NOW)
    frame = Acknowledge(item.lane, item.seq, (reader.ack(item, AckWhat.DELIVERED),))

    await writer.put(replica.statement(broker.corridor.china.revoke(signer.kid, at=NOW)))
    entering = await writer.put(
        acknowledge(
            frame,
            device=Device(signer.agency, signer.payload),
            key=broker.key,
            rules=desk.rules,
        )
    )

    with pytest.raises(RefusedError, match=r"directory\.revoked"):
        await entering
    kinds = [leaf.kind for leaf in await broker.leaves()]
    assert EventKind.DIRECTORY_STATED in kinds
    assert EventKind.RECEIPT_DELIVERED not in kinds


async def test_the_place_of_an_entry_is_its_leaf(either: Served) -> None:
    entry = either.corridor.vietnam.revoke(either.corridor.office(MONGCAI).device.kid, at=NOW)
    size = await state(either, entry)

    status, body = await either.get(PLACE_PATH, size=size)

    assert status == 200
    leaf = (await either.leaves())[parse_place(body)]
    assert (leaf.kind, leaf.codes) == (EventKind.DIRECTORY_STATED, (6, 1))


async def test_who_asks_for_the_place_of_no_entry_is_refused(broker: Served) -> None:
    status, body = await broker.get(PLACE_PATH, size=1_000)

    assert status == 400
    assert b"ledger.range" in body


async def test_the_others_are_told_that_the_directory_has_grown(broker: Served) -> None:
    kept = await broker.call(DONGXING)
    lost = broker.corridor.office(MONGCAI).device.kid

    size = await state(broker, broker.corridor.vietnam.revoke(lost, at=NOW))

    while (grew := await kept.wait(Grew)).directory < size:
        pass  # of a checkpoint from before, which its own news may overtake
    assert grew.directory == size
