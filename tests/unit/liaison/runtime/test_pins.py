from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from liaison.runtime.pins import (
    FRESH,
    Comparison,
    ComparisonError,
    Means,
    Pin,
    PinsFileError,
    keep_pin,
    parse_pins,
    read_pins,
)

NOW = datetime(2026, 11, 24, 9, 16, 5, tzinfo=UTC)
DIGITS = " ".join(["01234"] * 12)
OTHER = " ".join(["56789"] * 12)
COMPARED = Pin(DIGITS, Comparison(NOW, Means.BY_TELEPHONE, ("QN-07", "QN-01")))


def test_a_pin_says_who_compared_it_how_and_when(tmp_path: Path) -> None:
    file = tmp_path / "pins.txt"

    keep_pin(file, COMPARED, about="Công an tỉnh Quảng Ninh")

    assert read_pins(file) == [COMPARED]
    assert file.read_text(encoding="utf-8").startswith("# Công an tỉnh Quảng Ninh\n")


def test_a_later_comparison_takes_the_place_of_the_earlier_and_all_else_stays(
    tmp_path: Path,
) -> None:
    file = tmp_path / "pins.txt"
    file.write_text(f"# ours\n{OTHER}\n# theirs\n{DIGITS}\n")

    keep_pin(file, COMPARED, about="theirs")

    assert file.read_text() == f"# ours\n{OTHER}\n# theirs\n{COMPARED.line}\n"
    assert list(tmp_path.iterdir()) == [file]


def test_digits_without_a_comparison_were_compared_by_nobody() -> None:
    assert parse_pins([DIGITS.replace(" ", "")]) == [Pin(DIGITS)]


def test_of_the_same_digits_the_last_line_counts() -> None:
    assert parse_pins([DIGITS, OTHER, COMPARED.line]) == [COMPARED, Pin(OTHER)]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# only words\n", b"\xff\xfe"])
def test_a_file_without_fingerprints_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pins.txt"
    file.write_bytes(content)

    with pytest.raises(PinsFileError, match=r"pins\.txt"):
        read_pins(file)


@pytest.mark.parametrize(
    "line",
    [
        DIGITS[:-1],
        f"{DIGITS} compared",
        f"{DIGITS} compared yesterday in_person QN-07 QN-01",
        f"{DIGITS} compared 2026-11-24T09:16:05Z by_mail QN-07 QN-01",
        f"{DIGITS} compared 2026-11-24T09:16:05Z in_person QN-07",
        f"{DIGITS} compared 2026-11-24T09:16:05Z in_person QN-07 QN-07",
    ],
)
def test_half_a_line_is_refused(line: str) -> None:
    with pytest.raises(PinsFileError):
        parse_pins([line])


@pytest.mark.parametrize("by", [("QN-07", "qn-07"), ("QN-07", ""), ("QN 07", "QN-01")])
def test_a_comparison_takes_two_people(by: tuple[str, str]) -> None:
    with pytest.raises(ComparisonError):
        Comparison(NOW, Means.IN_PERSON, by)


def test_a_comparison_is_old_after_twelve_months() -> None:
    comparison = Comparison(NOW, Means.IN_PERSON, ("QN-07", "QN-01"))

    assert not comparison.is_old(now=NOW + FRESH)
    assert comparison.is_old(now=NOW + FRESH + timedelta(seconds=1))
