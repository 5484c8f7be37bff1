"""What the pipeline makes of a machine's answer."""

import pytest

from config.load import load_catalogue
from translation.languages import Language
from translation.pipeline import Answer, Job, Method, Pipeline

VI, ZH = Language.VIETNAMESE, Language.CHINESE
PIPELINE = Pipeline(load_catalogue())
FLOOR = 60.0


def job() -> Job:
    """Return a sentence for the machine: two numbers, one denial."""
    (planned,) = PIPELINE.plan("Chị 5 không trình báo mất con 7.", VI, ZH, ())
    assert isinstance(planned, Job)
    return planned


def test_what_comes_back_as_it_was_is_shown() -> None:
    asked = job()
    answer = Answer(("⟦1⟧没有报案称⟦2⟧孩子丢失。",), (asked.masked.text,))

    segment = PIPELINE.judge(asked, answer, (VI, ZH), FLOOR)

    assert segment.target == "5没有报案称7孩子丢失。"
    assert segment.method is Method.MACHINE


def test_what_comes_back_as_something_else_is_not_shown() -> None:
    asked = job()
    answer = Answer(("⟦1⟧没有报案称⟦2⟧孩子丢失。",), ("⟦1⟧ hôm qua ⟦2⟧ đi chợ mua cá.",))

    segment = PIPELINE.judge(asked, answer, (VI, ZH), FLOOR)

    assert segment.target is None
    assert "fidelity.back_translation" in {finding.code for finding in segment.findings}


@pytest.mark.parametrize("said", ["⟦1⟧没有报案称孩子丢失。", "⟦1⟧已报案称⟦2⟧孩子丢失。"])
def test_what_fails_the_gate_is_not_shown(said: str) -> None:
    asked = job()

    segment = PIPELINE.judge(asked, Answer((said,), (asked.masked.text,)), (VI, ZH), FLOOR)

    assert segment.target is None
