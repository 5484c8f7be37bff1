"""The order of the board: what is due first stands on top."""

from hypothesis import given
from hypothesis import strategies as st

from liaison.desk.casework.view import View, by_deadline

EARLY, LATE = "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"


def test_what_is_due_first_is_on_top_and_what_waits_for_nothing_is_last() -> None:
    rows: list[View] = [
        {"case": "closed", "next_due": None},
        {"case": "late", "next_due": LATE},
        {"case": "not yet taken"},
        {"case": "early", "next_due": EARLY},
    ]

    assert [row["case"] for row in by_deadline(rows)] == [
        "early",
        "late",
        "closed",
        "not yet taken",
    ]


@given(st.lists(st.sampled_from([EARLY, LATE, None])))
def test_rows_that_are_due_alike_keep_their_order(dues: list[str | None]) -> None:
    rows = by_deadline({"case": n, "next_due": due} for n, due in enumerate(dues))

    for due in (EARLY, LATE, None):
        alike = [row["case"] for row in rows if row["next_due"] == due]
        assert alike == sorted(alike)
