import pytest
from pydantic import ValidationError

from protocols.casework.codes import Handling, LegalBasis, Marking, Purpose
from protocols.casework.header import Header
from tests.support.women import header


def codes_of(**changes: object) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        Header.model_validate(header(**changes))
    return [detail["type"] for detail in refused.value.errors()]


def test_what_a_rescue_cannot_wait_for_has_a_default() -> None:
    read = Header.model_validate(header())

    assert read.legal_basis == (LegalBasis.AGREEMENT_2010,)
    assert read.purpose is Purpose.PROTECT_VICTIMS
    assert read.handling == (Handling.H1, Handling.H2)
    assert read.marking is Marking.POLICE_ONLY


@pytest.mark.parametrize("urgency", ["U0", "U1"])
def test_urgency_must_give_its_reason(urgency: str) -> None:
    assert codes_of(urgency=urgency, urgency_reason=None) == ["casework.urgency_reason"]


@pytest.mark.parametrize("urgency", ["U2", "U3"])
def test_a_routine_request_needs_no_reason(urgency: str) -> None:
    assert Header.model_validate(header(urgency=urgency, urgency_reason=None)).urgency == urgency


@pytest.mark.parametrize(
    "marking",
    ["Mật", "TỐI MẬT", "Tuyệt mật", "秘密", "机密", "绝密★10年", "Ma\u0323\u0302t"],
)
def test_a_mark_of_state_secrecy_is_refused(marking: str) -> None:
    assert codes_of(marking=marking) == ["casework.state_secret"]


def test_another_word_in_the_marking_is_an_unknown_code() -> None:
    assert codes_of(marking="mật ong rừng".replace("mật ", "")) == ["enum"]


def test_a_desk_does_not_write_to_itself() -> None:
    assert codes_of(to="vn-mongcai-1") == ["casework.same_desk"]


def test_an_approval_names_desk_officer_class_file_and_law() -> None:
    approval = {
        "desk": "cn-guangxi",
        "officer": "GX-01",
        "authority": "provincial",
        "file": "桂公刑(2018)007号",
        "basis": "AGREEMENT_2010",
    }

    assert Header.model_validate(header(release_approval=approval)).release_approval is not None
    for name in approval:
        partial = {key: value for key, value in approval.items() if key != name}
        assert codes_of(release_approval=partial) == ["missing"]


def test_the_restriction_h3_needs_words() -> None:
    assert codes_of(handling=["H1", "H3"]) == ["casework.handling_text"]


def test_a_handling_code_stands_once() -> None:
    assert codes_of(handling=["H1", "H1"]) == ["casework.repeated"]


def test_a_summary_has_two_thousand_characters_at_most() -> None:
    assert codes_of(summary={"lang": "vi", "text": "a" * 2001}) == ["casework.size"]


@pytest.mark.parametrize("due", [1_370_000_000, "2013-06-03", "2013-06-03T08:00:00"])
def test_a_time_without_its_zone_is_refused(due: object) -> None:
    assert codes_of(due_wanted=due) in (["casework.type"], ["timezone_aware"])


def test_a_form_of_another_version_is_refused() -> None:
    assert codes_of(version=2) == ["less_than_equal"]
