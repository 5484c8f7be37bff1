"""When seeds end: both clocks, all read, and a window in use past its week keeps its seed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.seal.destruction import (
    AT_LATEST,
    GRANT_SETTLES,
    Times,
    follower,
    grant_key_is_over,
    served_until,
    window_is_over,
)
from crypto.seal.windows import WEEK
from tests.support.world import MONDAY, window

DAY = 86_400
END = MONDAY + WEEK
SURE = END + 14 * DAY
WEEKS = [window("here", MONDAY + n * WEEK).window for n in range(4)]


@pytest.mark.parametrize(
    "own, cosigned, is_read, is_over",
    [
        (SURE, SURE, True, True),
        (SURE - 1, SURE, True, False),
        (SURE, SURE - 1, True, False),
        (SURE, SURE, False, False),
        (0, END + AT_LATEST, False, True),
        (0, END + AT_LATEST - 1, True, False),
        (SURE + 3_650 * DAY, SURE - 1, True, False),
    ],
)
def test_a_window_is_over_when_both_clocks_say_so_or_the_cosigned_one_for_long(
    own: int, cosigned: int, *, is_read: bool, is_over: bool
) -> None:
    assert window_is_over(END, Times(own, cosigned, is_read)) is is_over


@given(st.integers(0, 2**40), st.integers(0, SURE - 1), st.booleans())
def test_no_jump_of_our_own_clock_burns_anything(own: int, cosigned: int, is_read: bool) -> None:  # noqa: FBT001 - drawn
    assert not window_is_over(END, Times(own, cosigned, is_read))


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.booleans())
def test_what_is_over_stays_over(own: int, cosigned: int, is_read: bool) -> None:  # noqa: FBT001 - drawn
    times = Times(own, cosigned, is_read)

    if window_is_over(END, times):
        assert window_is_over(END, replace(times, own=own + DAY, cosigned=cosigned + DAY))


def test_a_grant_key_is_over_a_day_after_it_was_replaced_by_both_clocks() -> None:
    sure = END + GRANT_SETTLES

    assert grant_key_is_over(END, Times(sure, sure, is_read=True))
    assert not grant_key_is_over(END, Times(sure - 1, sure, is_read=True))
    assert not grant_key_is_over(END, Times(sure, sure, is_read=False))
    assert grant_key_is_over(END, Times(0, END + AT_LATEST, is_read=False))


def test_the_last_of_the_windows_among_which_senders_choose_is_followed_by_none() -> None:
    assert [follower(one.not_after, WEEKS) for one in WEEKS] == [
        MONDAY + WEEK,
        MONDAY + 2 * WEEK,
        MONDAY + 3 * WEEK,
        None,
    ]


def test_a_window_that_was_in_use_past_its_week_served_until_the_next_was_there() -> None:
    later = END + 5 * WEEK

    assert served_until(END, END - 3 * WEEK, END) == END
    assert served_until(END, later + DAY, later) == later + DAY
    assert served_until(END, later + 500 * DAY, later) == later + WEEK
