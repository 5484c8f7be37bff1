"""Whether a mutant is caught: each of its tests fails over it, and by an assertion of its own.

A mutant that does not even run proves nothing: an import that fails, a name that is gone or a type
that does not fit would fail any test. So a failure counts if an assertion has failed, or if one of
the project's own errors came where the test expected another or none.
"""

from collections.abc import Sequence

from liaison.runtime.origin import PACKAGES
from tests.mutants.bench import PATIENCE, Bench, Ran
from tests.mutants.mutant import Mutant

ASSERTIONS = frozenset({"builtins.AssertionError", "builtins.Failed"})
OWN = tuple(f"{package}." for package in (*PACKAGES, "tests"))
#: How much of what pytest printed is shown.
LAST = 3_000


class SurvivorError(Exception):
    """A named test passes although the check is gone."""


class NotCaughtByAssertionError(Exception):
    """A named test fails over the mutant, but not because it saw that the check is gone."""


class NotPassingError(Exception):
    """A named test does not pass where nothing was changed, so its failure would say nothing."""


def check(mutant: Mutant, bench: Bench, *, seconds: float = PATIENCE) -> None:
    """Return when every named test catches ``mutant``; the tree is afterwards as it was.

    Raises:
        TextError: the text does not occur exactly once in its file.
        SurvivorError, NotCaughtByAssertionError: as their names say.
    """
    with bench.changed(mutant.file, mutant.text, mutant.instead):
        ran = bench.run(mutant.tests, seconds=seconds)
    for test in mutant.tests:
        outcome = ran.outcomes.get(test)
        if outcome is not None and outcome.phase == "passed":
            raise SurvivorError(f"{mutant.file}: nobody misses {mutant.text!r}: {test} passes")
        if outcome is None or outcome.phase != "call" or not _are_assertions(outcome.raised):
            raise NotCaughtByAssertionError(f"{test}: {outcome or _not_run(ran)}")


def check_unchanged(tests: Sequence[str], bench: Bench, *, seconds: float) -> None:
    """Return when all ``tests`` pass over the tree as it is; raise NotPassingError otherwise."""
    ran = bench.run(tests, seconds=seconds)
    left = [test for test in tests if test not in ran.outcomes]
    failing = [test for test, outcome in ran.outcomes.items() if outcome.phase != "passed"]
    if left or failing:
        raise NotPassingError(f"{failing or left} do not pass: {_not_run(ran)}")


def _are_assertions(raised: Sequence[str]) -> bool:
    return bool(raised) and all(name in ASSERTIONS or name.startswith(OWN) for name in raised)


def _not_run(ran: Ran) -> str:
    return f"{ran.ended}\n{ran.output[-LAST:]}"
