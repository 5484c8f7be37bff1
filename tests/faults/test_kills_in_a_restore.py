"""A restore is killed before each of its effects: what is left is no desk, or the whole of one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from liaison.desk.entrance.folder import HalfRestoredError, NoVaultError
from liaison.desk.entrance.roster import opened
from liaison.desk.entrance.vault import VAULT, create_vault
from tests.support.network import Network
from tests.support.restored import PASSPHRASE, backed_up, papers, sources

DYING = str(Path(__file__).with_name("dying_restore.py"))
NEVER = 10_000
PATIENCE = 60


def restore(state: Path, told: dict[str, Any], *, before: int = NEVER) -> list[str]:
    """Restore into ``state`` in a process that dies before that effect; return the effects."""
    ran = subprocess.run(
        [sys.executable, "-P", DYING],
        input=json.dumps({**told, "state": str(state), "before": before}),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == (0 if before == NEVER else -9), ran.stderr
    return [] if ran.returncode else json.loads(ran.stdout)


async def cases_in(state: Path) -> list[str]:
    """Return the numbers of the cases of the desk in ``state``, opened by who restored it."""
    async with opened(state, "MC-20", PASSPHRASE) as (store, _):
        return [ref for _, ref in await store.threads()]


async def test_what_is_left_of_a_restore_says_so_and_is_restored_again(network: Network) -> None:
    ref = await network.mongcai.request()
    await network.settle()
    seed = await papers(network, network.mongcai)
    given = await sources(network, await backed_up(network.mongcai, network.state / "night.backup"))
    told = {
        "backup": str(given.backup),
        "keys": str(given.keys),
        "pins": list(given.pins),
        "entries": [entry.hex() for entry in given.entries],
        "seed": seed.hex(),
        "passphrase": PASSPHRASE,
        "at": network.clock.now().isoformat(),
    }
    whole = network.state / "whole"
    whole.mkdir()
    effects = restore(whole, told)
    assert await cases_in(whole) == [ref]
    mark, vault = effects.index("os.mkdir restoring"), effects.index("os.rename vault")
    rows = mark + effects[mark:vault].count("transaction") // 2

    for before in (mark + 1, rows, vault):
        state = network.state / f"before-{before}"
        state.mkdir()
        restore(state, told, before=before)
        assert not (state / VAULT).exists(), effects[before]
        with pytest.raises(HalfRestoredError):
            await cases_in(state)
        with pytest.raises(HalfRestoredError):
            create_vault(state, "MC-21", PASSPHRASE)
    state = network.state / f"before-{vault}"
    restore(state, told)
    assert await cases_in(state) == [ref]
    assert {path.name for path in state.iterdir()} == {path.name for path in whole.iterdir()}

    state = network.state / "before-the-mark"
    state.mkdir()
    restore(state, told, before=mark)
    with pytest.raises(NoVaultError) as none:
        await cases_in(state)
    assert not isinstance(none.value, HalfRestoredError)
    after = network.state / "after-all"
    after.mkdir()
    restore(after, told, before=vault + 1)
    assert await cases_in(after) == [ref]
