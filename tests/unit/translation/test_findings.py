import re

from config.load import load_findings
from tests.support.requirements import REPOSITORY
from translation.engine import Limits
from translation.findings import SEVERITIES
from translation.languages import Language
from translation.pipeline import Method

SPECIFICATION = (REPOSITORY / "docs" / "spec" / "translation.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below ``heading``, without its first two lines."""
    section = SPECIFICATION.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_finding_has_a_text_and_no_text_is_left_over() -> None:
    assert load_findings().keys() == SEVERITIES.keys()


def test_the_texts_of_findings_differ_by_language() -> None:
    for said in load_findings().values():
        for names in (said.what, said.next):
            assert len({names.vi, names.zh, names.en}) == len(Language)


def test_a_text_is_in_the_script_of_its_language() -> None:
    for said in load_findings().values():
        for names in (said.what, said.next):
            assert re.search(r"[\u4e00-\u9fff]", names.zh)
            assert not re.search(r"[\u4e00-\u9fff]", names.vi + names.en)


def test_the_specification_lists_each_finding_with_its_severity() -> None:
    assert {row[0]: row[1] for row in rows("Findings")} == SEVERITIES


def test_the_specification_lists_each_method() -> None:
    assert [row[0] for row in rows("Methods")] == list(Method)


def test_the_specification_gives_the_limits_of_the_worker() -> None:
    limits = Limits()

    assert [row[1] for row in rows("The worker")] == [
        f"{limits.sentence_seconds:g} seconds",
        f"{limits.start_seconds:g} seconds",
        f"{limits.memory_bytes >> 30} GiB",
        str(limits.sentences),
        "none",
    ]
