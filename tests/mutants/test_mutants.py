"""Every check of the product is missed by a test when it is gone (``tables/*.toml``)."""

from collections.abc import Iterator
from itertools import chain

import pytest

from tests.mutants import judge
from tests.mutants.bench import Bench, copy_project, opened
from tests.mutants.mutant import Mutant, read_mutants
from tests.support.network import FOUNDED, WAIT, foundation
from tests.support.played import PLAYED, Played, played

__all__ = ["played"]

MUTANTS = read_mutants()
#: Processes that share the table; each makes the copy and what takes long, once.
GROUPS = 2
#: Seconds after which what does not come is a failure: here most of it does not.
SHORT_WAIT = "6"
#: Seconds for the named tests of an unchanged copy, one after the other, on a busy machine.
PATIENCE_FOR_ALL = 600.0


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, played: Played) -> Iterator[Bench]:
    """Yield a bench over a copy of the project; what takes long to make is made before."""
    folder = tmp_path_factory.mktemp("mutants")
    founded = folder / "founded"
    foundation(tmp_path_factory.getbasetemp()).write(founded)
    work = folder / "work"
    work.mkdir()
    made = {FOUNDED: str(founded), PLAYED: str(played.state.parent), WAIT: SHORT_WAIT}
    with opened(copy_project(folder / "tree"), work, **made) as bench:
        yield bench


def in_group(number: int) -> pytest.MarkDecorator:
    """Return the mark of the group to which the row of this number belongs."""
    return pytest.mark.xdist_group(f"mutants-{number % GROUPS}")


@in_group(0)
def test_a_named_test_of_each_file_passes_in_the_copy_while_nothing_is_gone(bench: Bench) -> None:
    """Each named test passes in the run that this is part of; the copy must not be what fails."""
    named = chain.from_iterable(mutant.tests for mutant in MUTANTS)
    of_each = {name.partition("::")[0]: name for name in named}

    judge.check_unchanged([*of_each.values()], bench, seconds=PATIENCE_FOR_ALL)


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(mutant, id=f"{mutant.file}: {mutant.check}", marks=in_group(number))
        for number, mutant in enumerate(MUTANTS)
    ],
)
def test_a_check_that_is_gone_is_missed(mutant: Mutant, bench: Bench) -> None:
    judge.check(mutant, bench)


def test_no_check_is_listed_twice_and_each_has_a_test() -> None:
    listed = [(mutant.file, mutant.check) for mutant in MUTANTS]

    assert len(set(listed)) == len(listed)
    assert [mutant for mutant in MUTANTS if not mutant.tests] == []
