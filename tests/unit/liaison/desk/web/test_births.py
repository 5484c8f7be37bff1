import pytest

from liaison.desk.web.births import read_birth


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
