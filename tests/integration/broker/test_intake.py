"""What the broker takes, refuses, and answers to the same again; on both databases."""

import asyncio

import pytest

from crypto.attest import labels
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.header import (
    ENVELOPE_LIMIT,
    ClockToken,
    PriorityClass,
    StartClock,
    parse_envelope,
)
from crypto.attest.signing import open_signed
from crypto.seal.content import ReaderRole
from crypto.seal.primitives import fresh
from crypto.seal.readers import Reader
from crypto.seal.windows import make_window
from protocols.wire.api import Submit, Taken
from protocols.wire.ledger_event import Event, EventKind
from protocols.wire.mailbox import ItemKind, MailLane
from protocols.wire.receipt import parse_took
from tests.support.agencies import DAY, DONGXING, MONGCAI, MONGCAI_2
from tests.support.broker import NOW, RefusalError, Served


def token() -> ClockToken:
    return ClockToken(fresh(16))


def with_another_sigbox(envelope: bytes) -> bytes:
    """Return other bytes under the same message id: the header does not cover the sigbox."""
    match decode(envelope, limit=ENVELOPE_LIMIT):
        case [header, wraps, bytes(sigbox), body]:
            return encode([header, wraps, bytes(len(sigbox)), body])
    raise AssertionError


async def test_the_receipt_names_the_leaf_under_which_the_message_stands(either: Served) -> None:
    sender = await either.call(MONGCAI)
    envelope = either.corridor.seal(priority=PriorityClass.URGENT)

    receipt = await sender.submit(envelope)

    took = parse_took(open_signed(either.key.verify_key, labels.TOOK, receipt))
    sealed = parse_envelope(envelope)
    assert (took.mid, took.eid, took.at) == (sealed.mid, sealed.eid, NOW)
    leaf = (await either.leaves())[took.index]
    assert leaf == Event(
        EventKind.MESSAGE_ACCEPTED,
        either.key.kid,
        NOW,
        actor=sender.key.kid,
        agency=either.corridor.vietnam.id,
        objects=(sealed.mid, sealed.eid),
        codes=(1,),
    )


async def test_an_envelope_and_its_receipt_wait_for_the_addressed_desk(either: Served) -> None:
    sender, reader = await either.call(MONGCAI), await either.call(DONGXING)
    envelope = either.corridor.seal()

    receipt = await sender.submit(envelope)

    (item,) = await reader.items(1)
    assert (item.item, item.lane) == (ItemKind.ENVELOPE, MailLane.ORDINARY)
    assert (item.first, item.second) == (envelope, receipt)


async def test_the_source_gets_its_own_copy_when_a_wrap_is_its_own(either: Served) -> None:
    sender = await either.call(MONGCAI)
    envelope = either.corridor.seal(own_copy=True)

    await sender.submit(envelope)

    (item,) = await sender.items(1)
    assert item.first == envelope


async def test_the_source_gets_no_copy_without_a_wrap(either: Served) -> None:
    sender = await either.call(MONGCAI)

    await sender.submit(either.corridor.seal(own_copy=False))

    assert await sender.is_silent()


async def test_the_same_envelope_again_gets_the_same_receipt_and_is_stored_once(
    either: Served,
) -> None:
    sender, reader = await either.call(MONGCAI), await either.call(DONGXING)
    envelope = either.corridor.seal()
    first = await sender.submit(envelope)
    size = len(await either.leaves())

    second = await sender.submit(envelope)

    assert second == first
    assert len(await either.leaves()) == size
    assert len(await reader.items(1)) == 1
    assert await reader.is_silent()


async def test_the_same_envelope_again_after_it_has_expired_still_gets_its_receipt(
    either: Served,
) -> None:
    sender = await either.call(MONGCAI)
    envelope = either.corridor.seal(exp=NOW + 60)
    first = await sender.submit(envelope)
    either.move(3_600)

    assert await sender.submit(envelope) == first


async def test_the_same_envelope_twice_in_one_commit_is_stored_once(either: Served) -> None:
    sender, reader = await either.call(MONGCAI), await either.call(DONGXING)
    envelope = either.corridor.seal()

    await asyncio.gather(*(sender.send(Submit(number, envelope)) for number in range(1, 6)))
    taken = [await sender.wait(Taken) for _ in range(5)]

    assert [frame.number for frame in taken] == [1, 2, 3, 4, 5]
    assert len({frame.took for frame in taken}) == 1
    assert len(await reader.items(1)) == 1
    assert await reader.is_silent()


async def test_other_bytes_under_the_same_message_id_are_a_conflict_in_the_ledger(
    either: Served,
) -> None:
    sender = await either.call(MONGCAI)
    envelope = either.corridor.seal()
    await sender.submit(envelope)
    other = with_another_sigbox(envelope)

    with pytest.raises(RefusalError, match=r"submit\.conflict"):
        await sender.submit(other)

    sealed = parse_envelope(other)
    last = (await either.leaves())[-1]
    assert last.kind is EventKind.SUBMIT_DENIED
    assert (last.objects, last.codes) == ((sealed.mid, sealed.eid), ("submit.conflict",))


async def refused(broker: Served, envelope: bytes, *, by: str = MONGCAI) -> str:
    """Return the code of the refusal, once it is seen that nothing of it is stored."""
    sender = await broker.call(by)
    size = len(await broker.leaves())
    with pytest.raises(RefusalError) as refusal:
        await sender.submit(envelope)
    assert len(await broker.leaves()) == size
    return refusal.value.code


async def test_what_is_no_envelope_is_malformed(either: Served) -> None:
    assert await refused(either, b"hello") == "submit.malformed"


async def test_an_envelope_of_another_desk_is_of_the_wrong_source(either: Served) -> None:
    assert await refused(either, either.corridor.seal(), by=DONGXING) == "submit.wrong_source"


async def test_an_unknown_desk_cannot_be_addressed(either: Served) -> None:
    sealed = parse_envelope(either.corridor.seal())
    header = decode(sealed.header_bytes, limit=4_096)
    assert isinstance(header, list)
    header[3] = [fresh(16)]
    wraps: list[Value] = [*sealed.wraps]
    envelope = encode([encode(header), wraps, sealed.sigbox, sealed.body])

    assert await refused(either, envelope) == "submit.unknown_desk"


async def test_a_desk_without_a_channel_cannot_be_addressed(either: Served) -> None:
    envelope = either.corridor.seal(MONGCAI_2, (DONGXING,))

    assert await refused(either, envelope, by=MONGCAI_2) == "submit.no_channel"


async def test_a_window_nobody_has_published_is_unknown(either: Served) -> None:
    unknown = [Reader(make_window(NOW).window, ReaderRole.DESK)]

    assert await refused(either, either.corridor.seal(readers=unknown)) == "submit.unknown_window"


async def test_a_window_of_a_desk_that_is_no_party_is_refused(either: Served) -> None:
    readers = [
        Reader(either.corridor.office(slug).window, ReaderRole.DESK)
        for slug in (DONGXING, MONGCAI_2)
    ]

    assert await refused(either, either.corridor.seal(readers=readers)) == "submit.unknown_window"


async def test_an_addressed_desk_without_a_window_of_its_own_is_refused(either: Served) -> None:
    own = [Reader(either.corridor.office(MONGCAI).window, ReaderRole.OWN_COPY)]

    assert await refused(either, either.corridor.seal(readers=own)) == "submit.unknown_window"


async def test_two_windows_of_one_addressed_desk_are_refused(either: Served) -> None:
    windows = either.corridor.office(DONGXING).windows[:2]
    readers = [Reader(own.window, ReaderRole.DESK) for own in windows]

    assert await refused(either, either.corridor.seal(readers=readers)) == "submit.unknown_window"


async def test_an_envelope_past_its_time_is_expired(either: Served) -> None:
    assert await refused(either, either.corridor.seal(exp=NOW)) == "submit.expired"


async def test_an_envelope_that_would_outlive_the_seeds_of_its_windows_is_refused(
    either: Served,
) -> None:
    latest = either.corridor.office(DONGXING).window.not_after + 14 * DAY
    sender = await either.call(MONGCAI)

    await sender.submit(either.corridor.seal(exp=latest))

    assert await refused(either, either.corridor.seal(exp=latest + 1)) == "submit.expired"


async def test_a_clock_that_was_set_cannot_be_set_again(either: Served) -> None:
    sender = await either.call(MONGCAI)
    start = StartClock(token(), NOW + 3_600)
    await sender.submit(either.corridor.seal(start=start))

    assert await refused(either, either.corridor.seal(start=start)) == "submit.clock_known"


async def test_a_clock_that_is_due_beyond_a_year_is_refused_and_stops_no_sweep(
    either: Served,
) -> None:
    start = StartClock(token(), 2**53)

    assert await refused(either, either.corridor.seal(start=start)) == "submit.malformed"

    assert await either.sweep() is None


async def test_an_unknown_clock_cannot_be_stopped(either: Served) -> None:
    assert await refused(either, either.corridor.seal(stop=[token()])) == "submit.clock_not_ours"


async def test_the_addressed_desk_stops_the_clock_and_stopping_it_twice_is_once(
    either: Served,
) -> None:
    sender, reader = await either.call(MONGCAI), await either.call(DONGXING)
    start = StartClock(token(), NOW + 3_600)
    await sender.submit(either.corridor.seal(start=start))

    for _ in range(2):
        await reader.submit(either.corridor.seal(DONGXING, (MONGCAI,), stop=[start.token]))

    kinds = [leaf.kind for leaf in await either.leaves() if start.token in leaf.objects]
    assert kinds == [EventKind.CLOCK_SET, EventKind.CLOCK_MET]


async def test_many_messages_at_once_each_have_a_leaf_and_a_number_of_their_own(
    either: Served,
) -> None:
    sender, reader = await either.call(MONGCAI), await either.call(DONGXING)
    envelopes = [either.corridor.seal(own_copy=False) for _ in range(40)]

    await asyncio.gather(*(sender.send(Submit(n, e)) for n, e in enumerate(envelopes)))
    taken = [await sender.wait(Taken) for _ in envelopes]
    items = await reader.items(len(envelopes))

    assert [frame.number for frame in taken] == list(range(40))
    assert [item.seq for item in items] == list(range(1, 41))
    assert [item.first for item in items] == envelopes
    receipts = [open_signed(either.key.verify_key, labels.TOOK, f.took) for f in taken]
    assert len({parse_took(receipt).index for receipt in receipts}) == 40
