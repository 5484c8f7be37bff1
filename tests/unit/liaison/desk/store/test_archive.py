"""What of a case lies in the store, and under which key."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from crypto.attest.header import MessageId
from crypto.seal.archive import CaseKey
from crypto.seal.content import Kind, ThreadId
from liaison.desk.store import Draft, Keeping, Store, StoredMessage, UnreadableRecordError
from tests.support.world import HERE, seed
from tests.unit.liaison.desk.store.test_store import KEY, THREAD, message

OTHER = ThreadId(seed("other thread")[:16])
WRITTEN = b"what an officer wrote"
DRAFT = Draft(
    MessageId(b""), THREAD, "QN-MC1-2026-0001", "cn-dongxing", "QN-07", "release", "vn-qn", WRITTEN
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Yield an open store."""
    store = Store(tmp_path / "desk.sqlcipher", KEY)
    await store.open()
    yield store
    await store.close()


def written(name: str) -> StoredMessage:
    """Return a message in which something was written."""
    return replace(
        message(name), envelope=WRITTEN + b" sealed", content_key=seed("cek"), content=WRITTEN
    )


async def everything(store: Store) -> list[bytes]:
    """Return every value of every row of every table, as the store itself would give it."""

    def work(db: Connection) -> list[bytes]:
        tables = db.exec_driver_sql("SELECT name FROM sqlite_master WHERE type='table'").scalars()
        rows = [row for name in tables for row in db.exec_driver_sql(f"SELECT * FROM {name}")]  # noqa: S608
        return [v if isinstance(v, bytes) else str(v).encode() for row in rows for v in row]

    return await store.run(work)


async def test_what_was_kept_comes_out_as_it_was(store: Store) -> None:
    draft = replace(DRAFT, ask=MessageId(seed("one")), reason=WRITTEN)
    await store.keep(written("one"), Keeping(draft=draft))

    assert await store.message(MessageId(seed("one"))) == written("one")
    assert await store.draft(MessageId(seed("one"))) == draft


async def test_nothing_that_was_written_lies_in_the_store_beside_its_records(store: Store) -> None:
    await store.keep(written("one"), Keeping(draft=replace(DRAFT, reason=WRITTEN)))
    answered = replace(DRAFT, ask=MessageId(seed("one")), state="refused", reason=WRITTEN)
    await store.keep(written("two"), Keeping(answered=answered))

    values = await everything(store)

    assert not [value for value in values if WRITTEN in value or seed("cek") in value]
    assert b"QN-MC1-2026-0001" in values
    assert (await store.draft(MessageId(seed("one")))) == answered


async def test_each_case_has_its_own_key_and_keeps_it(store: Store) -> None:
    await store.keep(written("one"), Keeping())
    first = await store.case_keys()
    await store.keep(written("two"), Keeping())
    await store.keep(replace(written("three"), thread=OTHER), Keeping())

    keys = await store.case_keys()

    assert keys[THREAD] == first[THREAD]
    assert keys.keys() == {THREAD, OTHER}
    assert keys[THREAD] != keys[OTHER]


async def test_a_record_in_the_place_of_another_is_not_read(store: Store) -> None:
    await store.keep(written("one"), Keeping())
    await store.keep(written("two"), Keeping())

    await store.run(
        lambda db: db.exec_driver_sql(
            "UPDATE messages SET record = (SELECT record FROM messages WHERE number = 1)"
        )
    )

    assert await store.message(MessageId(seed("one"))) == written("one")
    with pytest.raises(UnreadableRecordError):
        await store.message(MessageId(seed("two")))


async def test_a_case_under_another_key_is_not_read(store: Store) -> None:
    await store.keep(written("one"), Keeping(draft=DRAFT))

    await store.run(
        lambda db: db.exec_driver_sql("UPDATE case_keys SET key = ?", (CaseKey(bytes(32)).raw,))
    )

    for reading in (store.messages_of(THREAD), store.drafts_of(THREAD)):
        with pytest.raises(UnreadableRecordError):
            await reading


async def test_what_was_sealed_to_a_colleague_alone_has_no_case_and_no_key(store: Store) -> None:
    given = replace(
        message("grant"), kind=int(Kind.GRANT), envelope=b"sealed", content_key=b"", content=b""
    )
    await store.keep(given, Keeping())
    await store.mark_taken(given.mid, b"took", position=1, at=2)

    found = await store.message(given.mid)

    assert found is not None
    assert (found.envelope, found.content_key, found.signer) == (b"sealed", b"", HERE.officer.kid)
    assert await store.case_keys() == {}
    assert await store.taken() == []
