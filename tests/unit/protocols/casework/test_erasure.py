"""When a case may be erased, and how a rule is named."""

from dataclasses import replace

import pytest

from protocols.casework.clocks import clocks
from protocols.casework.erasure import (
    ENDED,
    NotErasableError,
    RetentionRuleError,
    check_erasable,
    check_rule,
)
from protocols.casework.lifecycle import Stage
from protocols.casework.record import fold
from tests.support.women import REQUEST
from tests.unit.protocols.casework.test_clocks import RULES


def test_only_a_case_in_which_nobody_owes_anything_has_ended() -> None:
    assert {Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN} == ENDED


def test_what_the_broker_has_not_taken_is_not_erased() -> None:
    with pytest.raises(NotErasableError, match="taken"):
        check_erasable(None, ())


@pytest.mark.parametrize("stage", Stage)
def test_a_case_without_clocks_is_erased_in_the_stages_that_end_it(stage: Stage) -> None:
    record = replace(fold([REQUEST]), stage=stage)

    if stage in ENDED:
        check_erasable(record, ())
    else:
        with pytest.raises(NotErasableError, match=str(stage)):
            check_erasable(record, ())


def test_while_a_clock_runs_nothing_is_erased() -> None:
    record = replace(fold([REQUEST]), stage=Stage.CLOSED)
    running = clocks(fold([REQUEST]), RULES)

    assert any(clock.is_open for clock in running)
    with pytest.raises(NotErasableError, match="no running clock"):
        check_erasable(record, running)


@pytest.mark.parametrize(
    "rule", ["Nghị định 13/2023/NĐ-CP, điều 16", "个人信息保护法 第47条", "Law 1; §2 (b)", "abc"]
)
def test_a_rule_is_named_as_laws_are(rule: str) -> None:
    assert check_rule(f"  {rule} ") == rule


@pytest.mark.parametrize("rule", ["", "  ", "ab", "a\nb c", "x" * 121, "<b>law</b>", "law\x00x"])
def test_what_is_no_name_of_a_rule_is_refused(rule: str) -> None:
    with pytest.raises(RetentionRuleError):
        check_rule(rule)
