import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.wire.clock import ESCALATION, LadderStep, ladder, reached
from protocols.wire.mailbox import NoticeCode

DUE = 1_772_438_400


def test_a_routine_clock_says_once_that_it_is_due() -> None:
    assert ladder(DUE, 0) == (LadderStep(DUE, NoticeCode.DUE),)


@pytest.mark.parametrize("priority, later", [(1, 24 * 3_600), (2, 30 * 60)])
def test_an_urgent_clock_escalates_after_a_day_and_a_rescue_after_half_an_hour(
    priority: int, later: int
) -> None:
    assert ladder(DUE, priority) == (
        LadderStep(DUE, NoticeCode.DUE),
        LadderStep(DUE + later, NoticeCode.ESCALATED),
    )


@pytest.mark.parametrize(
    "now, done, expected",
    [
        (DUE - 1, 0, 0),
        (DUE, 0, 1),
        (DUE + 1_799, 0, 1),
        (DUE + 1_800, 0, 2),
        (DUE + 1_800, 1, 2),
        (DUE - 1, 2, 2),
    ],
)
def test_steps_fall_due_at_their_second_and_never_fall_back(
    now: int, done: int, expected: int
) -> None:
    """Also when the machine's clock is set back: what was said was said."""
    assert reached(ladder(DUE, 2), done, now=now) == expected


@given(st.integers(0, 2**40), st.integers(0, 2))
def test_a_ladder_goes_up_and_ends_in_escalation_only_where_there_is_one(
    due: int, priority: int
) -> None:
    steps = ladder(due, priority)

    assert [step.at for step in steps] == sorted({step.at for step in steps})
    assert (steps[-1].code is NoticeCode.ESCALATED) == (priority in ESCALATION)
