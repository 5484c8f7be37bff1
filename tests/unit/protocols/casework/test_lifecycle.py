import pytest

from protocols.casework.codes import Act
from protocols.casework.errors import ActNotAvailableError, IllegalStepError
from protocols.casework.lifecycle import (
    BACK,
    ENDS,
    NOT_AVAILABLE,
    OPENING,
    TABLE,
    TURN,
    Side,
    Stage,
    Turn,
    advance,
    allowed_acts,
    mermaid,
)

EVERY = [(stage, act, side) for stage in Stage for act in Act for side in Side]


def test_every_stage_has_a_row_and_a_turn() -> None:
    assert TABLE.keys() == set(Stage) == TURN.keys()


def test_every_act_is_in_the_table_or_said_to_be_not_available() -> None:
    in_table = {act for row in TABLE.values() for act in row} | {OPENING[0]}

    assert in_table | NOT_AVAILABLE == set(Act)
    assert not in_table & NOT_AVAILABLE


def test_every_stage_can_be_reached_from_the_first() -> None:
    found = {OPENING[1]}
    for _ in Stage:
        moves = [move for stage in found for move in TABLE[stage].values()]
        found |= {move.to for move in moves if move.to is not None}

    assert found == set(Stage)


@pytest.mark.parametrize("stage,act,side", EVERY)
def test_an_act_succeeds_exactly_where_the_table_has_it(stage: Stage, act: Act, side: Side) -> None:
    if act in allowed_acts(stage, side):
        assert advance(stage, act, side) in Stage
    else:
        with pytest.raises((IllegalStepError, ActNotAvailableError)):
            advance(stage, act, side)


@pytest.mark.parametrize("act", sorted(NOT_AVAILABLE))
def test_an_act_of_the_design_only_says_that_it_is_not_available(act: Act) -> None:
    with pytest.raises(ActNotAvailableError, match="does not have it yet"):
        advance(Stage.IN_PROGRESS, act, Side.REQUESTED)


@pytest.mark.parametrize("stage", [Stage.DECLINED, Stage.WITHDRAWN])
def test_an_ended_case_takes_notes_only(stage: Stage) -> None:
    assert {act for side in Side for act in allowed_acts(stage, side)} == {Act.NOTE}


def test_a_withdrawn_request_cannot_be_answered() -> None:
    with pytest.raises(
        IllegalStepError, match="requested cannot answer while withdrawn; allowed: note"
    ):
        advance(Stage.WITHDRAWN, Act.ANSWER, Side.REQUESTED)


def test_the_answer_is_allowed_from_these_stages_only() -> None:
    allowed = {stage for stage in Stage if Act.ANSWER in TABLE[stage]}

    # A sent request stands for a received one whose arrival this desk has not seen yet.
    assert allowed == {
        Stage.SENT,
        Stage.RECEIVED,
        Stage.ACKNOWLEDGED,
        Stage.ACCEPTED,
        Stage.IN_PROGRESS,
    }


def test_every_open_case_can_be_withdrawn_by_the_requester() -> None:
    withdrawable = {s for s in Stage if Act.WITHDRAW in allowed_acts(s, Side.REQUESTER)}

    assert withdrawable == set(Stage) - ENDS


def test_the_system_does_nothing_but_note_the_arrival() -> None:
    assert [(s, a) for s in Stage for a in allowed_acts(s, Side.SYSTEM)] == [
        (Stage.SENT, Act.ARRIVE)
    ]


@pytest.mark.parametrize("stage", list(Stage))
def test_a_question_can_be_asked_exactly_where_a_reply_knows_its_way_back(stage: Stage) -> None:
    assert (Act.ASK in TABLE[stage]) == (stage in BACK)


@pytest.mark.parametrize("back", sorted(set(BACK.values())))
def test_a_reply_leads_back_to_where_was_asked(back: Stage) -> None:
    assert advance(Stage.INFO_NEEDED, Act.SUPPLY, Side.REQUESTER, back=back) is back


def test_nothing_is_owed_in_a_stage_that_ended_for_both() -> None:
    assert {s for s in Stage if TURN[s] is Turn.NOBODY} == ENDS - {Stage.ANSWERED}


def test_the_picture_shows_every_move_that_changes_the_stage() -> None:
    picture = mermaid(TABLE).splitlines()

    assert picture[:2] == ["stateDiagram-v2", "    [*] --> sent : request"]
    assert "    answered --> closed : close, handover_record" in picture
    assert "    info_needed --> accepted : supply" in picture
    assert "    withdrawn --> [*]" in picture
    moves = {
        (stage, move.to)
        for stage, row in TABLE.items()
        for move in row.values()
        if move.to not in {None, stage}
    } | {(Stage.INFO_NEEDED, back) for back in BACK.values()}
    assert sum(" : " in line for line in picture) == len(moves) + 1


def test_the_picture_follows_the_table() -> None:
    shorter = {**TABLE, Stage.CLOSED: {}}

    assert "reopen" in mermaid(TABLE)
    assert "reopen" not in mermaid(shorter)
