"""The running deadlines of a case: limits of the corridor applied to its signed steps.

Both desks compute the same clocks from the same ledger times; nothing else starts or stops one, so
opening a message never does. Before the broker has taken the request there are none. A limit that
repeats starts again at each report, and at a dispute or a reopening; the end of the case stops
what still runs. Clocks that count from taking run day and night and are never paused. Other
starts are refused, not guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from config.schema import Corridor, LadderLevel, LadderStep, Limit, Start
from protocols.casework.codes import Act
from protocols.casework.errors import ClockError
from protocols.casework.lifecycle import ENDS
from protocols.casework.moments import iso
from protocols.casework.record import CaseRecord, Ruling


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
    MET = "met"
    STOPPED = "stopped"


#: Acts that start a repeating limit anew beside those that meet it.
RESTARTS = frozenset({Act.DISPUTE, Act.REOPEN})


@dataclass(frozen=True, slots=True)
class LadderMark:
    """At which moment whom an unmet clock reaches."""

    at: datetime
    level: LadderLevel


@dataclass(frozen=True, slots=True)
class CaseClock:
    """One deadline: the limit, its number among repeats, and what happened to it.

    ``start_act`` in message ``start_mid`` started it at ``starts``. ``met_at`` and ``stopped_at``
    are ledger times of the step that met or stopped it; at most one of them is set.
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


def clocks(record: CaseRecord, corridor: Corridor) -> tuple[CaseClock, ...]:
    """Return every clock of the case, by start and then in the order of the limits.

    Args:
        record: The case; steps that it ruled out neither meet nor stop a clock.
        corridor: The limits and ladders; those in force when the request was taken count.

    Raises:
        ClockError: a limit starts in a way that this version does not have.
    """
    day = record.opened_at.date()
    limits = corridor.limits_for(record.type, record.urgency, on=day)
    ladder = corridor.ladder_for(record.type, record.urgency, on=day)
    steps = [ruling for ruling in record.rulings if ruling.applied]
    found: list[CaseClock] = []
    for name in dict.fromkeys(limit.clock for limit in limits):
        found += _series([x for x in limits if x.clock == name], ladder, steps)
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
    """Return the calculation of ``clock``: rule, source, start, sum, and what met or stopped it."""
    limit = clock.limit
    lines = [
        Line(Explanation.RULE, f"{clock.code}: {limit.amount} {limit.unit} from {limit.starts}"),
        Line(Explanation.SOURCE, f"{limit.source} (valid from {limit.valid_from.isoformat()})"),
        Line(Explanation.START, f"{clock.start_act} {clock.start_mid.hex()} {iso(clock.starts)}"),
        Line(Explanation.SUM, f"{iso(clock.starts)} + {limit.allowed} = {iso(clock.due)}"),
    ]
    if clock.met_at is not None and clock.met_mid is not None:
        lines.append(Line(Explanation.MET, f"{clock.met_mid.hex()} {iso(clock.met_at)}"))
    if clock.stopped_at is not None and clock.stopped_mid is not None:
        lines.append(
            Line(Explanation.STOPPED, f"{clock.stopped_mid.hex()} {iso(clock.stopped_at)}")
        )
    return tuple(lines)


def _series(
    limits: Sequence[Limit], ladder: Sequence[LadderStep], steps: Sequence[Ruling]
) -> list[CaseClock]:
    """Return the clocks of one name: one from the request, then one for each restart."""
    first = next((limit for limit in limits if not limit.repeats), None)
    again = next((limit for limit in limits if limit.repeats), None)
    series: list[CaseClock] = []
    running: CaseClock | None = None
    for step in steps:
        if running is not None:
            ended = _end(running, step)
            series += [] if ended.is_open else [ended]
            running = ended if ended.is_open else None
        limit = _limit_started_by(step, first, again)
        if limit is not None and running is None:
            running = _start(limit, ladder, step, number=len(series) + 1)
    return series if running is None else [*series, running]


def _limit_started_by(step: Ruling, first: Limit | None, again: Limit | None) -> Limit | None:
    if step.act is Act.REQUEST:
        return first
    if again is not None and (step.act in again.met_by or step.act in RESTARTS):
        return again
    return None


def _start(limit: Limit, ladder: Sequence[LadderStep], step: Ruling, *, number: int) -> CaseClock:
    if limit.starts is not Start.TAKEN:
        raise ClockError(f"{limit.code}: expected a start at taken, found {limit.starts}")
    due = step.at + limit.allowed
    return CaseClock(
        limit=limit,
        number=number,
        start_act=step.act,
        start_mid=step.mid,
        starts=step.at,
        due=due,
        ladder=tuple(_mark(rung, step.at, due) for rung in ladder),
    )


def _mark(rung: LadderStep, starts: datetime, due: datetime) -> LadderMark:
    if rung.after is not None:
        return LadderMark(due + rung.after, rung.level)
    share: timedelta = (due - starts) * (rung.percent or 0) / 100
    return LadderMark(starts + share, rung.level)


def _end(clock: CaseClock, step: Ruling) -> CaseClock:
    if step.act in clock.limit.met_by:
        return replace(clock, met_at=step.at, met_mid=step.mid)
    if step.stage in ENDS:
        return replace(clock, stopped_at=step.at, stopped_mid=step.mid)
    return clock
