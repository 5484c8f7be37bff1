"""Whole cases with every process killed before every step come to what they come to without.

The play of the 22 women in every run, that of the baby in the long one.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.support.figures import Tell
from tests.support.killed import (
    BROKER,
    Survived,
    accepted,
    contradicted,
    play_with_kills,
)
from tests.support.played import BABY, SCENARIO, Played


def check(survived: Survived, whole: Played) -> None:
    """Assert that a play with kills came to what the ``whole`` one came to."""
    printed, answer = survived.report.printed(0), whole.answer
    assert survived.report.differences == []
    assert survived.report.is_success
    for part in ("messages", "delivered", "opened", "steps", "clocks"):
        assert printed[part] == answer[part], part
    check_kills(survived)
    check_order(survived)
    check_ledger(survived)


def check_kills(survived: Survived) -> None:
    """Assert that each process was killed before each step, and each step's desk and broker twice.

    Fewer would prove less than the name of the test says.
    """
    script = survived.player.scenario
    expected = Counter(node.name for node in survived.network.nodes for _ in script.steps)
    expected.update(step.desk for step in script.steps)
    expected[BROKER] += len(script.steps)
    assert survived.player.kills == expected


def check_order(survived: Survived) -> None:
    """Assert that both desks hold each message once, in the order of the ledger."""
    in_ledger = accepted(survived.ledger)
    assert len(set(in_ledger)) == len(in_ledger)
    for vn, cn in survived.player.ended.values():
        theirs = [step["mid"] for step in vn["steps"]]
        assert theirs == [step["mid"] for step in cn["steps"]]
        assert theirs == [mid.hex() for mid in in_ledger if mid.hex() in theirs]


def check_ledger(survived: Survived) -> None:
    """Assert that the ledger goes on from every checkpoint that was ever given out."""
    handed_out = survived.player.handed_out
    assert len(handed_out) > len(survived.player.scenario.steps)
    assert contradicted(survived.ledger, handed_out, survived.network.log) == []


async def test_the_case_of_22_women_is_whole_though_every_process_is_killed_before_every_step(
    tmp_path: Path, played: Played, tell: Tell
) -> None:
    survived = await play_with_kills(SCENARIO, tmp_path)
    tell(survived.printed())

    check(survived, played)


@pytest.mark.soak
async def test_the_babys_three_cases_are_whole_though_every_process_is_killed_before_every_step(
    tmp_path: Path, baby: Played, tell: Tell
) -> None:
    survived = await play_with_kills(BABY, tmp_path)
    tell(survived.printed())

    check(survived, baby)
