"""What is made of a mutant, tried on a project of one check."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.mutants import judge
from tests.mutants.bench import Bench, TextError, opened
from tests.mutants.mutant import Mutant
from tests.support.command import running_with

SOURCE = '''"""A doorkeeper."""


def enter(age: int) -> str:
    """Return a welcome; nobody under 18 comes in."""
    if age < 18:
        raise ValueError("too young")
    return "welcome"
'''
TESTS = """import os
import subprocess

import door
import pytest


def test_children_stay_outside():
    with pytest.raises(ValueError):
        door.enter(17)


def test_adults_are_welcome():
    assert door.enter(18) == "welcome"


def test_that_is_wrong():
    assert door.enter(30) == "go away"


def test_that_does_not_end():
    with subprocess.Popen(["/bin/sleep", "120"], env={"BEGUN_BY": os.environ["HOUSE"]}):
        pass
"""
CHILDREN = "test_door.py::test_children_stay_outside"
MUTANT = Mutant("Children stay outside.", "door.py", "if age < 18:", "if False:", (CHILDREN,))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Yield a bench over the door."""
    tree, work = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("work")
    (tree / "door.py").write_text(SOURCE)
    (tree / "test_door.py").write_text(TESTS)
    (tree / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    with opened(tree, work, HOUSE=str(tree)) as bench:
        yield bench


def test_a_check_whose_test_misses_it_is_caught(bench: Bench) -> None:
    judge.check(MUTANT, bench)


def test_a_change_that_matters_to_no_named_test_is_reported_as_a_survivor(bench: Bench) -> None:
    harmless = replace(MUTANT, text='"too young"', instead='"not yet"')

    with pytest.raises(judge.SurvivorError, match=r"nobody misses.*stay_outside passes"):
        judge.check(harmless, bench)


def test_every_named_test_must_catch_the_mutant(bench: Bench) -> None:
    both = replace(MUTANT, tests=(CHILDREN, "test_door.py::test_adults_are_welcome"))

    with pytest.raises(judge.SurvivorError, match="adults_are_welcome passes"):
        judge.check(both, bench)


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param("if age <:", id="does not parse"),
        pytest.param("if agee < 18:", id="name that is gone"),
        pytest.param("if age < '18':", id="type that does not fit"),
        pytest.param("import no_such_module\n    if True:", id="import that fails"),
        pytest.param("while True:\n        pass\n    if False:", id="does not end"),
    ],
)
def test_a_mutant_that_does_not_run_counts_as_not_caught(bench: Bench, instead: str) -> None:
    broken = replace(MUTANT, instead=instead)

    with pytest.raises(judge.NotCaughtByAssertionError):
        judge.check(broken, bench, seconds=2)


def test_what_a_test_started_that_is_cut_off_ends_with_it(bench: Bench) -> None:
    endless = replace(MUTANT, tests=("test_door.py::test_that_does_not_end",))

    with pytest.raises(judge.NotCaughtByAssertionError, match="signal"):
        judge.check(endless, bench, seconds=2)

    ends = time.monotonic() + 10
    while running_with("BEGUN_BY", str(bench.tree)):
        assert time.monotonic() < ends


def test_a_test_that_does_not_exist_is_not_caught_by_anything(bench: Bench) -> None:
    unnamed = replace(MUTANT, tests=("test_door.py::test_no_such",))

    with pytest.raises(judge.NotCaughtByAssertionError, match="no_such"):
        judge.check(unnamed, bench)


@pytest.mark.parametrize(
    "text, times",
    [("if age < 21:", "0 times"), ("age", "2 times")],
)
def test_a_text_that_does_not_occur_once_is_named(bench: Bench, text: str, times: str) -> None:
    with pytest.raises(TextError, match=f"expected once, found {times}: {text}"):
        judge.check(replace(MUTANT, text=text), bench)


def test_a_file_that_is_gone_is_named(bench: Bench) -> None:
    with pytest.raises(TextError, match=r"window\.py: expected once, found 0 times"):
        judge.check(replace(MUTANT, file="window.py"), bench)


def test_the_source_stands_again_as_it_did(bench: Bench) -> None:
    file = bench.tree / "door.py"
    before = file.stat().st_mtime_ns

    judge.check(MUTANT, bench)

    assert file.read_text() == SOURCE
    assert file.stat().st_mtime_ns == before
    judge.check_unchanged([CHILDREN], bench, seconds=10)


def test_a_named_test_that_fails_by_itself_is_reported(bench: Bench) -> None:
    with pytest.raises(judge.NotPassingError, match="test_that_is_wrong"):
        judge.check_unchanged([CHILDREN, "test_door.py::test_that_is_wrong"], bench, seconds=10)


def test_a_named_test_that_is_not_there_is_reported(bench: Bench) -> None:
    with pytest.raises(judge.NotPassingError, match="test_no_such"):
        judge.check_unchanged(["test_door.py::test_no_such"], bench, seconds=10)
