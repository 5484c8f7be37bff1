from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import bundled_corridor, load_calendars
from config.schema import LadderLevel, Start
from protocols.casework.case_number import format_case_number
from protocols.casework.clocks import (
    CaseClock,
    ClockState,
    Explanation,
    clocks,
    explain,
    next_due,
    next_wake,
    reached,
    state,
)
from protocols.casework.codes import Accessibility, Act, ClockName, RequestType, Urgency
from protocols.casework.errors import ClockError
from protocols.casework.moments import iso
from protocols.casework.payload import RULES as ACTS
from protocols.casework.record import Event, fold
from protocols.casework.rules import Rules, build_rules
from tests.support.women import (
    ACCEPT,
    ACKNOWLEDGE,
    ARRIVAL,
    DONGXING,
    MONG_CAI,
    REASON_VI,
    REQUEST,
    TEXT_ZH,
    WOMEN,
    at,
    header,
    request_fields,
    rescued,
    signed,
    step,
)

CORRIDOR = bundled_corridor("quangninh-guangxi")
RULES = build_rules(CORRIDOR, load_calendars())


def clocks_of(*events: Event, rules: Rules = RULES) -> dict[str, CaseClock]:
    return {clock.code: clock for clock in clocks(fold(events), rules)}


def test_the_limits_and_ladders_of_the_corridor_use_codes_that_exist() -> None:
    types = {x.type for x in CORRIDOR.limits} | {x.type for x in CORRIDOR.ladders}
    urgencies = {u for x in CORRIDOR.limits for u in x.urgencies}

    assert types <= set(RequestType)
    assert urgencies == set(Urgency) == {u for x in CORRIDOR.ladders for u in x.urgencies}
    assert {limit.clock for limit in CORRIDOR.limits} == set(ClockName)
    assert {x for limit in CORRIDOR.limits for x in limit.accessibility} == set(Accessibility)
    assert {x for limit in CORRIDOR.limits for x in limit.restarts} <= set(ACTS)
    assert {x.clock for x in CORRIDOR.ladders if x.clock is not None} <= set(ClockName)
    assert {act for limit in CORRIDOR.limits for act in limit.met_by} <= set(ACTS) | {Act.ARRIVE}


def test_the_codes_of_the_desks_begin_case_numbers() -> None:
    numbers = [format_case_number(desk.code, year=2026, serial=1) for desk in CORRIDOR.desks]

    assert numbers == [
        "QN-CAT-2026-0001",
        "QN-MC1-2026-0001",
        "GX-GAT-2026-0001",
        "GX-DX-2026-0001",
    ]


def test_the_request_starts_three_clocks_when_the_broker_takes_it() -> None:
    running = clocks_of(REQUEST)

    assert {code: iso(clock.due) for code, clock in running.items()} == {
        "rescue.acknowledge": "2013-06-02T17:10:00Z",
        "rescue.accept": "2013-06-02T18:40:00Z",
        "rescue.situation_report": "2013-06-03T00:40:00Z",
    }


def test_the_clocks_of_the_women_have_these_dues_and_ends() -> None:
    found = clocks_of(*WOMEN)
    now = at("10 03:00")

    assert [
        (code, iso(clock.starts), iso(clock.due), state(clock, now))
        for code, clock in found.items()
    ] == [
        ("rescue.acknowledge", "2013-06-02T16:40:00Z", "2013-06-02T17:10:00Z", ClockState.MET),
        ("rescue.accept", "2013-06-02T16:40:00Z", "2013-06-02T18:40:00Z", ClockState.MET),
        ("rescue.situation_report", "2013-06-02T16:40:00Z", "2013-06-03T00:40:00Z", "met"),
        ("rescue.situation_report#2", "2013-06-03T00:10:00Z", "2013-06-03T12:10:00Z", "met"),
        ("rescue.situation_report#3", "2013-06-03T11:30:00Z", "2013-06-03T23:30:00Z", "missed"),
        ("rescue.situation_report#4", "2013-06-10T02:00:00Z", "2013-06-10T14:00:00Z", "running"),
    ]


def test_a_clock_is_met_at_the_ledger_time_of_the_step_that_met_it() -> None:
    found = clocks_of(*WOMEN)

    assert found["rescue.acknowledge"].met_at == at("02 16:52")
    assert found["rescue.accept"].met_at == at("02 17:40")
    assert found["rescue.situation_report"].met_at == at("03 00:10")
    assert found["rescue.situation_report#3"].stopped_at == at("09 08:00")


@given(st.permutations(WOMEN))
def test_both_desks_compute_the_same_clocks_whatever_arrives_first(events: list[Event]) -> None:
    assert clocks(fold(events), RULES) == clocks(fold(WOMEN), RULES)


def test_arrival_and_notes_neither_meet_nor_stop_a_clock() -> None:
    note = signed(2, "02 16:45", DONGXING, step("note", text=TEXT_ZH))

    found = clocks_of(REQUEST, ARRIVAL, note)

    assert all(clock.is_open for clock in found.values())


def test_a_question_acknowledges_and_pauses_nothing() -> None:
    ask = signed(2, "02 16:45", DONGXING, step("ask", question=TEXT_ZH))

    found = clocks_of(REQUEST, ARRIVAL, ask)

    assert found["rescue.acknowledge"].met_at == at("02 16:45")
    assert found["rescue.accept"].is_open
    assert found["rescue.accept"].due == at("02 18:40")


def test_an_acceptance_meets_the_acknowledgement_too() -> None:
    accept = signed(2, "02 17:20", DONGXING, step("accept"))

    found = clocks_of(REQUEST, ARRIVAL, accept)

    assert state(found["rescue.acknowledge"], at("03 00:00")) is ClockState.MET_LATE
    assert state(found["rescue.accept"], at("03 00:00")) is ClockState.MET


def test_an_answer_in_time_stops_the_report_that_was_still_due() -> None:
    answer = step("answer", outcomes=[rescued("P1..P22", "rescued")])

    found = clocks_of(REQUEST, ARRIVAL, signed(2, "02 17:00", DONGXING, answer))

    assert state(found["rescue.accept"], at("02 17:01")) is ClockState.MET
    assert state(found["rescue.situation_report"], at("04 00:00")) is ClockState.STOPPED


def test_a_withdrawal_stops_every_clock_for_good() -> None:
    withdraw = signed(2, "02 16:50", MONG_CAI, step("withdraw"))

    found = clocks_of(REQUEST, ARRIVAL, withdraw)

    assert {state(clock, at("05 00:00")) for clock in found.values()} == {ClockState.STOPPED}


def test_a_refusal_meets_the_acceptance_clock_and_stops_the_reports() -> None:
    decline = step("decline", reason_code="NOT_COMPETENT")

    found = clocks_of(REQUEST, ARRIVAL, signed(2, "02 17:00", DONGXING, decline))

    assert found["rescue.accept"].met_at == at("02 17:00")
    assert found["rescue.situation_report"].stopped_at == at("02 17:00")


def test_a_step_that_was_ruled_out_meets_no_clock() -> None:
    by_requester = signed(2, "02 16:50", MONG_CAI, step("acknowledge"))

    found = clocks_of(REQUEST, ARRIVAL, by_requester)

    assert found["rescue.acknowledge"].is_open


def test_a_reopened_case_asks_for_reports_again() -> None:
    close = signed(8, "10 02:00", MONG_CAI, step("close"))
    reopen = signed(9, "12 02:00", MONG_CAI, step("reopen", reason=REASON_VI))

    found = clocks_of(*WOMEN[:7], close, reopen)

    assert iso(found["rescue.situation_report#4"].due) == "2013-06-12T14:00:00Z"


def test_at_its_due_a_clock_still_runs_and_one_second_later_it_is_overdue() -> None:
    clock = clocks_of(REQUEST)["rescue.acknowledge"]

    assert state(clock, clock.due) is ClockState.RUNNING
    assert state(clock, clock.due + timedelta(seconds=1)) is ClockState.OVERDUE


def test_the_ladder_of_a_life_at_risk_reaches_the_province_half_an_hour_after_the_due() -> None:
    clock = clocks_of(REQUEST)["rescue.acknowledge"]

    assert [(iso(mark.at), mark.level) for mark in clock.ladder] == [
        ("2013-06-02T16:55:00Z", LadderLevel.OFFICER),
        ("2013-06-02T17:04:00Z", LadderLevel.UNIT_HEAD),
        ("2013-06-02T17:10:00Z", LadderLevel.SUPERVISOR),
        ("2013-06-02T17:40:00Z", LadderLevel.PROVINCIAL_DESK),
    ]


def test_the_ladder_of_other_rescues_reaches_the_province_after_a_day() -> None:
    urgent = request_fields(header=header(urgency="U1"))

    found = clocks_of(signed(0, "02 16:40", MONG_CAI, step("request", request=urgent)))

    assert iso(found["rescue.acknowledge"].ladder[-1].at) == "2013-06-03T17:10:00Z"


def test_what_the_ladder_has_reached_is_listed_until_the_clock_is_met() -> None:
    running = clocks_of(REQUEST)["rescue.acknowledge"]
    met = clocks_of(REQUEST, ARRIVAL, ACKNOWLEDGE)["rescue.acknowledge"]

    assert [mark.level for mark in reached(running, at("02 17:05"))] == ["officer", "unit_head"]
    assert reached(met, at("02 17:05")) == ()


def test_the_next_due_is_the_earliest_open_clock() -> None:
    found = clocks_of(REQUEST, ARRIVAL, ACKNOWLEDGE)

    first = next_due(found.values())

    assert first == found["rescue.accept"]
    assert next_due([]) is None


def test_the_next_wake_is_the_next_mark_of_any_open_clock() -> None:
    found = clocks_of(REQUEST).values()

    assert next_wake(found, at("02 16:40")) == at("02 16:55")
    assert next_wake(found, at("02 17:10")) == at("02 17:40")
    assert next_wake(found, at("05 00:00")) is None


def test_a_calculation_shows_rule_source_start_and_sum() -> None:
    clock = clocks_of(*WOMEN)["rescue.situation_report#2"]

    lines = {line.about: line.text for line in explain(clock)}

    assert lines[Explanation.RULE] == "rescue.situation_report#2: 12 hours from taken"
    assert "valid from 2010-09-15" in lines[Explanation.SOURCE]
    assert lines[Explanation.START].startswith("situation_report 00")
    assert lines[Explanation.SUM] == ("2013-06-03T00:10:00Z + 12:00:00 = 2013-06-03T12:10:00Z")
    assert lines[Explanation.MET].endswith("2013-06-03T11:30:00Z")


def test_a_calculation_names_what_stopped_the_clock() -> None:
    clock = clocks_of(*WOMEN)["rescue.situation_report#3"]

    assert explain(clock)[-1].about is Explanation.STOPPED


def test_limits_that_were_not_in_force_when_the_request_was_taken_make_no_clock() -> None:
    later = replace(
        CORRIDOR,
        limits=tuple(replace(x, valid_from=at("03 00:00").date()) for x in CORRIDOR.limits),
    )

    assert clocks_of(REQUEST, rules=replace(RULES, corridor=later)) == {}


def test_a_clock_that_starts_at_the_acknowledgement_waits_for_it() -> None:
    other = replace(
        CORRIDOR, limits=tuple(replace(x, starts=Start.ACKNOWLEDGED) for x in CORRIDOR.limits)
    )
    rules = replace(RULES, corridor=other)

    assert clocks_of(REQUEST, ARRIVAL, rules=rules) == {}
    found = clocks_of(REQUEST, ARRIVAL, ACKNOWLEDGE, rules=rules)
    assert found["rescue.accept"].due == at("02 18:52")


def test_a_reply_that_the_ledger_holds_before_what_it_answers_starts_what_waits_for_it() -> None:
    """The answer went by file and was entered first; its signed parents place it after."""
    other = replace(
        CORRIDOR, limits=tuple(replace(x, starts=Start.ACKNOWLEDGED) for x in CORRIDOR.limits)
    )
    request = replace(REQUEST, index=ACKNOWLEDGE.index + 1)
    reply = replace(ACKNOWLEDGE, parents=(request.mid,))

    found = clocks_of(request, reply, rules=replace(RULES, corridor=other))

    assert "rescue.accept" in found
    assert found["rescue.accept"].due == at("02 18:52")


def test_a_note_of_the_other_side_does_not_start_what_waits_for_its_acknowledgement() -> None:
    other = replace(
        CORRIDOR, limits=tuple(replace(x, starts=Start.ACKNOWLEDGED) for x in CORRIDOR.limits)
    )
    note = signed(101, "02 16:45", DONGXING, step("note", text=TEXT_ZH))

    assert clocks_of(REQUEST, ARRIVAL, note, rules=replace(RULES, corridor=other)) == {}


def test_a_start_that_these_clocks_do_not_have_is_refused_by_name() -> None:
    other = replace(
        CORRIDOR, limits=tuple(replace(x, starts=Start.PERIOD_END) for x in CORRIDOR.limits)
    )

    with pytest.raises(ClockError, match="taken, arrived or acknowledged, found period_end"):
        clocks_of(REQUEST, ACCEPT, rules=replace(RULES, corridor=other))
