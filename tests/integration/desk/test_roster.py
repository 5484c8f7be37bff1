"""Officers come and go: vault and store change together, while the desk runs and at rest."""

import shutil
from pathlib import Path

import pytest

from crypto.seal.papers import part
from crypto.seal.vault import (
    AlteredVaultError,
    Keys,
    LastOfficerError,
    UnknownOfficerError,
    WeakPassphraseError,
    WrongPapersError,
    WrongPassphraseError,
)
from liaison.desk.client import DeskRefusedError
from liaison.desk.entrance.roster import STORE, opened, papers_of, recovered, remove_from
from liaison.desk.entrance.vault import VAULT, read_vault, renew_passphrase, unlock_vault
from liaison.desk.store import KeptForm, Store, WrongKeyError
from tests.support.network import Desk, Network

NEW = "an altogether new one"


async def refusal(desk: Desk, path: str, **fields: str) -> str:
    """Return the code with which the desk refuses."""
    with pytest.raises(DeskRefusedError) as refused:
        await desk.client.post(path, **fields)
    return refused.value.code


async def test_a_changed_passphrase_unlocks_and_the_old_one_does_not(network: Network) -> None:
    desk, old = network.mongcai, network.founded.passphrase

    await desk.client.post("/api/passphrase", officer="MC-04", passphrase=old, new=NEW)

    assert (
        await refusal(desk, "/api/unlock", officer="MC-04", passphrase=old)
        == WrongPassphraseError.code
    )
    answer = await desk.client.post("/api/unlock", officer="MC-04", passphrase=NEW)
    assert answer["present"] == ["MC-04"]
    assert unlock_vault(desk.state, "MC-05", old).master == desk.keys.master


async def test_a_passphrase_is_changed_only_by_who_knows_it_and_to_a_long_one(
    parts: Network,
) -> None:
    state, before = parts.mongcai.state, (parts.mongcai.state / VAULT).read_bytes()

    with pytest.raises(WrongPassphraseError):
        renew_passphrase(state, "MC-04", "not the passphrase", NEW)
    with pytest.raises(WeakPassphraseError):
        renew_passphrase(state, "MC-04", parts.founded.passphrase, "short")

    assert (state / VAULT).read_bytes() == before


async def test_an_officer_who_was_removed_opens_neither_vault_nor_store(network: Network) -> None:
    desk, words = network.mongcai, network.founded.passphrase
    await desk.client.post("/api/unlock", officer="MC-05", passphrase=words)

    await desk.client.post(
        "/api/officers/remove", officer="MC-04", passphrase=words, removed="MC-05"
    )

    assert (await desk.status())["present"] == ["MC-04"]
    assert (
        await refusal(desk, "/api/unlock", officer="MC-05", passphrase=words)
        == UnknownOfficerError.code
    )
    with pytest.raises(WrongKeyError):
        await Store(desk.state / STORE, desk.keys.master).open()
    ref = await desk.request()
    await network.holds(network.dongxing, ref, 1)
    assert [row["case"] for row in await desk.board()] == [ref]
    await desk.stop()
    async with opened(desk.state, "MC-04", words) as (store, keys):
        assert keys.master != desk.keys.master
        assert [kept for _, kept in await store.threads()] == [ref]


async def test_nothing_changes_when_an_officer_cannot_be_removed(network: Network) -> None:
    desk, words = network.dongxing, network.founded.passphrase
    before = (desk.state / VAULT).read_bytes()

    codes = [
        await refusal(desk, "/api/officers/remove", officer="DX-02", passphrase=p, removed=o)
        for p, o in ((words, "DX-99"), (words, "DX-02"), ("not the passphrase", "DX-02"))
    ]

    assert codes == [UnknownOfficerError.code, LastOfficerError.code, WrongPassphraseError.code]
    assert (desk.state / VAULT).read_bytes() == before
    assert await desk.request(to="vn-mongcai-1")


async def test_a_desk_that_is_off_removes_an_officer_too(parts: Network) -> None:
    desk, words = parts.mongcai, parts.founded.passphrase

    await remove_from(desk.state, "MC-04", words, "MC-05")

    assert read_vault(desk.state).officers() == ["MC-04"]
    with pytest.raises(WrongKeyError):
        await Store(desk.state / STORE, desk.keys.master).open()
    async with opened(desk.state, "MC-04", words) as (store, _):
        assert len(await store.own_windows()) > 0


async def test_what_an_officer_had_typed_and_not_sent_goes_with_them(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    async with opened(state, "MC-04", words) as (store, _):
        for officer in ("MC-04", "MC-05"):
            await store.keep_form(KeptForm(officer, "once", "/requests/rescue", (), 1))

    await remove_from(state, "MC-04", words, "MC-05")

    async with opened(state, "MC-04", words) as (store, _):
        kept = [len(await store.kept_forms(officer)) for officer in ("MC-04", "MC-05")]
    assert kept == [1, 0]


async def test_an_older_vault_that_is_put_back_opens_nothing(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    kept = Path(shutil.copy(state / VAULT, state.parent / "kept"))
    renew_passphrase(state, "MC-04", words, NEW)
    async with opened(state, "MC-04", NEW):
        pass

    shutil.copy(kept, state / VAULT)

    with pytest.raises(AlteredVaultError, match="older"):
        async with opened(state, "MC-04", words):
            pass


async def test_a_running_desk_takes_no_older_vault_either(network: Network) -> None:
    desk, words = network.mongcai, network.founded.passphrase
    kept = (desk.state / VAULT).read_bytes()
    await desk.client.post(
        "/api/officers/remove", officer="MC-04", passphrase=words, removed="MC-05"
    )

    (desk.state / VAULT).write_bytes(kept)

    assert (
        await refusal(desk, "/api/unlock", officer="MC-05", passphrase=words)
        == AlteredVaultError.code
    )


async def recover(state: Path, halves: tuple[bytes, bytes], officer: str, new: str) -> Keys:
    """Return the keys of an officer who was let in by the papers."""
    async with recovered(state, halves, officer, new) as (_, keys):
        return keys


async def papers(state: Path, officer: str, passphrase: str) -> tuple[bytes, bytes]:
    """Return the two halves that an officer has made."""
    made: list[tuple[bytes, bytes]] = []
    await papers_of(state, officer, passphrase, lambda *halves: made.append(halves))
    return made[0]


async def test_two_papers_open_the_desk_once_when_every_passphrase_is_lost(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    halves = await papers(state, "MC-04", words)

    keys = await recover(state, halves, "MC-09", NEW)

    assert keys.master == parts.mongcai.keys.master
    async with opened(state, "MC-09", NEW) as (store, _):
        assert len(await store.own_windows()) > 0
    with pytest.raises(WrongPapersError):
        await recover(state, halves, "MC-10", NEW)


async def test_one_paper_opens_nothing_with_anything_but_the_other(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    first, second = await papers(state, "MC-04", words)
    before = (state / VAULT).read_bytes()
    other, _ = part(bytes(32))

    for wrong in ((first, first), (first, other), (other, second), (first, bytes(32))):
        with pytest.raises(WrongPapersError):
            await recover(state, wrong, "MC-09", NEW)

    assert (state / VAULT).read_bytes() == before


async def test_newer_papers_replace_older_ones(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    older = await papers(state, "MC-04", words)
    newer = await papers(state, "MC-05", words)

    with pytest.raises(WrongPapersError):
        await recover(state, older, "MC-09", NEW)

    assert (await recover(state, newer, "MC-09", NEW)).officer == "MC-09"


async def test_papers_outlive_the_removal_of_an_officer(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    halves = await papers(state, "MC-04", words)

    await remove_from(state, "MC-05", words, "MC-04")

    assert (await recover(state, halves, "MC-09", NEW)).master != parts.mongcai.keys.master


async def test_an_officer_who_is_let_in_by_papers_gets_a_new_signing_key(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    halves = await papers(state, "MC-04", words)

    keys = await recover(state, halves, "MC-04", NEW)

    assert keys.seed != parts.mongcai.keys.seed
    assert read_vault(state).officers() == ["MC-05", "MC-04"]


async def test_papers_that_could_not_be_written_change_nothing(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    before = (state / VAULT).read_bytes()

    def jammed(*_halves: bytes) -> None:
        raise FileExistsError("half-1.txt")

    with pytest.raises(FileExistsError):
        await papers_of(state, "MC-04", words, jammed)

    assert (state / VAULT).read_bytes() == before
