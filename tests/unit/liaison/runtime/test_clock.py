from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.runtime.clock import SystemClock, from_timestamp, timestamp


def test_the_machines_clock_gives_aware_utc_and_goes_on() -> None:
    clock = SystemClock()

    first, second = clock.now(), clock.now()

    assert first.utcoffset() == timedelta(0)
    assert first <= second
    assert abs(datetime.now(UTC) - second) < timedelta(minutes=1)  # noqa: TID251 - compared with


def test_the_machines_clock_announces_no_jumps() -> None:
    woken: list[None] = []

    SystemClock().on_jump(lambda: woken.append(None))

    assert woken == []


@given(st.integers(0, 253_402_300_799))
def test_seconds_on_the_wire_read_back_as_a_time_in_utc(seconds: int) -> None:
    moment = from_timestamp(seconds)

    assert moment.utcoffset() == timedelta(0)
    assert timestamp(moment) == seconds


@pytest.mark.parametrize("hours", [0, 7, 8])
def test_a_time_on_either_countrys_clock_is_the_same_second(hours: int) -> None:
    local = from_timestamp(1_772_438_400).astimezone(timezone(timedelta(hours=hours)))

    assert timestamp(local) == 1_772_438_400


def test_parts_of_a_second_are_cut() -> None:
    assert timestamp(from_timestamp(10) + timedelta(microseconds=999_999)) == 10
