import pytest

from protocols.casework.errors import FormError
from protocols.casework.forms.registry import parse_request
from protocols.casework.forms.rescue import RescueRequest
from tests.support.women import header, request_fields, request_form


def codes_of(**changes: object) -> list[tuple[str, str]]:
    with pytest.raises(FormError) as refused:
        request_form(**changes)
    return [(finding.path, finding.code) for finding in refused.value.findings]


def test_a_rescue_for_many_persons_lists_every_label() -> None:
    form = request_form()

    assert form.labels == tuple(f"P{number}" for number in range(1, 23))


@pytest.mark.parametrize("total", [21, 23])
def test_the_number_of_persons_must_be_the_number_of_labels(total: int) -> None:
    assert codes_of(persons_total=total) == [("request", "casework.persons_total")]


def test_a_label_stands_once() -> None:
    group = [{"labels": "P2..P22", "role": "presumed_victim"}]

    assert codes_of(groups=group) == [("request", "casework.label_twice")]


def test_a_rescue_is_for_somebody() -> None:
    found = codes_of(persons=[], groups=[], persons_total=0)

    assert found == [("request.persons_total", "casework.invalid")]


def test_a_rescue_can_be_sent_with_codes_and_a_place_alone() -> None:
    person = {"label": "P1", "role": "presumed_victim"}

    form = request_form(persons=[person], groups=[], persons_total=1, last_contact=None, do_not=[])

    assert isinstance(form, RescueRequest)
    assert form.last_contact is None


def test_the_point_on_the_map_keeps_its_digits() -> None:
    form = request_form(position={"latitude": "21.5240", "longitude": "107.9680"})

    assert isinstance(form, RescueRequest)
    assert form.position is not None
    assert form.position.latitude == "21.5240"


def test_a_rescue_form_is_of_type_rescue() -> None:
    with pytest.raises(ValueError, match="expected type RESCUE"):
        RescueRequest.model_validate(request_fields(header=header(type="DNA")))


@pytest.mark.parametrize("fields", [{}, {"header": {}}, {"header": "RESCUE"}])
def test_a_form_without_a_type_says_that_it_is_missing(fields: dict[str, object]) -> None:
    with pytest.raises(FormError) as refused:
        parse_request(fields)

    assert refused.value.findings[0].path == "request.header.type"
