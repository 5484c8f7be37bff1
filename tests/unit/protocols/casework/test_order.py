"""Steps count in the order of the ledger, and never before what they answer."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from protocols.casework.lifecycle import Stage
from protocols.casework.order import NOT_YET
from protocols.casework.record import SignedStep, fold, in_order
from tests.support.women import (
    DONGXING,
    MONG_CAI,
    REASON_VI,
    REQUEST,
    TEXT_ZH,
    at,
    rescued,
    signed,
    step,
)


def following(before: SignedStep, index: int, when: str, desk: str, act: str) -> SignedStep:
    """Return a step that names the message ``before`` as its parent."""
    extra = {"answer": {"text": TEXT_ZH, "outcomes": [rescued("P1..P22", "not_found")]}}
    extra["withdraw"] = {"reason": REASON_VI}
    said = signed(index, when, desk, step(act, **extra.get(act, {})))
    return replace(said, parents=(before.mid,))


#: A case that went by files: the answers were entered in the ledger before what they answer.
ASKED = replace(REQUEST, index=9, mid=b"q" * 32)
TAKEN_UP = following(ASKED, 3, "02 17:00", DONGXING, "acknowledge")
ACCEPTED = following(TAKEN_UP, 5, "02 18:00", DONGXING, "accept")
CARRIED = (ASKED, TAKEN_UP, ACCEPTED)


def unentered(carried: SignedStep, mid: bytes) -> SignedStep:
    """Return the step as one that no ledger holds yet."""
    return replace(carried, index=NOT_YET, mid=mid * 32)


def test_a_step_that_the_ledger_has_before_what_it_answers_counts_after_it() -> None:
    record = fold(CARRIED)

    assert [ruling.mid for ruling in record.rulings] == [event.mid for event in CARRIED]
    assert all(ruling.applied for ruling in record.rulings)
    assert record.stage is Stage.ACCEPTED


def test_a_step_is_never_earlier_than_what_it_answers() -> None:
    early = replace(TAKEN_UP, taken_at=at("02 16:00"))

    record = fold([ASKED, early])

    assert [ruling.at for ruling in record.rulings] == [ASKED.taken_at, ASKED.taken_at]


def test_of_two_steps_that_follow_one_the_first_in_the_ledger_counts_first() -> None:
    answer = replace(following(ASKED, 5, "02 17:00", DONGXING, "answer"), mid=b"b" * 32)
    withdrawn = replace(following(ASKED, 6, "02 17:00", MONG_CAI, "withdraw"), mid=b"a" * 32)

    record = fold([ASKED, withdrawn, answer])

    assert [ruling.applied for ruling in record.rulings] == [True, True, False]
    assert record.stage is Stage.ANSWERED


def test_what_no_ledger_holds_yet_counts_by_its_time() -> None:
    asked = unentered(REQUEST, b"z")
    answer = unentered(following(asked, 0, "02 18:00", DONGXING, "answer"), b"a")
    withdrawn = unentered(following(asked, 0, "02 17:00", MONG_CAI, "withdraw"), b"b")

    assert fold([answer, asked, withdrawn]).stage is Stage.WITHDRAWN


def test_steps_that_wait_count_in_the_order_in_which_they_were_written() -> None:
    asked = unentered(REQUEST, b"z")
    taken_up = unentered(following(asked, 0, "02 16:40", DONGXING, "acknowledge"), b"y")
    accepted = unentered(following(taken_up, 0, "02 16:40", DONGXING, "accept"), b"x")

    record = fold([accepted, taken_up, asked])

    assert [str(ruling.act) for ruling in record.rulings] == ["request", "acknowledge", "accept"]


@given(st.permutations(CARRIED))
def test_it_does_not_matter_in_which_order_they_came(events: list[SignedStep]) -> None:
    assert in_order(events) == in_order(CARRIED)


def test_a_parent_that_is_not_in_the_case_places_nothing() -> None:
    stray = replace(TAKEN_UP, index=10, parents=(b"?" * 32,))

    assert [event.mid for event in in_order([stray, ASKED])] == [ASKED.mid, stray.mid]
