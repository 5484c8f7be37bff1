"""When a case may be erased: it has ended, nothing runs, and somebody says under which rule.

Retention is law and agreement, dated and different on the two sides: how long a case is kept is for
the officers to know and to name. What is kept here is that nothing that still runs is erased.
"""

import re
from collections.abc import Iterable

from protocols.casework.clocks import CaseClock
from protocols.casework.errors import CaseworkError
from protocols.casework.lifecycle import TURN, Turn
from protocols.casework.record import CaseRecord

#: Stages in which nobody owes an act. A closed case could be opened again by its requester: what
#: comes for an erased one is refused, and that side sees that it was not delivered.
ENDED = frozenset(stage for stage, turn in TURN.items() if turn is Turn.NOBODY)
#: A rule is named as laws are: one line, letters and digits and what stands between them.
RULE = re.compile(r"[\w./:,;()§\- ]{3,120}")


class NotErasableError(CaseworkError):
    """The case is open, or something of it has not come to rest."""

    code = "casework.not_erasable"


class RetentionRuleError(CaseworkError):
    """Nobody said under which rule, or in a form that is no name of one."""

    code = "casework.retention_rule"


def check_erasable(record: CaseRecord | None, clocks: Iterable[CaseClock]) -> None:
    """Raise NotErasableError unless the case has ended and no clock of it runs."""
    if record is None:
        raise NotErasableError("a case that the broker has taken expected")
    if record.stage not in ENDED:
        raise NotErasableError(f"a case that has ended expected, found {record.stage}")
    running = [clock.code for clock in clocks if clock.is_open]
    if running:
        raise NotErasableError(f"no running clock expected, found {', '.join(running)}")


def check_rule(rule: str) -> str:
    """Return the rule's name without blanks around it; raise RetentionRuleError when it is none."""
    named = rule.strip()
    if not RULE.fullmatch(named):
        raise RetentionRuleError("the name of a rule, 3 to 120 letters and digits, on one line")
    return named
