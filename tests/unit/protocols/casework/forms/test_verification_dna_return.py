import pytest

from protocols.casework.codes import Accessibility, Gate, Media
from protocols.casework.errors import FormError
from protocols.casework.forms.dna import DnaRequest
from protocols.casework.forms.registry import parse_request
from protocols.casework.forms.return_ import ReturnRequest
from protocols.casework.forms.verify_id import VerifyIdRequest
from protocols.casework.payload import from_value, subject, to_value
from tests.support.baby import (
    ASKED,
    RETURN,
    RETURN_ASKED,
    SAMPLE_ASKED,
    dna_fields,
    header,
    return_fields,
    verify_fields,
)


def codes_of(fields: dict[str, object]) -> list[tuple[str, str]]:
    with pytest.raises(FormError) as refused:
        parse_request(fields)
    return [(finding.path, finding.code) for finding in refused.value.findings]


@pytest.mark.parametrize("asked", [ASKED, SAMPLE_ASKED, RETURN_ASKED], ids=lambda x: x.step.case)
def test_a_request_comes_back_from_its_value(asked: object) -> None:
    step = asked.step  # type: ignore[attr-defined]

    assert from_value(to_value(step)) == step


def test_each_type_reads_its_own_form() -> None:
    verify, dna, back = map(parse_request, (verify_fields(), dna_fields(), return_fields()))

    assert isinstance(verify, VerifyIdRequest)
    assert verify.accessible is Accessibility.INDIRECT
    assert isinstance(dna, DnaRequest)
    assert (dna.sample.number, dna.sample.consent, dna.accessible) == ("QN-2017-118", True, None)
    assert isinstance(back, ReturnRequest)
    assert (back.handover.gate, back.handover.media) == (Gate.BRIDGE_1, Media.EMBARGO)


def test_the_subject_counts_the_persons_that_are_not_stated() -> None:
    assert subject(ASKED.step) == "GX-DX-2017-0001 VERIFY-ID request U1 x2"


@pytest.mark.parametrize(
    "changes,found",
    [
        ({"questions": []}, ("request.questions", "casework.size")),
        ({"questions": ["identity", "wealth"]}, ("request.questions.1", "casework.unknown_code")),
        ({"persons": []}, ("request", "casework.no_person")),
        ({"persons_total": 3}, ("request", "casework.persons_total")),
        ({"accessibility": "far"}, ("request.accessibility", "casework.unknown_code")),
        ({"place": {"lang": "vi", "text": "x"}}, ("request.place", "casework.unknown_field")),
    ],
)
def test_a_verification_that_is_not_whole_is_refused(
    changes: dict[str, object], found: tuple[str, str]
) -> None:
    assert codes_of(verify_fields(**changes)) == [found]


@pytest.mark.parametrize(
    "changes,found",
    [
        ({"kind": "tooth"}, ("request.sample.kind", "casework.unknown_code")),
        ({"number": "QN 118"}, ("request.sample.number", "casework.shape")),
        ({"consent": "yes"}, ("request.sample.consent", "casework.type")),
        ({"consent": None}, ("request.sample.consent", "casework.type")),
        ({"laboratory": "the lab"}, ("request.sample.laboratory", "casework.shape")),
        ({"taken": "2017-12"}, ("request.sample.taken", "casework.type")),
    ],
)
def test_a_sample_that_is_not_whole_is_refused(
    changes: dict[str, object], found: tuple[str, str]
) -> None:
    sample = dna_fields()["sample"]
    assert isinstance(sample, dict)

    assert codes_of(dna_fields(sample=sample | changes)) == [found]


@pytest.mark.parametrize(
    "changes,found",
    [
        ({"gate": "BRIDGE_3"}, ("request.handover.gate", "casework.unknown_code")),
        ({"at": "2018-05-11T10:00:00"}, ("request.handover.at", "casework.naive_time")),
        ({"documents": ["visa"]}, ("request.handover.documents.0", "casework.unknown_code")),
        ({"escort": -1}, ("request.handover.escort", "casework.invalid")),
        ({"media": "live"}, ("request.handover.media", "casework.unknown_code")),
    ],
)
def test_a_handover_that_is_not_whole_is_refused(
    changes: dict[str, object], found: tuple[str, str]
) -> None:
    handover = return_fields()["handover"]
    assert isinstance(handover, dict)

    assert codes_of(return_fields(handover=handover | changes)) == [found]


def test_a_form_is_of_its_own_type() -> None:
    with pytest.raises(ValueError, match="expected type DNA"):
        DnaRequest.model_validate(dna_fields(header=header(RETURN, "RETURN")) | {"persons": []})


def test_a_person_is_taken_over_from_a_case_that_is_named_as_related() -> None:
    head = header("GX-DX-2018-0001", "DNA")

    assert codes_of(dna_fields(header=head)) == [("request", "casework.not_related")]


@pytest.mark.parametrize("related", [["GX-DX-2018-0001"], ["GX-DX-2017-0001"] * 2])
def test_related_cases_are_others_and_stand_once(related: list[str]) -> None:
    head = header("GX-DX-2018-0001", "DNA", related=related)

    assert codes_of(dna_fields(header=head)) == [("request.header", "casework.repeated")]


def test_a_document_of_a_person_keeps_its_number_however_wrong() -> None:
    person = {
        "label": "P1",
        "role": "suspect",
        "documents": [{"type": "cn_resident_id", "number": "??", "expires": "2020-02-29"}],
    }

    form = parse_request(verify_fields(persons=[person]))

    assert form.persons[0].documents[0].number == "??"
    assert str(form.persons[0].documents[0].expires) == "2020-02-29"
