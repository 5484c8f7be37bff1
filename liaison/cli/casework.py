"""``liaison casework``: the rules of the casework, computed without a desk.

What is printed comes from the same functions that decide a due time on a desk's screen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from config.load import find_corridor, load_calendars, load_catalogue
from config.schema import Corridor, Country, Limit, LimitCalendar, Roll, Start, Unit, nearest
from liaison.cli.console import Exit, JsonOption, command, language, print_json, say
from protocols.casework.calendars import ZONES, Calendar, CountedDay
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import (
    FINAL_OUTCOMES,
    OUTCOMES,
    Accessibility,
    ClockName,
    Language,
    RequestType,
    Urgency,
)
from protocols.casework.deadlines import Deadline, Span, deadline
from protocols.casework.forms.registry import FORMS
from protocols.casework.moments import CHINA, VIET_NAM, format_date, format_moment, iso
from protocols.casework.rules import Rules, build_rules

app = typer.Typer(no_args_is_help=True, help="Compute what the casework's rules say.")

CORRIDOR = "quangninh-guangxi"
JOINT = "joint"
SIDES = {"vn": Country.VIET_NAM, "cn": Country.CHINA}

CorridorOption = Annotated[str, typer.Option(help="A bundled corridor, or a folder.")]
Code = TypeVar("Code", bound=StrEnum)


class DueOptionsError(Exception):
    """The options name no deadline, more than one, or a word that does not exist."""

    code = "casework.due_options"


class DueTimeError(Exception):
    """The start is no time with its zone."""

    code = "casework.due_time"


class NoLimitError(Exception):
    """The corridor has no limit for this type, urgency and event."""

    code = "casework.no_limit"


@dataclass(frozen=True, slots=True)
class Due:
    """One deadline under its name: a limit's code, or the amount that was asked for."""

    clock: str
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Asked:
    """For what a due time is asked: limits by type, urgency and event, or one amount."""

    kind: str | None
    urgency: str | None
    event: str | None
    accessibility: str
    amounts: dict[Unit, int | None]
    roll: str

    def check(self) -> None:
        """Refuse anything but one amount, or type, urgency and event together."""
        named = [one for one in (self.kind, self.urgency, self.event) if one is not None]
        given = [amount for amount in self.amounts.values() if amount is not None]
        if (len(named), len(given)) not in {(3, 0), (0, 1)}:
            raise DueOptionsError(
                "expected --type, --urgency and --event, or one of --working-days, "
                f"--calendar-days and --hours; found {len(named)} and {len(given)} of them"
            )


@app.command()
@command
async def due(  # noqa: PLR0913 - each is an option
    *,
    at: Annotated[str, typer.Option(help="The start, such as 2026-02-13T09:00:00+07:00.")],
    calendar: Annotated[str, typer.Option(help="Of the requested side: vn, cn; or joint.")],
    kind: Annotated[str | None, typer.Option("--type", help="A request type.")] = None,
    urgency: Annotated[str | None, typer.Option(help="U0, U1, U2 or U3.")] = None,
    event: Annotated[
        str | None,
        typer.Option(help="What happened: taken, arrived, acknowledged; or a clock's name."),
    ] = None,
    accessibility: Annotated[
        str, typer.Option(help="Where the answer lies: direct, indirect or field_inquiry.")
    ] = str(Accessibility.INDIRECT),
    working_days: Annotated[int | None, typer.Option(help="So many working days.")] = None,
    calendar_days: Annotated[int | None, typer.Option(help="So many calendar days.")] = None,
    hours: Annotated[int | None, typer.Option(help="So many hours, day and night.")] = None,
    roll: Annotated[
        str, typer.Option(help="Of a last calendar day off: next_working_day, or none.")
    ] = str(Roll.NEXT_WORKING_DAY),
    corridor: CorridorOption = CORRIDOR,
    as_json: JsonOption = False,
) -> Exit:
    """Compute a due time, with each day counted or skipped, on both countries' clocks."""
    amounts = {
        Unit.WORKING_DAYS: working_days,
        Unit.CALENDAR_DAYS: calendar_days,
        Unit.HOURS: hours,
    }
    asked = Asked(kind, urgency, event, accessibility, amounts, roll)
    asked.check()
    rules = build_rules(find_corridor(corridor), load_calendars())
    first, *others = sorted(_dues(rules, asked, at, calendar), key=lambda one: one.deadline.due)
    if as_json:
        print_json(_view(first) | ({"others": [_view(one) for one in others]} if others else {}))
        return Exit.GOOD
    tell = _teller(rules.corridor)
    for one in (first, *others):
        tell(one)
    return Exit.GOOD


@app.command()
@command
async def types(corridor: CorridorOption = CORRIDOR, *, as_json: JsonOption = False) -> Exit:
    """List the request types, with their fields, outcomes, limits and authority classes."""
    agreed = find_corridor(corridor)
    catalogue = Catalogue(load_catalogue(), agreed)
    if as_json:
        print_json({"types": [_type(kind, agreed, catalogue) for kind in RequestType]})
        return Exit.GOOD
    for kind in RequestType:
        label = catalogue.code("type", kind, Language(language()))
        say(f"{kind}: {label}" if kind in FORMS else f"{kind}: {label} (not in this version)")
    return Exit.GOOD


def _dues(rules: Rules, asked: Asked, at: str, side: str) -> list[Due]:
    found = []
    for unit, amount in asked.amounts.items():
        if amount is not None:
            span = Span(amount, unit, _word(Roll, asked.roll, "--roll"))
            found.append(_due(f"{amount} {unit}", span, at, _calendar(rules, side)))
    if found:
        return found
    for limit in _limits(rules.corridor, asked, at):
        span = Span(limit.amount, limit.unit, limit.roll)
        calendar = _calendar(rules, side, limit.calendar)
        found.append(_due(limit.code, span, at, calendar))
    return found


def _limits(corridor: Corridor, asked: Asked, at: str) -> list[Limit]:
    kind, urgency = (
        _word(RequestType, str(asked.kind), "--type"),
        _word(Urgency, str(asked.urgency), "--urgency"),
    )
    lies = _word(Accessibility, asked.accessibility, "--accessibility")
    known = {*map(str, Start), *map(str, ClockName)}
    if asked.event not in known:
        raise DueOptionsError(
            f"--event: {asked.event!r} does not exist; {nearest(str(asked.event), known)}"
        )
    on = _moment(at).date()
    found = [
        limit
        for limit in corridor.limits_for(kind, urgency, on=on, accessibility=lies)
        if asked.event in {limit.starts.value, limit.clock}
    ]
    if not found:
        raise NoLimitError(f"{kind} {urgency}: no limit for {asked.event} on {on}")
    return found


def _due(clock: str, span: Span, at: str, calendar: Calendar) -> Due:
    in_days = span.unit in {Unit.WORKING_DAYS, Unit.CALENDAR_DAYS}
    if in_days and len(at) == len("2026-02-13"):
        starts = _first_second(at, calendar)
    else:
        starts = _moment(at)
    return Due(clock, deadline(span, starts, calendar))


def _calendar(rules: Rules, side: str, which: LimitCalendar = LimitCalendar.REQUESTED) -> Calendar:
    if side != JOINT and side not in SIDES:
        raise DueOptionsError(f"--calendar: expected vn, cn or joint, found {side!r}")
    if side == JOINT:
        return rules.joint()
    requested = SIDES[side]
    requester = next(country for country in Country if country is not requested)
    return rules.calendar(which, requester=requester, requested=requested)


def _moment(at: str) -> datetime:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise DueTimeError("--at: expected a time with its zone, such as 2026-02-13T09:00:00+07:00")
    return moment


def _first_second(day: str, calendar: Calendar) -> datetime:
    """Return the start of a day that stands without a time, on the calendar's own clock."""
    try:
        return datetime.combine(date.fromisoformat(day), time.min, ZONES[calendar.countries[0]])
    except ValueError as error:
        raise DueTimeError("--at: expected a date of the calendar, such as 2026-02-13") from error


def _word(codes: type[Code], word: str, option: str) -> Code:
    try:
        return codes(word)
    except ValueError:
        hint = nearest(word, [code.value for code in codes])
        raise DueOptionsError(f"{option}: {word!r} does not exist; {hint}") from None


def _view(one: Due) -> dict[str, object]:
    found = one.deadline
    return {
        "clock": one.clock,
        "due_utc": iso(found.due),
        "due_vn": found.due.astimezone(VIET_NAM).isoformat(),
        "due_cn": found.due.astimezone(CHINA).isoformat(),
        "provisional": found.provisional,
        "calendar_versions": {used.code: used.version for used in found.versions},
        "explanation": [
            {"day": line.day.isoformat(), "counted": line.counted, "why": _why(line)}
            for line in found.days
        ],
    }


def _why(line: CountedDay) -> str:
    return " ".join([line.why, *line.countries])


def _teller(corridor: Corridor) -> Callable[[Due], None]:
    """Return what prints a deadline in the officer's language."""
    catalogue, lang = Catalogue(load_catalogue(), corridor), Language(language())

    def tell(one: Due) -> None:
        found = one.deadline
        say(f"{one.clock}: {format_moment(found.due, lang)}")
        for line in found.days:
            why = [catalogue.code("day", line.why, lang), *line.countries]
            named = [] if line.names is None else [line.names.of(lang)]
            sign = "+" if line.counted else " "
            say(f"  {sign} {format_date(line.day, lang)}  {' '.join([*why, *named])}")
        if found.provisional:
            say(f"  ! {catalogue.code('calculation', 'provisional', lang)}")

    return tell


def _type(kind: RequestType, corridor: Corridor, catalogue: Catalogue) -> dict[str, object]:
    names = catalogue.kinds()["type"][kind]
    form = FORMS.get(kind)
    fields = {} if form is None else form.model_fields
    final = FINAL_OUTCOMES.get(kind, frozenset())
    return {
        "type": kind,
        "labels": {lang.value: names.of(lang) for lang in Language},
        "available": form is not None,
        "fields": [{"name": n, "required": f.is_required()} for n, f in fields.items()],
        "outcomes": [
            {"code": outcome, "final": outcome in final}
            for outcome in sorted(OUTCOMES.get(kind, ()))
        ],
        "limits": [_limit(limit) for limit in corridor.limits if limit.type == kind],
        "authority": {x.country: x.needs for x in corridor.authorities if x.type == kind},
    }


def _limit(limit: Limit) -> dict[str, object]:
    return {
        "clock": limit.clock,
        "amount": limit.amount,
        "unit": limit.unit,
        "starts": limit.starts,
        "calendar": limit.calendar,
        "roll": limit.roll,
        "repeats": limit.repeats,
        "urgencies": list(limit.urgencies),
        "accessibility": list(limit.accessibility),
        "met_by": list(limit.met_by),
        "valid_from": limit.valid_from.isoformat(),
        "source": limit.source,
    }
