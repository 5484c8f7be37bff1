"""An officer is removed while the disk is full: the desk stays what it was, and goes on working."""

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlcipher3

from crypto.seal.vault import UnknownOfficerError
from liaison.desk.entrance.roster import STORE, opened, remove_from
from liaison.desk.entrance.vault import (
    PENDING,
    VAULT,
    VaultNotWrittenError,
    read_vault,
    remove_officer,
)
from liaison.desk.store import LogNotCutError, NoRoomError, Store, StoreFailedError, opens
from tests.support.network import Network

KEY, OTHER = bytes(range(32)), bytes(32)
FILLED = 1 << 20


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes: the system refuses to write there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
async def store(tmp_path: Path) -> Store:
    """Return an open store with something to write anew."""
    made = Store(tmp_path / STORE, KEY)
    await made.open()
    await made.set_fact("ballast", bytes(FILLED))
    await made.cut_log()
    return made


async def test_a_store_that_could_not_be_written_anew_keeps_its_key_and_works_on(
    store: Store, tmp_path: Path
) -> None:
    with no_file_beyond(FILLED // 2), pytest.raises(StoreFailedError):
        await store.rekey(OTHER)

    assert await store.fact("ballast") == bytes(FILLED)
    await store.set_fact("later", b"too")
    assert store.opens_to(KEY)
    await store.close()
    assert [await opens(tmp_path / STORE, key) for key in (KEY, OTHER)] == [True, False]


async def test_a_store_is_not_begun_anew_where_the_disk_has_no_room_for_it_twice(
    store: Store, tmp_path: Path
) -> None:
    # As large as the free disk, and of no weight: the system keeps no blocks for a hole.
    os.truncate(tmp_path / STORE, shutil.disk_usage(tmp_path).free)
    before = await store.fact("ballast")

    with pytest.raises(NoRoomError, match="MiB free on the disk expected"):
        await store.rekey(OTHER)

    assert await store.fact("ballast") == before
    await store.close()
    assert await opens(tmp_path / STORE, KEY)


async def test_a_store_that_another_program_reads_is_not_written_anew(
    store: Store, tmp_path: Path
) -> None:
    await store.set_fact("later", b"too")
    with closing(sqlcipher3.connect(tmp_path / STORE, isolation_level=None)) as other:
        other.execute(f"PRAGMA key=\"x'{KEY.hex()}'\"")
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM facts").fetchone()

        with pytest.raises(LogNotCutError):
            await store.rekey(OTHER)

    await store.rekey(OTHER)
    await store.cut_log()
    assert (tmp_path / f"{STORE}-wal").stat().st_size == 0
    await store.close()
    assert await opens(tmp_path / STORE, OTHER)


async def test_what_a_kill_kept_in_the_log_is_cut_when_the_store_is_opened_next(
    store: Store, tmp_path: Path
) -> None:
    await store.set_fact("later", b"too")
    for name in (STORE, f"{STORE}-wal"):
        shutil.copy(tmp_path / name, tmp_path / f"killed-{name}")
    log = tmp_path / f"killed-{STORE}-wal"
    assert log.stat().st_size > 0
    await store.close()

    again = Store(tmp_path / f"killed-{STORE}", KEY)
    await again.open()

    assert log.stat().st_size == 0
    assert await again.fact("later") == b"too"
    await again.close()


async def test_an_officer_who_could_not_be_removed_for_want_of_room_opens_the_desk_as_before(
    parts: Network,
) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    async with opened(state, "MC-04", words) as (store, _):
        await store.set_fact("ballast", bytes(FILLED))

    with no_file_beyond(FILLED // 2), pytest.raises(StoreFailedError):
        await remove_from(state, "MC-04", words, "MC-05")

    async with opened(state, "MC-05", words) as (store, _):
        assert await store.fact("ballast") == bytes(FILLED)
    assert read_vault(state).officers() == ["MC-04", "MC-05"]
    assert not (state / PENDING).exists()
    await remove_from(state, "MC-04", words, "MC-05")
    with pytest.raises(UnknownOfficerError):
        async with opened(state, "MC-05", words):
            pass


async def test_a_vault_that_the_disk_does_not_take_leaves_the_one_that_is_there(
    parts: Network,
) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    before = (state / VAULT).read_bytes()

    async with opened(state, "MC-04", words) as (store, _):
        with no_file_beyond(1_000), pytest.raises(VaultNotWrittenError):
            await remove_officer(state, "MC-05", store.rekey)

    assert (state / VAULT).read_bytes() == before
    assert [path.name for path in state.iterdir() if VAULT in path.name] == [VAULT]


async def test_a_full_disk_is_not_told_as_a_wrong_key(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase

    with no_file_beyond(1_000), pytest.raises(StoreFailedError):
        async with opened(state, "MC-04", words):
            pass
