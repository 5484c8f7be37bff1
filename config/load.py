"""Read a corridor, the calendars and the catalogue from their files, whole or not at all.

A corridor is a folder of agencies.toml, channels.toml, limits.toml and authority.toml; every name
that one entry uses must be another entry's. A calendar is one file a country and year. Messages
name the file, the entry and the nearest spelling.
"""

from collections import Counter
from collections.abc import Iterable
from csv import QUOTE_NONE, reader
from io import StringIO
from pathlib import Path
from typing import TypeVar

from config.errors import (
    CatalogueFileError,
    DuplicateNameError,
    MissingKeyError,
    UnknownNameError,
    WrongTypeError,
    WrongValueError,
)
from config.reader import check_keys, read_mapping, read_table, read_tables
from config.schema import (
    Agency,
    Authority,
    CalendarYear,
    CatalogueSeed,
    Channel,
    Corridor,
    Desk,
    ErrorText,
    Holding,
    Ladder,
    LadderStep,
    Limit,
    Names,
    PhraseSeed,
    SourceStatus,
    Term,
    nearest,
)
from config.settings import read_toml

T = TypeVar("T")

CORRIDORS = Path(__file__).parent / "corridors"
CALENDARS = Path(__file__).parent / "calendars"
CATALOGUE = Path(__file__).parent / "catalogue"
PHRASE_COLUMNS = ("id", "use", "en", "vi", "zh")
SATURDAY = 5
TERM_COLUMNS = ("en", "vi", "zh", "note")


def load_corridor(folder: Path) -> Corridor:
    """Return the corridor whose four files lie in ``folder``.

    Raises:
        ConfigError: a file is unreadable, an entry malformed, or a name unknown or taken twice.
    """
    agencies = _tables(folder / "agencies.toml", "corridor", "version", "agency", "desk")
    channels = _tables(folder / "channels.toml", "channel")
    limits = _tables(folder / "limits.toml", "limit", "ladder")
    authority = _tables(folder / "authority.toml", "authority", "holding")
    where = folder.name
    corridor = Corridor(
        slug=_scalar(agencies["corridor"], str, where=f"{where}/agencies.toml: corridor"),
        version=_scalar(agencies["version"], int, where=f"{where}/agencies.toml: version"),
        agencies=read_tables(Agency, agencies["agency"], where=f"{where}/agencies.toml: agency"),
        desks=read_tables(Desk, agencies["desk"], where=f"{where}/agencies.toml: desk"),
        channels=read_tables(Channel, channels["channel"], where=f"{where}/channels.toml: channel"),
        limits=read_tables(Limit, limits["limit"], where=f"{where}/limits.toml: limit"),
        ladders=read_tables(Ladder, limits["ladder"], where=f"{where}/limits.toml: ladder"),
        authorities=read_tables(
            Authority, authority["authority"], where=f"{where}/authority.toml: authority"
        ),
        holdings=read_tables(
            Holding, authority["holding"], where=f"{where}/authority.toml: holding"
        ),
    )
    _check_names(corridor)
    _check_rules(corridor)
    return corridor


def bundled_corridor(slug: str) -> Corridor:
    """Return a corridor that ships with the product, such as "quangninh-guangxi".

    Raises:
        UnknownNameError: no such corridor; the message names the nearest spelling.
    """
    known = sorted(entry.name for entry in CORRIDORS.iterdir() if entry.is_dir())
    if slug not in known:
        raise UnknownNameError(f"corridor: {slug!r} does not exist; {nearest(slug, known)}")
    return load_corridor(CORRIDORS / slug)


def find_corridor(setting: str) -> Corridor:
    """Return the corridor that a ``corridor`` setting names: a folder if it holds a slash."""
    return load_corridor(Path(setting)) if "/" in setting else bundled_corridor(setting)


def load_calendars(folder: Path = CALENDARS) -> tuple[CalendarYear, ...]:
    """Return every calendar in ``folder``, by country and year.

    Raises:
        ConfigError: a file is unreadable, named after another year, or contradicts itself.
    """
    return tuple(_calendar(file) for file in sorted(folder.glob("*.toml")))


def load_catalogue(folder: Path = CATALOGUE) -> CatalogueSeed:
    """Return the catalogue's files as values: codes, phrases, terms and what is known of them.

    Raises:
        ConfigError: a file is unreadable or has another shape.
    """
    codes = read_toml(folder / "codes.toml")
    status = read_toml(folder / "status.toml")
    return CatalogueSeed(
        codes={kind: _labels(kind, table) for kind, table in codes.items()},
        phrases=tuple(
            PhraseSeed(id=id_, use=use, texts=Names(vi=vi, zh=zh, en=en))
            for id_, use, en, vi, zh in _rows(folder / "phrases.tsv", PHRASE_COLUMNS)
        ),
        terms=tuple(
            Term(names=Names(vi=vi, zh=zh, en=en), note=note)
            for en, vi, zh, note in _rows(folder / "glossary.tsv", TERM_COLUMNS)
        ),
        status={
            name: read_table(SourceStatus, entry, where=f"status.toml: {name}")
            for name, entry in status.items()
        },
    )


def load_errors(folder: Path = CATALOGUE) -> dict[str, ErrorText]:
    """Return the text of every error code that a person can meet, by code.

    Raises:
        ConfigError: the file is unreadable or has another shape.
    """
    return _texts_by_code(folder / "errors.toml")


def load_findings(folder: Path = CATALOGUE) -> dict[str, ErrorText]:
    """Return the text of every finding about a translation, by code.

    Raises:
        ConfigError: the file is unreadable or has another shape.
    """
    return _texts_by_code(folder / "findings.toml")


def _texts_by_code(file: Path) -> dict[str, ErrorText]:
    return {
        code: read_table(ErrorText, entry, where=f"{file.name}: {code}")
        for code, entry in read_toml(file).items()
    }


def _calendar(file: Path) -> CalendarYear:
    year = read_table(CalendarYear, read_toml(file), where=file.name)
    if year.code != file.stem:
        raise WrongValueError(f"{file.name}: expected {year.code}.toml by its country and year")
    off = [day for days in year.off for day in days.days]
    worked = [*year.make_up, *(shift.worked for shift in year.shift)]
    _check_distinct(f"{file.name}: day", map(str, [*off, *(x.off for x in year.shift), *worked]))
    for day in [*off, *year.make_up]:
        if day.year != year.year:
            raise WrongValueError(f"{file.name}: expected days of {year.year}, found {day}")
    for day in worked:
        if day.weekday() < SATURDAY:
            raise WrongValueError(f"{file.name}: expected a weekend to be worked, found {day}")
    return year


def _tables(file: Path, *keys: str) -> dict[str, object]:
    tables = read_toml(file)
    where = f"{file.parent.name}/{file.name}"
    check_keys(tables, dict.fromkeys(keys), where=where)
    missing = [key for key in keys if key not in tables]
    if missing:
        raise MissingKeyError(f"{where}: expected {', '.join(missing)}; not found")
    return tables


def _scalar(value: object, expected: type[T], *, where: str) -> T:
    if type(value) is not expected:
        raise WrongTypeError(f"{where}: expected {expected.__name__}, found {type(value).__name__}")
    return value


def _labels(kind: str, table: object) -> dict[str, Names]:
    entries = read_mapping(table, where=f"codes.toml: {kind}")
    return {
        code: read_table(Names, entry, where=f"codes.toml: {kind}.{code}")
        for code, entry in entries.items()
    }


def _rows(file: Path, columns: tuple[str, ...]) -> list[list[str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueFileError(f"{file.name}: expected a readable UTF-8 file") from error
    head, *rows = reader(StringIO(text), delimiter="\t", quoting=QUOTE_NONE)
    if tuple(head) != columns:
        raise CatalogueFileError(f"{file.name}: expected columns {columns}, found {tuple(head)}")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(columns):
            raise CatalogueFileError(
                f"{file.name} line {number}: expected {len(columns)} columns, found {len(row)}"
            )
    return rows


def _check_names(corridor: Corridor) -> None:
    _check_distinct("agency", (agency.slug for agency in corridor.agencies))
    _check_distinct("desk", (desk.slug for desk in corridor.desks))
    _check_distinct("desk code", (desk.code for desk in corridor.desks))
    for desk in corridor.desks:
        corridor.agency(desk.agency)
        for other in (*desk.succeeds, *([desk.escalates_to] if desk.escalates_to else [])):
            corridor.desk(other)
    for channel in corridor.channels:
        corridor.desk(channel.a)
        corridor.desk(channel.b)


def _check_distinct(what: str, names: Iterable[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise DuplicateNameError(f"{what}: expected each name once, found {name!r} {times}x")


def _check_rules(corridor: Corridor) -> None:
    for limit in corridor.limits:
        if limit.amount <= 0:
            raise WrongValueError(f"{limit.code}: expected an amount above 0, found {limit.amount}")
    for step in (step for ladder in corridor.ladders for step in ladder.steps):
        _check_ladder_step(step)


def _check_ladder_step(step: LadderStep) -> None:
    given = [x for x in (step.percent, step.at_minutes, step.after_minutes) if x is not None]
    if len(given) != 1:
        raise WrongValueError(
            f"ladder {step.level}: expected one of percent, at_minutes and after_minutes"
        )
