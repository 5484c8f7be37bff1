"""Dates, births and times as an officer types them: 21/08/1995, 1995年8月21日, 08/1995, 16-18.

The browser's own field would show a date in an order of its own choice. What is typed is brought
into the one order of the form, day before month when the year stands last, as both countries'
officers write it. What is none of these is left as typed, for the form to refuse.
"""

import re
from collections.abc import Callable
from datetime import datetime, timezone

from protocols.casework.codes import BirthPrecision

_SEPARATOR = r"[/.\-]"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str], BirthPrecision], ...] = (
    (
        re.compile(rf"(\d{{1,2}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{4}})"),
        lambda m: f"{m[3]}-{m[2]:0>2}-{m[1]:0>2}",
        BirthPrecision.DAY,
    ),
    (
        re.compile(r"(\d{4})[/.\-年](\d{1,2})[/.\-月](\d{1,2})日?"),
        lambda m: f"{m[1]}-{m[2]:0>2}-{m[3]:0>2}",
        BirthPrecision.DAY,
    ),
    (
        re.compile(rf"(\d{{1,2}}){_SEPARATOR}(\d{{4}})"),
        lambda m: f"{m[2]}-{m[1]:0>2}",
        BirthPrecision.MONTH,
    ),
    (
        re.compile(r"(\d{4})[/.\-年](\d{1,2})月?"),
        lambda m: f"{m[1]}-{m[2]:0>2}",
        BirthPrecision.MONTH,
    ),
    (re.compile(r"(\d{4})年?"), lambda m: m[1], BirthPrecision.YEAR),
    (
        re.compile(r"(\d{1,3})\s*[-\u2013]\s*(\d{1,3})"),
        lambda m: f"{m[1]}-{m[2]}",
        BirthPrecision.RANGE,
    ),
)


_TIME = re.compile(r"(\d{1,2}):(\d{2})")


def read_day(typed: str) -> str:
    """Return a date in the one order of a form, or what was typed when it is none."""
    found = read_birth(typed, "")
    return found["value"] if found["precision"] == BirthPrecision.DAY else typed


def read_moment(typed: str, zone: timezone) -> str:
    """Return a time ("22:15 21/08/2026") by the clock of ``zone``, or what was typed if none."""
    time = _TIME.search(typed)
    if time is None:
        return typed
    day = read_day(typed.replace(time[0], " ").strip(" T,"))
    try:
        moment = datetime.fromisoformat(f"{day}T{time[1]:0>2}:{time[2]}")
    except ValueError:
        return typed
    return moment.replace(tzinfo=zone).isoformat()


def read_birth(typed: str, precision: str) -> dict[str, str]:
    """Return value and precision of a birth.

    Args:
        typed: what the officer wrote.
        precision: the code they chose; empty to take it from the way it is written.
    """
    text = typed.strip()
    for form, write, natural in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return {"value": write(match), "precision": precision or natural.value}
    return {"value": text, "precision": precision or BirthPrecision.DAY.value}
