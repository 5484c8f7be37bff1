"""The sizes that a blob can have, and its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.blob import (
    CHUNK,
    LARGEST_BLOB,
    LARGEST_FILE,
    BlobHash,
    blob_size,
    is_blob_size,
)


@given(st.integers(1, LARGEST_FILE))
def test_the_size_of_every_files_blob_is_known_as_one(length: int) -> None:
    size = blob_size(length)

    assert is_blob_size(size)
    assert length < size
    assert size <= length * 1.033 or length < CHUNK  # Padmé adds 3.2 % at most from there on


def test_few_sizes_are_those_of_a_blob() -> None:
    sizes = [size for size in range(3 * CHUNK) if is_blob_size(size)]

    # Powers of two from 2,048 to 65,536, then Padmé's 32 steps and half of the next 32.
    assert sizes[:3] == [2_065, 4_113, 8_209]
    assert len(sizes) == 6 + 32 + 16 - 1


@pytest.mark.parametrize("size", [0, 17, 2_064, 2_066, LARGEST_BLOB - 1, LARGEST_BLOB + 1, 1 << 40])
def test_another_size_is_none(size: int) -> None:
    assert not is_blob_size(size)


def test_the_largest_file_is_not_padded() -> None:
    assert blob_size(LARGEST_FILE) == LARGEST_FILE + LARGEST_FILE // CHUNK * 17 == LARGEST_BLOB


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_a_blob_has_one_name_however_its_bytes_come(pieces: list[bytes]) -> None:
    whole, one_by_one = BlobHash(), BlobHash()
    whole.update(b"".join(pieces))
    for piece in pieces:
        one_by_one.update(piece)

    assert one_by_one.id() == whole.id()
