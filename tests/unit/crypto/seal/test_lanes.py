"""Lanes: what the next message says of its place, and what a place says of those around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.header import MessageId
from crypto.seal.content import Lane
from crypto.seal.lanes import (
    Gap,
    LaneForkError,
    Place,
    belied,
    check_place,
    gap_before,
    next_lane,
    without,
)


def mid(number: int) -> MessageId:
    """Return the id of a lane's message of this number; the first has the number 1."""
    return MessageId(bytes([number]) * 32)


def place(number: int) -> Place:
    """Return the honest place of this number."""
    return Place(mid(number), mid(number - 1) if number > 1 else None)


OTHER = MessageId(bytes([255]) * 32)


def test_the_first_message_of_a_lane_has_none_before_it() -> None:
    assert next_lane(None) == Lane(1, None)


def test_a_later_message_counts_on_and_names_the_one_before() -> None:
    before = MessageId(bytes(32))

    assert next_lane((7, before)) == Lane(8, before)


@given(st.permutations(range(1, 9)))
def test_an_honest_lane_fits_together_in_whatever_order_it_comes(order: list[int]) -> None:
    known: dict[int, Place] = {}

    for number in order:
        check_place(Lane(number, place(number).prev), mid(number), known)
        known[number] = place(number)

    assert len(known) == len(order)


def test_a_message_that_comes_again_is_no_fork() -> None:
    check_place(Lane(5, mid(4)), mid(5), {4: place(4), 5: place(5), 6: place(6)})


@pytest.mark.parametrize(
    "lane, known",
    [
        pytest.param(Lane(5, mid(4)), {5: Place(OTHER, mid(4))}, id="another stands there"),
        pytest.param(Lane(5, mid(4)), {4: Place(OTHER, mid(3))}, id="another before"),
        pytest.param(Lane(5, OTHER), {4: place(4)}, id="names another before"),
        pytest.param(Lane(5, mid(4)), {6: Place(mid(6), OTHER)}, id="another named after"),
    ],
)
def test_two_messages_at_one_place_are_a_fork(lane: Lane, known: dict[int, Place]) -> None:
    with pytest.raises(LaneForkError):
        check_place(lane, mid(5), known)


def test_a_place_of_which_nobody_said_who_came_before_denies_nothing() -> None:
    check_place(Lane(5, mid(4)), mid(5), {6: Place(OTHER, None)})


def test_a_void_denies_no_message() -> None:
    voids = {number: Place(OTHER, None, is_void=True) for number in (4, 5, 6)}

    check_place(Lane(5, mid(4)), mid(5), voids)


@pytest.mark.parametrize(
    "voids, shown",
    [
        pytest.param({5: mid(5)}, (5,), id="it comes where nothing was to come"),
        pytest.param({4: OTHER}, (4,), id="it names another before it"),
        pytest.param({4: mid(4)}, (), id="it names the one that never went"),
        pytest.param({6: OTHER}, (), id="what comes after is not known"),
        pytest.param({4: OTHER, 5: OTHER}, (4, 5), id="both"),
    ],
)
def test_a_message_belies_the_voids_at_its_place_and_before_it(
    voids: dict[int, MessageId], shown: tuple[int, ...]
) -> None:
    around = {seq: Place(said, None, is_void=True) for seq, said in voids.items()}

    assert belied(Lane(5, mid(4)), around) == shown
    assert belied(Lane(5, mid(4)), {seq: Place(said, None) for seq, said in voids.items()}) == ()


@pytest.mark.parametrize(
    "seq, last, gap",
    [(1, 0, None), (5, 4, None), (3, 4, None), (2, 0, Gap(1, 1)), (9, 4, Gap(5, 8))],
)
def test_what_is_skipped_is_missing(seq: int, last: int, gap: Gap | None) -> None:
    assert gap_before(seq, last) == gap


@given(st.integers(1, 50), st.integers(0, 50), st.integers(1, 110))
def test_what_has_come_is_all_that_is_missing_no_longer(first: int, more: int, seq: int) -> None:
    gap = Gap(first, first + more)

    left = [n for part in without(gap, seq) for n in range(part.first, part.last + 1)]

    assert left == [n for n in range(gap.first, gap.last + 1) if n != seq]
