"""What a specification prints from the code is what would be printed now."""

import re

import pytest

from protocols.casework.lifecycle import TABLE, Stage, mermaid
from tests.docs.printed import SPECS, rewritten, tables

CASEWORK = SPECS["casework"].read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", sorted(SPECS))
def test_a_specification_is_as_it_would_be_printed_now(spec: str) -> None:
    """When this fails, ``python -m tests.docs.printed`` writes the printed parts anew."""
    text = SPECS[spec].read_text(encoding="utf-8")

    assert rewritten(text) == text


def test_the_picture_of_a_cases_life_is_the_one_that_its_table_prints() -> None:
    pictures = re.findall(r"```mermaid\n(.*?)```", CASEWORK, re.DOTALL)

    assert pictures == [mermaid(TABLE)]


def test_a_table_with_another_move_prints_another_picture() -> None:
    without = dict(TABLE)
    del without[Stage.CLOSED]

    assert mermaid(without) not in CASEWORK


@pytest.mark.parametrize("name", sorted(tables()))
def test_a_printed_table_stands_in_the_specification(name: str) -> None:
    assert tables()[name] in CASEWORK
