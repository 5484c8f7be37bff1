import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crypto.attest.padding import (
    LARGEST,
    SMALLEST,
    NotPaddedError,
    TooLongError,
    is_padded_size,
    pad,
    padded_size,
    unpad,
)

LONGEST = LARGEST - 4
#: Every size that a padded text can have; the attacker learns one of these.
SIZES = sorted({padded_size(length) for length in range(0, LONGEST + 1, 64)})


@given(st.binary(max_size=5_000))
@example(bytes(2_044))
@example(bytes(2_045))
def test_a_padded_text_reads_back(text: bytes) -> None:
    padded = pad(text)

    assert unpad(padded) == text
    assert len(padded) == padded_size(len(text))


@given(st.integers(0, LONGEST))
@example(65_532)
@example(65_533)
@example(LONGEST)
def test_a_padded_size_is_the_size_of_some_text_and_hardly_more(length: int) -> None:
    size = padded_size(length)

    assert is_padded_size(size)
    assert size >= length + 4
    if size > 65_536:
        assert size - (length + 4) < size / 32  # Padmé keeps five bits between 64 KiB and 1 MiB


@given(st.integers(0, LONGEST), st.integers(0, LONGEST))
def test_a_longer_text_is_never_padded_to_less(one: int, other: int) -> None:
    short, long = sorted((one, other))

    assert padded_size(short) <= padded_size(long)


def test_the_sizes_are_few() -> None:
    assert SIZES[:7] == [2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 67_584]
    assert SIZES[-1] == LARGEST
    assert len(SIZES) == 134


def test_forms_of_a_page_have_one_size() -> None:
    assert {padded_size(length) for length in range(2_045)} == {SMALLEST}


@given(st.integers(-10, LARGEST + 100_000))
@example(0)
@example(SMALLEST)
@example(LARGEST)
def test_only_those_sizes_are_padded_ones(size: int) -> None:
    assert is_padded_size(size) == (size in SIZES)


def test_a_text_over_the_limit_is_refused() -> None:
    assert padded_size(LONGEST) == LARGEST
    with pytest.raises(TooLongError, match=f"at most {LONGEST}"):
        padded_size(LONGEST + 1)


def spoilt(at: int, value: int) -> bytes:
    padded = bytearray(pad(b"text"))
    padded[at] = value
    return bytes(padded)


@pytest.mark.parametrize(
    "padded",
    [
        b"",
        bytes(4),
        bytes(2_047),
        bytes(2_049),
        pad(b"text")[:-1],
        pad(b"text") + b"\0",
        pad(b"text").ljust(4_096, b"\0"),
        spoilt(-1, 1),
        spoilt(8, 1),
        spoilt(2, 255),
        spoilt(0, 255),
        (LARGEST - 3).to_bytes(4, "big") + bytes(LARGEST - 3),
        (LARGEST - 3).to_bytes(4, "big") + bytes(LARGEST - 4),
    ],
    ids=[
        "nothing",
        "a length alone",
        "a byte less",
        "a byte more than the smallest",
        "cut",
        "grown",
        "a size larger",
        "a one at the end",
        "a one behind the text",
        "a length too long",
        "a length absurd",
        "over the limit",
        "a length over the limit",
    ],
)
def test_what_is_no_padding_of_a_text_is_refused(padded: bytes) -> None:
    with pytest.raises(NotPaddedError):
        unpad(padded)


@given(st.binary(max_size=2_100))
def test_any_bytes_are_refused_or_are_the_padding_of_what_they_give(padded: bytes) -> None:
    try:
        text = unpad(padded)
    except NotPaddedError:
        return

    assert pad(text) == padded
