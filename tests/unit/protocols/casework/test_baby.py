"""The three cases of the baby, folded step by step, with every due time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import bundled_corridor, load_calendars
from protocols.casework.clocks import ClockState, Explanation, clocks, explain, next_due, state
from protocols.casework.codes import Outcome
from protocols.casework.errors import (
    IllegalStepError,
    NobodyAgreedError,
    NotCountersignedError,
    PersonWithoutOutcomeError,
)
from protocols.casework.lifecycle import Side, Stage, Turn, allowed_acts
from protocols.casework.moments import iso
from protocols.casework.record import Event, check_step, fold
from protocols.casework.rules import build_rules
from tests.support.baby import (
    ACKNOWLEDGED,
    ASKED,
    COMPARISON,
    DNA,
    DONGXING,
    HANDED_OVER,
    HANDOVER,
    MONG_CAI,
    RETURN,
    RETURN_AGREED,
    RETURN_ASKED,
    SAMPLE_ASKED,
    TEXT_ZH,
    VERIFICATION,
    VERIFIED,
    VERIFY,
    arrival,
    said,
    signed,
    verify_fields,
)

RULES = build_rules(bundled_corridor("quangninh-guangxi"), load_calendars())
WHOLE = {"verify": VERIFICATION, "dna": COMPARISON, "return": HANDOVER}


def dues(*events: Event) -> dict[str, str]:
    return {clock.code: iso(clock.due) for clock in clocks(fold(events), RULES)}


def states(*events: Event) -> dict[str, ClockState]:
    record = fold(events)
    last = record.rulings[-1].at
    return {clock.code: state(clock, last) for clock in clocks(record, RULES)}


@pytest.mark.parametrize(
    "name,stages",
    [
        ("verify", ["sent", "received", "acknowledged", "accepted", "answered", "closed"]),
        ("dna", ["sent", "received", "answered"]),
        ("return", ["sent", "received", "answered", "closed"]),
    ],
)
def test_each_case_goes_through_its_stages(name: str, stages: list[str]) -> None:
    events = WHOLE[name]

    assert [fold(events[: n + 1]).stage for n in range(len(events))] == stages
    assert all(ruling.applied for ruling in fold(events).rulings)


@pytest.mark.parametrize(
    "name,expected",
    [
        (
            "verify",
            {
                "verify-id.delivery": ("2017-12-04T13:20:00Z", "met"),
                "verify-id.acknowledge": ("2017-12-04T13:20:05Z", "met"),
                "verify-id.answer": ("2017-12-07T16:59:59Z", "met"),
            },
        ),
        (
            "dna",
            {
                "dna.delivery": ("2018-01-10T13:00:00Z", "met"),
                "dna.acknowledge": ("2018-01-11T01:00:05Z", "met_late"),
                "dna.answer": ("2018-02-09T16:59:59Z", "met"),
            },
        ),
        (
            "return",
            {
                "return.delivery": ("2018-05-07T13:00:00Z", "met"),
                "return.acknowledge": ("2018-05-07T13:00:05Z", "met_late"),
                # The fifth day is Saturday 12 May, so it ends on Monday at the Chinese midnight.
                "return.answer": ("2018-05-14T15:59:59Z", "met"),
            },
        ),
    ],
)
def test_each_case_has_these_dues_and_ends(name: str, expected: dict[str, tuple[str, str]]) -> None:
    found, ended = dues(*WHOLE[name]), states(*WHOLE[name])

    assert {code: (found[code], ended[code].value) for code in found} == expected


@given(st.data(), st.sampled_from(sorted(WHOLE)))
def test_both_desks_compute_the_same_case_and_clocks(data: st.DataObject, name: str) -> None:
    events = data.draw(st.permutations(WHOLE[name]))

    assert fold(events) == fold(WHOLE[name])
    assert clocks(fold(events), RULES) == clocks(fold(WHOLE[name]), RULES)


def test_who_was_taken_over_is_open_only_once_an_outcome_names_them() -> None:
    received = fold(COMPARISON[:2])
    answered = fold(COMPARISON)

    assert received.open_labels == []
    assert answered.persons["P1"].outcome is Outcome.MATCH
    assert answered.persons["P2"].outcome is None
    assert answered.open_labels == []


def test_a_vague_outcome_opens_who_was_taken_over() -> None:
    vague = said(DNA, "interim", outcomes=[{"person": "P2", "outcome": "inconclusive"}])
    record = fold([*COMPARISON[:2], signed(12, "2018-01-11T09:00:00+07:00", "MC-02", vague)])
    only_p1 = said(DNA, "answer", outcomes=[{"person": "P1", "outcome": "match"}])

    assert record.open_labels == ["P2"]
    with pytest.raises(PersonWithoutOutcomeError, match=r"none for P2$"):
        check_step(record, only_p1, MONG_CAI)


def test_an_answer_about_nobody_is_no_answer() -> None:
    with pytest.raises(PersonWithoutOutcomeError, match=r"none for anybody$"):
        check_step(fold(COMPARISON[:2]), said(DNA, "answer", text=TEXT_ZH), MONG_CAI)


def test_persons_of_the_request_itself_all_need_an_outcome() -> None:
    only_p1 = said(VERIFY, "answer", outcomes=[{"person": "P1", "outcome": "match"}])

    with pytest.raises(PersonWithoutOutcomeError, match=r"none for P2$"):
        check_step(fold(VERIFICATION[:4]), only_p1, MONG_CAI)


@pytest.mark.parametrize("countersigners", [(), ((DONGXING, "DX-05"),), (("cn-guangxi", "GX-01"),)])
def test_a_handover_record_without_the_other_side_is_kept_and_not_applied(
    countersigners: tuple[tuple[str, str], ...],
) -> None:
    alone = replace(HANDED_OVER, countersigners=countersigners)

    record = fold([*HANDOVER[:3], alone])

    assert record.stage is Stage.ANSWERED
    assert record.rulings[-1].code == NotCountersignedError.code
    with pytest.raises(NotCountersignedError, match="second signature by vn-mongcai-1"):
        check_step(fold(HANDOVER[:3]), alone.step, DONGXING, countersigners=countersigners)


def test_a_handover_record_is_checked_before_the_other_side_is_asked() -> None:
    check_step(fold(HANDOVER[:3]), HANDED_OVER.step, DONGXING)

    with pytest.raises(IllegalStepError):
        check_step(fold(HANDOVER[:2]), HANDED_OVER.step, DONGXING)


def test_either_side_may_send_the_handover_record_that_both_signed() -> None:
    theirs = signed(
        23,
        "2018-05-11T09:20:00+07:00",
        "MC-02",
        said(RETURN, "handover_record"),
        countersigners=((DONGXING, "DX-03"),),
    )

    record = fold([*HANDOVER[:3], theirs])

    assert (record.stage, record.turn) == (Stage.CLOSED, Turn.NOBODY)


def test_a_handover_that_nobody_agreed_to_is_not_recorded() -> None:
    refused = said(RETURN, "answer", outcomes=[{"person": "P2", "outcome": "refused"}])
    answer = replace(RETURN_AGREED, step=refused)

    record = fold([*HANDOVER[:2], answer, HANDED_OVER])

    assert record.stage is Stage.ANSWERED
    assert record.rulings[-1].code == NobodyAgreedError.code


def test_a_handover_record_belongs_to_returns_only() -> None:
    record = fold(COMPARISON)
    other = said(DNA, "handover_record")

    assert "handover_record" in allowed_acts(record.stage, Side.REQUESTER)
    late = signed(
        13, "2018-01-13T09:00:00+08:00", "DX-03", other, countersigners=((MONG_CAI, "MC-02"),)
    )
    assert fold([*COMPARISON, late]).rulings[-1].code == "casework.act_not_of_type"


def test_a_clock_of_a_request_that_has_not_arrived_starts_after_twelve_hours() -> None:
    found = {clock.code: clock for clock in clocks(fold([ASKED]), RULES)}

    assert iso(found["verify-id.acknowledge"].starts) == "2017-12-04T13:20:00Z"
    assert iso(found["verify-id.acknowledge"].due) == "2017-12-05T01:20:00Z"


def test_an_arrival_after_more_than_twelve_hours_does_not_move_the_start() -> None:
    late = arrival(ASKED, "2017-12-06T09:20:00+08:00")

    assert dues(ASKED, late) == dues(ASKED)
    assert states(ASKED, late)["verify-id.delivery"] is ClockState.MET_LATE


def test_an_act_of_the_other_desk_shows_that_the_request_has_arrived() -> None:
    found = {clock.code: clock for clock in clocks(fold([ASKED, ACKNOWLEDGED]), RULES)}

    assert found["verify-id.delivery"].met_at == ACKNOWLEDGED.taken_at
    assert found["verify-id.answer"].starts == ACKNOWLEDGED.taken_at


def test_a_request_that_does_not_arrive_warns_after_an_hour() -> None:
    first = next_due(clocks(fold([ASKED]), RULES))

    assert first is not None
    assert first.code == "verify-id.delivery"
    assert [(iso(mark.at), mark.level.value) for mark in first.ladder] == [
        ("2017-12-04T02:20:00Z", "officer"),
        ("2017-12-04T13:20:00Z", "supervisor"),
    ]


def test_a_request_withdrawn_before_it_arrived_stops_its_delivery_clock() -> None:
    withdrawn = signed(1, "2017-12-04T09:30:00+08:00", "DX-03", said(VERIFY, "withdraw"))
    late = arrival(replace(ASKED, index=5), "2017-12-04T09:40:00+08:00")

    assert set(states(ASKED, withdrawn).values()) == {ClockState.STOPPED}
    assert states(ASKED, withdrawn, late)["verify-id.delivery"] is ClockState.STOPPED


@pytest.mark.parametrize(
    "urgency,lies,due",
    [
        ("U1", "direct", "2017-12-04T09:20:05Z"),
        ("U1", "indirect", "2017-12-07T16:59:59Z"),
        ("U2", "direct", "2017-12-11T16:59:59Z"),
        ("U2", "field_inquiry", "2017-12-19T16:59:59Z"),
    ],
)
def test_the_answer_to_a_verification_is_due_by_urgency_and_where_it_lies(
    urgency: str, lies: str, due: str
) -> None:
    fields = verify_fields(accessibility=lies)
    head = {**fields["header"], "urgency": urgency}  # type: ignore[dict-item]
    asked = replace(ASKED, step=said(VERIFY, "request", request=fields | {"header": head}))

    found = dues(asked, VERIFICATION[1])

    assert found["verify-id.answer"] == due


def test_a_disputed_answer_is_due_again() -> None:
    dispute = signed(
        5, "2017-12-06T10:05:00+08:00", "DX-03", said(VERIFY, "dispute", reason=TEXT_ZH)
    )
    there = arrival(dispute, "2017-12-06T10:06:00+08:00")

    found = {c.code: c for c in clocks(fold([*VERIFICATION[:5], dispute, there]), RULES)}

    assert found["verify-id.answer"].met_at == VERIFIED.taken_at
    assert iso(found["verify-id.answer#2"].starts) == "2017-12-06T02:06:00Z"
    assert iso(found["verify-id.answer#2"].due) == "2017-12-09T16:59:59Z"
    assert "verify-id.acknowledge#2" not in found


def test_a_calculation_in_days_shows_each_day_and_the_calendars() -> None:
    clock = next(c for c in clocks(fold([RETURN_ASKED]), RULES) if c.limit.clock == "answer")

    lines = {line.about: line.text for line in explain(clock)}

    assert lines[Explanation.RULE] == "return.answer: 5 calendar_days from arrived"
    assert lines[Explanation.CALENDAR] == (
        "joint, next_working_day: vn-2018 version 1, cn-2018 version 1"
    )
    assert [(str(x.day), x.counted, x.why.value) for x in clock.explanation] == [
        ("2018-05-07", False, "start"),
        ("2018-05-08", True, "calendar_day"),
        ("2018-05-09", True, "calendar_day"),
        ("2018-05-10", True, "calendar_day"),
        ("2018-05-11", True, "calendar_day"),
        ("2018-05-12", True, "weekend"),
        ("2018-05-13", False, "weekend"),
        ("2018-05-14", False, "moved"),
    ]
    assert Explanation.PROVISIONAL not in lines


def test_a_due_in_a_year_without_notice_says_so() -> None:
    late = replace(SAMPLE_ASKED, taken_at=SAMPLE_ASKED.taken_at.replace(year=2026, month=12))

    clock = next(c for c in clocks(fold([late]), RULES) if c.limit.clock == "answer")

    assert clock.provisional
    assert {line.about: line.text for line in explain(clock)}[Explanation.PROVISIONAL] == "vn-2027"
