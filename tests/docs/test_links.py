"""Every relative link in the documents leads to a file of the project."""

import re
from pathlib import Path

import pytest

from tests.support.requirements import REPOSITORY

DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?![a-z]+://|#)([^)#\s]+)")


def dead_links(document: Path, text: str) -> list[str]:
    """Return the relative links in ``text``, read as ``document``, that lead to no file."""
    return [link for link in LINK.findall(text) if not (document.parent / link).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_to_files(document: Path) -> None:
    assert dead_links(document, document.read_text(encoding="utf-8")) == []


def test_a_dead_link_would_be_found() -> None:
    text = "[index](docs/index.md#top), [gone](docs/gone.md), [out](https://example.org/x)"

    assert dead_links(REPOSITORY / "README.md", text) == ["docs/gone.md"]


def test_every_decision_stands_in_the_index() -> None:
    index = (REPOSITORY / "docs/index.md").read_text(encoding="utf-8")
    decisions = [path.name for path in (REPOSITORY / "docs/adr").glob("*.md")]

    assert [name for name in decisions if f"adr/{name}" not in index] == []
