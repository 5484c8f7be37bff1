from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crypto.attest.signing import key_id
from crypto.seal.primitives import OpeningKey
from crypto.seal.windows import (
    WEEK,
    WEEKS_AHEAD,
    make_window,
    next_publication,
    published_until,
    week_of,
    weeks_wanted,
)
from tests.support.world import MONDAY, NOW, window

#: From 1970's first Monday to the year 2100.
TIMES = st.integers(4 * 86_400, 4_102_444_800)


@pytest.mark.parametrize(
    "at, begins",
    [
        (NOW, MONDAY),
        (MONDAY, MONDAY),
        (MONDAY - 1, MONDAY - WEEK),
        (MONDAY + WEEK - 1, MONDAY),
        (345_600, 345_600),  # Monday 5 January 1970
    ],
)
def test_a_week_begins_on_monday_in_universal_time(at: int, begins: int) -> None:
    assert week_of(at) == begins


@given(TIMES)
def test_a_desk_that_has_none_publishes_this_week_and_three_ahead(at: int) -> None:
    weeks = weeks_wanted(None, at=at)

    assert weeks[0] <= at < weeks[0] + WEEK
    assert len(weeks) == 1 + WEEKS_AHEAD
    assert all(later - sooner == WEEK for sooner, later in pairwise(weeks))


@given(TIMES, st.integers(0, 20))
def test_a_desk_that_publishes_when_due_is_always_three_weeks_ahead(at: int, steps: int) -> None:
    until = weeks_wanted(None, at=at)[-1] + WEEK
    for _ in range(steps):
        due = next_publication(until)
        assert until - due >= WEEKS_AHEAD * WEEK
        assert weeks_wanted(until, at=due - 1) == []
        until = weeks_wanted(until, at=due)[-1] + WEEK


@given(TIMES)
def test_what_a_desk_has_published_ends_with_its_last_window(at: int) -> None:
    published = [window("x", begins).window for begins in weeks_wanted(None, at=at)]

    assert published_until(published, at=at) == published[-1].not_after
    assert published_until([], at=at) is None


def test_windows_of_a_clock_that_had_jumped_keep_no_other_from_being_published() -> None:
    honest = [window("x", begins).window for begins in weeks_wanted(None, at=NOW)]
    jumped = NOW + 26 * WEEK
    ahead = [window("x", begins).window for begins in weeks_wanted(None, at=jumped)]

    until = published_until([*honest, *ahead], at=NOW + 5 * WEEK)

    assert until == honest[-1].not_after
    assert next_publication(until) < NOW + 5 * WEEK
    assert published_until([*honest, *ahead], at=jumped) == ahead[-1].not_after


@given(TIMES, st.integers(0, 60))
def test_windows_follow_one_another_without_gap_while_the_office_is_open(
    at: int, late: int
) -> None:
    until = weeks_wanted(None, at=at)[-1] + WEEK
    later = at + late * 86_400

    weeks = weeks_wanted(until, at=later)
    assume(weeks and later < until)

    assert weeks[0] == until


def test_after_a_closed_office_the_missed_weeks_are_not_made_up() -> None:
    """A window for a week that is over would be a key that opens nothing and can leak."""
    until = MONDAY + 2 * WEEK
    back = MONDAY + 10 * WEEK + 5

    weeks = weeks_wanted(until, at=back)

    assert weeks == [MONDAY + n * WEEK for n in range(10, 14)]


def test_a_desk_without_windows_publishes_at_once() -> None:
    assert next_publication(None) == 0


def test_a_window_is_open_for_its_week_and_named_by_its_key() -> None:
    own = make_window(MONDAY)

    assert (own.window.not_before, own.window.not_after) == (MONDAY, MONDAY + WEEK)
    assert own.window.kid == key_id(own.window.public)
    assert OpeningKey.from_seed(own.seed).public == own.window.public


def test_two_windows_have_two_keys_and_show_no_seed() -> None:
    one, other = make_window(MONDAY), make_window(MONDAY)

    assert one.window.kid != other.window.kid
    assert repr(one.seed) not in repr(one)
