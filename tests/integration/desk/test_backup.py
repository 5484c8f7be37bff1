"""A lost desk is restored from its backup: the old cases, no old key, nothing in flight lost."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.attest.statement import Role
from crypto.seal.backup import BackupError
from crypto.seal.primitives import OpeningKey
from liaison.demo.hand_clock import HandClock
from liaison.desk.app import OtherMachineError
from liaison.desk.archive.backup import keys_beside, verify_backup
from liaison.desk.archive.restore import (
    FolderInUseError,
    Officer,
    check_backup,
    restore_desk,
    rows_in,
)
from liaison.desk.client import DeskRefusedError
from liaison.desk.entrance.roster import STORE
from liaison.desk.mail.resends import ASK_AFTER
from liaison.desk.store import Store, Stub
from liaison.runtime.clock import timestamp
from tests.support.agencies import MONGCAI
from tests.support.chance import Chance
from tests.support.installations import admit_each_other, revoke_key
from tests.support.network import AT, Desk, Network, until
from tests.support.restored import PASSPHRASE, backed_up, papers, restored, sources


async def secrets_of(desk: Desk) -> set[bytes]:
    """Return every private key and seed that an installation holds."""
    store = desk.agent.store
    device = await store.fact("device")
    assert device is not None
    seeds = [seed for _, seed in await store.own_windows()]
    return {
        desk.keys.master,
        desk.keys.seed,
        device,
        *seeds,
        *(s for _, s in await store.grant_keys()),
    }


async def test_a_desk_alone_is_restored_with_its_cases_and_no_old_key(network: Network) -> None:
    mongcai, dongxing = network.mongcai, network.dongxing
    ref = await mongcai.request()
    await network.holds(dongxing, ref, 1)
    await dongxing.act(ref, "acknowledge")
    await network.holds(mongcai, ref, 2)
    await network.settle()
    seed = await papers(network, mongcai)
    before, shown = await secrets_of(mongcai), await mongcai.case(ref)
    path = await backed_up(mongcai, network.state / "night.backup")
    await dongxing.act(ref, "accept")
    await network.holds(mongcai, ref, 3)
    await network.settle()
    lost = mongcai.agent.keyring.device.kid
    await mongcai.stop()
    del network.desks[mongcai.slug]

    again, done = await restored(network, mongcai, path, seed)
    await revoke_key(network, mongcai, lost)
    await again.start()
    await until(lambda: is_member(again), "the restored installation has begun windows")
    await network.settle()

    assert (done.cases, done.without_key) == (1, 0)
    assert not await secrets_of(again) & before
    assert (await again.case(ref))["steps"][:2] == shown["steps"]
    # What came after the backup was sealed to a window that is gone: the sender is asked for it.
    await dongxing.act(ref, "start")
    await network.holds(again, ref, 3)
    await network.clock_on(2 * ASK_AFTER)
    await network.holds(again, ref, 4)
    acts = [step["act"] for step in await again.steps(ref)]
    assert sorted(acts) == sorted(["request", "acknowledge", "accept", "start"])
    # And it works on, under a number that nobody has given before.
    other = await again.request()
    await network.holds(dongxing, other, 1)
    assert other != ref
    assert (await again.status())["ledger"]["alarm"] is None


async def is_member(desk: Desk) -> bool:
    """Say whether an installation may read and send."""
    return desk.agent.keyring.is_member() and not desk.agent.keyring.begins()


async def test_a_colleague_gives_a_restored_computer_the_live_windows(network: Network) -> None:
    first = network.mongcai
    seed = await papers(network, first)
    path = await backed_up(first, network.state / "night.backup")
    held = set(first.agent.keyring.windows())
    ref = await network.dongxing.request(MONGCAI)
    await network.holds(first, ref, 1)

    again, _ = await restored(network, first, path, seed)
    await again.start()
    await network.settle()
    assert not again.agent.keyring.is_member()
    await admit_each_other(first, again)
    await network.holds(again, ref, 1)

    assert set(again.agent.keyring.windows()) == held
    assert await again.set_aside() == []


async def test_a_backup_holds_no_private_key_and_nothing_written_in_clear(network: Network) -> None:
    mongcai = network.mongcai
    ref = await mongcai.request()
    await network.settle()
    seed = await papers(network, mongcai)
    path = await backed_up(mongcai, network.state / "night.backup")
    directory = mongcai.agent.replica.directory
    key = OpeningKey.from_seed(seed)

    rows = list(rows_in(path, verify_backup(path, directory), key))
    keys = list(rows_in(keys_beside(path), verify_backup(keys_beside(path), directory), key))

    values = [value for row in rows for value in row[2]]  # type: ignore[index, union-attr]
    found = [v for v in values if isinstance(v, bytes)]
    assert not [s for s in await secrets_of(mongcai) if any(s in value for value in found)]
    case_keys = {k.raw for k in (await mongcai.agent.store.case_keys()).values()}
    assert not [s for s in case_keys if any(s in value for value in found)]
    assert {row[2][1] for row in keys} == case_keys  # type: ignore[index]
    assert "Trần Thị Hồng Hạnh".encode() not in b"".join(found)
    assert ref in values
    for file in (path, keys_beside(path)):
        assert file.stat().st_mode & 0o077 == 0
        assert ref.encode() not in file.read_bytes()


OFFICER = Officer("MC-20", Role.OFFICER, PASSPHRASE)


async def test_what_cannot_be_restored_leaves_the_folder_as_it_was(network: Network) -> None:
    mongcai = network.mongcai
    with pytest.raises(DeskRefusedError, match="backup-papers"):
        await backed_up(mongcai, network.state / "early.backup")
    seed = await papers(network, mongcai)
    size = mongcai.agent.replica.directory.head.size
    path = await backed_up(mongcai, network.state / "night.backup")
    with pytest.raises(DeskRefusedError, match="never written over"):
        await backed_up(mongcai, path)
    good, folder = await sources(network, path), network.state / "new"
    cut, before = network.state / "cut", good.entries[: size - 1]
    cut.write_bytes(path.read_bytes()[:-1])
    folder.mkdir()
    later = HandClock(AT + timedelta(days=36))

    for code, given, papers_seed, clock in (
        ("backup.wrong_papers", good, bytes(32), network.clock),
        ("backup.apart", replace(good, keys=path), seed, network.clock),
        ("backup.malformed", replace(good, backup=cut), seed, network.clock),
        ("backup.directory_behind", replace(good, entries=before), seed, network.clock),
        ("backup.old_keys", good, seed, later),
    ):
        with pytest.raises(BackupError) as refused:
            await restore_desk(folder, given, papers_seed, OFFICER, clock)
        assert refused.value.code == code
        assert list(folder.iterdir()) == []
    with pytest.raises((BackupError, OSError)) as in_use:
        await restore_desk(mongcai.state, good, seed, OFFICER, network.clock)
    assert isinstance(in_use.value, FolderInUseError)
    assert (await mongcai.status())["line"] == "up"


async def test_a_case_that_was_erased_after_the_backup_stays_unreadable(network: Network) -> None:
    mongcai = network.mongcai
    ref, other = await mongcai.request(), await mongcai.request()
    await network.settle()
    seed = await papers(network, mongcai)
    old = await backed_up(mongcai, network.state / "old.backup")
    thread = await mongcai.agent.store.thread_of(ref)
    assert thread is not None
    await mongcai.agent.store.erase(Stub(thread, ref, timestamp(AT), b"signed"))
    new = await backed_up(mongcai, network.state / "new.backup")
    folder = network.state / "again"
    folder.mkdir()

    given = await sources(network, old, keys_beside(new))
    done = await restore_desk(folder, given, seed, OFFICER, network.clock)
    store = Store(folder / STORE, done.desk.keys.master)
    await store.open()
    found, messages = await store.threads(), await store.messages_of(thread)
    await store.close()

    assert (done.cases, done.without_key) == (1, 1)
    assert [number for _, number in found] == [other]
    assert all(message.is_erased for message in messages)


async def restored_keys(network: Network, path: Path, seed: bytes, name: str) -> set[bytes]:
    """Restore a backup once more and return the secrets of what was made."""
    folder = network.state / name
    folder.mkdir()
    done = await restore_desk(folder, await sources(network, path), seed, OFFICER, network.clock)
    store = Store(folder / STORE, done.desk.keys.master)
    await store.open()
    device = await store.fact("device")
    held = [*await store.own_windows(), *await store.grant_keys()]
    await store.close()
    assert device is not None
    assert held == []
    return {device, done.desk.keys.master, done.desk.keys.seed}


@pytest.mark.parametrize("count", [5, pytest.param(100, marks=pytest.mark.soak)])
async def test_restores_from_older_backups_use_no_key_twice(network: Network, count: int) -> None:
    mongcai = network.mongcai
    seed = await papers(network, mongcai)
    backups = []
    for number in range(3):
        await mongcai.request()
        await network.settle()
        backups.append(await backed_up(mongcai, network.state / f"{number}.backup"))
    used, chance = await secrets_of(mongcai), Chance(11)

    for number in range(count):
        path = chance.one_of(backups)
        made = await restored_keys(network, path, seed, f"restored-{number}")
        assert not made & used
        used |= made


async def test_old_files_of_case_keys_are_removed_and_nothing_else_is(network: Network) -> None:
    mongcai, folder = network.mongcai, network.state / "backups"
    folder.mkdir()
    await papers(network, mongcai)
    first = await backed_up(mongcai, folder / "1.backup")
    (folder / "notes.keys").write_text("not ours")
    await network.broker.stop()
    network.clock.set(AT + timedelta(days=34))
    second = await backed_up(mongcai, folder / "2.backup")
    network.clock.set(AT + timedelta(days=36))

    third = await backed_up(mongcai, folder / "3.backup")

    assert {path.name for path in folder.iterdir()} == {
        *(path.name for path in (first, second, third)),
        *(keys_beside(path).name for path in (second, third)),
        "notes.keys",
    }


async def test_a_backup_is_checked_with_its_papers_or_without(network: Network) -> None:
    mongcai = network.mongcai
    seed = await papers(network, mongcai)
    path = await backed_up(mongcai, network.state / "night.backup")
    given = await sources(network, path)

    outside = await check_backup(path, given.entries, given.pins, None)
    inside = await check_backup(path, given.entries, given.pins, seed)

    assert (outside.slug, outside.kind, outside.made_at) == (MONGCAI, "rows", timestamp(AT))
    assert outside.rows is None
    assert inside.rows is not None
    assert inside.rows > 0


async def test_a_desk_that_was_copied_to_another_machine_does_not_run(network: Network) -> None:
    mongcai = network.mongcai
    await mongcai.agent.store.set_fact("machine", b"another machine")
    await mongcai.stop()

    with pytest.raises(OtherMachineError):
        await mongcai.start()


async def test_a_copy_that_took_this_desks_mail_is_told_to_its_officers(network: Network) -> None:
    mongcai = network.mongcai
    await network.dongxing.request(MONGCAI)
    await network.settle()
    await mongcai.agent.store.run(lambda db: db.exec_driver_sql("UPDATE cursors SET seq = 0"))
    await mongcai.stop()
    await mongcai.start()

    async def is_told() -> bool:
        return "mailbox.ahead" in [a.code for a in await mongcai.agent.alarms.standing()]

    await until(is_told, "the alarm stands")
