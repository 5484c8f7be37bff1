"""Working days of one country or of both: each day counted or skipped, and why.

Facts come from dated files (``config.load.load_calendars``). A year without a file has its weekends
only, and what is counted in it is provisional, as in a year without an official notice; it is never
refused, since a case must stand when the next year's notice is late. On a joint calendar a day
counts when both countries work. The start day is never counted.
Source: Civil Code of Viet Nam 2015 Arts. 147-148, Criminal Procedure Law of China Art. 105.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum

from config.schema import CalendarYear, Country, Names, Roll
from protocols.casework.errors import AmountError
from protocols.casework.moments import CHINA, VIET_NAM

ZONES: dict[Country, timezone] = {Country.VIET_NAM: VIET_NAM, Country.CHINA: CHINA}

#: More days than any limit has; a larger amount is a mistake and would count for ever.
MOST_DAYS = 3_660
SATURDAY = 5
DAY = timedelta(days=1)
LAST_SECOND = time(23, 59, 59)


class DayReason(StrEnum):
    """Why a day was counted or skipped."""

    START = "start"
    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"
    MAKE_UP_DAY = "make_up_day"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    SHIFTED = "shifted"
    MOVED = "moved"


#: Reasons for which a day is worked.
WORKED = frozenset({DayReason.WORKING_DAY, DayReason.MAKE_UP_DAY})


@dataclass(frozen=True, slots=True)
class DayMark:
    """What one country's calendar says of a day; ``names`` is the holiday's."""

    reason: DayReason
    names: Names | None = None


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of a calculation.

    ``countries`` are those for which ``why`` holds, () where it holds for the count itself;
    ``names`` is the holiday's.
    """

    day: date
    counted: bool
    why: DayReason
    countries: tuple[Country, ...] = ()
    names: Names | None = None


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """Which version of a country's year was used; None where there is no file for it."""

    country: Country
    year: int
    version: int | None

    @property
    def code(self) -> str:
        """Return the name of the year's file, "vn-2026"."""
        return f"{self.country.lower()}-{self.year}"


@dataclass(frozen=True, slots=True)
class DayCount:
    """A sum of days: the last day, each day on the way, and what it rests on."""

    last: date
    days: tuple[CountedDay, ...]
    provisional: bool
    versions: tuple[CalendarVersion, ...]


@dataclass(frozen=True, slots=True)
class NationalCalendar:
    """One country's working days; ``marks`` holds the days that are not as their weekday says."""

    country: Country
    years: Mapping[int, CalendarYear]
    marks: Mapping[date, DayMark]

    def mark(self, day: date) -> DayMark:
        """Return why ``day`` is worked or off."""
        plain = DayReason.WEEKEND if day.weekday() >= SATURDAY else DayReason.WORKING_DAY
        return self.marks.get(day, DayMark(plain))

    def is_provisional(self, year: int) -> bool:
        """Say whether no official notice has settled the days of ``year``."""
        known = self.years.get(year)
        return known is None or known.provisional

    def version(self, year: int) -> CalendarVersion:
        """Return the version of ``year`` that is in use."""
        known = self.years.get(year)
        return CalendarVersion(self.country, year, None if known is None else known.version)


def national_calendar(country: Country, years: Iterable[CalendarYear]) -> NationalCalendar:
    """Return the calendar of ``country``; the files of other countries are left aside."""
    own = {year.year: year for year in years if year.country is country}
    marks: dict[date, DayMark] = {}
    for year in own.values():
        for off in year.off:
            marks |= dict.fromkeys(off.days, DayMark(DayReason.HOLIDAY, off.names))
        for shift in year.shift:
            marks[shift.off] = DayMark(DayReason.SHIFTED)
            marks[shift.worked] = DayMark(DayReason.MAKE_UP_DAY)
        marks |= dict.fromkeys(year.make_up, DayMark(DayReason.MAKE_UP_DAY))
    return NationalCalendar(country, own, marks)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar on which a limit is counted: one country's, or both as one (joint)."""

    nations: tuple[NationalCalendar, ...]

    @property
    def countries(self) -> tuple[Country, ...]:
        """Return the countries that must work for a day to count."""
        return tuple(nation.country for nation in self.nations)

    def is_working_day(self, day: date) -> bool:
        """Say whether every country of the calendar works on ``day``."""
        return all(nation.mark(day).reason in WORKED for nation in self.nations)

    def look(self, day: date) -> CountedDay:
        """Return ``day`` as counted or skipped among working days, with the reason."""
        marks = {nation.country: nation.mark(day) for nation in self.nations}
        resting = {c: mark for c, mark in marks.items() if mark.reason not in WORKED}
        if resting:
            return _line(day, resting, counted=False)
        made_up = {c: m for c, m in marks.items() if m.reason is DayReason.MAKE_UP_DAY}
        return _line(day, made_up or marks, counted=True)

    def add_working_days(self, start: date, amount: int) -> DayCount:
        """Return the ``amount``-th working day after ``start``.

        Raises:
            AmountError: an amount below 1 or above 3,660.
        """
        _check(amount)
        days = [CountedDay(start, counted=False, why=DayReason.START)]
        left = amount
        while left:
            days.append(self.look(days[-1].day + DAY))
            left -= days[-1].counted
        return self._sum(days, asked=days[1:])

    def add_calendar_days(self, start: date, amount: int, *, roll: Roll) -> DayCount:
        """Return the ``amount``-th day after ``start``, moved to a working day if ``roll`` says so.

        Raises:
            AmountError: an amount below 1 or above 3,660.
        """
        _check(amount)
        days = [CountedDay(start, counted=False, why=DayReason.START)]
        days += [
            CountedDay(start + n * DAY, counted=True, why=DayReason.CALENDAR_DAY)
            for n in range(1, amount + 1)
        ]
        if roll is Roll.NONE:
            return self._sum(days, asked=[])
        asked = [self.look(days[-1].day)]
        if not asked[0].counted:
            # The last day still counts; that nobody works on it is why it does not end the limit.
            first = asked[0]
            days[-1] = CountedDay(first.day, True, first.why, first.countries, first.names)  # noqa: FBT003 - counted
            days += self._until_worked(first.day)
            asked += days[amount + 1 :]
        return self._sum(days, asked=asked)

    def ends(self, day: date) -> datetime:
        """Return the last second of ``day`` (UTC); on a joint calendar the earlier of both."""
        return min(
            datetime.combine(day, LAST_SECOND, ZONES[country]).astimezone(UTC)
            for country in self.countries
        )

    def day_of(self, at: datetime) -> date:
        """Return the day on which ``at`` falls; on a joint calendar the earlier of both."""
        return min(at.astimezone(ZONES[country]).date() for country in self.countries)

    def _until_worked(self, off: date) -> list[CountedDay]:
        days: list[CountedDay] = []
        day = off + DAY
        while not self.is_working_day(day):
            days.append(self.look(day))
            day += DAY
        return [*days, CountedDay(day, counted=False, why=DayReason.MOVED)]

    def _sum(self, days: list[CountedDay], *, asked: list[CountedDay]) -> DayCount:
        years = sorted({line.day.year for line in asked})
        return DayCount(
            last=days[-1].day,
            days=tuple(days),
            provisional=any(n.is_provisional(year) for n in self.nations for year in years),
            versions=tuple(n.version(year) for n in self.nations for year in years),
        )


def _line(day: date, marks: Mapping[Country, DayMark], *, counted: bool) -> CountedDay:
    """Return one line for the first reason among ``marks`` and the countries that share it."""
    # A holiday says more than a weekend that the other country has on the same day.
    first = min(marks.values(), key=lambda mark: mark.reason is DayReason.WEEKEND)
    sharing = tuple(country for country, mark in marks.items() if mark.reason is first.reason)
    return CountedDay(day, counted, first.reason, sharing, first.names)


def _check(amount: int) -> None:
    if not 1 <= amount <= MOST_DAYS:
        raise AmountError(f"days: expected 1 to {MOST_DAYS:,}, found {amount}")
