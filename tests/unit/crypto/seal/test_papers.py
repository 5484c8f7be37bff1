import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.seal.papers import PaperError, join, part, print_half, read_half, read_line

HALF = bytes(range(224, 256))
LINES = print_half(HALF, 1)


@given(st.binary(min_size=32, max_size=32))
def test_both_papers_give_the_secret(secret: bytes) -> None:
    first, second = part(secret)

    read = (
        read_half(print_half(first, 1), 1),
        read_half(print_half(second, 2), 2),
    )

    assert join(*read) == secret


def test_each_parting_of_one_secret_is_another() -> None:
    halves = [part(HALF) for _ in range(20)]

    assert len({first for first, _ in halves}) == len({second for _, second in halves}) == 20
    assert all(HALF not in pair for pair in halves)


def test_a_paper_has_four_lines_of_five_groups_of_five_digits() -> None:
    assert [[len(group) for group in line.split(" ")] for line in LINES] == [[5] * 5] * 4


def test_digits_are_read_however_they_were_typed() -> None:
    typed = [
        LINES[0].replace(" ", ""),
        LINES[1].replace(" ", "-"),
        f"  {LINES[2]} ",
        # As a Chinese input method writes them.
        "".join(chr(ord(mark) + 0xFEE0) if mark != " " else "\u3000" for mark in LINES[3]),
    ]

    assert read_half(typed, 1) == HALF


@pytest.mark.parametrize("at", range(25))
def test_a_mistyped_digit_is_told_at_its_line(at: int) -> None:
    digits = LINES[2].replace(" ", "")
    mistyped = digits[:at] + str((int(digits[at]) + 1) % 10) + digits[at + 1 :]

    with pytest.raises(PaperError, match="line 3 of half 1"):
        read_half([*LINES[:2], mistyped, LINES[3]], 1)


@pytest.mark.parametrize(
    "lines, number, said",
    [
        (LINES[:3], 1, "4 lines expected, 3 found"),
        ([LINES[1], LINES[0], *LINES[2:]], 1, "line 1 of half 1"),
        (LINES, 2, "line 1 of half 2"),
        (["", *LINES[1:]], 1, "expected 25 digits"),
        (["x" * 25, *LINES[1:]], 1, "expected 25 digits"),
    ],
    ids=["a line left out", "two lines changed places", "the same paper twice", "none", "letters"],
)
def test_what_is_no_such_paper_is_told(lines: list[str], number: int, said: str) -> None:
    with pytest.raises(PaperError, match=said):
        read_half(lines, number)


def test_more_than_eight_bytes_are_no_line() -> None:
    with pytest.raises(PaperError, match="mistyped"):
        read_line("9" * 25, 1, 1)
