from datetime import UTC, timedelta, timezone

import pytest

from liaison.desk.web.dates import read_birth, read_day, read_moment


@pytest.mark.parametrize(
    "typed,value,precision",
    [
        ("21/08/1995", "1995-08-21", "day"),
        ("1.2.1995", "1995-02-01", "day"),
        ("1995-08-21", "1995-08-21", "day"),
        ("1995年8月21日", "1995-08-21", "day"),
        ("08/1995", "1995-08", "month"),
        ("1995年8月", "1995-08", "month"),
        ("1995", "1995", "year"),
        ("16-18", "16-18", "range"),
        (" 16 \u2013 18 ", "16-18", "range"),
    ],
)
def test_a_birth_is_read_as_it_is_written(typed: str, value: str, precision: str) -> None:
    assert read_birth(typed, "") == {"value": value, "precision": precision}


def test_a_precision_that_was_chosen_stands() -> None:
    assert read_birth("1995", "about") == {"value": "1995", "precision": "about"}


def test_what_is_no_birth_is_left_for_the_form_to_refuse() -> None:
    assert read_birth("hè 1995", "") == {"value": "hè 1995", "precision": "day"}


@pytest.mark.parametrize("typed", ["21/08/2026", "2026-08-21", "2026年8月21日", "21.8.2026"])
def test_a_date_is_brought_into_one_order(typed: str) -> None:
    assert read_day(typed) == "2026-08-21"


@pytest.mark.parametrize("typed", ["08/2026", "2026", "mai", "16-18"])
def test_what_is_no_date_is_left_as_typed(typed: str) -> None:
    assert read_day(typed) == typed


@pytest.mark.parametrize(
    "typed", ["22:15 21/08/2026", "21/08/2026 22:15", "2026年8月21日 22:15", "2026-08-21T22:15"]
)
def test_a_time_is_by_the_officers_own_clock(typed: str) -> None:
    china = timezone(timedelta(hours=8))

    assert read_moment(typed, china) == "2026-08-21T22:15:00+08:00"


@pytest.mark.parametrize("typed", ["21/08/2026", "25:15 21/08/2026", "22:15", "22:15 31/02/2026"])
def test_what_is_no_time_is_left_as_typed(typed: str) -> None:
    assert read_moment(typed, UTC) == typed
