"""One program at a time has a desk's folder open, whatever else is typed meanwhile."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crypto.seal.vault import AlteredVaultError, Keys, Vault
from liaison.desk.archive.backup import backup_papers
from liaison.desk.entrance import vault as vaults
from liaison.desk.entrance.folder import DeskBusyError
from liaison.desk.entrance.guard import TOKEN
from liaison.desk.entrance.roster import (
    opened,
    papers_of,
    recovered,
    remove_from,
    renew_at,
    unlocked,
)
from liaison.desk.entrance.vault import (
    PENDING,
    VAULT,
    add_officer,
    make_papers,
    remove_officer,
    renew_passphrase,
)
from tests.support.command import liaison
from tests.support.network import Network

HOLD = """
import sys
from pathlib import Path
from liaison.desk.entrance.folder import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
NEW = "another long passphrase"


@contextmanager
def holder(state: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a process that holds the folder until it is killed."""
    with subprocess.Popen(
        [sys.executable, "-P", "-c", HOLD, str(state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def nowhere(*_halves: bytes) -> None:
    """Take two halves and keep none."""


async def test_no_command_opens_a_desk_while_another_program_has_it(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    (state / PENDING).write_bytes(b"of a removal that runs")
    before = (state / VAULT).read_bytes()

    async def enter() -> None:
        async with recovered(state, (bytes(32), bytes(32)), "MC-09", NEW):
            pass

    with holder(state):
        for typed in (
            papers_of(state, "MC-05", words, nowhere),
            backup_papers(state, "MC-05", words, nowhere),
            renew_at(state, "MC-05", words, NEW),
            remove_from(state, "MC-04", words, "MC-05"),
            enter(),
        ):
            with pytest.raises(DeskBusyError):
                await typed

    assert (state / PENDING).read_bytes() == b"of a removal that runs"
    assert (state / VAULT).read_bytes() == before


async def test_a_program_that_was_killed_holds_no_folder(parts: Network) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase

    with holder(state) as process:
        process.kill()
        process.wait(30)

        async with opened(state, "MC-04", words) as (_, keys):
            assert keys.master == parts.mongcai.keys.master


async def test_a_second_agent_leaves_the_first_ones_token_alone(parts: Network) -> None:
    state = parts.mongcai.state
    (state / TOKEN).write_text("the first one's")

    with holder(state):
        asked = "desk", "serve", "--officer", "MC-04", "--state", str(state)
        outcome = await asyncio.to_thread(
            liaison,
            *asked,
            "--broker",
            "http://127.0.0.1:9",
            cwd=state,
            passphrase=parts.founded.passphrase,
        )

    assert outcome.code == 2
    assert "[desk.busy]" in outcome.err
    assert (state / TOKEN).read_text() == "the first one's"


async def test_a_removal_that_no_desk_answers_does_not_go_around_who_holds_the_folder(
    parts: Network,
) -> None:
    state = parts.mongcai.state
    before = (state / VAULT).read_bytes()

    with holder(state):
        asked = "desk", "remove", "MC-05", "--officer", "MC-04", "--state", str(state)
        outcome = await asyncio.to_thread(
            liaison, *asked, cwd=state, passphrase=parts.founded.passphrase
        )

    assert outcome.code == 2
    assert "[desk.busy]" in outcome.err
    assert (state / VAULT).read_bytes() == before


async def test_a_desk_starts_after_a_removal_that_was_killed_when_its_store_had_changed(
    parts: Network,
) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    await _killed_after_the_store(state, words)

    async with unlocked(state, "MC-04", words) as keys:
        assert keys.master != parts.mongcai.keys.master

    assert not (state / PENDING).exists()


async def test_a_passphrase_that_is_changed_after_such_a_kill_is_of_the_new_vault(
    parts: Network,
) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    await _killed_after_the_store(state, words)

    await renew_at(state, "MC-04", words, NEW)

    async with opened(state, "MC-04", NEW) as (_, keys):
        assert keys.master != parts.mongcai.keys.master


async def test_a_vault_that_changed_meanwhile_is_not_replaced(
    parts: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, words = parts.mongcai.state, parts.founded.passphrase
    change = vars(vaults)["change_passphrase"]
    renewed = []

    def late(vault: Vault, keys: Keys, passphrase: str) -> Vault:
        monkeypatch.setattr(vaults, "change_passphrase", change)
        renew_passphrase(state, "MC-05", words, NEW)
        renewed.append((state / VAULT).read_bytes())
        changed: Vault = change(vault, keys, passphrase)
        return changed

    monkeypatch.setattr(vaults, "change_passphrase", late)

    with pytest.raises(DeskBusyError, match="meanwhile"):
        renew_passphrase(state, "MC-04", words, NEW)

    assert [(state / VAULT).read_bytes()] == renewed


async def test_the_keys_of_before_a_removal_change_the_new_vault_no_more(parts: Network) -> None:
    state, words, old = parts.mongcai.state, parts.founded.passphrase, parts.mongcai.keys
    await remove_from(state, "MC-04", words, "MC-05")
    before = (state / VAULT).read_bytes()

    with pytest.raises(AlteredVaultError):
        make_papers(state, old, nowhere)
    with pytest.raises(AlteredVaultError):
        add_officer(state, old, "MC-09", NEW)

    assert (state / VAULT).read_bytes() == before


async def test_a_removal_never_takes_the_vault_of_another_away(parts: Network) -> None:
    state = parts.mongcai.state
    (state / PENDING).write_bytes(b"of another removal")

    async def unused(_key: bytes) -> None:
        raise AssertionError("the store is not touched")

    with pytest.raises(DeskBusyError):
        await remove_officer(state, "MC-05", unused)

    assert (state / PENDING).read_bytes() == b"of another removal"


async def _killed_after_the_store(state: Path, words: str) -> None:
    """Leave what a removal of MC-05 leaves that is killed when the store has changed."""
    told = {"state": str(state), "by": "MC-04", "passphrase": words, "removed": "MC-05"}
    dying = Path(__file__).parents[2] / "faults" / "dying_removal.py"
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        str(dying),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    await child.communicate(json.dumps({**told, "point": "after the store"}).encode() + b"\n")
    assert (state / PENDING).exists()
