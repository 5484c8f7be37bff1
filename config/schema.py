"""What a corridor is: agencies, desks, channels, limits and ladders as dated data.

Two countries agree on these values and on nothing in code: limits, validity dates and the pairs of
desks that may write to each other are read from TOML by ``config.load``. A desk that has ended
keeps its entry, since old messages keep its name. Every class here is a frozen value; lookups
raise ``UnknownNameError`` with the nearest spelling.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from enum import StrEnum

from config.errors import UnknownNameError


class Country(StrEnum):
    """The country of an agency (ISO 3166-1 alpha-2)."""

    VIET_NAM = "VN"
    CHINA = "CN"


class Level(StrEnum):
    """Where a desk stands in its own country. Pairings are channels, never computed from it."""

    CENTRAL = "central"
    PROVINCE = "province"
    PREFECTURE = "prefecture"
    LOCAL = "local"
    SUPPORT = "support"


class Unit(StrEnum):
    """The unit of a limit's amount; minutes and hours run day and night, in UTC."""

    MINUTES = "minutes"
    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"


class LimitCalendar(StrEnum):
    """Whose calendar a limit in days is counted on; ``joint`` is days on which both work."""

    REQUESTED = "requested"
    REQUESTING = "requesting"
    JOINT = "joint"


class Roll(StrEnum):
    """What happens to a last calendar day on which nobody works."""

    NONE = "none"
    NEXT_WORKING_DAY = "next_working_day"


class Start(StrEnum):
    """The event from which a limit counts.

    ``taken`` is the broker's signed receipt of the step that starts the clock, ``arrived`` the
    signed acknowledgement of the receiving desk's device.
    """

    TAKEN = "taken"
    ARRIVED = "arrived"
    ACKNOWLEDGED = "acknowledged"
    SUPPLIED = "supplied"
    PERIOD_END = "period_end"


class LadderLevel(StrEnum):
    """Who is told when a step of a ladder is reached."""

    OFFICER = "officer"
    UNIT_HEAD = "unit_head"
    SUPERVISOR = "supervisor"
    PROVINCIAL_DESK = "provincial_desk"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint for an error message: the nearest spelling, else all that is known."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names) or 'none'}"


@dataclass(frozen=True, slots=True)
class Names:
    """One thing named in Vietnamese, simplified Chinese and English."""

    vi: str
    zh: str
    en: str

    def of(self, lang: str) -> str:
        """Return the name in ``lang`` ("vi", "zh" or "en").

        Raises:
            UnknownNameError: another language.
        """
        match lang:
            case "vi":
                return self.vi
            case "zh":
                return self.zh
            case "en":
                return self.en
        raise UnknownNameError(f"language: expected vi, zh or en, found {lang!r}")


@dataclass(frozen=True, slots=True)
class Agency:
    """An organisation with a root key."""

    slug: str
    country: Country
    names: Names


@dataclass(frozen=True, slots=True)
class Desk:
    """An office of an agency, the addressee of messages.

    ``code`` begins its case numbers (QN-MC1-2026-0117). ``valid_to`` is the last day on which it
    exists. ``escalates_to`` is the desk that is told when a rescue's ladder runs out, ``succeeds``
    the desks whose mail it takes over.
    """

    slug: str
    agency: str
    names: Names
    level: Level
    place: Names
    code: str
    valid_from: date
    source: str
    valid_to: date | None = None
    escalates_to: str | None = None
    succeeds: tuple[str, ...] = ()

    def is_valid(self, on: date) -> bool:
        """Say whether the desk exists on the day ``on``."""
        return _covers(self.valid_from, self.valid_to, on)


@dataclass(frozen=True, slots=True)
class Channel:
    """Two desks that may write to each other, in both directions."""

    a: str
    b: str
    source: str

    def joins(self, one: str, other: str) -> bool:
        """Say whether the channel is between these two desks, in either order."""
        return {self.a, self.b} == {one, other}


@dataclass(frozen=True, slots=True)
class Limit:
    """The rule that sets a clock: ``amount`` ``unit`` after ``starts``, met by one of ``met_by``.

    ``type`` is a request type, ``clock`` a clock name, ``met_by`` acts and ``urgencies`` codes of
    the casework; they are plain words here. With ``repeats`` the limit starts anew at each step
    that met an earlier clock of the same name, and at a dispute or a reopening; with ``restarts``
    at those acts only. ``accessibility`` lists where the information asked for may lie; an empty
    list is anywhere. ``calendar`` and ``roll`` are for days.
    """

    type: str
    clock: str
    amount: int
    unit: Unit
    starts: Start
    met_by: tuple[str, ...]
    urgencies: tuple[str, ...]
    valid_from: date
    source: str
    repeats: bool = False
    restarts: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    calendar: LimitCalendar = LimitCalendar.REQUESTED
    roll: Roll = Roll.NONE
    valid_to: date | None = None

    @property
    def code(self) -> str:
        """Return the limit's code, "rescue.acknowledge" for clock ``acknowledge`` of a RESCUE."""
        return f"{self.type.lower()}.{self.clock}"

    @property
    def allowed(self) -> timedelta | None:
        """Return the time allowed; None for days, whose length depends on a calendar."""
        if self.unit in {Unit.MINUTES, Unit.HOURS}:
            return timedelta(**{self.unit.value: self.amount})
        return None

    def applies(
        self, request_type: str, urgency: str, *, on: date, accessibility: str | None = None
    ) -> bool:
        """Say whether a request of this type and urgency taken on the day ``on`` falls under it."""
        valid = _covers(self.valid_from, self.valid_to, on)
        fits = not self.accessibility or accessibility in self.accessibility
        return valid and fits and self.type == request_type and urgency in self.urgencies


@dataclass(frozen=True, slots=True)
class LadderStep:
    """Who is told of an unmet clock, and when.

    Exactly one is given: ``percent`` of the time allowed, ``at_minutes`` from the start, or
    ``after_minutes`` past the due time.
    """

    level: LadderLevel
    percent: int | None = None
    at_minutes: int | None = None
    after_minutes: int | None = None

    @property
    def after(self) -> timedelta | None:
        """Return how long after the due time the step is reached; None if it counts otherwise."""
        return None if self.after_minutes is None else timedelta(minutes=self.after_minutes)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps by which an unmet clock of a request type and urgency rises, lowest first.

    A ladder with ``clock`` is for clocks of that name only, and goes before one without.
    """

    type: str
    urgencies: tuple[str, ...]
    steps: tuple[LadderStep, ...]
    valid_from: date
    source: str
    clock: str | None = None
    valid_to: date | None = None

    def applies(self, request_type: str, urgency: str, *, on: date) -> bool:
        """Say whether a request of this type and urgency taken on the day ``on`` climbs it."""
        valid = _covers(self.valid_from, self.valid_to, on)
        return valid and self.type == request_type and urgency in self.urgencies


@dataclass(frozen=True, slots=True)
class Authority:
    """The class of authority that must release a request of ``type`` from a desk of ``country``.

    Type and class are codes of the casework; they are plain words here.
    """

    type: str
    country: Country
    needs: str
    valid_from: date
    source: str
    valid_to: date | None = None

    def applies(self, request_type: str, country: Country, *, on: date) -> bool:
        """Say whether it rules a request of this type sent from ``country`` on the day ``on``."""
        valid = _covers(self.valid_from, self.valid_to, on)
        return valid and self.type == request_type and self.country is country


@dataclass(frozen=True, slots=True)
class Holding:
    """The class of authority that a desk of ``level`` holds by itself."""

    level: Level
    holds: str
    source: str


@dataclass(frozen=True, slots=True)
class OffDays:
    """Days off from ``first`` to ``last`` (both included; ``last`` absent is one day)."""

    first: date
    names: Names
    last: date | None = None

    @property
    def days(self) -> tuple[date, ...]:
        """Return each of the days, in order."""
        length = ((self.last or self.first) - self.first).days + 1
        return tuple(self.first + timedelta(days=n) for n in range(length))


@dataclass(frozen=True, slots=True)
class Shift:
    """A working day that is off, and the rest day that is worked in its place."""

    off: date
    worked: date
    source: str


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """The working days of one country's public offices in one year, as a notice has them.

    Saturdays and Sundays are off, unless they are in ``make_up`` or worked by a shift.
    ``notice_date`` is absent where the notice's date has not been read; ``provisional`` is a year
    without an official notice.
    """

    country: Country
    year: int
    version: int
    provisional: bool
    source: str
    off: tuple[OffDays, ...]
    make_up: tuple[date, ...] = ()
    shift: tuple[Shift, ...] = ()
    notice_date: date | None = None

    @property
    def code(self) -> str:
        """Return the name of its file, "vn-2026"."""
        return f"{self.country.lower()}-{self.year}"


@dataclass(frozen=True, slots=True)
class Corridor:
    """Two countries' agencies, desks, channels, limits, ladders and authorities."""

    slug: str
    version: int
    agencies: tuple[Agency, ...]
    desks: tuple[Desk, ...]
    channels: tuple[Channel, ...]
    limits: tuple[Limit, ...]
    ladders: tuple[Ladder, ...]
    authorities: tuple[Authority, ...] = ()
    holdings: tuple[Holding, ...] = ()

    def agency(self, slug: str) -> Agency:
        """Return the agency; raise UnknownNameError with the nearest spelling if there is none."""
        for agency in self.agencies:
            if agency.slug == slug:
                return agency
        raise UnknownNameError(_unknown("agency", slug, (a.slug for a in self.agencies)))

    def desk(self, slug: str) -> Desk:
        """Return the desk; raise UnknownNameError with the nearest spelling if there is none."""
        for desk in self.desks:
            if desk.slug == slug:
                return desk
        raise UnknownNameError(_unknown("desk", slug, (d.slug for d in self.desks)))

    def country(self, desk: str) -> Country:
        """Return the country of the desk named ``desk``."""
        return self.agency(self.desk(desk).agency).country

    def channel(self, one: str, other: str) -> Channel:
        """Return the channel between two desks.

        Raises:
            UnknownNameError: one of them is unknown, or they may not write to each other.
        """
        first, second = self.desk(one), self.desk(other)
        for channel in self.channels:
            if channel.joins(first.slug, second.slug):
                return channel
        peers = self.peers(one)
        raise UnknownNameError(
            f"channel: {one} may write to {', '.join(peers) or 'no desk'}; found {other}"
        )

    def peers(self, desk: str) -> tuple[str, ...]:
        """Return the desks with which ``desk`` may exchange messages, in alphabetical order."""
        pairs = [{c.a, c.b} for c in self.channels if desk in {c.a, c.b}]
        return tuple(sorted(other for pair in pairs for other in pair if other != desk))

    def limits_for(
        self, request_type: str, urgency: str, *, on: date, accessibility: str | None = None
    ) -> tuple[Limit, ...]:
        """Return the limits for a request of this type and urgency taken on the day ``on``."""
        return tuple(
            limit
            for limit in self.limits
            if limit.applies(request_type, urgency, on=on, accessibility=accessibility)
        )

    def ladder_for(
        self, request_type: str, urgency: str, *, on: date, clock: str | None = None
    ) -> tuple[LadderStep, ...]:
        """Return the steps of the ladder for such a clock, lowest first; () if it has none."""
        fitting = [x for x in self.ladders if x.applies(request_type, urgency, on=on)]
        for name in dict.fromkeys((clock, None)):
            for ladder in fitting:
                if ladder.clock == name:
                    return ladder.steps
        return ()

    def authority_needed(self, request_type: str, desk: str, *, on: date) -> str | None:
        """Return the class that must release such a request of ``desk``; None without a rule."""
        country = self.country(desk)
        for authority in self.authorities:
            if authority.applies(request_type, country, on=on):
                return authority.needs
        return None

    def authority_held(self, desk: str) -> str | None:
        """Return the class of authority that the desk holds by itself; None if it holds none."""
        level = self.desk(desk).level
        return next((holding.holds for holding in self.holdings if holding.level is level), None)


@dataclass(frozen=True, slots=True)
class PhraseSeed:
    """One phrase with the same ``{slots}`` in three languages."""

    id: str
    use: str
    texts: Names


@dataclass(frozen=True, slots=True)
class Term:
    """One official term in three languages, with its note."""

    names: Names
    note: str


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What is known of one file of the catalogue: where from, and whether a native has read it."""

    source: str
    native_read_vi: bool
    native_read_zh: bool
    note: str


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What an error's code says to a person: what happened, and what to do next."""

    what: Names
    next: Names


@dataclass(frozen=True, slots=True)
class CatalogueSeed:
    """All that the catalogue is built from, as its files hold it.

    ``codes`` maps a kind of code ("outcome") to its codes and their labels.
    """

    codes: dict[str, dict[str, Names]]
    phrases: tuple[PhraseSeed, ...]
    terms: tuple[Term, ...]
    status: dict[str, SourceStatus]


def _covers(first: date, last: date | None, day: date) -> bool:
    return first <= day and (last is None or day <= last)


def _unknown(what: str, found: str, known: Iterable[str]) -> str:
    return f"{what}: {found!r} does not exist; {nearest(found, known)}"
