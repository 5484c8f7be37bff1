"""What presses on a row of the board."""

import pytest

from liaison.desk.web.pages.board import QUIET, press_of

DUE = "2026-03-02T20:00:00Z"


@pytest.mark.parametrize("state", ["running", "overdue"])
def test_a_clock_that_ended_does_not_hide_an_open_one_that_was_due_at_the_same_time(
    state: str,
) -> None:
    clocks = [{"due": DUE, "state": "met"}, {"due": DUE, "state": state}]

    assert press_of({"next_due": DUE, "clocks": clocks}) == state


def test_a_case_with_no_open_clock_presses_on_nobody() -> None:
    assert press_of({"next_due": None, "clocks": [{"due": DUE, "state": "met"}]}) == QUIET
    assert press_of({"clocks": []}) == QUIET
