"""How old a person is, as far as it is known: under 14, 16 or 18, or not to be said.

A child is under 16 in Viet Nam; crimes against children are those under 14 in China; a minor is
under 18 in both. A birth may be known to the year only, so an answer may be missing, and is then
never guessed. "About" is taken as a year more or less (ours).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from protocols.casework.codes import BirthPrecision
from protocols.casework.person import Birth

AGES = (14, 16, 18)
DECEMBER = 12
ABOUT = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class AgeMark:
    """Whether the person is under ``age``; None where the birth is too vague to say.

    ``reached`` is the first day on which the age is surely reached.
    """

    age: int
    under: bool | None
    reached: date


def age_marks(birth: Birth, *, on: date, stated_on: date | None = None) -> tuple[AgeMark, ...]:
    """Return the marks for 14, 16 and 18 on the day ``on``.

    Args:
        birth: The birth as stated.
        on: The day for which is asked.
        stated_on: When it was stated, from which an age range counts; ``on`` unless given.
    """
    earliest, latest = born_between(birth, stated_on=stated_on or on)
    return tuple(_mark(age, earliest, latest, on) for age in AGES)


def born_between(birth: Birth, *, stated_on: date) -> tuple[date, date]:
    """Return the first and the last day on which the person may have been born."""
    if birth.precision is BirthPrecision.RANGE:
        youngest, oldest = map(int, birth.value.split("-"))
        return _years_before(stated_on, oldest + 1) + timedelta(days=1), _years_before(
            stated_on, youngest
        )
    first, last = _days_of(birth.value)
    if birth.precision is BirthPrecision.ABOUT:
        return first - ABOUT, last + ABOUT
    return first, last


def _mark(age: int, earliest: date, latest: date, on: date) -> AgeMark:
    surely = _years_after(latest, age)
    if on >= surely:
        return AgeMark(age, under=False, reached=surely)
    under = True if on < _years_after(earliest, age) else None
    return AgeMark(age, under=under, reached=surely)


def _days_of(value: str) -> tuple[date, date]:
    year, *rest = map(int, value.split("-"))
    if len(rest) > 1:
        return date(year, *rest), date(year, *rest)
    first = date(year, rest[0] if rest else 1, 1)
    month = rest[0] if rest else DECEMBER
    after = date(year + month // DECEMBER, month % DECEMBER + 1, 1)
    return first, after - timedelta(days=1)


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # born on 29 February: the birthday of other years is 1 March
        return date(day.year + years, 3, 1)


def _years_before(day: date, years: int) -> date:
    return _years_after(day, -years)
