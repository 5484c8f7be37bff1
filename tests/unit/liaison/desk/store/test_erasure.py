"""An erased case: nothing of it is in the store, in the freed pages of its file, or in its log."""

from dataclasses import replace
from pathlib import Path

import pytest

from crypto.attest.header import MessageId, parse_envelope
from liaison.desk.store import Keeping, KeptForm, Notice, Reminder, Store, Stub, WaitingKey
from liaison.desk.store.archive import ErasedError
from tests.support.forge import Forgery
from tests.support.pages import opened_pages
from tests.support.world import HERE, THERE, content, outside, readers, seed
from tests.unit.liaison.desk.store.test_archive import (
    DRAFT,
    OTHER,
    WRITTEN,
    everything,
    store,
    written,
)
from tests.unit.liaison.desk.store.test_store import KEY, THREAD

__all__ = ["store"]

REF = "QN-MC1-2026-0001"
STUB = Stub(THREAD, REF, 77, b"what two officers signed")


async def filled(store: Store) -> None:
    """Keep two cases with all that a case can have."""
    await store.keep(written("one"), Keeping(ref=REF, draft=DRAFT, ask=True))
    await store.keep(replace(written("big"), content=WRITTEN * 1_000), Keeping(ref=REF))
    await store.keep_reminders(
        [Reminder(THREAD, "RESCUE/answer", seed("one"), "officer", 1, 2, skipped=False)]
    )
    await store.keep_notice(Notice(b"token", 1, seed("one"), 3, 4))
    await store.keep(replace(written("other"), thread=OTHER), Keeping(ref="QN-MC1-2026-0002"))


async def test_nothing_of_an_erased_case_can_be_read_any_more(store: Store) -> None:
    await filled(store)
    await store.erase(STUB)

    message = await store.message(MessageId(seed("one")))
    assert message is not None
    assert (message.envelope, message.content_key, message.content) == (b"", b"", b"")
    assert message.is_erased
    assert await store.drafts_of(THREAD) == []
    assert await store.reminders_of(THREAD) == []
    assert await store.all_notices() == []
    assert await store.open_asks() == []
    assert (await store.case_keys()).keys() == {OTHER}
    assert await store.threads() == [(OTHER, "QN-MC1-2026-0002")]
    assert await store.message(MessageId(seed("other"))) is not None


async def test_its_key_is_in_no_page_of_the_file_and_of_its_log(
    store: Store, tmp_path: Path
) -> None:
    await filled(store)
    key = (await store.case_keys())[THREAD].raw
    records = [v for v in await everything(store) if len(v) > len(WRITTEN) * 500]
    path = tmp_path / "desk.sqlcipher"
    before = opened_pages(path, KEY)

    await store.erase(STUB)
    after = opened_pages(path, KEY)

    assert key in before
    assert records[0][200:260] in before
    assert key not in after
    assert not [record for record in records if record[200:260] in after]
    assert (await store.case_keys())[OTHER].raw in after


async def test_what_was_typed_of_it_on_a_locked_screen_goes_and_nothing_else(store: Store) -> None:
    await filled(store)
    came = replace(written("last"), outgoing=False, took=b"took", position=1, taken_at=100)
    await store.keep(came, Keeping(ref=REF))
    of = seed("one").hex()
    typed = (("note", f"như hồ sơ {REF}"),)
    gone = [
        KeptForm("QN-07", "act", f"/cases/{REF}/acts/answer", (), 500),
        KeptForm("QN-08", "grant", f"/asks/{of}", (), 500),
        KeptForm("QN-08", "before", "/requests/rescue", (), 100),
        KeptForm("QN-08", "named", "/requests/rescue", typed, 500),
    ]
    stays = [
        KeptForm("QN-07", "other", f"/cases/{REF}0/acts/answer", typed, 50),
        KeptForm("QN-07", "ask", f"/asks/{seed('other').hex()}", (), 50),
        KeptForm("QN-07", "later", "/requests/rescue", (), 101),
    ]
    for form in (*gone, *stays):
        await store.keep_form(form)

    await store.erase(STUB)

    kept = [*await store.kept_forms("QN-07"), *await store.kept_forms("QN-08")]
    assert {form.once for form in kept} == {form.once for form in stays}


async def test_keys_that_wait_in_quarantine_go_with_their_case_and_with_their_message(
    store: Store,
) -> None:
    await filled(store)
    for name, thread in (("one aside", THREAD), ("other aside", OTHER), ("taken", OTHER)):
        key = WaitingKey(thread, key_of(name), learned=True)
        eid, raw = seed(name), name.encode()
        await store.set_aside(eid, raw, code="envelope.signer", at=1, waiting=key)
    before = [aside.key for aside in await store.told_aside()]

    await store.erase(STUB)
    await store.release_from_quarantine(seed("taken"))

    assert before == [key_of("one aside"), key_of("other aside"), key_of("taken")]
    assert not {key_of("one aside"), key_of("taken")} & set(await everything(store))
    assert [aside.key for aside in await store.told_aside()] == [key_of("other aside")]


def key_of(name: str) -> bytes:
    """Return the content key of what waits."""
    return seed(f"key of {name}")


async def test_what_was_not_sent_of_it_never_leaves(store: Store) -> None:
    await store.keep(replace(written("waits"), outgoing=True), Keeping(ref=REF))
    assert len(await store.outbox()) == 1

    await store.erase(STUB)

    assert await store.outbox() == []


async def test_a_stub_stays_with_number_time_and_signatures(store: Store) -> None:
    await filled(store)
    await store.erase(STUB)

    assert await store.erased() == [STUB]
    assert await store.erased_as(REF) == STUB
    assert await store.erased_as("QN-MC1-2026-0002") is None
    assert (await store.is_erased(THREAD), await store.is_erased(OTHER)) == (True, False)


async def test_its_number_is_never_given_again(store: Store) -> None:
    await filled(store)
    await store.erase(STUB)

    assert sorted(await store.refs("QN-MC1-2026-")) == [REF, "QN-MC1-2026-0002"]


async def test_no_key_is_drawn_for_it_again(store: Store) -> None:
    await filled(store)
    await store.erase(STUB)

    with pytest.raises(ErasedError):
        await store.keep(written("late"), Keeping())

    assert await store.message(MessageId(seed("late"))) is None


async def test_it_is_noted_as_touched(store: Store) -> None:
    await filled(store)
    await store.take_touched()

    await store.erase(STUB)

    assert await store.take_touched() == {THREAD}


async def test_what_was_set_aside_under_the_id_of_one_of_its_messages_goes_too(
    store: Store,
) -> None:
    wrapped = readers(THERE, copy=HERE)
    windows = [reader.window for reader in wrapped]
    said = content(THERE, wrapped=wrapped)
    envelope = Forgery(said, outside(THERE), windows, HERE.officer).build()
    mid = parse_envelope(envelope).mid
    await store.keep(replace(written("one"), mid=mid), Keeping(ref=REF))
    await store.set_aside(seed("its"), envelope, code="inbox.conflict", at=1)
    await store.set_aside(seed("none"), b"no envelope", code="envelope.malformed", at=2)

    await store.erase(STUB)

    assert [eid for eid, _, _ in await store.quarantined()] == [seed("none")]


async def test_an_erased_case_is_neither_told_to_a_new_computer_nor_acknowledged_again(
    store: Store,
) -> None:
    came = replace(written("one"), outgoing=False, took=b"took", position=1, taken_at=2)
    await store.keep(came, Keeping(ref=REF))
    assert len(await store.taken()) == len(await store.unacknowledged(HERE.device.kid, 2, [1])) == 1

    await store.erase(STUB)

    assert await store.taken() == []
    assert await store.unacknowledged(HERE.device.kid, 2, [1]) == []
