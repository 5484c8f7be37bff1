"""Who is here, in whose session an act comes, and who has been idle for too long."""

from datetime import UTC, datetime, timedelta

import pytest

from crypto.seal.vault import Keys
from liaison.demo.hand_clock import HandClock
from liaison.desk.entrance.idle import IdleWatch
from liaison.desk.entrance.officers import (
    LONGEST_IDLE,
    MOST_SESSIONS,
    SET_BACK,
    LockedError,
    NoSessionError,
    Officers,
    OtherOfficerError,
)
from tests.support.world import seed

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def keys(officer: str) -> Keys:
    return Keys(officer, bytes(32), seed(officer), bytes(32))


@pytest.fixture
def clock() -> HandClock:
    """Return the clock by which officers are idle."""
    return HandClock(AT)


@pytest.fixture
def officers(clock: HandClock) -> Officers:
    """Return the officers of a desk that nobody has unlocked."""
    return Officers(clock)


def test_an_officer_acts_in_their_own_session(officers: Officers) -> None:
    session = officers.admit(keys("MC-04"))

    assert officers.acting("MC-04", session) == "MC-04"


def test_an_officer_who_is_here_cannot_act_as_another_by_naming_them(officers: Officers) -> None:
    session, _ = officers.admit(keys("MC-04")), officers.admit(keys("MC-05"))

    with pytest.raises(OtherOfficerError, match="MC-04's"):
        officers.acting("MC-05", session)


@pytest.mark.parametrize("session", ["", "made up"])
def test_no_act_comes_without_a_session(officers: Officers, session: str) -> None:
    officers.admit(keys("MC-04"))

    with pytest.raises(NoSessionError):
        officers.acting("MC-04", session)


def test_who_has_not_unlocked_is_not_here(officers: Officers) -> None:
    session = officers.admit(keys("MC-04"))

    with pytest.raises(LockedError):
        officers.acting("MC-05", session)
    with pytest.raises(LockedError):
        officers.key("MC-05")


def test_an_officer_who_does_nothing_is_locked_out_after_a_quarter_of_an_hour(
    officers: Officers, clock: HandClock
) -> None:
    session = officers.admit(keys("MC-04"))
    clock.set(AT + LONGEST_IDLE - SECOND)
    assert officers.present() == ["MC-04"]

    clock.set(AT + LONGEST_IDLE)

    assert officers.present() == []
    assert officers.holder(session) is None
    with pytest.raises(LockedError):
        officers.key("MC-04")


def test_an_act_begins_the_quarter_anew_and_a_look_does_not(
    officers: Officers, clock: HandClock
) -> None:
    session = officers.admit(keys("MC-04"))
    clock.set(AT + timedelta(minutes=10))
    officers.acting("MC-04", session)
    clock.set(AT + timedelta(minutes=20))
    assert officers.holder(session) == "MC-04"
    assert officers.locks_at("MC-04") == AT + timedelta(minutes=25)

    clock.set(AT + timedelta(minutes=25))

    assert officers.present() == []


def test_each_officer_is_idle_for_themselves(officers: Officers, clock: HandClock) -> None:
    officers.admit(keys("MC-04"))
    clock.set(AT + timedelta(minutes=10))
    officers.admit(keys("MC-05"))

    clock.set(AT + timedelta(minutes=16))

    assert officers.present() == ["MC-05"]


def test_unlocking_again_opens_no_session_that_was_locked(
    officers: Officers, clock: HandClock
) -> None:
    old = officers.admit(keys("MC-04"))
    clock.set(AT + LONGEST_IDLE)

    new = officers.admit(keys("MC-04"))

    assert officers.holder(old) is None
    assert officers.holder(new) == "MC-04"


def test_a_clock_that_is_set_back_keeps_nobody_here(officers: Officers, clock: HandClock) -> None:
    officers.admit(keys("MC-04"))
    clock.set(AT - SET_BACK)
    assert officers.present() == ["MC-04"]

    clock.set(AT - SET_BACK - SECOND)

    assert officers.present() == []


def test_locking_ends_every_session(officers: Officers) -> None:
    sessions = [officers.admit(keys(name)) for name in ("MC-04", "MC-05")]

    officers.lock()

    assert [officers.holder(session) for session in sessions] == [None, None]


def test_an_officer_has_so_many_sessions_and_the_oldest_gives_way(officers: Officers) -> None:
    first = officers.admit(keys("MC-04"))

    later = [officers.begin("MC-04") for _ in range(MOST_SESSIONS)]

    assert officers.holder(first) is None
    assert {officers.holder(session) for session in later} == {"MC-04"}


@pytest.mark.parametrize("limit", [LONGEST_IDLE + SECOND, timedelta(0), -SECOND])
def test_no_desk_keeps_an_idle_officer_longer_or_locks_at_once(
    clock: HandClock, limit: timedelta
) -> None:
    with pytest.raises(ValueError, match="at most"):
        Officers(clock, limit)


def test_a_shorter_limit_locks_sooner(clock: HandClock) -> None:
    officers = Officers(clock, timedelta(minutes=1))
    officers.admit(keys("MC-04"))

    clock.set(AT + timedelta(minutes=1))

    assert officers.present() == []


async def test_the_watch_tells_once_when_somebody_has_gone(
    officers: Officers, clock: HandClock
) -> None:
    told: list[list[str]] = []

    async def locked() -> None:
        told.append(officers.present())

    watch = IdleWatch(officers, locked)
    officers.admit(keys("MC-04"))
    await watch.look()
    clock.set(AT + timedelta(minutes=10))
    officers.admit(keys("MC-05"))
    await watch.look()

    clock.set(AT + LONGEST_IDLE)
    await watch.look()
    await watch.look()

    assert told == [["MC-05"]]
