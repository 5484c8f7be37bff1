from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import bundled_corridor, load_calendars
from config.schema import Country, LimitCalendar, Roll, Unit
from protocols.casework.calendars import ZONES, Calendar
from protocols.casework.deadlines import Span, deadline
from protocols.casework.errors import AmountError
from protocols.casework.moments import iso
from protocols.casework.rules import build_rules

RULES = build_rules(bundled_corridor("quangninh-guangxi"), load_calendars())
CALENDARS = {
    "vn": RULES.national(Country.VIET_NAM),
    "cn": RULES.national(Country.CHINA),
    "joint": RULES.joint(),
}
FOLDER = Path(__file__).resolve().parents[3] / "vectors" / "deadlines"
VECTORS = sorted(path for path in FOLDER.glob("*.txt") if path.stem != "year-2026")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

days = st.dates(min_value=date(2017, 1, 1), max_value=date(2028, 12, 31))
calendars = st.sampled_from(sorted(CALENDARS)).map(CALENDARS.__getitem__)


def fields(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)


def start_of(text: str, calendar: Calendar) -> datetime:
    if "T" in text:
        return datetime.fromisoformat(text)
    # Any hour of the day will do: the start day is not counted.
    zone = ZONES[calendar.countries[0]]
    return datetime.combine(date.fromisoformat(text), NOON.time(), zone)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_due_time_is_as_its_vector_says(path: Path) -> None:
    vector = fields(path)
    span = Span(int(vector["amount"]), Unit(vector["unit"]), Roll(vector["roll"]))

    for name in CALENDARS.keys() & vector.keys():
        due = deadline(span, start_of(vector["start"], CALENDARS[name]), CALENDARS[name]).due
        wanted = vector[name]
        found = iso(due) if "T" in wanted else str(CALENDARS[name].day_of(due))
        assert found == wanted, name


def test_2026_has_236_joint_working_days_and_25_in_one_country_only() -> None:
    vector = fields(FOLDER / "year-2026.txt")
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    vn, cn, joint = CALENDARS["vn"], CALENDARS["cn"], CALENDARS["joint"]

    both = sum(joint.is_working_day(day) for day in year)
    one = sum(vn.is_working_day(day) != cn.is_working_day(day) for day in year)

    assert (both, one) == (int(vector["joint_working_days"]), int(vector["one_country_only"]))


@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("amount", [0, -1, 10**9])
def test_an_amount_that_is_none_or_endless_is_refused(unit: Unit, amount: int) -> None:
    with pytest.raises(AmountError, match="expected 1"):
        deadline(Span(amount, unit), NOON, CALENDARS["vn"])


def test_what_is_counted_in_hours_rests_on_no_calendar() -> None:
    found = deadline(Span(8, Unit.HOURS), NOON, CALENDARS["vn"])

    assert (found.days, found.versions, found.provisional) == ((), (), False)


def test_a_year_without_an_official_notice_makes_the_due_provisional() -> None:
    late = datetime(2026, 12, 30, 3, tzinfo=UTC)

    found = deadline(Span(3, Unit.WORKING_DAYS), late, CALENDARS["vn"])

    assert iso(found.due) == "2027-01-05T16:59:59Z"
    assert found.provisional
    assert [(used.code, used.version) for used in found.versions] == [
        ("vn-2026", 1),
        ("vn-2027", 1),
    ]


def test_a_year_without_a_file_has_its_weekends_and_no_version() -> None:
    found = deadline(
        Span(1, Unit.WORKING_DAYS), datetime(2028, 1, 7, 3, tzinfo=UTC), CALENDARS["cn"]
    )

    assert iso(found.due) == "2028-01-10T15:59:59Z"
    assert found.provisional
    assert [used.version for used in found.versions] == [None]


def test_calendar_days_that_do_not_move_rest_on_no_calendar() -> None:
    late = datetime(2026, 12, 30, 3, tzinfo=UTC)

    found = deadline(Span(3, Unit.CALENDAR_DAYS), late, CALENDARS["vn"])

    assert iso(found.due) == "2027-01-02T16:59:59Z"
    assert not found.provisional


@given(days, st.integers(1, 40), calendars)
def test_each_calculation_counts_as_many_days_as_were_given(
    start: date, amount: int, calendar: Calendar
) -> None:
    count = calendar.add_working_days(start, amount)

    assert sum(line.counted for line in count.days) == amount
    assert all(line.counted == calendar.is_working_day(line.day) for line in count.days[1:])
    assert [line.day for line in count.days] == [
        start + timedelta(days=n) for n in range(len(count.days))
    ]
    assert count.days[-1].day == count.last


@given(days, st.integers(1, 60), calendars)
def test_a_rolled_limit_ends_on_a_working_day_and_no_earlier_than_unrolled(
    start: date, amount: int, calendar: Calendar
) -> None:
    plain = calendar.add_calendar_days(start, amount, roll=Roll.NONE)
    rolled = calendar.add_calendar_days(start, amount, roll=Roll.NEXT_WORKING_DAY)

    assert plain.last == start + timedelta(days=amount)
    assert calendar.is_working_day(rolled.last)
    assert rolled.last >= plain.last
    assert sum(line.counted for line in rolled.days) == amount


@given(days, st.integers(1, 30))
def test_a_joint_limit_ends_no_earlier_than_on_either_calendar(start: date, amount: int) -> None:
    ends = {name: CALENDARS[name].add_working_days(start, amount).last for name in CALENDARS}

    assert ends["joint"] >= max(ends["vn"], ends["cn"])


@pytest.mark.parametrize(
    "which,countries",
    [
        (LimitCalendar.REQUESTED, (Country.CHINA,)),
        (LimitCalendar.REQUESTING, (Country.VIET_NAM,)),
        (LimitCalendar.JOINT, (Country.VIET_NAM, Country.CHINA)),
    ],
)
def test_a_limit_names_whose_calendar_it_is_counted_on(
    which: LimitCalendar, countries: tuple[Country, ...]
) -> None:
    chosen = RULES.calendar(which, requester=Country.VIET_NAM, requested=Country.CHINA)

    assert chosen.countries == countries
