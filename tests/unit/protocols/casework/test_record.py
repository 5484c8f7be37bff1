from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.casework.codes import Act, Outcome, RefusalCode
from protocols.casework.errors import (
    ActNotAvailableError,
    ActNotOfTypeError,
    AlreadyOpenError,
    IllegalStepError,
    NoRequestError,
    NotAPartyError,
    OtherCaseError,
    OutcomeNotOfTypeError,
    PersonWithoutOutcomeError,
    StepError,
    UnknownPersonError,
)
from protocols.casework.lifecycle import Side, Stage, Turn
from protocols.casework.payload import Step
from protocols.casework.record import (
    Arrival,
    CaseRecord,
    Event,
    check_step,
    fold,
    in_order,
)
from tests.support.baby import COMPARISON, DNA, said
from tests.support.women import (
    ACCEPT,
    ACKNOWLEDGE,
    ANSWER,
    ARRIVAL,
    CASE,
    DISPUTE,
    DONGXING,
    MONG_CAI,
    REASON_VI,
    REQUEST,
    SECOND_REPORT,
    TEXT_ZH,
    WOMEN,
    at,
    header,
    request_fields,
    rescued,
    signed,
    step,
)

ASK = step("ask", question=TEXT_ZH)
SUPPLY = step("supply", text=REASON_VI)
ANSWER_ALL = step("answer", outcomes=[rescued("P1..P22", "rescued")])


def record_of(*events: Event) -> CaseRecord:
    return fold(events)


def last_ruling(*events: Event) -> tuple[bool, str | None]:
    ruling = fold(events).rulings[-1]
    return ruling.applied, ruling.code


@pytest.mark.parametrize(
    "steps,stage",
    [
        (1, Stage.SENT),
        (2, Stage.RECEIVED),
        (3, Stage.ACKNOWLEDGED),
        (4, Stage.ACCEPTED),
        (5, Stage.IN_PROGRESS),
        (6, Stage.IN_PROGRESS),
        (7, Stage.ANSWERED),
        (8, Stage.IN_PROGRESS),
    ],
)
def test_the_case_of_the_women_goes_through_its_stages(steps: int, stage: Stage) -> None:
    record = fold(WOMEN[:steps])

    assert record.stage is stage


def test_the_case_of_the_women_ends_with_seven_rescued_and_fifteen_not_found() -> None:
    record = fold(WOMEN)

    outcomes = [person.outcome for person in record.persons.values()]
    assert outcomes == [Outcome.RESCUED] * 7 + [Outcome.NOT_FOUND] * 15
    assert record.open_labels == []
    assert all(ruling.applied for ruling in record.rulings)


def test_a_record_names_its_parties_and_when_it_was_taken_and_arrived() -> None:
    record = fold(WOMEN)

    assert (record.ref, record.requester, record.requested) == (CASE, MONG_CAI, DONGXING)
    assert (record.opened_at, record.arrived_at) == (at("02 16:40"), at("02 16:41"))
    assert record.persons["P1"].since == SECOND_REPORT.mid


def test_a_located_woman_is_not_yet_final() -> None:
    record = fold(WOMEN[:5])

    assert record.persons["P1"].outcome is Outcome.LOCATED
    assert not record.persons["P1"].final
    assert len(record.open_labels) == 22


@pytest.mark.parametrize(
    "steps,turn", [(1, Turn.REQUESTED), (6, Turn.REQUESTED), (7, Turn.REQUESTER)]
)
def test_the_turn_follows_the_stage(steps: int, turn: Turn) -> None:
    assert fold(WOMEN[:steps]).turn is turn


@given(st.permutations(WOMEN))
def test_the_order_in_which_events_are_received_does_not_matter(events: list[Event]) -> None:
    assert fold(events) == fold(WOMEN)


@given(st.lists(st.sampled_from(WOMEN), max_size=12))
def test_events_received_twice_count_once(again: list[Event]) -> None:
    assert fold([*again, *WOMEN]) == fold(WOMEN)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),
            st.sampled_from([MONG_CAI, DONGXING, "cn-guangxi"]),
            st.sampled_from([event.step for event in WOMEN if not isinstance(event, Arrival)]),
        ),
        max_size=12,
        unique_by=lambda entry: entry[0],
    ),
    st.data(),
)
def test_any_steps_fold_to_one_record_in_any_order(
    entries: list[tuple[int, str, Step]], data: st.DataObject
) -> None:
    events: list[Event] = [signed(i + 1, "02 17:00", desk, said) for i, desk, said in entries]
    events.append(REQUEST)

    record = fold(data.draw(st.permutations(events)))

    assert record == fold(events)
    assert len(record.rulings) == len(events)
    assert all(a.index < b.index for a, b in pairwise(record.rulings))


def test_a_withdrawal_taken_before_the_answer_wins() -> None:
    withdraw = signed(4, "03 00:00", MONG_CAI, step("withdraw"))
    answer = signed(5, "03 00:00", DONGXING, ANSWER_ALL)

    record = record_of(REQUEST, ARRIVAL, ACKNOWLEDGE, ACCEPT, answer, withdraw)

    assert record.stage is Stage.WITHDRAWN
    assert record.rulings[-1].act is Act.ANSWER
    assert not record.rulings[-1].applied
    assert record.rulings[-1].code == IllegalStepError.code


def test_an_answer_taken_before_the_withdrawal_wins_and_the_withdrawal_stays_on_record() -> None:
    answer = signed(4, "03 00:00", DONGXING, ANSWER_ALL)
    withdraw = signed(5, "03 00:00", MONG_CAI, step("withdraw"))

    record = record_of(withdraw, answer, ACCEPT, ACKNOWLEDGE, ARRIVAL, REQUEST)

    assert record.stage is Stage.ANSWERED
    assert [(r.act, r.applied) for r in record.rulings][-2:] == [
        (Act.ANSWER, True),
        (Act.WITHDRAW, False),
    ]


def test_an_answer_to_a_received_request_acknowledges_and_accepts_it() -> None:
    record = record_of(REQUEST, ARRIVAL, signed(2, "02 17:00", DONGXING, ANSWER_ALL))

    assert record.stage is Stage.ANSWERED


def test_an_acknowledgement_is_applied_although_the_arrival_is_not_known_yet() -> None:
    record = record_of(REQUEST, ACKNOWLEDGE)

    assert record.stage is Stage.ACKNOWLEDGED
    assert record_of(REQUEST, ACKNOWLEDGE, ARRIVAL).stage is Stage.ACKNOWLEDGED


def test_only_the_arrival_of_the_request_receives_the_case() -> None:
    other = Arrival(mid=ACKNOWLEDGE.mid, index=1, at=at("02 16:41"))

    assert record_of(REQUEST, other).stage is Stage.SENT


def test_a_second_device_that_has_it_later_does_not_move_the_arrival() -> None:
    second = Arrival(mid=REQUEST.mid, index=9, at=at("04 00:00"))

    assert record_of(*WOMEN, second).arrived_at == at("02 16:41")


def test_an_answer_that_leaves_a_person_open_is_refused_by_label() -> None:
    partial = step("answer", outcomes=[rescued("P8..P20", "not_found")])

    with pytest.raises(PersonWithoutOutcomeError, match=r"none for P21\.\.P22$"):
        check_step(fold(WOMEN[:6]), partial, DONGXING)


def test_an_answer_with_an_outcome_that_is_not_final_is_refused() -> None:
    moved = step("answer", outcomes=[rescued("P8..P22", "moved")])

    with pytest.raises(PersonWithoutOutcomeError, match=r"none for P8\.\.P22$"):
        check_step(fold(WOMEN[:6]), moved, DONGXING)


def test_a_coded_reason_stands_for_a_final_outcome() -> None:
    reasoned = step("answer", outcomes=[{"persons": "P8..P22", "reason": "DATA_NOT_HELD"}])

    record = record_of(*WOMEN[:6], signed(6, "09 08:00", DONGXING, reasoned))

    assert record.stage is Stage.ANSWERED
    assert record.persons["P22"].reason is RefusalCode.DATA_NOT_HELD


def test_an_answer_with_an_open_person_from_the_other_side_is_ruled_out_whole() -> None:
    partial = step("answer", outcomes=[rescued("P8", "not_found")])

    record = record_of(*WOMEN[:6], signed(6, "09 08:00", DONGXING, partial))

    assert record.stage is Stage.IN_PROGRESS
    assert record.rulings[-1].code == PersonWithoutOutcomeError.code
    assert record.persons["P8"].outcome is None


@pytest.mark.parametrize(
    "said,desk,error",
    [
        (step("withdraw"), DONGXING, IllegalStepError),
        (step("acknowledge"), MONG_CAI, IllegalStepError),
        (step("close"), MONG_CAI, IllegalStepError),
        (step("note", text=TEXT_ZH), "cn-guangxi", NotAPartyError),
        (step("request", request=request_fields()), MONG_CAI, AlreadyOpenError),
        (ANSWER_ALL.model_copy(update={"case": "QN-MC1-2013-0002"}), DONGXING, OtherCaseError),
        (Step(case=CASE, act=Act.EXTEND), DONGXING, ActNotAvailableError),
        (Step(case=CASE, act=Act.HANDOVER_RECORD), DONGXING, IllegalStepError),
        (step("interim", outcomes=[rescued("P23", "moved")]), DONGXING, UnknownPersonError),
        (step("interim", outcomes=[rescued("P1", "match")]), DONGXING, OutcomeNotOfTypeError),
    ],
)
def test_a_step_that_the_case_does_not_allow_is_refused_and_ruled_out_with_one_code(
    said: Step, desk: str, error: type[StepError]
) -> None:
    record = fold(WOMEN[:6])

    with pytest.raises(error):
        check_step(record, said, desk)
    assert last_ruling(*WOMEN[:6], signed(99, "09 08:00", desk, said)) == (False, error.code)


def test_situation_reports_belong_to_rescues_only() -> None:
    report = said(DNA, "situation_report", text=TEXT_ZH)

    with pytest.raises(ActNotOfTypeError, match="expected in a RESCUE, found in a DNA"):
        check_step(fold(COMPARISON[:2]), report, MONG_CAI)


def test_a_question_leads_back_to_the_stage_in_which_it_was_asked() -> None:
    asked = signed(4, "02 18:00", DONGXING, ASK)
    supplied = signed(5, "02 18:10", MONG_CAI, SUPPLY)

    waiting = record_of(REQUEST, ARRIVAL, ACKNOWLEDGE, ACCEPT, asked)
    back = record_of(REQUEST, ARRIVAL, ACKNOWLEDGE, ACCEPT, asked, supplied)

    assert (waiting.stage, waiting.turn) == (Stage.INFO_NEEDED, Turn.REQUESTER)
    assert back.stage is Stage.ACCEPTED


def test_asking_acknowledges() -> None:
    asked = signed(2, "02 18:00", DONGXING, ASK)
    supplied = signed(3, "02 18:10", MONG_CAI, SUPPLY)

    assert record_of(REQUEST, ARRIVAL, asked, supplied).stage is Stage.ACKNOWLEDGED


def test_facts_supplied_without_a_question_change_no_stage() -> None:
    supplied = signed(4, "02 18:10", MONG_CAI, SUPPLY)

    record = record_of(REQUEST, ARRIVAL, ACKNOWLEDGE, ACCEPT, supplied)

    assert record.stage is Stage.ACCEPTED
    assert record.rulings[-1].applied


def test_a_step_before_its_request_is_kept_and_not_applied() -> None:
    early = signed(0, "02 16:00", DONGXING, step("acknowledge"))
    late = signed(1, "02 16:40", MONG_CAI, REQUEST.step)

    record = record_of(late, early)

    assert record.stage is Stage.SENT
    assert record.rulings[0].code == "casework.before_request"


def test_a_request_signed_by_another_desk_than_its_sender_opens_nothing() -> None:
    forged = signed(0, "02 16:40", "cn-guangxi", REQUEST.step)

    with pytest.raises(NoRequestError):
        record_of(forged)
    assert fold([forged, signed(1, "02 16:50", MONG_CAI, REQUEST.step)]).rulings[0].code == (
        "casework.sender_mismatch"
    )


def test_events_without_a_request_make_no_case() -> None:
    with pytest.raises(NoRequestError, match="found none"):
        record_of(ACKNOWLEDGE, ARRIVAL)


def test_a_closed_case_is_reopened_by_the_requester_only() -> None:
    close = signed(7, "10 02:00", MONG_CAI, step("close"))
    reopen = step("reopen", reason=REASON_VI)

    closed = record_of(*WOMEN[:7], close)
    reopened = record_of(*WOMEN[:7], close, signed(8, "11 02:00", MONG_CAI, reopen))

    assert (closed.stage, closed.turn) == (Stage.CLOSED, Turn.NOBODY)
    assert reopened.stage is Stage.IN_PROGRESS
    with pytest.raises(IllegalStepError):
        check_step(closed, reopen, DONGXING)


def test_a_party_stands_on_its_side() -> None:
    record = fold(WOMEN)

    assert record.side_of(MONG_CAI) is Side.REQUESTER
    assert record.side_of(DONGXING) is Side.REQUESTED


def test_events_of_one_message_stand_once_in_ledger_order() -> None:
    ordered = in_order([ANSWER, DISPUTE, REQUEST, ANSWER, ARRIVAL, ARRIVAL])

    assert [event.index for event in ordered] == [0, 1, 6, 7]


def test_of_two_acknowledgements_the_first_in_the_ledger_counts() -> None:
    later = replace(ARRIVAL, index=2, at=at("02 16:50"))

    assert fold([REQUEST, later, ARRIVAL]).arrived_at == ARRIVAL.at


def test_a_request_to_a_third_desk_is_no_request_of_this_case() -> None:
    other = header(to="cn-guangxi")
    second = step("request", request=request_fields(header=other))

    record = record_of(REQUEST, signed(3, "02 17:00", MONG_CAI, second))

    assert record.requested == DONGXING
    assert record.rulings[-1].code == AlreadyOpenError.code
