"""Files on a stick: whole or not at all, and read only when they are plain files."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from liaison.desk.carriage.folder import (
    NotReadError,
    NotWrittenError,
    carried_files,
    read_body,
    read_head,
    read_whole,
    write_whole,
)
from protocols.wire.carriage import FILE_LIMIT

NAME = "00ff.liaison"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond ``size`` bytes, as on a stick that is nearly full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_there_whole_and_alone(tmp_path: Path) -> None:
    path = write_whole(tmp_path, NAME, b"sealed")

    assert read_whole(path) == b"sealed"
    assert list(tmp_path.iterdir()) == [tmp_path / NAME]


def test_on_a_full_medium_nothing_of_a_file_is_left_and_what_was_there_stays(
    tmp_path: Path,
) -> None:
    write_whole(tmp_path, NAME, b"before")

    with room_for(100), pytest.raises(NotWrittenError):
        write_whole(tmp_path, NAME, bytes(5_000))

    assert list(tmp_path.iterdir()) == [tmp_path / NAME]
    assert read_whole(tmp_path / NAME) == b"before"


def test_a_long_body_follows_in_pieces_and_on_a_full_medium_nothing_is_left(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(bytes(3 << 20))
    stick = tmp_path / "stick"
    stick.mkdir()

    with room_for(2 << 20), pytest.raises(NotWrittenError):
        write_whole(stick, NAME, b"head", body)
    left = list(stick.iterdir())
    write_whole(stick, NAME, b"head", body)

    assert left == []
    assert (stick / NAME).read_bytes() == b"head" + bytes(3 << 20)


async def test_a_blob_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for name in ("pipe", "none", "."):
        with pytest.raises(NotReadError):
            read_head(tmp_path / name)
    with pytest.raises(NotReadError):
        [piece async for piece in read_body(tmp_path / "none")]


def test_a_medium_that_is_gone_or_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for folder in (tmp_path / "gone", tmp_path / "file"):
        with pytest.raises(NotWrittenError):
            write_whole(folder, NAME, b"sealed")


def test_what_is_no_plain_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as large:
        large.truncate(FILE_LIMIT + 1)

    for name in ("pipe", "large", "none", "."):
        with pytest.raises(NotReadError):
            read_whole(tmp_path / name)


def test_of_a_folder_the_whole_files_of_ours_are_found(tmp_path: Path) -> None:
    for name in ("b.liaison", "a.liaison", "c.liaison.part", "letter.pdf"):
        (tmp_path / name).touch()

    found = carried_files([tmp_path, tmp_path / "letter.pdf"])

    assert [path.name for path in found] == ["a.liaison", "b.liaison", "letter.pdf"]
