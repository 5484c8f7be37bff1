"""Each promise of docs/attacks.md has tests that are there and run with `make test`."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.requirements import REPOSITORY

MODEL = REPOSITORY / "docs" / "threat-model.toml"
ATTACKS = (REPOSITORY / "docs" / "attacks.md").read_text(encoding="utf-8")
PROMISES: list[dict[str, Any]] = tomllib.loads(MODEL.read_text(encoding="utf-8"))["promise"]
POINTS = {int(number) for number in re.findall(r"^(\d+)\. ", ATTACKS, re.MULTILINE)}
#: What keeps a test out of `make test`.
LEFT_OUT = ("pytest.mark.soak", "pytest.mark.skip", "pytest.mark.xfail")


def run_with_make_test(path: Path) -> Iterator[str]:
    """Yield the names of the tests in the file at ``path`` that are never left out as a whole."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    marks = [ast.unparse(n.value) for n in tree.body if isinstance(n, ast.Assign)]
    if any(mark in text for mark in LEFT_OUT for text in marks if text.startswith("pytest.mark")):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            if not any(text.startswith(LEFT_OUT) for text in decorators):
                yield node.name


FILES = {
    str(path.relative_to(REPOSITORY)): frozenset(run_with_make_test(path))
    for path in (REPOSITORY / "tests").rglob("test_*.py")
}
RUN = frozenset().union(*FILES.values())


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise["says"])
def test_each_promise_has_tests_that_are_there_and_run(promise: dict[str, Any]) -> None:
    assert promise["tests"]
    for test in promise["tests"]:
        file, _, name = test.partition("::")
        assert name in FILES.get(file, frozenset()), f"{test} is gone or left out of `make test`"


def test_each_promise_stands_once_and_is_bounded_by_points_that_are_there() -> None:
    said = [(promise["against"], promise["says"]) for promise in PROMISES]

    assert len(set(said)) == len(said)
    assert {point for promise in PROMISES for point in promise.get("points", [])} <= POINTS


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", ATTACKS))))
def test_each_test_that_the_weaknesses_name_is_there_and_runs(name: str) -> None:
    assert name in RUN


def test_the_tree_is_read_and_what_is_left_out_is_not(tmp_path: Path) -> None:
    source = (
        "import pytest\n\n\n@pytest.mark.soak\ndef test_long(): ...\n\n\ndef test_short(): ...\n"
    )
    file = tmp_path / "test_two.py"
    file.write_text(source)

    assert list(run_with_make_test(file)) == ["test_short"]
    file.write_text("pytestmark = pytest.mark.soak\n" + source)
    assert list(run_with_make_test(file)) == []
