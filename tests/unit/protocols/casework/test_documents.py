from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.casework.documents import (
    CHECK_CHARACTERS,
    VN_PROVINCES,
    Doubt,
    check_character,
    document_warnings,
)
from protocols.casework.person import Person

ON = date(2026, 11, 24)
#: The example of GB 11643-1999: a woman of Beijing Chaoyang, born on 31 December 1949.
STANDARD = "11010519491231002X"
#: The number of the woman in the report: Quang Ninh, female, 1996; no check digit exists.
LAN = "022196001507"


def doubts(kind: str, number: str, **known: object) -> list[str]:
    fields = {"type": kind, "number": number}
    dates = {name: known.pop(name) for name in ("issued", "expires") if name in known}
    person = Person.model_validate(
        {"label": "P1", "role": "relative", "documents": [fields | dates]} | known
    )
    return [str(warning.doubt) for warning in document_warnings(person, on=ON)]


def born(value: str, precision: str = "day") -> dict[str, str]:
    return {"value": value, "precision": precision}


def test_the_number_of_the_standard_raises_no_doubt() -> None:
    whole = {"sex": "female", "birth": born("1949-12-31"), "nationality": "CN"}

    assert check_character(STANDARD) == "X"
    assert doubts("cn_resident_id", STANDARD, **whole) == []


@pytest.mark.parametrize(
    "number,known,expected",
    [
        ("110105194912310021", {}, ["check_digit"]),
        ("110105194912310", {}, ["shape"]),
        ("1101051949123100AX", {}, ["shape"]),
        ("100105194912310027", {}, ["region", "check_digit"]),
        (STANDARD, {"sex": "male"}, ["sex_differs"]),
        (STANDARD, {"sex": "unknown"}, []),
        (STANDARD, {"birth": born("1949-12-30")}, ["birth_differs"]),
        (STANDARD, {"birth": born("1950", "about")}, []),
        (STANDARD, {"birth": born("1951", "year")}, ["birth_differs"]),
        (STANDARD, {"nationality": "VN"}, ["nationality_differs"]),
        ("11010519490229002" + check_character("11010519490229002"), {}, ["birth_impossible"]),
        ("11010520491231002" + check_character("11010520491231002"), {}, ["birth_impossible"]),
    ],
)
def test_a_chinese_number_is_compared_with_itself_and_the_person(
    number: str, known: dict[str, object], expected: list[str]
) -> None:
    assert doubts("cn_resident_id", number, **known) == expected


@given(st.integers(0, 16), st.integers(1, 9))
def test_any_digit_misread_fails_the_check(place: int, shift: int) -> None:
    digit = (int(STANDARD[place]) + shift) % 10
    altered = STANDARD[:place] + str(digit) + STANDARD[place + 1 :]

    assert "check_digit" in doubts("cn_resident_id", altered) or altered[:2] != "11"
    assert check_character(altered) in CHECK_CHARACTERS
    assert check_character(altered) != altered[-1]


@pytest.mark.parametrize(
    "number,known,expected",
    [
        (LAN, {"sex": "female", "birth": born("1996-03-17"), "nationality": "VN"}, []),
        ("022 196 001 507", {}, []),
        (LAN, {"sex": "male"}, ["sex_differs"]),
        (LAN, {"birth": born("1997", "year")}, ["birth_differs"]),
        (LAN, {"birth": born("1997", "about")}, []),
        (LAN, {"nationality": "CN"}, ["nationality_differs"]),
        ("003196001507", {}, ["region"]),
        ("02219600150", {}, ["shape"]),
        ("02219600150A", {}, ["shape"]),
        ("022302001507", {"birth": born("2002", "year"), "sex": "female"}, []),
        ("022202001507", {"birth": born("2002", "year"), "sex": "male"}, []),
        ("022002001507", {"birth": born("2002", "year")}, ["birth_differs"]),
    ],
)
def test_a_vietnamese_number_is_compared_with_itself_and_the_person(
    number: str, known: dict[str, object], expected: list[str]
) -> None:
    assert doubts("vn_citizen_id", number, **known) == expected


@pytest.mark.parametrize(
    "number,nationality,expected",
    [
        ("B1234567", "VN", []),
        ("P01234567", "VN", []),
        ("12345678", "VN", ["shape"]),
        ("E12345678", "CN", []),
        ("EA1234567", "CN", []),
        ("12345678", "CN", ["shape"]),
        ("PA 123456", "LA", []),
        ("123", None, ["shape"]),
    ],
)
def test_a_passport_has_the_usual_shape_of_its_country(
    number: str, nationality: str | None, expected: list[str]
) -> None:
    assert doubts("passport", number, nationality=nationality) == expected


@pytest.mark.parametrize(
    "issued,expires,expected",
    [
        ("2020-01-31", "2030-01-31", []),
        ("2020-01-31", "2019-01-31", ["dates", "expired"]),
        ("1990-01-31", None, ["dates"]),
        (None, "2026-11-23", ["expired"]),
        (None, "2026-11-24", []),
    ],
)
def test_the_dates_of_a_document_fit_one_another(
    issued: str | None, expires: str | None, expected: list[str]
) -> None:
    birth = born("1996", "year")

    assert doubts("other", "A1", birth=birth, issued=issued, expires=expires) == expected


def test_a_warning_names_the_field_and_no_digit() -> None:
    person = Person.model_validate(
        {
            "label": "P7",
            "role": "suspect",
            "documents": [
                {"type": "other", "number": "1"},
                {"type": "vn_citizen_id", "number": "987654321098"},
            ],
        }
    )

    (warning,) = document_warnings(person, on=ON)

    assert (warning.path, warning.doubt) == ("P7.documents.1.number", Doubt.REGION)
    assert "98765" not in str(warning)


def test_births_were_registered_in_sixty_three_provinces() -> None:
    assert len(VN_PROVINCES) == 63
