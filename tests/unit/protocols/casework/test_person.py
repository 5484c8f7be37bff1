import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from protocols.casework.codes import BirthPrecision
from protocols.casework.errors import LabelError
from protocols.casework.person import Birth, Person, Phone, contract_labels, expand_labels


def test_a_range_of_labels_is_every_label_from_first_to_last() -> None:
    assert expand_labels("P3..P7") == ["P3", "P4", "P5", "P6", "P7"]
    assert expand_labels("P1") == ["P1"]


@pytest.mark.parametrize(
    "labels",
    ["", "P0", "P01", "p1", "P1000", "P1..", "P7..P3", "P3..P3", "P1..P1000", "P1, P2", "P\uff11"],
)
def test_labels_of_another_form_are_refused(labels: str) -> None:
    with pytest.raises(LabelError):
        expand_labels(labels)


@given(st.sets(st.integers(1, 999), min_size=1))
def test_contracted_labels_expand_to_the_same_labels(numbers: set[int]) -> None:
    contracted = contract_labels([f"P{number}" for number in numbers])

    assert [x for entry in contracted for x in expand_labels(entry)] == [
        f"P{number}" for number in sorted(numbers)
    ]


@pytest.mark.parametrize(
    "value,precision",
    [
        ("1995-08-21", "day"),
        ("1995-08", "month"),
        ("1994", "year"),
        ("2017-11-04", "about"),
        ("1994", "about"),
        ("16-18", "range"),
        ("5-5", "range"),
    ],
)
def test_a_birth_is_as_exact_as_it_is_known(value: str, precision: str) -> None:
    assert Birth(value=value, precision=BirthPrecision(precision)).value == value


@pytest.mark.parametrize(
    "value,precision",
    [
        ("1995", "day"),
        ("1995-02-30", "day"),
        ("1995-13", "month"),
        ("94", "year"),
        ("18-16", "range"),
        ("16", "range"),
        ("0000", "year"),
        ("1994-01-01", "year"),
    ],
)
def test_a_birth_that_does_not_fit_its_precision_is_refused(value: str, precision: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Birth(value=value, precision=BirthPrecision(precision))

    assert refused.value.errors()[0]["type"] == "casework.birth"


def test_whether_a_phone_is_safe_is_never_guessed() -> None:
    with pytest.raises(ValidationError):
        Phone.model_validate({"number": "+84 912 345 078"})
    with pytest.raises(ValidationError):
        Phone.model_validate({"number": "+84 912 345 078", "safe": "no"})


def test_a_person_is_self_declared_until_somebody_verified() -> None:
    person = Person.model_validate({"label": "P1", "role": "witness"})

    assert person.status == "self_declared"


def test_one_person_has_one_label() -> None:
    with pytest.raises(ValidationError):
        Person.model_validate({"label": "P1..P2", "role": "witness"})


def test_an_error_about_a_person_does_not_show_the_person() -> None:
    with pytest.raises(ValidationError) as refused:
        Person.model_validate({"label": "P1", "role": "Nguyễn Thị Lan"})

    assert "Lan" not in str(refused.value)
