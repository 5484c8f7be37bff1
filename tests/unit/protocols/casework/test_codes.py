import pytest

from protocols.casework.codes import (
    CLASS_OF,
    FINAL_OUTCOMES,
    OUTCOMES,
    Outcome,
    RequestType,
    Urgency,
)


@pytest.mark.parametrize("kind", list(RequestType))
def test_life_at_risk_is_rescue_class_for_rescues_and_warnings_and_urgent_else(
    kind: RequestType,
) -> None:
    expected = 2 if kind in {RequestType.RESCUE, RequestType.WARN} else 1

    assert [CLASS_OF[kind, urgency] for urgency in Urgency] == [expected, 1, 0, 0]


def test_final_outcomes_are_outcomes_of_their_type_and_leave_some_open() -> None:
    assert FINAL_OUTCOMES.keys() == OUTCOMES.keys()
    for kind, final in FINAL_OUTCOMES.items():
        assert final < OUTCOMES[kind]


def test_a_rescue_ends_for_a_person_with_rescued_or_not_found() -> None:
    assert FINAL_OUTCOMES[RequestType.RESCUE] == {Outcome.RESCUED, Outcome.NOT_FOUND}


def test_every_outcome_belongs_to_a_type() -> None:
    assert {outcome for known in OUTCOMES.values() for outcome in known} == set(Outcome)
