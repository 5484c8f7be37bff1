"""Times and dates as officers read them: exact, on both clocks, in the reader's order.

Viet Nam keeps UTC+7 and China UTC+8, neither with daylight saving, so fixed offsets are right.
A moment in a form is an aware time, kept in UTC; a number or a time without zone is refused.
"""

from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta, timezone
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from protocols.casework.codes import Language
from protocols.casework.model import refuse

VIET_NAM = timezone(timedelta(hours=7), "UTC+7")
CHINA = timezone(timedelta(hours=8), "UTC+8")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _refuse_numbers(value: object) -> object:
    if isinstance(value, str) and "T" not in value:
        raise refuse("casework.type", "a time such as 2026-01-31T09:30:00+07:00", "text")
    if not isinstance(value, (str, datetime)):
        raise refuse("casework.type", "a time with its zone", type(value).__name__)
    return value


def _to_utc(value: datetime) -> datetime:
    # A time in the calendar's first or last year is none on every clock: it could not be shown.
    if not MINYEAR < value.year < MAXYEAR:
        raise refuse("casework.type", f"a year after {MINYEAR} and before {MAXYEAR}", "another")
    return value.astimezone(UTC)


def _read_day(value: object) -> object:
    if isinstance(value, datetime) or not isinstance(value, (str, date)):
        raise refuse("casework.type", "a date such as 2026-01-31", type(value).__name__)
    if isinstance(value, str) and len(value) != len("2026-01-31"):
        raise refuse("casework.type", "a date such as 2026-01-31", "other text")
    return value


#: A day of the calendar, without time or zone.
Day = Annotated[date, BeforeValidator(_read_day)]

#: An aware time, in UTC once read.
Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_numbers), AfterValidator(_to_utc)]


def format_date(day: date, lang: Language) -> str:
    """Return a date as it is written in ``lang``: 21/08/1995, 1995年8月21日 or 21 Aug 1995."""
    match lang:
        case Language.VIETNAMESE:
            return f"{day.day:02}/{day.month:02}/{day.year:04}"
        case Language.CHINESE:
            return f"{day.year:04}年{day.month}月{day.day}日"
        case Language.ENGLISH:
            return f"{day.day} {_MONTHS[day.month - 1]} {day.year:04}"


def format_moment(at: datetime, lang: Language) -> str:
    """Return an aware time on both clocks, the Vietnamese first, each with its date.

    Chinese puts the date before the time, the others the time before the date.
    """
    clocks = (("VN", at.astimezone(VIET_NAM)), ("CN", at.astimezone(CHINA)))
    return " · ".join(f"{_local(local, lang)} ({country})" for country, local in clocks)


def _local(at: datetime, lang: Language) -> str:
    parts = [f"{at:%H:%M}", format_date(at.date(), lang)]
    return " ".join(reversed(parts) if lang is Language.CHINESE else parts)


def iso(at: datetime) -> str:
    """Return an aware time in UTC to the second, as machines exchange it: 2026-01-31T02:30:00Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
