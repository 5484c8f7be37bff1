"""The encrypted store: one transaction a call, each thing once, a bounded quarantine."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from crypto.attest.header import MessageId
from crypto.attest.signing import KeyId
from crypto.seal.content import Lane, ThreadId
from liaison.desk.store import (
    Given,
    Keeping,
    Reminder,
    Store,
    StoredAck,
    StoredMessage,
    StoreFailedError,
)
from liaison.desk.store import mail as module
from liaison.desk.store.engine import UnknownSchemaError
from liaison.desk.tables import asks
from tests.support.world import HERE, THERE, seed

KEY = seed("store")
THREAD = ThreadId(seed("thread")[:16])


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Yield an open store."""
    store = Store(tmp_path / "desk.sqlcipher", KEY)
    await store.open()
    yield store
    await store.close()


def message(name: str) -> StoredMessage:
    """Return a message of ours that waits for the line."""
    return StoredMessage(
        mid=MessageId(seed(name)),
        eid=seed(f"{name} bytes"),
        outgoing=True,
        src=HERE.desk,
        thread=THREAD,
        kind=1,
        signer=KeyId(HERE.officer.kid),
        envelope=name.encode(),
        content_key=bytes(32),
        content=b"",
    )


async def test_the_quarantine_is_bounded_and_the_oldest_gives_way(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_QUARANTINED", 3)

    for number in range(5):
        await store.set_aside(seed(f"{number}"), b"", code=f"code.{number}", at=number)

    assert [code for _, code, _ in await store.quarantined()] == ["code.2", "code.3", "code.4"]


async def test_what_is_set_aside_twice_stands_there_once(store: Store) -> None:
    await store.set_aside(seed("bad"), b"", code="first", at=1)
    await store.set_aside(seed("bad"), b"", code="second", at=2)

    assert [(code, at) for _, code, at in await store.quarantined()] == [("first", 1)]


async def test_a_message_is_kept_whole_or_not_at_all(store: Store) -> None:
    await store.keep(message("one"), Keeping(ref="QN-MC1-2026-0001"))

    with pytest.raises(StoreFailedError):
        await store.keep(
            replace(message("one"), thread=ThreadId(bytes(16))),
            Keeping(ref="QN-MC1-2026-0002"),
            sent_lanes={THERE.desk: Lane(7, None)},
        )

    assert await store.threads() == [(THREAD, "QN-MC1-2026-0001")]
    assert await store.lane_end(KeyId(HERE.officer.kid), THERE.desk) is None


async def test_of_a_message_whose_question_is_here_already_nothing_is_kept(store: Store) -> None:
    await store.keep(message("one"), Keeping(ask=True))
    await store.run(lambda db: db.execute(update(asks).values(mid=seed("two"))))

    with pytest.raises(StoreFailedError):
        await store.keep(message("two"), Keeping(ask=True))

    assert await store.message(MessageId(seed("two"))) is None
    assert await store.message(MessageId(seed("one"))) is not None


async def test_the_outbox_holds_what_is_neither_taken_nor_refused_oldest_first(
    store: Store,
) -> None:
    for name in ("one", "two", "three", "four"):
        await store.keep(message(name), Keeping())
    await store.mark_taken(MessageId(seed("two")), b"took", position=4, at=5)
    await store.mark_refused(MessageId(seed("three")), "submit.expired")

    assert [held.envelope for held in await store.outbox()] == [b"one", b"four"]
    assert (await store.waiting()).unsent == 2


async def test_a_cursor_never_goes_back(store: Store) -> None:
    await store.move_cursor(1, 7)
    await store.move_cursor(1, 3)

    assert (await store.cursor(1), await store.cursor(0)) == (7, 0)


async def test_a_step_of_a_ladder_is_kept_once(store: Store) -> None:
    step = Reminder(THREAD, "RESCUE/acknowledge", bytes(32), "officer", 10, 11, skipped=False)

    assert await store.keep_reminders([step]) == [step]
    assert await store.keep_reminders([replace(step, fired=20)]) == []
    assert await store.reminders_of(THREAD) == [step]


async def test_the_first_case_of_a_reference_is_the_one_that_is_found(store: Store) -> None:
    other = ThreadId(bytes(16))
    await store.keep(message("one"), Keeping(ref="QN-MC1-2026-0001"))
    await store.keep(replace(message("two"), thread=other), Keeping(ref="QN-MC1-2026-0001"))

    assert await store.thread_of("QN-MC1-2026-0001") == THREAD
    assert await store.thread_of("QN-MC1-2026-0009") is None


async def test_a_store_that_another_version_wrote_is_not_used(tmp_path: Path) -> None:
    store = Store(tmp_path / "desk.sqlcipher", KEY)
    await store.open()
    await store.set_fact("schema", b"0")
    await store.close()

    again = Store(tmp_path / "desk.sqlcipher", KEY)
    with pytest.raises(UnknownSchemaError):
        await again.open()
    await again.close()


async def test_a_commit_is_on_the_disk_when_it_returns(store: Store) -> None:
    found = await store.run(lambda db: db.exec_driver_sql("PRAGMA synchronous").scalar())

    assert found == 2  # FULL


async def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path / "desk.sqlcipher", KEY)
    await store.open()
    await store.keep(message("one"), Keeping(), sent_lanes={THERE.desk: Lane(1, None)})
    await store.close()

    again = Store(tmp_path / "desk.sqlcipher", KEY)
    await again.open()
    found = await again.message(MessageId(seed("one")))
    end = await again.lane_end(KeyId(HERE.officer.kid), THERE.desk)
    await again.close()

    assert found == message("one")
    assert end == (1, MessageId(seed("one")))


async def test_every_way_of_writing_about_a_case_is_noted_once(store: Store) -> None:
    case, mid = message("m").thread, message("m").mid
    ack = StoredAck(
        mid=mid, device=KeyId(HERE.device.kid), what=2, ack=b"", noted=b"", position=5, at=6
    )
    opening = Keeping(opening=(mid, KeyId(THERE.officer.kid), 7))
    ways = {
        "kept": store.keep(message("m"), Keeping(ref="QN-MC1-2026-0001")),
        "taken": store.mark_taken(mid, b"took", position=3, at=4),
        "refused": store.mark_refused(mid, "code"),
        "acknowledged": store.keep_ack(ack),
        "proven": store.mark_proven(9, b"note", [5]),
        "opened": store.keep(replace(message("receipt"), kind=2), opening),
    }

    told = {}
    for name, way in ways.items():
        await way
        told[name] = await store.take_touched()

    assert told == {name: {case} for name in ways}
    assert await store.take_touched() == set()


async def test_what_a_device_was_given_is_given_again_under_the_later_message(store: Store) -> None:
    device, window = KeyId(HERE.device.kid), KeyId(bytes(16))
    for name in ("first", "again"):
        await store.keep(message(name), Keeping(given=Given(device, (window,))))
    await store.mark_taken(message("first").mid, b"took", position=3, at=4)
    await store.mark_taken(message("again").mid, b"took", position=5, at=9)

    assert await store.given_since(device, 5) == {window}
    assert await store.given_since(device, 10) == set()


async def test_what_is_written_under_another_key_is_noted_too(store: Store) -> None:
    await store.keep(message("m"), Keeping())

    await store.rekey(seed("another key"))

    assert await store.take_touched() == {message("m").thread}
    await store.mark_refused(message("m").mid, "code")
    assert await store.take_touched() == {message("m").thread}


async def test_what_is_not_committed_or_of_no_case_is_not_noted(store: Store) -> None:
    await store.keep(message("m"), Keeping())
    await store.take_touched()

    with pytest.raises(StoreFailedError):
        await store.keep(message("m"), Keeping())
    await store.set_aside(seed("bad"), b"", code="code", at=1)

    assert await store.take_touched() == set()
