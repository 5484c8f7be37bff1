"""Which acts a screen offers: exactly those that the table of the case allows our side now."""

from liaison.desk.casework.cases import Case, Casebook
from protocols.casework.codes import ACTS_OF_TYPE, Act
from protocols.casework.lifecycle import NOT_AVAILABLE, Side, allowed_acts
from protocols.casework.payload import RULES

#: Acts that say all by being done; everything else has a page of its own.
ONE_PRESS = frozenset({Act.ACKNOWLEDGE, Act.ACCEPT, Act.START})


def acts_of(case: Case, book: Casebook) -> list[Act]:
    """Return the acts that our desk may take in ``case`` now, in the order of the table."""
    record = case.record
    if record is None:
        return []
    side = record.side_of(book.ours_in(record))
    if side is Side.SYSTEM:
        return []
    return [
        act
        for act in allowed_acts(record.stage, side)
        if act in RULES
        and act not in NOT_AVAILABLE
        and ACTS_OF_TYPE.get(act, record.type) is record.type
    ]


def is_one_press(act: Act) -> bool:
    """Say whether pressing its button is all that ``act`` needs."""
    return act in ONE_PRESS
