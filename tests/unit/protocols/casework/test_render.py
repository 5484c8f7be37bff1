import pytest

from config.load import bundled_corridor, load_catalogue
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language, Method, RequestType
from protocols.casework.errors import CatalogueError
from protocols.casework.forms.registry import FORMS
from protocols.casework.model import Model
from protocols.casework.payload import RULES, Step
from protocols.casework.render import RenderedField, check_phrases, render_step
from tests.support.baby import (
    DNA,
    RETURN,
    VERIFY,
    dna_fields,
    return_fields,
    said,
    verify_fields,
)
from tests.support.women import (
    ANSWER,
    DISPUTE,
    FIRST_REPORT,
    REASON_VI,
    REQUEST,
    TEXT_ZH,
    header,
    request_fields,
    step,
)

CATALOGUE = Catalogue(load_catalogue(), bundled_corridor("quangninh-guangxi"))

#: A rescue in which every field has a value.
WHOLE = request_fields(
    header=header(
        summary=REASON_VI,
        link=REASON_VI,
        due_wanted="2013-06-03T08:00:00+07:00",
        handling=["H1", "H3"],
        handling_text=REASON_VI,
        contact="vn-quangninh",
        release_approval={
            "desk": "vn-quangninh",
            "officer": "QN-01",
            "authority": "provincial",
            "file": "118/BC",
            "basis": "LAW_53_2024",
            "at": "2013-06-02T22:00:00+07:00",
        },
        related=["QN-MC1-2013-0002"],
    ),
    persons=[
        {
            "label": "P1",
            "role": "presumed_victim",
            "names": [{"form": form, "value": "Nguyen"} for form in ("vi", "zh", "latin", "alias")],
            "sex": "female",
            "birth": {"value": "1995-08-21", "precision": "day"},
            "nationality": "LA",
            "minor": False,
            "pregnant": True,
            "phone": {"number": "111", "safe": False},
            "accounts": [{"service": "Zalo", "name": "lan", "safe": True}],
            "marks": REASON_VI,
            "documents": [
                {
                    "type": "passport",
                    "number": "B1234567",
                    "issuer": "Lào",
                    "issued": "2012-01-31",
                    "expires": "2022-01-31",
                }
            ],
            "taken_over_from": "QN-MC1-2013-0002",
        }
    ],
    groups=[
        {
            "labels": "P2..P3",
            "role": "witness",
            "sex": "male",
            "nationality": "VN",
            "taken_over_from": "QN-MC1-2013-0002",
        }
    ],
    persons_total=3,
    position={"latitude": "21.5", "longitude": "107.9"},
    holder=REASON_VI,
)


def rendered(said: Step, lang: Language) -> dict[str, RenderedField]:
    return {field.path: field for field in render_step(said, CATALOGUE, lang)}


def test_codes_are_read_in_the_readers_language() -> None:
    zh = rendered(REQUEST.step, Language.CHINESE)
    vi = rendered(REQUEST.step, Language.VIETNAMESE)

    assert zh["request.header.type"].value == "解救"
    assert zh["request.header.to"].value == "东兴市公安局"
    assert zh["request.dangers"].value == "被关押\uff1b遭殴打\uff1b即将被转移"
    assert vi["request.persons.P1.phone.safe"].value == "Không"
    assert {vi[path].method for path in ("request.dangers", "request.header.to")} == {Method.CODE}


def test_free_text_is_shown_as_it_was_written() -> None:
    place = rendered(REQUEST.step, Language.CHINESE)["request.place"]

    assert place.value == "Nhà nghỉ gần bến xe Liêm Giang, biển hiệu số 168."
    assert (place.method, place.original) == (Method.NONE, Language.VIETNAMESE)
    assert place.label == "地点"


def test_a_name_is_never_converted() -> None:
    name = rendered(REQUEST.step, Language.CHINESE)["request.persons.P1.names.0"]

    assert (name.value, name.method) == ("Trần Thị Hồng Hạnh", Method.NONE)
    assert name.original is Language.VIETNAMESE


def test_a_time_is_shown_on_both_clocks() -> None:
    contact = rendered(REQUEST.step, Language.ENGLISH)["request.last_contact.at"]

    assert contact.value == "22:15 2 Jun 2013 (VN) · 23:15 2 Jun 2013 (CN)"
    assert contact.label == "Last contact"


def test_outcomes_are_shown_by_label() -> None:
    fields = rendered(ANSWER.step, Language.VIETNAMESE)

    assert fields["outcomes.P8..P22"].label == "Kết quả P8..P22"
    assert fields["outcomes.P8..P22"].value == "Không tìm thấy"


def test_an_outcome_shows_its_reason_too() -> None:
    said = step("answer", outcomes=[{"persons": "P1", "outcome": "moved", "reason": "NO_CONSENT"}])

    value = rendered(said, Language.ENGLISH)["outcomes.P1"].value

    assert value == "Moved elsewhere; No consent of the person"


#: A request of each type in which every field of its own has a value.
WHOLES = {
    RequestType.RESCUE: step("request", request=WHOLE),
    RequestType.VERIFY_ID: said(
        VERIFY,
        "request",
        request=verify_fields(statement=TEXT_ZH, accessibility="field_inquiry", persons_total=2),
    ),
    RequestType.DNA: said(
        DNA,
        "request",
        request=dna_fields(
            custody=TEXT_ZH,
            persons_total=2,
            sample={
                "kind": "hair_root",
                "number": "QN-2017-118",
                "consent": False,
                "laboratory": "GX-DNA-01",
                "taken": "2017-12-05",
            },
        ),
    ),
    RequestType.RETURN: said(
        RETURN,
        "request",
        request=return_fields(
            **dict.fromkeys(("wishes", "medical", "belongings", "guardian"), TEXT_ZH),
            consent=True,
            persons_total=2,
            handover={
                "gate": "MONG_CAI_DONG_HUNG_BRIDGE_2",
                "at": "2018-05-11T10:00:00+08:00",
                "documents": ["identity_confirmation", "travel_document"],
                "escort": 3,
                "media": "none",
                "point": TEXT_ZH,
            },
        ),
    ),
}
#: Persons and header are whole in the rescue.
SHARED = {"header", "persons", "groups"}


def unset(model: Model, path: str = "") -> list[str]:
    """Return the fields of ``model`` that have no value, by path."""
    found: list[str] = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        if value is None or value == ():
            found.append(f"{path}{name}")
        inner = value if isinstance(value, tuple) else (value,)
        for part in inner:
            if isinstance(part, Model):
                found += unset(part, f"{path}{name}.")
    return found


@pytest.mark.parametrize("lang", list(Language))
@pytest.mark.parametrize("kind", FORMS)
def test_every_field_of_every_form_has_a_label(kind: RequestType, lang: Language) -> None:
    request = WHOLES[kind].request
    assert request is not None
    empty = unset(request)
    assert not [path for path in empty if path.split(".")[0] not in SHARED]
    assert kind is not RequestType.RESCUE or not empty

    fields = rendered(WHOLES[kind], lang)

    assert all(field.label and field.value for field in fields.values())
    assert len({field.path for field in fields.values()}) == len(fields)


def test_the_handover_is_read_by_code_in_the_readers_language() -> None:
    fields = rendered(WHOLES[RequestType.RETURN], Language.CHINESE)

    assert fields["request.handover.gate"].value == "芒街—东兴口岸北仑河二桥"
    assert fields["request.handover.documents"].label == "随附证件材料"
    assert fields["request.persons.P1.taken_over_from"].value == VERIFY
    sample = rendered(WHOLES[RequestType.DNA], Language.VIETNAMESE)
    assert sample["request.sample.consent"].value == "Không"
    assert sample["request.sample.taken"].value == "05/12/2017"


def test_fields_of_one_name_in_different_places_have_labels_of_their_own() -> None:
    fields = rendered(step("request", request=WHOLE), Language.ENGLISH)

    assert fields["request.persons.P1.accounts.0.safe"].label == "Safe to write to"
    assert fields["request.persons.P1.phone.safe"].label == "Safe to call"
    assert fields["request.header.release_approval.at"].label == "Time of the approval"


def test_a_country_without_a_label_is_shown_by_its_code() -> None:
    fields = rendered(step("request", request=WHOLE), Language.VIETNAMESE)

    assert fields["request.persons.P1.nationality"].value == "LA"
    assert fields["request.groups.P2..P3.nationality"].value == "Việt Nam"


def test_a_full_birth_date_is_written_in_the_readers_way() -> None:
    fields = rendered(step("request", request=WHOLE), Language.CHINESE)

    assert fields["request.persons.P1.birth"].value == "1995年8月21日 (精确到日)"


def test_a_phrase_of_a_request_is_addressed_to_its_addressee() -> None:
    said = step("request", request=request_fields(), phrases=["REQ-01"])

    phrase = rendered(said, Language.CHINESE)["phrases.0"]

    assert (phrase.value, phrase.method) == ("致\uff1a东兴市公安局", Method.PHRASE)


def test_a_phrase_that_only_the_other_side_has_hides_nothing_else() -> None:
    unknown = {"id": "REP-99", "slots": {"date": "2026-11-24"}}
    said = step("note", text=TEXT_ZH, phrases=[unknown, "REQ-29"])

    fields = rendered(said, Language.ENGLISH)

    assert fields["phrases.0"].value == "REP-99; date: 2026-11-24"
    assert fields["phrases.0"].method is Method.NONE
    assert fields["phrases.1"].method is Method.PHRASE
    with pytest.raises(CatalogueError):
        check_phrases(said, CATALOGUE)


def test_phrases_that_can_be_read_pass_the_check() -> None:
    said = step("request", request=request_fields(), phrases=["REQ-01", "REQ-12"])

    check_phrases(said, CATALOGUE)


@pytest.mark.parametrize("said", [FIRST_REPORT.step, DISPUTE.step, step("close")])
@pytest.mark.parametrize("lang", list(Language))
def test_every_kind_of_step_can_be_read(said: Step, lang: Language) -> None:
    fields = rendered(said, lang)

    assert said.act in RULES
    assert fields["act"].value == CATALOGUE.code("act", said.act, lang)
