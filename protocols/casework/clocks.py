"""The running deadlines of a case: limits of the corridor applied to its signed steps.

Both desks compute the same clocks from the same ledger times; nothing else starts or stops one, so
opening a message never does. Before the broker has taken the request there are none. A limit starts
when the broker took a step, when it arrived (at the latest 12 hours after it was taken, and as soon
as the other desk acts), or when it was acknowledged; other starts are refused, not guessed. A limit
that repeats starts again at each report, and at a dispute or a reopening; the end of the case stops
what still runs. The delivery clock is met by the arrival itself. In this version a question pauses
no clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from config.schema import LadderLevel, LadderStep, Limit, Start
from protocols.casework.calendars import CalendarVersion, CountedDay
from protocols.casework.codes import Act
from protocols.casework.deadlines import Span, deadline
from protocols.casework.errors import ClockError
from protocols.casework.lifecycle import ENDS
from protocols.casework.moments import iso
from protocols.casework.record import CaseRecord, Ruling
from protocols.casework.rules import Rules


class ClockState(StrEnum):
    """How a clock stands; ``stopped`` ended in time unmet, ``missed`` ended after its due."""

    RUNNING = "running"
    OVERDUE = "overdue"
    MET = "met"
    MET_LATE = "met_late"
    STOPPED = "stopped"
    MISSED = "missed"


class Explanation(StrEnum):
    """What a line of a calculation is about."""

    RULE = "rule"
    SOURCE = "source"
    START = "start"
    SUM = "sum"
    CALENDAR = "calendar"
    PROVISIONAL = "provisional"
    MET = "met"
    STOPPED = "stopped"


#: Acts that start a repeating limit anew beside those that meet it.
RESTARTS = frozenset({Act.DISPUTE, Act.REOPEN})

#: A clock that starts at the arrival starts at the latest so long after the broker took the step.
ARRIVES_WITHIN = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class LadderMark:
    """At which moment whom an unmet clock reaches."""

    at: datetime
    level: LadderLevel


@dataclass(frozen=True, slots=True)
class CaseClock:
    """One deadline: the limit, its number among repeats, and what happened to it.

    ``start_act`` in message ``start_mid`` started it at ``starts``. ``explanation`` holds each day
    counted or skipped and why, () for hours; ``provisional`` says that a day of a year without an
    official notice decided the due, ``calendar_versions`` what was used. ``met_at`` and
    ``stopped_at`` are ledger times of the step that met or stopped it; at most one of them is set.
    """

    limit: Limit
    number: int
    start_act: Act
    start_mid: bytes
    starts: datetime
    due: datetime
    ladder: tuple[LadderMark, ...]
    met_at: datetime | None = None
    met_mid: bytes | None = None
    stopped_at: datetime | None = None
    stopped_mid: bytes | None = None
    explanation: tuple[CountedDay, ...] = ()
    provisional: bool = False
    calendar_versions: tuple[CalendarVersion, ...] = ()

    @property
    def code(self) -> str:
        """Return the clock's name in its case: the limit's code, "#2" and so on for repeats."""
        return self.limit.code if self.number == 1 else f"{self.limit.code}#{self.number}"

    @property
    def is_open(self) -> bool:
        """Say whether the clock still waits for its act."""
        return self.met_at is None and self.stopped_at is None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a calculation: what it is about, and its figures (codes and UTC times)."""

    about: Explanation
    text: str


def clocks(record: CaseRecord, rules: Rules) -> tuple[CaseClock, ...]:
    """Return every clock of the case, by start and then in the order of the limits.

    Args:
        record: The case; steps that it ruled out neither meet nor stop a clock.
        rules: Limits and ladders, of which those in force when the request was taken count, and
            the calendars.

    Raises:
        ClockError: a limit starts in a way that this version does not have.
    """
    limits = rules.corridor.limits_for(
        record.type,
        record.urgency,
        on=record.opened_at.date(),
        accessibility=record.request.accessible,
    )
    found: list[CaseClock] = []
    for name in dict.fromkeys(limit.clock for limit in limits):
        series = _Series(record, rules, [x for x in limits if x.clock == name])
        found += series.clocks()
    return tuple(sorted(found, key=lambda clock: clock.starts))


def state(clock: CaseClock, now: datetime) -> ClockState:
    """Return how ``clock`` stands at ``now`` (aware, UTC)."""
    if clock.met_at is not None:
        return ClockState.MET if clock.met_at <= clock.due else ClockState.MET_LATE
    if clock.stopped_at is not None:
        return ClockState.STOPPED if clock.stopped_at <= clock.due else ClockState.MISSED
    return ClockState.RUNNING if now <= clock.due else ClockState.OVERDUE


def next_due(running: Iterable[CaseClock]) -> CaseClock | None:
    """Return the open clock with the earliest due time; None if none is open."""
    waiting = [clock for clock in running if clock.is_open]
    return min(waiting, key=lambda clock: clock.due, default=None)


def next_wake(running: Iterable[CaseClock], now: datetime) -> datetime | None:
    """Return when, after ``now``, the next due time or ladder step is reached; None if never."""
    moments = [
        at
        for clock in running
        if clock.is_open
        for at in (clock.due, *(mark.at for mark in clock.ladder))
    ]
    return min((at for at in moments if at > now), default=None)


def reached(clock: CaseClock, now: datetime) -> tuple[LadderMark, ...]:
    """Return the steps of the ladder that the open ``clock`` has reached at ``now``, lowest first.

    After a downtime only the last of them is carried out; those before it are recorded as skipped.
    """
    if not clock.is_open:
        return ()
    return tuple(mark for mark in clock.ladder if mark.at <= now)


def explain(clock: CaseClock) -> tuple[Line, ...]:
    """Return the calculation of ``clock``: rule, source, start, sum, and what met or stopped it.

    Each day of a limit in days stands in ``clock.explanation``.
    """
    limit = clock.limit
    span = f"{limit.amount} {limit.unit}"
    lines = [
        Line(Explanation.RULE, f"{clock.code}: {span} from {limit.starts}"),
        Line(Explanation.SOURCE, f"{limit.source} (valid from {limit.valid_from.isoformat()})"),
        Line(Explanation.START, f"{clock.start_act} {clock.start_mid.hex()} {iso(clock.starts)}"),
        Line(Explanation.SUM, f"{iso(clock.starts)} + {limit.allowed or span} = {iso(clock.due)}"),
    ]
    if limit.allowed is None:
        lines.append(Line(Explanation.CALENDAR, _calendars(clock)))
    if clock.provisional:
        years = [version.code for version in clock.calendar_versions]
        lines.append(Line(Explanation.PROVISIONAL, ", ".join(years)))
    if clock.met_at is not None and clock.met_mid is not None:
        lines.append(Line(Explanation.MET, f"{clock.met_mid.hex()} {iso(clock.met_at)}"))
    if clock.stopped_at is not None and clock.stopped_mid is not None:
        lines.append(
            Line(Explanation.STOPPED, f"{clock.stopped_mid.hex()} {iso(clock.stopped_at)}")
        )
    return tuple(lines)


def _calendars(clock: CaseClock) -> str:
    used = [f"{x.code} {_version(x)}" for x in clock.calendar_versions]
    return f"{clock.limit.calendar}, {clock.limit.roll}: {', '.join(used) or 'none needed'}"


def _version(used: CalendarVersion) -> str:
    return "without a file" if used.version is None else f"version {used.version}"


@dataclass(frozen=True, slots=True)
class _Series:
    """The clocks of one name in a case: one from the request, then one for each restart."""

    record: CaseRecord
    rules: Rules
    limits: Sequence[Limit]

    def clocks(self) -> list[CaseClock]:
        found: list[CaseClock] = []
        running: CaseClock | None = None
        steps = [ruling for ruling in self.record.rulings if ruling.applied]
        for step in steps:
            if running is not None:
                ended = self._end(running, step)
                found += [] if ended.is_open else [ended]
                running = ended if ended.is_open else None
            limit = self._limit_started_by(step)
            if limit is not None and running is None:
                running = self._start(limit, step, number=len(found) + 1)
        return found if running is None else [*found, self._arrived(running)]

    def _limit_started_by(self, step: Ruling) -> Limit | None:
        first = next((limit for limit in self.limits if not limit.repeats), None)
        again = next((limit for limit in self.limits if limit.repeats), None)
        if first is not None and (step.act is Act.REQUEST or step.act in first.restarts):
            return first
        if again is not None and (step.act in again.met_by or step.act in RESTARTS):
            return again
        return None

    def _start(self, limit: Limit, step: Ruling, *, number: int) -> CaseClock | None:
        starts = self._begin(limit, step)
        if starts is None:
            return None
        country = self.rules.corridor.country
        calendar = self.rules.calendar(
            limit.calendar,
            requester=country(self.record.requester),
            requested=country(self.record.requested),
        )
        sum_ = deadline(Span(limit.amount, limit.unit, limit.roll), starts, calendar)
        ladder = self.rules.corridor.ladder_for(
            self.record.type,
            self.record.urgency,
            on=self.record.opened_at.date(),
            clock=limit.clock,
        )
        return CaseClock(
            limit=limit,
            number=number,
            start_act=step.act,
            start_mid=step.mid,
            starts=starts,
            due=sum_.due,
            ladder=tuple(_mark(rung, starts, sum_.due) for rung in ladder),
            explanation=sum_.days,
            provisional=sum_.provisional,
            calendar_versions=sum_.versions,
        )

    def _begin(self, limit: Limit, step: Ruling) -> datetime | None:
        """Return when the limit starts for ``step``; None while that has not happened."""
        match limit.starts:
            case Start.TAKEN:
                return step.at
            case Start.ARRIVED:
                known, latest = self._arrival(step.mid), step.at + ARRIVES_WITHIN
                return latest if known is None else min(known, latest)
            case Start.ACKNOWLEDGED:
                reply = self._reply_to(step.mid)
                return None if reply is None else reply.at
        expected = f"{Start.TAKEN}, {Start.ARRIVED} or {Start.ACKNOWLEDGED}"
        raise ClockError(f"{limit.code}: expected a start at {expected}, found {limit.starts}")

    def _arrival(self, mid: bytes) -> datetime | None:
        """Return when message ``mid`` was there: its receipt, or an act after it by that desk."""
        reply = self._reply_to(mid)
        known = [self.record.arrivals.get(mid), None if reply is None else reply.at]
        return min((at for at in known if at is not None), default=None)

    def _reply_to(self, mid: bytes) -> Ruling | None:
        """Return the first step after message ``mid`` by which the requested desk acts on it.

        After it in the order in which steps count: the ledger may hold a carried reply before it.
        """
        rulings = self.record.rulings
        place = next(number for number, ruling in enumerate(rulings) if ruling.mid == mid)
        for ruling in rulings[place + 1 :]:
            theirs = ruling.applied and ruling.desk == self.record.requested
            if theirs and ruling.act is not Act.NOTE:
                return ruling
        return None

    def _end(self, clock: CaseClock, step: Ruling) -> CaseClock:
        clock = self._arrived(clock, by=step.at)
        if not clock.is_open:
            return clock
        if step.act in clock.limit.met_by:
            return replace(clock, met_at=step.at, met_mid=step.mid)
        if step.stage in ENDS:
            return replace(clock, stopped_at=step.at, stopped_mid=step.mid)
        return clock

    def _arrived(self, clock: CaseClock, *, by: datetime | None = None) -> CaseClock:
        """Return a delivery clock met, if its message was there (at the latest at ``by``)."""
        at = self._arrival(clock.start_mid) if Act.ARRIVE in clock.limit.met_by else None
        if at is None or (by is not None and at > by):
            return clock
        return replace(clock, met_at=at, met_mid=clock.start_mid)


def _mark(rung: LadderStep, starts: datetime, due: datetime) -> LadderMark:
    if rung.after is not None:
        return LadderMark(due + rung.after, rung.level)
    if rung.at_minutes is not None:
        return LadderMark(starts + timedelta(minutes=rung.at_minutes), rung.level)
    share: timedelta = (due - starts) * (rung.percent or 0) / 100
    return LadderMark(starts + share, rung.level)
