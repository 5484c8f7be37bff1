"""What holds of every directory, in whatever order and with whatever between its entries."""

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.attest.directory import Directory, DirectoryError
from tests.support.world import HERE, THERE, THIRD, broker_entry
from tests.vectors.directory_cases import directory_cases

PINS = (HERE.pin, THERE.pin, THIRD.pin)
#: Entries that stand in some order, and every last entry that some vector refuses.
GOOD = (*HERE.entries, *THERE.entries, broker_entry(HERE), broker_entry(THERE))
BAD = tuple(case.entries[-1] for case in directory_cases() if case.expect != "ok")


def standing(entries: list[bytes]) -> list[bytes]:
    """Return those of ``entries`` that stand when they are offered in turn."""
    directory, stood = Directory(frozenset(PINS)), []
    for entry in entries:
        try:
            directory.append(entry)
        except DirectoryError:
            continue
        stood.append(entry)
    return stood


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*GOOD, *BAD]), max_size=25))
def test_what_is_refused_changes_nothing(entries: list[bytes]) -> None:
    directory = Directory(frozenset(PINS))
    for entry in entries:
        before = deepcopy(directory)
        try:
            directory.append(entry)
        except DirectoryError:
            assert directory == before
        else:
            assert directory.head.size == before.head.size + 1

    assert directory == Directory.replay(PINS, standing(entries))


@settings(max_examples=60, deadline=None)
@given(st.permutations(GOOD), st.data())
def test_a_replica_that_is_behind_becomes_the_same_by_the_rest(
    order: list[bytes], data: st.DataObject
) -> None:
    stood = standing(order)
    cut = data.draw(st.integers(0, len(stood)))
    behind = Directory.replay(PINS, stood[:cut])

    for entry in stood[cut:]:
        behind.append(entry)

    assert behind == Directory.replay(PINS, stood)


@settings(max_examples=60, deadline=None)
@given(st.permutations(GOOD), st.permutations(GOOD))
def test_two_histories_have_two_heads(one: list[bytes], other: list[bytes]) -> None:
    first, second = standing(one), standing(other)

    heads = [Directory.replay(PINS, stood).head for stood in (first, second)]

    assert (heads[0] == heads[1]) == (first == second)


@pytest.mark.parametrize("entry", GOOD, ids=range(len(GOOD)))
def test_an_entry_stands_once(entry: bytes) -> None:
    directory = Directory.replay(PINS, GOOD)

    with pytest.raises(DirectoryError):
        directory.append(entry)
