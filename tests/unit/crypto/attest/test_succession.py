"""Where a message for a desk goes once another has its place, and under which name it is shown."""

from itertools import pairwise

from crypto.attest.directory import Directory
from crypto.attest.header import DeskId
from crypto.attest.payload import encode_payload
from crypto.attest.statement import SuccessionPayload, What
from crypto.attest.succession import Successions
from tests.support.world import HERE, MONDAY, NOW, THERE, desk_payload
from tests.vectors.directory_cases import entry
from tests.vectors.succession_cases import (
    BEFORE,
    BEGINS,
    PINS,
    ROOTS,
    SECOND_WARD,
    THREADS,
    WARD,
    succeeded,
)


def after(*entries: bytes) -> Directory:
    """Return the directory of the vectors with more entries."""
    return Directory.replay(PINS, (*BEFORE, *entries))


def test_a_desk_has_its_own_place_until_the_day_of_its_succession() -> None:
    directory = after(succeeded(WARD))

    assert directory.successor(HERE.desk, at=BEGINS - 1) == HERE.desk
    assert directory.successor(HERE.desk, at=BEGINS) == WARD
    assert directory.predecessors(WARD, at=BEGINS - 1) == []
    assert directory.predecessors(WARD, at=BEGINS) == [HERE.desk]


def test_a_thread_that_was_given_goes_to_its_own_successor_and_the_rest_to_the_other() -> None:
    part = succeeded(WARD, threads=THREADS[:1])
    directory = after(part, succeeded(SECOND_WARD, after=part))

    places = [directory.successor(HERE.desk, at=BEGINS, thread=one) for one in (*THREADS, None)]

    assert places == [WARD, SECOND_WARD, SECOND_WARD, SECOND_WARD]


def test_a_thread_that_nobody_was_given_stays_where_it_was() -> None:
    directory = after(succeeded(WARD, threads=THREADS[:1]))

    assert directory.successor(HERE.desk, at=BEGINS, thread=THREADS[1]) == HERE.desk
    assert directory.successor(HERE.desk, at=BEGINS) == HERE.desk


def test_successors_are_followed_to_the_last() -> None:
    directory = after(succeeded(WARD), succeeded(SECOND_WARD, old=WARD))

    assert directory.successor(HERE.desk, at=BEGINS) == SECOND_WARD
    assert directory.predecessors(SECOND_WARD, at=BEGINS) == [WARD, HERE.desk]


def test_however_many_ways_lead_to_a_successor_it_is_looked_at_once() -> None:
    successions, desks = Successions(), [DeskId(number.to_bytes(16, "big")) for number in range(60)]
    for old, new in reversed(list(pairwise(desks))):
        successions.enter(old, SuccessionPayload(new, BEGINS, THREADS[:1]))
        successions.enter(old, SuccessionPayload(new, BEGINS, None))

    assert successions.successor(desks[0], at=BEGINS) == desks[-1]
    assert successions.before(desks[-1]) == desks[-2::-1]


def test_a_line_of_successors_may_be_longer_than_python_goes_deep() -> None:
    successions = Successions()
    desks = [DeskId(number.to_bytes(16, "big")) for number in range(1, 1_500)]
    for old, new in pairwise(desks):
        successions.enter(old, SuccessionPayload(new, BEGINS, None))

    assert successions.successor(desks[0], at=BEGINS) == desks[-1]
    assert len(successions.before(desks[-1])) == len(desks) - 1


def test_two_desks_that_were_merged_have_one_successor() -> None:
    directory = after(succeeded(WARD), succeeded(WARD, old=SECOND_WARD))

    assert set(directory.predecessors(WARD, at=BEGINS)) == {HERE.desk, SECOND_WARD}


def test_who_was_named_to_follow_is_told_before_the_day() -> None:
    [named] = after(succeeded(WARD)).successions(HERE.desk)

    assert (named.new, named.begins, named.threads) == (WARD, BEGINS, None)
    assert after().successions(THERE.desk) == []


def test_a_desk_is_shown_under_its_name_of_that_time_and_found_under_both() -> None:
    renamed = desk_payload("vn-renamed", HERE.registrar, begins=NOW)
    directory = after(
        entry(What.DESK, encode_payload(renamed), ROOTS, after=HERE.entries[1]),
    )

    names = [directory.desk_at(HERE.desk, at=at).payload.slug for at in (MONDAY - 1, NOW - 1, NOW)]

    assert names == [HERE.slug, HERE.slug, "vn-renamed"]
    assert directory.desk_named(HERE.slug).id == directory.desk_named("vn-renamed").id == HERE.desk


def test_who_follows_in_all_is_an_heir_and_who_follows_in_a_part_is_none() -> None:
    part = succeeded(SECOND_WARD, threads=THREADS[:1])
    directory = after(part, succeeded(WARD, after=part), succeeded(SECOND_WARD, old=WARD))

    assert directory.heirs(HERE.desk) == [WARD, SECOND_WARD]
    assert after(part).heirs(HERE.desk) == []
    assert after(part).inherited(SECOND_WARD) == []
    assert set(directory.inherited(SECOND_WARD)) == {WARD, HERE.desk}
