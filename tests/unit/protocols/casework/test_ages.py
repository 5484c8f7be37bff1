from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.casework.ages import AGES, age_marks, born_between
from protocols.casework.person import Birth

ON = date(2017, 12, 4)


def birth(value: str, precision: str) -> Birth:
    return Birth.model_validate({"value": value, "precision": precision})


@pytest.mark.parametrize(
    "value,precision,under",
    [
        ("2003-12-05", "day", [True, True, True]),
        ("2003-12-04", "day", [False, True, True]),
        ("2003-12", "month", [None, True, True]),
        ("1999", "year", [False, False, None]),
        ("1998", "year", [False, False, False]),
        ("2017-11-04", "about", [True, True, True]),
        ("2000-06-01", "about", [False, False, None]),
        ("16-18", "range", [False, False, None]),
        ("13-13", "range", [True, True, True]),
        ("14-15", "range", [False, True, True]),
        ("12-20", "range", [None, None, None]),
    ],
)
def test_an_age_is_said_only_where_the_birth_says_it(
    value: str, precision: str, under: list[bool | None]
) -> None:
    marks = age_marks(birth(value, precision), on=ON)

    assert [mark.age for mark in marks] == [14, 16, 18]
    assert [mark.under for mark in marks] == under


def test_an_age_range_counts_from_the_day_on_which_it_was_stated() -> None:
    later = date(2019, 12, 4)

    marks = age_marks(birth("16-18", "range"), on=later, stated_on=ON)

    assert [mark.under for mark in marks] == [False, False, False]


def test_who_was_born_on_the_29th_of_february_comes_of_age_on_the_1st_of_march() -> None:
    marks = age_marks(birth("2000-02-29", "day"), on=ON)

    assert [str(mark.reached) for mark in marks] == ["2014-03-01", "2016-02-29", "2018-03-01"]


@given(st.dates(date(1950, 1, 1), date(2017, 12, 3)))
def test_an_exact_birth_leaves_no_doubt_and_turns_on_the_day(day: date) -> None:
    exact = birth(day.isoformat(), "day")

    for mark in age_marks(exact, on=ON):
        assert mark.under is (mark.reached > ON)
    for number, mark in enumerate(age_marks(exact, on=ON)):
        before = age_marks(exact, on=mark.reached - timedelta(days=1))
        assert before[number].under is True
        assert age_marks(exact, on=mark.reached)[number].under is False


@given(st.integers(0, 60), st.integers(0, 20))
def test_an_age_range_holds_who_is_of_its_ages_and_nobody_else(youngest: int, more: int) -> None:
    first, last = born_between(birth(f"{youngest}-{youngest + more}", "range"), stated_on=ON)

    assert last == ON.replace(year=ON.year - youngest)
    assert first == ON.replace(year=ON.year - youngest - more - 1) + timedelta(days=1)


def test_the_ages_are_those_of_the_two_laws() -> None:
    assert AGES == (14, 16, 18)
