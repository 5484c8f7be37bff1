"""The life of a case: one table of stages, acts, who may do them and what follows.

Handling only; delivery has its own ladder of receipts. A later step implies the earlier ones, so
the requested side may answer what it has only received. Of ours: new facts may be supplied at any
open stage, a rescue goes on while a question waits (situation reports, or ``start`` to work without
the reply), and a note changes nothing. A rule that is not in the table does not exist.

A return that was agreed ends with the record of its handover, which either side may send and both
have signed: the person has crossed and nothing is owed, so the record closes the case. Whether it
is co-signed, and whether anybody's return was agreed, is for ``record`` to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from protocols.casework.codes import Act
from protocols.casework.errors import ActNotAvailableError, IllegalStepError


class Stage(StrEnum):
    """Where a case stands."""

    SENT = "sent"
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    INFO_NEEDED = "info_needed"
    ANSWERED = "answered"
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Side(StrEnum):
    """Who acts; ``system`` is a device or the broker and never changes what officers decide."""

    REQUESTER = "requester"
    REQUESTED = "requested"
    SYSTEM = "system"


class Turn(StrEnum):
    """Who must act next."""

    REQUESTER = "requester"
    REQUESTED = "requested"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Move:
    """Who may take an act, and the stage after it; None is the stage before the question."""

    who: frozenset[Side]
    to: Stage | None


def _requester(to: Stage | None) -> Move:
    return Move(frozenset({Side.REQUESTER}), to)


def _requested(to: Stage) -> Move:
    return Move(frozenset({Side.REQUESTED}), to)


def _either(to: Stage) -> Move:
    return Move(frozenset({Side.REQUESTER, Side.REQUESTED}), to)


#: The first step of every case.
OPENING = (Act.REQUEST, Stage.SENT)

#: The whole life of a case. Every stage has a row; a row of notes only is an end.
TABLE: dict[Stage, dict[Act, Move]] = {
    Stage.SENT: {
        Act.ARRIVE: Move(frozenset({Side.SYSTEM}), Stage.RECEIVED),
        Act.ACKNOWLEDGE: _requested(Stage.ACKNOWLEDGED),
        Act.ACCEPT: _requested(Stage.ACCEPTED),
        Act.START: _requested(Stage.IN_PROGRESS),
        Act.ASK: _requested(Stage.INFO_NEEDED),
        Act.SUPPLY: _requester(Stage.SENT),
        Act.INTERIM: _requested(Stage.ACCEPTED),
        Act.SITUATION_REPORT: _requested(Stage.IN_PROGRESS),
        Act.ANSWER: _requested(Stage.ANSWERED),
        Act.DECLINE: _requested(Stage.DECLINED),
        Act.WITHDRAW: _requester(Stage.WITHDRAWN),
        Act.NOTE: _either(Stage.SENT),
    },
    Stage.RECEIVED: {
        Act.ACKNOWLEDGE: _requested(Stage.ACKNOWLEDGED),
        Act.ACCEPT: _requested(Stage.ACCEPTED),
        Act.START: _requested(Stage.IN_PROGRESS),
        Act.ASK: _requested(Stage.INFO_NEEDED),
        Act.SUPPLY: _requester(Stage.RECEIVED),
        Act.INTERIM: _requested(Stage.ACCEPTED),
        Act.SITUATION_REPORT: _requested(Stage.IN_PROGRESS),
        Act.ANSWER: _requested(Stage.ANSWERED),
        Act.DECLINE: _requested(Stage.DECLINED),
        Act.WITHDRAW: _requester(Stage.WITHDRAWN),
        Act.NOTE: _either(Stage.RECEIVED),
    },
    Stage.ACKNOWLEDGED: {
        Act.ACCEPT: _requested(Stage.ACCEPTED),
        Act.START: _requested(Stage.IN_PROGRESS),
        Act.ASK: _requested(Stage.INFO_NEEDED),
        Act.SUPPLY: _requester(Stage.ACKNOWLEDGED),
        Act.INTERIM: _requested(Stage.ACCEPTED),
        Act.SITUATION_REPORT: _requested(Stage.IN_PROGRESS),
        Act.ANSWER: _requested(Stage.ANSWERED),
        Act.DECLINE: _requested(Stage.DECLINED),
        Act.WITHDRAW: _requester(Stage.WITHDRAWN),
        Act.NOTE: _either(Stage.ACKNOWLEDGED),
    },
    Stage.ACCEPTED: {
        Act.START: _requested(Stage.IN_PROGRESS),
        Act.ASK: _requested(Stage.INFO_NEEDED),
        Act.SUPPLY: _requester(Stage.ACCEPTED),
        Act.INTERIM: _requested(Stage.ACCEPTED),
        Act.SITUATION_REPORT: _requested(Stage.IN_PROGRESS),
        Act.ANSWER: _requested(Stage.ANSWERED),
        Act.WITHDRAW: _requester(Stage.WITHDRAWN),
        Act.NOTE: _either(Stage.ACCEPTED),
    },
    Stage.IN_PROGRESS: {
        Act.ASK: _requested(Stage.INFO_NEEDED),
        Act.SUPPLY: _requester(Stage.IN_PROGRESS),
        Act.INTERIM: _requested(Stage.IN_PROGRESS),
        Act.SITUATION_REPORT: _requested(Stage.IN_PROGRESS),
        Act.ANSWER: _requested(Stage.ANSWERED),
        Act.WITHDRAW: _requester(Stage.WITHDRAWN),
        Act.NOTE: _either(Stage.IN_PROGRESS),
    },
    Stage.INFO_NEEDED: {
        Act.SUPPLY: _requester(None),
        Act.START: _requested(Stage.IN_PROGRESS),
        Act.INTERIM: _requested(Stage.INFO_NEEDED),
        Act.SITUATION_REPORT: _requested(Stage.INFO_NEEDED),
        Act.WITHDRAW: _requester(Stage.WITHDRAWN),
        Act.NOTE: _either(Stage.INFO_NEEDED),
    },
    Stage.ANSWERED: {
        Act.DISPUTE: _requester(Stage.IN_PROGRESS),
        Act.CLOSE: _requester(Stage.CLOSED),
        Act.HANDOVER_RECORD: _either(Stage.CLOSED),
        Act.NOTE: _either(Stage.ANSWERED),
    },
    Stage.CLOSED: {
        Act.REOPEN: _requester(Stage.IN_PROGRESS),
        Act.NOTE: _either(Stage.CLOSED),
    },
    Stage.DECLINED: {Act.NOTE: _either(Stage.DECLINED)},
    Stage.WITHDRAWN: {Act.NOTE: _either(Stage.WITHDRAWN)},
}

#: To which stage a supplied answer leads back, by the stage in which was asked (asking
#: acknowledges).
BACK: dict[Stage, Stage] = {
    Stage.SENT: Stage.ACKNOWLEDGED,
    Stage.RECEIVED: Stage.ACKNOWLEDGED,
    Stage.ACKNOWLEDGED: Stage.ACKNOWLEDGED,
    Stage.ACCEPTED: Stage.ACCEPTED,
    Stage.IN_PROGRESS: Stage.IN_PROGRESS,
}

#: Whose turn it is in each stage.
TURN: dict[Stage, Turn] = {
    Stage.SENT: Turn.REQUESTED,
    Stage.RECEIVED: Turn.REQUESTED,
    Stage.ACKNOWLEDGED: Turn.REQUESTED,
    Stage.ACCEPTED: Turn.REQUESTED,
    Stage.IN_PROGRESS: Turn.REQUESTED,
    Stage.INFO_NEEDED: Turn.REQUESTER,
    Stage.ANSWERED: Turn.REQUESTER,
    Stage.CLOSED: Turn.NOBODY,
    Stage.DECLINED: Turn.NOBODY,
    Stage.WITHDRAWN: Turn.NOBODY,
}

#: Stages in which nothing is owed by the requested side: clocks that still run stop there.
ENDS = frozenset({Stage.ANSWERED, Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN})

#: Acts of the design that this version cannot apply.
NOT_AVAILABLE = frozenset(
    {
        Act.EXTEND,
        Act.GRANT,
        Act.REFUSE_EXTENSION,
        Act.REDIRECT,
        Act.CORRECT,
        Act.RECALL,
    }
)


def allowed_acts(stage: Stage, side: Side) -> tuple[Act, ...]:
    """Return the acts that ``side`` may take in ``stage``, in the order of the table."""
    return tuple(act for act, move in TABLE[stage].items() if side in move.who)


def advance(stage: Stage, act: Act, side: Side, *, back: Stage = Stage.ACKNOWLEDGED) -> Stage:
    """Return the stage after ``act`` by ``side``.

    Args:
        stage: The stage before it.
        act: What is done.
        side: Who does it.
        back: The stage to which a reply to a question leads back (``BACK`` of the asking stage).

    Raises:
        ActNotAvailableError: this version cannot apply the act in any stage.
        IllegalStepError: the table has no such act; the message lists what it has.
    """
    if act in NOT_AVAILABLE:
        raise ActNotAvailableError(f"{act}: this version does not have it yet")
    move = TABLE[stage].get(act)
    if move is None or side not in move.who:
        allowed = ", ".join(allowed_acts(stage, side)) or "none"
        raise IllegalStepError(f"{side} cannot {act} while {stage}; allowed: {allowed}")
    return back if move.to is None else move.to


def mermaid(table: Mapping[Stage, Mapping[Act, Move]]) -> str:
    """Return the table as a Mermaid state diagram; acts that change nothing are left out."""
    act, first = OPENING
    lines = ["stateDiagram-v2", f"    [*] --> {first} : {act}"]
    for stage, row in table.items():
        for after, acts in _arrows(stage, row).items():
            lines.append(f"    {stage} --> {after} : {', '.join(acts)}")
    lines += [f"    {stage} --> [*]" for stage in table if TURN[stage] is Turn.NOBODY]
    return "\n".join(lines) + "\n"


def _arrows(stage: Stage, row: Mapping[Act, Move]) -> dict[Stage, list[Act]]:
    arrows: dict[Stage, list[Act]] = {}
    for act, move in row.items():
        # A reply leads back to any of the stages in which may be asked.
        targets = list(dict.fromkeys(BACK.values())) if move.to is None else [move.to]
        for after in targets:
            if after is not stage:
                arrows.setdefault(after, []).append(act)
    return arrows
