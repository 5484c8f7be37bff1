"""From a start and an amount of time to a due time, with the whole calculation.

Minutes and hours run day and night in UTC; days begin to count on the day after the start and end
at 23:59:59 on the clock of the authority whose calendar is used, on a joint calendar at the earlier
of both ends. Neither country has daylight saving time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config.schema import Roll, Unit
from protocols.casework.calendars import Calendar, CalendarVersion, CountedDay
from protocols.casework.errors import AmountError

MOST_MINUTES = 10 * 366 * 24 * 60
MINUTES = {Unit.MINUTES: 1, Unit.HOURS: 60}


@dataclass(frozen=True, slots=True)
class Span:
    """An amount of time: so many of a unit, and whether a last day off moves."""

    amount: int
    unit: Unit
    roll: Roll = Roll.NONE


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due time (UTC), each day counted or skipped, and the calendars that it rests on.

    ``days`` and ``versions`` are empty where no calendar is needed.
    """

    due: datetime
    days: tuple[CountedDay, ...] = ()
    provisional: bool = False
    versions: tuple[CalendarVersion, ...] = ()


def deadline(span: Span, starts: datetime, calendar: Calendar) -> Deadline:
    """Return when ``span`` from ``starts`` (aware) is over.

    Raises:
        AmountError: an amount below 1, or longer than ten years.
    """
    if span.unit in MINUTES:
        minutes = span.amount * MINUTES[span.unit]
        if not 1 <= minutes <= MOST_MINUTES:
            raise AmountError(f"{span.unit}: expected 1 to ten years, found {span.amount}")
        return Deadline(starts + timedelta(minutes=minutes))
    first = calendar.day_of(starts)
    if span.unit is Unit.WORKING_DAYS:
        count = calendar.add_working_days(first, span.amount)
    else:
        count = calendar.add_calendar_days(first, span.amount, roll=span.roll)
    return Deadline(calendar.ends(count.last), count.days, count.provisional, count.versions)
