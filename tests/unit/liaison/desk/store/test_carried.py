"""What of carriage by hand lies in the store, and what is still to be said or written."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from crypto.attest.header import MessageId
from crypto.attest.signing import KeyId
from crypto.seal.content import NEVER_RECEIPTED, Kind
from liaison.desk.store import Carried, Keeping, Store, StoredAck, StoredMessage
from protocols.wire.receipt import AckWhat
from tests.support.world import HERE, seed
from tests.unit.liaison.desk.store.test_store import KEY, message

DEVICE = KeyId(HERE.device.kid)
NOW = 1_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Yield an open store."""
    store = Store(tmp_path / "desk.sqlcipher", KEY)
    await store.open()
    yield store
    await store.close()


def word(name: str, *, device: KeyId = DEVICE, at: int = NOW) -> Carried:
    """Return a device's word that the message of this name came as a file."""
    return Carried(MessageId(seed(name)), device, f"word of {name} at {at}".encode(), at)


def came(name: str) -> StoredMessage:
    """Return a message that came here as a file."""
    return replace(message(name), outgoing=False)


def noted(name: str, what: AckWhat) -> StoredAck:
    """Return what the broker noted of our device."""
    return StoredAck(MessageId(seed(name)), DEVICE, int(what), b"", b"", 7, NOW)


async def test_what_came_as_a_file_is_acknowledged_to_no_broker_before_it_brings_it(
    store: Store,
) -> None:
    await store.keep(came("one"), Keeping(carried=word("one")))
    kinds, delivered = [int(Kind.STEP)], int(AckWhat.DELIVERED)

    before = await store.unacknowledged(DEVICE, delivered, kinds), await store.words_to_say(DEVICE)
    entered = replace(came("one"), took=b"took", position=3, taken_at=NOW + 9)
    await store.enter(entered, word("one"))
    after = await store.unacknowledged(DEVICE, delivered, kinds), await store.words_to_say(DEVICE)

    assert before == ([], [])
    assert after == ([entered], [word("one").ack])


async def test_what_came_as_a_file_does_not_wait_to_be_sent(store: Store) -> None:
    await store.keep(message("ours"), Keeping())
    await store.keep(came("theirs"), Keeping(carried=word("theirs")))

    assert [waiting.mid for waiting in await store.outbox()] == [seed("ours")]
    assert (await store.waiting()).unsent == 1


async def test_a_word_is_carried_until_the_broker_has_noted_it_or_it_is_old(store: Store) -> None:
    for name in ("one", "two", "old"):
        at = NOW if name != "old" else NOW - 500
        await store.keep(came(name), Keeping(carried=word(name, at=at)))
    await store.keep_ack(noted("one", AckWhat.CARRIED))
    await store.keep_ack(noted("two", AckWhat.DELIVERED))

    assert await store.words_to_carry(DEVICE, since=NOW - 100) == [word("two")]


async def test_the_earliest_word_counts(store: Store) -> None:
    await store.keep(message("one"), Keeping())
    other = KeyId(bytes(16))

    await store.keep_carried(word("one", at=NOW))
    await store.keep_carried(word("one", device=other, at=NOW - 60))
    await store.keep_carried(word("one", at=NOW - 300))

    assert await store.carried_at([MessageId(seed("one"))]) == {seed("one"): NOW - 60}


async def test_what_nobody_has_said_to_have_may_be_written(store: Store) -> None:
    for name in ("waits", "taken", "had", "carried", "refused"):
        await store.keep(message(name), Keeping())
    for kind in NEVER_RECEIPTED:
        await store.keep(replace(message(f"said {kind}"), kind=int(kind)), Keeping())
    await store.keep(came("theirs"), Keeping())
    for name in ("taken", "had", *(f"said {kind}" for kind in NEVER_RECEIPTED)):
        await store.mark_taken(MessageId(seed(name)), b"took", position=1, at=NOW)
    await store.keep_ack(noted("had", AckWhat.DELIVERED))
    await store.keep_carried(word("carried"))
    await store.mark_refused(MessageId(seed("refused")), "submit.expired")

    found = [one.mid for one in await store.unconfirmed()]

    assert found == [seed("waits"), seed("taken")]


async def test_what_was_written_is_known_with_its_last_time(store: Store) -> None:
    mid = MessageId(seed("one"))
    for at in (NOW, NOW + 5, NOW - 5):
        await store.mark_written([(b"item", mid)], at=at)

    assert await store.written() == {b"item"}
    assert await store.written_at([mid]) == {mid: NOW + 5}
