"""What the store keeps of lanes: each place once, and exactly the numbers that have not come."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from crypto.attest.header import MessageId
from crypto.attest.signing import KeyId
from crypto.seal.content import Lane, ThreadId
from crypto.seal.lanes import Place
from liaison.desk.store import Keeping, Orphan, Seen, Shown, Store, StoredAck, StoredMessage
from tests.support.world import HERE, THERE, seed

SIGNER = KeyId(THERE.officer.kid)
FEW = 5
#: A message of which nobody but whoever says it knows.
OTHER = MessageId(seed("other"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Yield an open store."""
    store = Store(tmp_path / "desk.sqlcipher", seed("store"))
    await store.open()
    yield store
    await store.close()


def mid(number: int, signer: KeyId = SIGNER) -> MessageId:
    """Return the id of a message by its number in its lane; the number 0 is none."""
    return MessageId(seed(f"{number} {signer.hex()}"))


def seen(number: int, signer: KeyId = SIGNER) -> Seen:
    """Return the place of a message in the other desk's lane to ours."""
    lane = Lane(number, mid(number - 1, signer) if number > 1 else None)
    return Seen(HERE.desk, lane, THERE.desk, 100 + number)


def message(number: int, signer: KeyId = SIGNER) -> StoredMessage:
    """Return a message that came here from the other desk."""
    return StoredMessage(
        mid=mid(number, signer),
        eid=seed(f"bytes of {number} {signer.hex()}"),
        outgoing=False,
        src=THERE.desk,
        thread=ThreadId(seed("thread")[:16]),
        kind=1,
        signer=signer,
        envelope=b"",
        content_key=bytes(32),
        content=b"",
        position=number,
        taken_at=1000 + number,
    )


async def missing(store: Store) -> list[int]:
    """Return all numbers that the store says are missing."""
    return sorted(n for gap in await store.missing() for n in range(gap.first, gap.last + 1))


async def test_what_is_missing_is_what_has_not_come_in_whatever_order(store: Store) -> None:
    for count, order in enumerate(itertools.permutations(range(1, FEW + 1))):
        signer = KeyId(seed(f"signer {count}")[:16])
        there = [n for n in order if n != 1 + count % FEW]
        for number in there:
            keeping = Keeping(seen=(seen(number, signer),))
            await store.keep_place(signer, mid(number, signer), keeping.seen)

        left = [gap for gap in await store.missing() if gap.signer == signer]

        lost = [n for n in range(1, max(there) + 1) if n not in there]
        assert [n for gap in left for n in range(gap.first, gap.last + 1)] == lost


async def test_a_gap_remembers_when_it_was_noticed_and_asked_for(store: Store) -> None:
    await store.keep(message(6), Keeping(seen=(seen(6),)))
    (gap,) = await store.missing()
    await store.mark_asked([gap], 500)

    await store.keep(message(3), Keeping(seen=(seen(3),)))

    found = await store.missing()
    assert [(gap.first, gap.last) for gap in found] == [(1, 2), (4, 5)]
    assert {(gap.noticed, gap.asked, gap.peer) for gap in found} == {(106, 500, THERE.desk)}


async def test_a_message_that_is_not_kept_leaves_no_place(store: Store) -> None:
    await store.keep(message(1), Keeping(seen=(seen(1),)))

    with pytest.raises(Exception, match="the database failed"):
        await store.keep(replace(message(3), mid=mid(1)), Keeping(seen=(seen(3),)))

    assert await missing(store) == []
    assert await store.lane_end(SIGNER, HERE.desk) == (1, mid(1))


async def test_a_place_that_was_void_is_filled_and_denies_nothing(store: Store) -> None:
    await store.keep(message(3), Keeping(seen=(seen(3),)))

    assert await store.keep_void(SIGNER, HERE.desk, 2, mid(2))

    assert await missing(store) == [1]
    assert (await store.around(SIGNER, HERE.desk, 1))[2] == Place(mid(2), None, is_void=True)


@pytest.mark.parametrize("number", [1, 2, 10**9])
async def test_only_what_is_missing_is_void(store: Store, number: int) -> None:
    await store.keep(message(1), Keeping(seen=(seen(1),)))

    assert not await store.keep_void(SIGNER, HERE.desk, number, OTHER)

    await store.keep(message(3), Keeping(seen=(seen(3),)))
    assert await missing(store) == [2]
    assert (await store.around(SIGNER, HERE.desk, 1))[1] == Place(mid(1), None)


async def test_a_void_is_no_end_of_a_lane(store: Store) -> None:
    await store.keep(message(1), Keeping(seen=(seen(1),)))
    await store.notice_end(SIGNER, seen(2))

    await store.keep_void(SIGNER, HERE.desk, 2, mid(2))

    assert await store.lane_end(SIGNER, HERE.desk) == (1, mid(1))
    await store.notice_end(SIGNER, seen(2))
    assert await missing(store) == []


async def test_a_message_takes_the_place_that_was_void(store: Store) -> None:
    await store.keep(message(3), Keeping(seen=(seen(3),)))
    await store.keep_void(SIGNER, HERE.desk, 2, OTHER)

    await store.keep(message(2), Keeping(seen=(replace(seen(2), belied=(2,)),)))

    assert await missing(store) == [1]
    assert (await store.around(SIGNER, HERE.desk, 1))[2] == Place(mid(2), mid(1))


async def test_a_place_that_was_falsely_void_is_missing_again(store: Store) -> None:
    await store.keep(message(4), Keeping(seen=(seen(4),)))
    await store.keep_void(SIGNER, HERE.desk, 2, OTHER)

    await store.keep(message(3), Keeping(seen=(replace(seen(3), belied=(2,)),)))

    assert await missing(store) == [1, 2]
    assert sorted(await store.around(SIGNER, HERE.desk, 3)) == [3, 4]


async def test_a_parent_is_waited_for_until_it_comes(store: Store) -> None:
    orphan = Orphan(mid(1), mid(2), THERE.desk, 7)
    await store.keep(message(2), Keeping(orphans=(orphan,)))
    assert await store.orphans() == [orphan]
    assert await store.unknown_of([mid(1), mid(2)]) == [mid(1)]

    await store.keep(message(1), Keeping())

    assert await store.orphans() == []


async def test_a_parent_that_was_asked_for_often_is_given_up(store: Store) -> None:
    named = [Orphan(mid(n), mid(9), THERE.desk, 7) for n in (1, 2)]
    await store.keep(message(9), Keeping(orphans=tuple(named)))
    for at in (100, 200, 300):
        await store.mark_parents_asked([mid(1)], at)
    await store.mark_parents_asked([mid(2)], 300)

    assert await store.count_named(THERE.desk) == (2, 0)
    assert await store.give_up(3, 299) == []
    assert [orphan.parent for orphan in await store.give_up(3, 300)] == [mid(1)]

    assert [(o.parent, o.tries) for o in await store.orphans()] == [(mid(2), 1)]


async def test_messages_and_acknowledgements_are_no_entries_of_the_directory(store: Store) -> None:
    for number in (3, 5):
        await store.keep(message(number), Keeping())
    ack = StoredAck(mid(3), KeyId(HERE.officer.kid), 2, b"ack", b"noted", 4, 1004)
    await store.keep_ack(ack)

    assert [await store.leaves_before(index) for index in (3, 4, 5, 6)] == [0, 1, 2, 3]


async def test_the_first_message_that_was_taken_beyond_a_number_is_found(store: Store) -> None:
    for number in (1, 2, 3, 4):
        await store.keep(message(number), Keeping(seen=(seen(number),)))

    async def first(beyond: int, since: int = 0, before: int = 2000) -> int | None:
        lane = SIGNER, HERE.desk
        return await store.first_taken(*lane, beyond=beyond, since=since, before=before)

    assert [await first(beyond) for beyond in (0, 1, 3, 4)] == [1001, 1002, 1004, None]
    assert await first(0, since=1003) == 1003
    assert await first(3, before=1004) is None


async def test_what_each_computer_of_a_desk_has_seen_waits_until_it_is_compared(
    store: Store,
) -> None:
    one, other = (Shown(KeyId(seed(n)[:16]), THERE.desk, 9, seed(n)) for n in ("one", "other"))
    for said in (one, other, replace(one, at=8, checkpoint=b"older")):
        await store.keep_shown(said)

    assert sorted(await store.shown(), key=lambda found: found.checkpoint) == sorted(
        [one, other], key=lambda found: found.checkpoint
    )
    await store.keep_shown(replace(one, at=10, checkpoint=b"newer"))
    await store.mark_compared(one)
    await store.mark_compared(other)
    assert await store.shown() == [replace(one, at=10, checkpoint=b"newer")]


async def test_the_times_beside_a_place_in_the_ledger_are_those_of_the_next_messages(
    store: Store,
) -> None:
    for number in (3, 5, 9):
        await store.keep(message(number), Keeping())

    assert await store.times_beside(2) == (None, 1003)
    assert await store.times_beside(6) == (1005, 1009)
    assert await store.times_beside(10) == (1009, None)


async def test_an_alarm_is_raised_once_and_again_when_it_had_come_right(store: Store) -> None:
    assert await store.raise_alarm("lane.gap", "a", about="cn-dongxing", at=1)
    assert not await store.raise_alarm("lane.gap", "a", about="cn-dongxing 2", at=2)
    assert [alarm.about for alarm in await store.alarms()] == ["cn-dongxing 2"]
    assert await store.settle_alarm("lane.gap", "a", 3)
    assert not await store.settle_alarm("lane.gap", "a", 4)

    assert await store.raise_alarm("lane.gap", "a", about="cn-dongxing", at=5)

    assert [(a.raised, a.settled) for a in await store.alarms()] == [(5, None), (1, 3)]
