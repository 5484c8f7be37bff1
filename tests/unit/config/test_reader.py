from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

import pytest

from config.errors import (
    ConfigError,
    MissingKeyError,
    UnknownKeyError,
    WrongTypeError,
    WrongValueError,
)
from config.reader import read_table, read_tables


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Inner:
    word: str


@dataclass(frozen=True, slots=True)
class Sample:
    amount: int
    day: date
    colour: Colour
    inner: Inner
    folder: Path
    words: tuple[str, ...] = ()
    later: date | None = None
    on: bool = False


GOOD: dict[str, object] = {
    "amount": 3,
    "day": date(2026, 1, 31),
    "colour": "red",
    "inner": {"word": "a"},
    "folder": "state",
}


def test_a_table_becomes_its_dataclass() -> None:
    sample = read_table(Sample, GOOD | {"words": ["a", "b"], "on": True}, where="sample")

    assert sample == Sample(
        amount=3,
        day=date(2026, 1, 31),
        colour=Colour.RED,
        inner=Inner("a"),
        folder=Path("state"),
        words=("a", "b"),
        on=True,
    )


def test_an_unknown_key_names_the_nearest_spelling_and_the_place() -> None:
    with pytest.raises(
        UnknownKeyError, match=r"^sample: unknown key 'amout'; did you mean 'amount'"
    ):
        read_table(Sample, GOOD | {"amout": 3}, where="sample")


def test_a_key_unlike_any_other_lists_what_is_known() -> None:
    with pytest.raises(UnknownKeyError, match="known: word"):
        read_table(Inner, {"zzzz": 1}, where="inner")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(MissingKeyError, match="sample: expected amount, colour; not found"):
        read_table(
            Sample, {k: v for k, v in GOOD.items() if k not in {"amount", "colour"}}, where="sample"
        )


@pytest.mark.parametrize(
    "key,value,message",
    [
        ("amount", "3", "sample.amount: expected a whole number, found text"),
        ("amount", True, "sample.amount: expected a whole number, found true or false"),
        ("amount", 3.0, "sample.amount: expected a whole number, found a decimal number"),
        ("day", "2026-01-31", r"sample.day: expected a date \(2026-01-31\), found text"),
        ("day", datetime(2026, 1, 31, tzinfo=UTC), "found a date with time"),
        ("inner", "a", "sample.inner: expected a table, found text"),
        ("words", "a", "sample.words: expected a list, found text"),
        ("words", ["a", 1], r"sample.words\[2\]: expected text, found a whole number"),
        ("on", 1, "sample.on: expected true or false, found a whole number"),
        ("later", 7, "sample.later: expected a date"),
        ("folder", 7, "sample.folder: expected text"),
    ],
)
def test_a_wrong_type_says_where_and_what_was_expected_and_found(
    key: str, value: object, message: str
) -> None:
    with pytest.raises(WrongTypeError, match=message):
        read_table(Sample, GOOD | {key: value}, where="sample")


def test_an_unknown_code_names_the_nearest() -> None:
    with pytest.raises(WrongValueError, match="unknown 'gren'; did you mean 'green'"):
        read_table(Sample, GOOD | {"colour": "gren"}, where="sample")


def test_an_entry_of_a_list_of_tables_is_named_by_its_place() -> None:
    with pytest.raises(WrongTypeError, match=r"row\[2\]\.word: expected text"):
        read_tables(Inner, [{"word": "a"}, {"word": 2}], where="row")


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = ConfigError.__subclasses__()

    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("config.") for code in codes)
