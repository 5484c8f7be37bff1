import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.casework.case_number import CaseNumber, format_case_number, parse_case_number
from protocols.casework.errors import CaseNumberError


def test_a_case_number_has_desk_code_year_and_serial() -> None:
    assert parse_case_number("QN-MC1-2026-0117") == CaseNumber("QN-MC1", 2026, 117)


@given(
    st.from_regex(r"[A-Z]{2}-[A-Z0-9]{1,6}", fullmatch=True),
    st.integers(1000, 2999),
    st.integers(1, 9_999_999),
)
def test_a_formatted_number_is_read_back(code: str, year: int, serial: int) -> None:
    text = format_case_number(code, year=year, serial=serial)

    assert parse_case_number(text) == CaseNumber(code, year, serial)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "QN-MC1-2026-117",
        "QN-MC1-2026-00117",
        "QN-MC1-2026-0000",
        "qn-mc1-2026-0117",
        "QN-MC1-26-0117",
        " QN-MC1-2026-0117",
        "QN-MC1-2026-0117\n",
        "QN-MC1-\uff12\uff10\uff12\uff16-0117",
    ],
)
def test_a_number_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(CaseNumberError):
        parse_case_number(text)


def test_parts_that_make_no_number_are_refused() -> None:
    with pytest.raises(CaseNumberError):
        format_case_number("Móng Cái", year=2026, serial=1)
