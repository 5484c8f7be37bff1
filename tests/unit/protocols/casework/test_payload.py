from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crypto.attest.encoding import Value, decode, encode
from protocols.casework.codes import Act, Outcome, RefusalCode
from protocols.casework.errors import (
    ActNotAvailableError,
    CaseworkError,
    FormError,
    TypeNotAvailableError,
)
from protocols.casework.lifecycle import NOT_AVAILABLE
from protocols.casework.payload import (
    RULES,
    Step,
    check_rules,
    from_value,
    parse_step,
    subject,
    to_value,
)
from tests.support.women import (
    CASE,
    REASON_VI,
    REQUEST,
    TEXT_ZH,
    header,
    request_fields,
    rescued,
    step,
)

LIMIT = 1 << 20

texts = st.fixed_dictionaries(
    {
        "lang": st.sampled_from(["vi", "zh", "en"]),
        # Letters of any script; a text of blanks only is refused, and surrogates are no text.
        "text": st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40),
    }
)
outcomes = st.lists(st.integers(1, 999), min_size=1, max_size=8, unique=True).map(
    lambda numbers: [{"persons": f"P{n}", "outcome": "rescued"} for n in sorted(numbers)]
)
moments = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - bounds of local times
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - likewise
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=7)), timezone(timedelta(hours=8))]),
)
requests = st.builds(
    lambda place, at, children: request_fields(
        place=place,
        last_contact={"at": at, "means": "phone"},
        persons=[
            {"label": f"P{n + 1}", "role": "presumed_victim", "minor": True}
            for n in range(children)
        ],
        groups=[],
        persons_total=children,
    ),
    texts,
    moments,
    st.integers(1, 5),
)
steps = st.one_of(
    st.builds(lambda r: step("request", request=r), requests),
    st.builds(lambda t, o: step("situation_report", text=t, outcomes=o), texts, outcomes),
    st.builds(lambda q: step("ask", question=q), texts),
    st.builds(lambda r: step("dispute", reason=r), texts),
    st.builds(
        lambda code, r: step("decline", reason_code=code, reason=r),
        st.sampled_from(list(RefusalCode)),
        texts,
    ),
    st.builds(
        lambda value: step("note", text=TEXT_ZH, phrases=[{"id": "REP-17", "slots": value}]),
        st.dictionaries(st.sampled_from(["reason", "date"]), st.text("abc", min_size=1)),
    ),
)


@given(steps)
def test_a_step_comes_back_from_its_bytes_as_it_was(said: Step) -> None:
    raw = encode(to_value(said))

    assert from_value(decode(raw, limit=LIMIT)) == said


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(0, 2**53), st.binary(max_size=20), st.text(max_size=20)
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_any_value_is_a_step_or_an_error_of_the_casework(value: Value) -> None:
    try:
        from_value(value)
    except CaseworkError as error:
        assert error.code.startswith("casework.")  # noqa: PT017 - no error is right as well


@given(st.data(), steps | st.just(REQUEST.step), values)
def test_a_step_with_any_one_place_changed_is_another_step_or_refused(
    data: st.DataObject, said: Step, other: Value
) -> None:
    value: Any = to_value(said)
    place = value
    path = []
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        path.append((place, data.draw(st.sampled_from(keys))))
        place = path[-1][0][path[-1][1]]
    holder, key = data.draw(st.sampled_from(path))
    assume(holder[key] != other)
    holder[key] = other

    try:
        changed = from_value(value)
    except CaseworkError:
        return
    assert changed != said
    assert to_value(changed) == value


def test_the_request_for_the_women_fits_the_smallest_envelope_and_a_half() -> None:
    raw = encode(to_value(REQUEST.step))

    assert len(raw) < 3072
    assert from_value(decode(raw, limit=LIMIT)) == REQUEST.step


def test_absent_fields_are_left_out() -> None:
    assert to_value(step("acknowledge")) == {"case": CASE, "act": "acknowledge"}


def test_times_travel_in_utc() -> None:
    value: Any = to_value(REQUEST.step)

    assert value["request"]["last_contact"]["at"] == "2013-06-02T15:15:00Z"


@pytest.mark.parametrize(
    "value",
    [
        {"case": CASE, "act": "acknowledge", "outcomes": []},
        {"case": CASE, "act": "acknowledge", "phrases": ["REQ-29"]},
        {"case": CASE, "act": "interim", "outcomes": [{"person": "P1", "outcome": "rescued"}]},
        {"case": CASE, "act": "acknowledge", "text": None},
    ],
)
def test_a_second_way_to_write_a_step_is_refused(value: dict[str, object]) -> None:
    parse_step(value)  # what a form gives may be written so

    with pytest.raises(FormError) as refused:
        from_value(value)  # type: ignore[arg-type]
    assert [finding.code for finding in refused.value.findings] == ["casework.not_canonical"]


@pytest.mark.parametrize("value", [None, 7, "step", [], {1: "case"}])
def test_what_is_no_map_of_text_is_no_step(value: object) -> None:
    with pytest.raises(FormError, match="expected a map with text keys"):
        from_value(value)  # type: ignore[arg-type]


def test_everything_that_is_wrong_is_found_at_once() -> None:
    wrong = request_fields(
        header=header(urgency="U9", marking="Tối mật"),
        persons_total="22",
        dangers=[],
        asked=["locate_and_protect", "sing"],
        place={"lang": "vi", "text": " "},
        colour="blue",
    )
    del wrong["source_of_information"]

    with pytest.raises(FormError) as refused:
        parse_step({"case": "0117", "act": "request", "request": wrong})

    found = {(finding.path, finding.code) for finding in refused.value.findings}
    assert found == {
        ("case", "casework.case_number"),
        ("request.header.urgency", "casework.unknown_code"),
        ("request.header.marking", "casework.state_secret"),
        ("request.persons_total", "casework.type"),
        ("request.source_of_information", "casework.missing"),
        ("request.dangers", "casework.size"),
        ("request.asked.1", "casework.unknown_code"),
        ("request.place.text", "casework.shape"),
        ("request.colour", "casework.unknown_field"),
    }


def test_an_unknown_code_is_named_with_those_that_exist() -> None:
    with pytest.raises(FormError, match="'rescued'") as refused:
        parse_step({"case": CASE, "act": "answer", "outcomes": [rescued("P1", "saved")]})

    assert refused.value.findings[0].found == "'saved'"


def test_a_finding_never_repeats_a_name_or_a_number() -> None:
    wrong = request_fields(
        persons=[
            {
                "label": "Nguyễn Thị Lan",
                "role": "Nguyễn Thị Lan",
                "names": [{"form": "vi", "value": "Nguyễn Thị Lan" * 30}],
                "phone": {"number": "gọi 0912345678", "safe": "Nguyễn"},
            }
        ],
        groups=[{"labels": "Nguyễn..Lan", "role": "witness"}],
    )

    with pytest.raises(FormError) as refused:
        parse_step({"case": CASE, "act": "request", "request": wrong})

    message = str(refused.value)
    assert len(refused.value.findings) == 6
    assert "Nguy" not in message
    assert "0912" not in message


@pytest.mark.parametrize("act", sorted(NOT_AVAILABLE))
def test_an_act_of_the_design_only_is_no_step_yet(act: Act) -> None:
    with pytest.raises(ActNotAvailableError):
        parse_step({"case": CASE, "act": act.value})


def test_an_arrival_is_signed_by_a_device_and_is_no_step() -> None:
    with pytest.raises(FormError, match=r"casework\.act_not_a_step"):
        parse_step({"case": CASE, "act": "arrive"})


def test_every_act_has_rules_or_is_no_step() -> None:
    assert RULES.keys() | NOT_AVAILABLE | {Act.ARRIVE} == set(Act)


@pytest.mark.parametrize(
    "act,field",
    [
        ("request", "request"),
        ("ask", "question"),
        ("supply", "text"),
        ("decline", "reason_code"),
        ("dispute", "reason"),
        ("reopen", "reason"),
        ("note", ""),
    ],
)
def test_an_act_without_what_it_needs_is_refused(act: str, field: str) -> None:
    with pytest.raises(FormError) as refused:
        parse_step({"case": CASE, "act": act})

    assert [(f.code, f.path) for f in refused.value.findings] == [("casework.missing", field)]


def test_an_act_with_a_field_of_another_act_is_refused() -> None:
    with pytest.raises(FormError, match="no such field for acknowledge"):
        step("acknowledge", question=TEXT_ZH)
    with pytest.raises(FormError, match="no such field for request"):
        step("request", request=request_fields(), outcomes=[rescued("P1", "rescued")])


def test_a_report_must_say_something() -> None:
    with pytest.raises(FormError, match="at least one of outcomes, phrases, text"):
        step("situation_report")


def test_the_reason_other_needs_words() -> None:
    with pytest.raises(FormError, match="a text for reason OTHER"):
        step("decline", reason_code="OTHER")
    assert step("decline", reason_code="OTHER", reason=REASON_VI).reason is not None


def test_an_outcome_needs_a_code() -> None:
    with pytest.raises(FormError, match="an outcome or a coded reason, found neither"):
        step("answer", outcomes=[{"persons": "P1"}])


def test_a_person_has_one_outcome_a_step() -> None:
    with pytest.raises(FormError, match=r"each label once, found P3\.\.P4 more than once"):
        step("answer", outcomes=[rescued("P1..P4", "rescued"), rescued("P3..P9", "rescued")])


def test_a_request_stands_in_the_case_that_bears_its_number() -> None:
    with pytest.raises(FormError, match="the request's own number"):
        parse_step({"case": "QN-MC1-2013-0002", "act": "request", "request": request_fields()})


def test_a_type_that_has_no_form_yet_names_those_that_have() -> None:
    wrong = request_fields(header=header(type="INVEST"))

    with pytest.raises(
        TypeNotAvailableError, match="expected one of VERIFY-ID, RESCUE, DNA, RETURN, found INVEST"
    ):
        parse_step({"case": CASE, "act": "request", "request": wrong})


def test_a_step_that_breaks_a_rule_is_never_turned_into_bytes() -> None:
    broken = Step(case=CASE, act=Act.ASK)

    with pytest.raises(FormError):
        check_rules(broken)
    with pytest.raises(FormError):
        to_value(broken)


def test_one_person_may_be_written_as_person() -> None:
    said = step("answer", outcomes=[{"person": "P1", "outcome": "rescued"}])

    assert said.outcomes[0].persons == "P1"
    assert said.outcomes[0].outcome is Outcome.RESCUED


def test_the_subject_line_holds_no_word_of_the_case() -> None:
    assert subject(REQUEST.step) == "QN-MC1-2013-0001 RESCUE request U0 x22"
    assert subject(step("dispute", reason=REASON_VI)) == "QN-MC1-2013-0001 dispute"


@given(requests, texts)
def test_the_subject_line_is_the_same_whatever_the_words(
    fields: dict[str, object], text: dict[str, str]
) -> None:
    other = fields | {"place": text}

    assert subject(step("request", request=fields)) == subject(step("request", request=other))
