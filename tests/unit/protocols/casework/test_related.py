import pytest

from protocols.casework.errors import RelatedCaseError
from protocols.casework.forms.registry import parse_request
from protocols.casework.related import take_over
from tests.support.baby import DNA, DNA_FORM, VERIFY, VERIFY_FORM, verify_fields
from tests.support.women import CASE, request_form


def test_persons_are_taken_over_whole_and_marked_with_their_case() -> None:
    taken = take_over([VERIFY_FORM])

    assert [person.label for person in taken.persons] == ["P1", "P2"]
    assert {person.taken_over_from for person in taken.persons} == {VERIFY}
    assert taken.persons[0].names == VERIFY_FORM.persons[0].names
    assert taken.groups == ()


def test_a_copy_of_a_copy_is_the_same_person() -> None:
    assert take_over([VERIFY_FORM, DNA_FORM]) == take_over([VERIFY_FORM])


def test_a_copy_whose_origin_is_not_named_is_of_the_case_that_was_named() -> None:
    taken = take_over([DNA_FORM])

    assert {person.taken_over_from for person in taken.persons} == {DNA}


def test_groups_are_taken_over_under_their_range() -> None:
    taken = take_over([request_form()])

    assert [(group.labels, group.taken_over_from) for group in taken.groups] == [("P3..P22", CASE)]


def test_one_label_for_two_persons_is_refused_by_label() -> None:
    fields = verify_fields()
    persons = fields["persons"]
    assert isinstance(persons, list)
    head = {**dict(fields["header"]), "ref": "GX-DX-2017-0009"}  # type: ignore[call-overload]
    other = parse_request(fields | {"header": head, "persons": persons[:1]})

    with pytest.raises(RelatedCaseError, match=r"found more: P1$"):
        take_over([VERIFY_FORM, other])


def test_who_the_new_request_gives_itself_is_not_taken_over() -> None:
    taken = take_over([VERIFY_FORM], given=["P1"])

    assert [person.label for person in taken.persons] == ["P2"]
