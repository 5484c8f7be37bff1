"""A demo's folder: marked as its own, held by one demo, cleared of what the demo made only."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from liaison.demo.folder import (
    LOCK,
    MARK,
    FolderInUseError,
    ForeignFolderError,
    Mark,
    Stage,
    claim,
    clear,
    read_mark,
    write_mark,
)

FOUNDED = Mark(Stage.FOUNDED, "log+key", ("witness-vn", "witness-cn"), {"broker": 8_470})


def names(state: Path) -> list[str]:
    return sorted(path.name for path in state.iterdir())


def test_a_mark_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_mark(tmp_path, FOUNDED)

    assert read_mark(tmp_path) == FOUNDED


async def test_a_new_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    state = tmp_path / "a" / "demo"

    os.close(await claim(state))

    assert state.stat().st_mode & 0o777 == 0o700
    assert read_mark(state) is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2}', '{"version": 1, "stage": "done", "ports": {}}'],
)
def test_another_files_content_is_no_mark(tmp_path: Path, text: str) -> None:
    (tmp_path / MARK).write_text(text)

    with pytest.raises(ForeignFolderError):
        read_mark(tmp_path)


async def test_a_folder_with_other_files_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()

    with pytest.raises(ForeignFolderError, match="other files"):
        await claim(tmp_path)
    assert names(tmp_path) == ["letter.txt"]


async def test_a_claimed_folder_is_free_when_the_last_holder_has_closed_it(
    tmp_path: Path,
) -> None:
    first = await claim(tmp_path)
    inherited = os.dup(first)
    os.close(first)

    with pytest.raises(FolderInUseError):
        await claim(tmp_path, waiting=timedelta(0))
    os.close(inherited)
    os.close(await claim(tmp_path))


def test_clearing_leaves_what_the_demo_did_not_make(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").touch()
    state = tmp_path / "demo"
    (state / "broker").mkdir(parents=True)
    (state / "broker" / "key").touch()
    (state / "logs").symlink_to(outside)
    (state / "passphrase").touch()
    (state / "notes.txt").touch()
    write_mark(state, FOUNDED)

    clear(state, ["broker", "logs", "passphrase", "never-made"])

    assert names(state) == [MARK, "notes.txt"]
    assert (outside / "kept.txt").exists()


async def test_the_lock_alone_makes_no_demo(tmp_path: Path) -> None:
    os.close(await claim(tmp_path))

    assert (tmp_path / LOCK).exists()
    assert read_mark(tmp_path) is None
