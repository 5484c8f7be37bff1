"""Files sealed and opened as streams; what is refused stands in tests/vectors/attachment."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.blob import CHUNK, blob_size
from crypto.seal import stream
from crypto.seal.attachment import is_safe_name
from crypto.seal.stream import ChunkError, EmptyFileError, Opening, Sealing, TooLargeError

#: Sizes around every border: one chunk, two, the steps of the padding.
SIZES = st.sampled_from([1, 2_047, 2_048, 2_049, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 150_000])


def cut(whole: bytes, places: list[int]) -> list[bytes]:
    """Return ``whole`` in pieces."""
    borders = sorted({0, len(whole), *(place % (len(whole) + 1) for place in places)})
    return [whole[begin:end] for begin, end in pairwise(borders)]


@given(SIZES, st.lists(st.integers(0, 200_000), max_size=4), st.lists(st.integers(0, 200_000)))
def test_a_file_comes_out_as_it_went_in_however_it_is_cut(
    size: int, written: list[int], read: list[int]
) -> None:
    plain = bytes(n % 256 for n in range(size))
    sealing = Sealing()

    blob = b"".join([*(sealing.push(piece) for piece in cut(plain, written)), *sealing.finish()])
    attachment = sealing.attachment("a.pdf", "application/pdf")
    opening = Opening(attachment)
    found = b"".join(opening.pull(piece) for piece in cut(blob, read))
    opening.finish()

    assert len(blob) == blob_size(size)
    assert found == plain
    assert attachment.size == size


def test_the_same_file_twice_makes_two_blobs_that_have_nothing_in_common() -> None:
    made = []
    for _ in range(2):
        sealing = Sealing()
        blob = sealing.push(b"x") + b"".join(sealing.finish())
        made.append((blob, sealing.attachment("a.pdf", "application/pdf")))
    (one, first), (other, second) = made

    assert first.key != second.key
    assert first.header != second.header
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 40  # 2,065 bytes: about 8


def test_a_file_without_a_byte_is_refused() -> None:
    with pytest.raises(EmptyFileError):
        list(Sealing().finish())


def test_a_file_of_more_than_a_gibibyte_is_refused_before_it_is_sealed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "LARGEST_FILE", 3 * CHUNK)
    sealing = Sealing()
    sealing.push(bytes(3 * CHUNK))

    with pytest.raises(TooLargeError):
        sealing.push(b"\0")


def test_a_bit_that_is_another_is_seen_at_its_chunk_and_nothing_of_the_chunk_comes_out() -> None:
    sealing = Sealing()
    blob = bytearray(sealing.push(b"a" * CHUNK + b"b" * CHUNK) + b"".join(sealing.finish()))
    blob[CHUNK + 17 + 5] ^= 1
    opening = Opening(sealing.attachment("a.pdf", "application/pdf"))

    first = opening.pull(bytes(blob[: CHUNK + 17]))

    assert first == b"a" * CHUNK
    with pytest.raises(ChunkError):
        opening.pull(bytes(blob[CHUNK + 17 :]))


def test_what_is_held_does_not_grow_with_the_file() -> None:
    piece = bytes(1 << 20)
    tracemalloc.start()
    sealing = Sealing()
    for _ in range(3):
        sealing.push(piece)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(24):
        sealing.push(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak - before < 4 << 20  # three copies of a piece, never 24


@pytest.mark.parametrize(
    "name", ["ảnh hộ chiếu.jpg", "护照 李明.pdf", "a", "console.txt", "x" * 200, "a.b.c", "-rf"]
)
def test_a_plain_name_is_safe(name: str) -> None:
    assert is_safe_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "a/b", "a\\b", "C:", "a\0", "a\u202eb", "\u200b", " a", "a ", "a.", ".a", "aux", "LPT1.x"],
)
def test_a_name_that_leads_elsewhere_or_shows_as_another_is_not(name: str) -> None:
    assert not is_safe_name(name)
