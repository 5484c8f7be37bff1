"""A removal is killed anywhere: the desk opens to the old officers or to those who stay."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crypto.seal.vault import UnknownOfficerError
from liaison.desk.entrance.roster import STORE, opened
from liaison.desk.entrance.vault import PENDING, VAULT, read_vault
from tests.faults.dying_removal import POINTS
from tests.support.agencies import MONGCAI
from tests.support.command import PROGRAM, environment
from tests.support.figures import Tell
from tests.support.network import Foundation

DYING = str(Path(__file__).with_name("dying_removal.py"))
PATIENCE = 60
#: So much is in the store that writing it anew takes a while: a kill falls within.
FILLED = 12 * 1024 * 1024
#: Where a kill within the rekeying falls, in parts of how long the whole takes.
MOMENTS = (0.05, 0.25, 0.5, 0.75, 0.95)


def remove(state: Path, words: str, point: str, *, after: float = 0.0) -> float:
    """Have a process remove MC-05 and die at ``point``, or ``after`` s within; return the time.

    The time is from its first word to its end.
    """
    child = subprocess.Popen(
        [sys.executable, "-P", DYING], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    told = {"state": str(state), "by": "MC-04", "passphrase": words, "removed": "MC-05"}
    assert child.stdin is not None
    assert child.stdout is not None
    with child:
        child.stdin.write(json.dumps({**told, "point": point}).encode() + b"\n")
        child.stdin.close()
        child.stdout.readline()
        began = time.monotonic()
        if after:
            # Not a wait for something: the moment of the kill is what is tried.
            time.sleep(after)
            child.kill()
        child.wait(PATIENCE)
    assert child.returncode == -9
    return time.monotonic() - began


async def stands(state: Path, words: str) -> bool:
    """Open the desk as it was left and say whether the removal stands; either is whole."""
    async with opened(state, "MC-04", words) as (store, _):
        assert await store.fact("ballast") is not None
    officers = read_vault(state).officers()
    assert not (state / PENDING).exists()
    try:
        async with opened(state, "MC-05", words):
            assert officers == ["MC-04", "MC-05"]
    except UnknownOfficerError:
        assert officers == ["MC-04"]
    return officers == ["MC-04"]


@pytest.fixture
async def filled(founded: Foundation, tmp_path: Path) -> Path:
    """Return the folder of a desk whose store holds something to write anew."""
    state = tmp_path / "filled"
    shutil.copytree(founded.founded.state / MONGCAI, state)
    async with opened(state, "MC-04", founded.founded.passphrase) as (store, _):
        await store.set_fact("ballast", bytes(FILLED))
    return state


def again(filled: Path, name: str) -> Path:
    """Return a copy of the filled desk."""
    state = filled.parent / name
    shutil.copytree(filled, state)
    return state


@pytest.mark.parametrize(
    "point, removed",
    [
        ("before the pending vault", False),
        ("in the pending vault", False),
        ("before the store", False),
        ("after the store", True),
        ("after all", True),
    ],
)
async def test_a_removal_stands_from_the_moment_at_which_the_store_has_changed(
    filled: Path, founded: Foundation, point: str, *, removed: bool
) -> None:
    words = founded.founded.passphrase

    remove(filled, words, point)

    assert point in POINTS
    assert await stands(filled, words) is removed


async def test_a_removal_that_is_killed_within_the_store_leaves_one_key_or_the_other(
    filled: Path, founded: Foundation, tell: Tell
) -> None:
    words = founded.founded.passphrase
    whole = remove(again(filled, "whole"), words, "after the store")

    outcomes = []
    for moment in MOMENTS:
        state = again(filled, f"killed-{moment}")
        remove(state, words, "within", after=moment * whole)
        outcomes.append(await stands(state, words))

    tell(f"{len(MOMENTS)} kills within {whole * 1000:.0f} ms: {outcomes.count(True)} removed")


async def test_who_was_being_removed_opens_the_desk_while_its_store_has_not_changed(
    filled: Path, founded: Foundation
) -> None:
    words = founded.founded.passphrase
    remove(filled, words, "before the store")

    async with opened(filled, "MC-05", words) as (store, _):
        assert await store.fact("ballast") is not None

    assert not (filled / PENDING).exists()


async def test_who_was_removed_opens_nothing_after_a_kill_either(
    filled: Path, founded: Foundation
) -> None:
    words = founded.founded.passphrase
    remove(filled, words, "after the store")
    before = [(filled / name).read_bytes() for name in (VAULT, PENDING, STORE)]

    with pytest.raises(UnknownOfficerError):
        async with opened(filled, "MC-05", words):
            pass

    assert [(filled / name).read_bytes() for name in (VAULT, PENDING, STORE)] == before


@pytest.mark.parametrize("point, removed", [("before the store", False), ("after the store", True)])
async def test_a_desk_that_is_started_finishes_a_removal_that_was_killed_or_takes_it_back(
    filled: Path, founded: Foundation, point: str, *, removed: bool
) -> None:
    words = founded.founded.passphrase
    remove(filled, words, point)
    assert (filled / PENDING).exists()

    with serving(filled, words) as url:
        assert url.startswith("http://127.0.0.1:")
        assert not (filled / PENDING).exists()
        assert read_vault(filled).officers() == (["MC-04"] if removed else ["MC-04", "MC-05"])

    assert await stands(filled, words) is removed


@contextmanager
def serving(state: Path, words: str) -> Iterator[str]:
    """Yield the address of a real `liaison desk serve` in ``state``, whose broker is not there."""
    reading, writing = os.pipe()
    os.write(writing, words.encode() + b"\n")
    os.close(writing)
    asked = ["desk", "serve", "--state", str(state), "--officer", "MC-04", "--port", "0"]
    more = ["--broker", "http://127.0.0.1:9", "--passphrase-fd", str(reading)]
    with subprocess.Popen(
        [str(PROGRAM), *asked, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        pass_fds=[reading],
        env=environment(),
    ) as served:
        os.close(reading)
        assert served.stdout is not None
        try:
            yield next((line for line in served.stdout if line.startswith("http")), "").strip()
        finally:
            served.terminate()
            served.wait(PATIENCE)
