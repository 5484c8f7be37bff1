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
    """The unit of a limit's amount; minutes and hours run day and night."""

    MINUTES = "minutes"
    HOURS = "hours"


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
    that met an earlier clock of the same name, and at a dispute or a reopening.
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
    valid_to: date | None = None

    @property
    def code(self) -> str:
        """Return the limit's code, "rescue.acknowledge" for clock ``acknowledge`` of a RESCUE."""
        return f"{self.type.lower()}.{self.clock}"

    @property
    def allowed(self) -> timedelta:
        """Return the time allowed."""
        return timedelta(**{self.unit.value: self.amount})

    def applies(self, request_type: str, urgency: str, *, on: date) -> bool:
        """Say whether a request of this type and urgency taken on the day ``on`` falls under it."""
        valid = _covers(self.valid_from, self.valid_to, on)
        return valid and self.type == request_type and urgency in self.urgencies


@dataclass(frozen=True, slots=True)
class LadderStep:
    """Who is told when: at ``percent`` of the time allowed, or ``after_minutes`` past the due."""

    level: LadderLevel
    percent: int | None = None
    after_minutes: int | None = None

    @property
    def after(self) -> timedelta | None:
        """Return how long after the due time the step is reached; None if it counts in percent."""
        return None if self.after_minutes is None else timedelta(minutes=self.after_minutes)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps by which an unmet clock of a request type and urgency rises, lowest first."""

    type: str
    urgencies: tuple[str, ...]
    steps: tuple[LadderStep, ...]
    valid_from: date
    source: str
    valid_to: date | None = None

    def applies(self, request_type: str, urgency: str, *, on: date) -> bool:
        """Say whether a request of this type and urgency taken on the day ``on`` climbs it."""
        valid = _covers(self.valid_from, self.valid_to, on)
        return valid and self.type == request_type and urgency in self.urgencies


@dataclass(frozen=True, slots=True)
class Corridor:
    """Two countries' agencies, desks, channels, limits and ladders under one version."""

    slug: str
    version: int
    agencies: tuple[Agency, ...]
    desks: tuple[Desk, ...]
    channels: tuple[Channel, ...]
    limits: tuple[Limit, ...]
    ladders: tuple[Ladder, ...]

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

    def limits_for(self, request_type: str, urgency: str, *, on: date) -> tuple[Limit, ...]:
        """Return the limits for a request of this type and urgency taken on the day ``on``."""
        return tuple(x for x in self.limits if x.applies(request_type, urgency, on=on))

    def ladder_for(self, request_type: str, urgency: str, *, on: date) -> tuple[LadderStep, ...]:
        """Return the steps of the ladder for such a request, lowest first; () if it has none."""
        for ladder in self.ladders:
            if ladder.applies(request_type, urgency, on=on):
                return ladder.steps
        return ()


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
