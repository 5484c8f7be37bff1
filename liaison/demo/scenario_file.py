"""Reading a scenario's file strictly: TOML in, what officers would enter out.

A word that does not exist is an error that names the step and the nearest spelling; a word of the
design that this version does not have is told as that. Nothing is started before all of it is read
and rehearsed.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from config.schema import Corridor, nearest
from liaison.demo.rehearsal import rehearse
from liaison.demo.scenario import (
    MalformedScenarioError,
    NotYetError,
    Scenario,
    ScenarioStep,
    SecondSigner,
    UnknownWordError,
)
from protocols.casework.codes import Act, RequestType
from protocols.casework.forms.registry import FORMS
from protocols.casework.header import Header

KEYS = frozenset({"title", "source", "case", "historical", "step"})
WHO = frozenset({"at", "desk", "officer", "act", "case"})
#: What a step says beside the request itself.
SAID = frozenset({"outcomes", "text", "reason", "reason_code", "question", "phrases"})
#: What the desk writes into a request's header by itself.
BY_THE_DESK = frozenset({"ref", "sender", "to", "type"})
#: A scenario's word for a repeated table, and the form's.
TABLES = {"person": "persons", "person_group": "groups"}
#: Words of the design's scenarios that this version does not play.
LATER = frozenset(
    {
        "agenda",
        "generated",
        "lines",
        "period",
        "register",
        "result",
        "topic",
    }
)
#: Of a request's header, what a scenario says in the form's own words.
HEADER = frozenset(Header.model_fields) - BY_THE_DESK - {"release_approval"}
#: How a step is signed a second time.
SIGNED = frozenset({"approval", "cosigned_by"})
OFFICER = re.compile(r"[A-Z0-9]+-[A-Z0-9]+")

Word = TypeVar("Word", Act, RequestType)


def find_scenario(name: str) -> Path:
    """Return the file of this path or, when there is none, the bundled scenario of this name.

    Raises:
        MalformedScenarioError: neither exists; the message names the bundled ones.
    """
    path = Path(name)
    if path.is_file():
        return path
    bundled = Path(str(files("liaison.demo") / "scenarios"))
    known = sorted(file.name for file in bundled.glob("*.toml"))
    if path.name == name and name in known:
        return bundled / name
    raise MalformedScenarioError(f"no file {name}; bundled scenarios: {', '.join(known)}")


def load_scenario(path: Path, corridor: Corridor) -> Scenario:
    """Return the scenario in ``path``, rehearsed: every word and every form of it stands.

    Raises:
        ScenarioError: a subclass that names the step, what was expected and what was found.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise MalformedScenarioError(f"{path.name}: expected a TOML file: {e}") from e
    _check_keys(table, KEYS, where=path.name)
    scenario = Scenario(
        name=path.name,
        title=_typed(table, "title", dict, "a table", where=path.name) or {},
        source=_typed(table, "source", str, "text", where=path.name) or "",
        historical=_typed(table, "historical", bool, "true or false", where=path.name) or False,
        steps=_steps(table, where=path.name),
    )
    rehearse(scenario, corridor)
    return scenario


def _steps(table: Mapping[str, Any], *, where: str) -> tuple[ScenarioStep, ...]:
    rows, case = table.get("step"), table.get("case")
    if not isinstance(rows, list) or not rows or not isinstance(case, str):
        raise MalformedScenarioError(f"{where}: expected a case and at least one [[step]]")
    if not all(isinstance(row, dict) for row in rows):
        raise MalformedScenarioError(f"{where}: expected every step as a table")
    return tuple(_step(i, row, case) for i, row in enumerate(rows, 1))


def _step(number: int, row: Mapping[str, Any], case: str) -> ScenarioStep:
    where = f"step {number}"
    for name in ("at", "desk", "officer", "act"):
        if not isinstance(row.get(name), str):
            raise MalformedScenarioError(f"{where}: expected {name} as text")
    act = _word(Act, row["act"], f"{where}: act")
    if OFFICER.fullmatch(row["officer"]) is None:
        raise MalformedScenarioError(f"{where}: expected an officer such as QN-07")
    is_request = act is Act.REQUEST
    return ScenarioStep(
        number=number,
        at=_moment(row["at"], where),
        desk=row["desk"],
        officer=row["officer"],
        act=act,
        case=_typed(row, "case", str, "text", where=where) or case,
        to=_addressee(row, where) if is_request else None,
        fields=_plain(_request(row, where) if is_request else _said(row, act, where)),
        approval=_second_signer(row, "approval", where),
        cosigner=_second_signer(row, "cosigned_by", where),
    )


def _second_signer(row: Mapping[str, Any], name: str, where: str) -> SecondSigner | None:
    table = _typed(row, name, dict, "a table", where=where)
    if table is None:
        return None
    # The class is the approver's desk's own: it is stated for the reader of the file.
    _check_keys(table, ("desk", "officer", "file", "basis", "class"), where=f"{where}: {name}")
    said = {key: _typed(table, key, str, "text", where=f"{where}: {name}") for key in table}
    if "officer" not in said:
        raise MalformedScenarioError(f"{where}: {name} needs an officer")
    desk = said.get("desk") or str(row["desk"])
    return SecondSigner(desk, said["officer"], said.get("file"), said.get("basis"))


def _addressee(row: Mapping[str, Any], where: str) -> str:
    if not isinstance(row.get("to"), str):
        raise MalformedScenarioError(f"{where}: a request needs `to`, the addressed desk, as text")
    return str(row["to"])


def _request(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    kind = _word(RequestType, str(row.get("type")), f"{where}: type")
    if kind not in FORMS:
        known = ", ".join(FORMS)
        raise NotYetError(f"{where}: type {kind} is not available yet; there is {known}")
    form = frozenset(FORMS[kind].model_fields) - {"header", *TABLES.values()} | TABLES.keys()
    _check_step_keys(row, WHO | SAID | SIGNED | HEADER | form | {"type", "to"}, where)
    header = {"type": str(kind), **{name: row[name] for name in HEADER & row.keys()}}
    rest = {TABLES.get(name, name): row[name] for name in form & row.keys()}
    said = {name: row[name] for name in SAID & row.keys()}
    return {"request": {"header": header, **rest}, **said}


def _said(row: Mapping[str, Any], act: Act, where: str) -> dict[str, Any]:
    _check_step_keys(row, WHO | SAID | SIGNED, where)
    return {"act": str(act), **{name: row[name] for name in SAID & row.keys()}}


def _check_step_keys(row: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    later = sorted(LATER & row.keys() - known)
    if later:
        raise NotYetError(f"{where}: {', '.join(later)} is not available yet")
    _check_keys(row, known, where=where)


def _check_keys(table: Mapping[str, Any], known: Iterable[str], *, where: str) -> None:
    for key in table:
        if key not in known:
            raise UnknownWordError(f"{where}: unknown key {key!r}; {nearest(key, known)}")


def _word(kind: type[Word], word: str, where: str) -> Word:
    try:
        return kind(word)
    except ValueError as e:
        known = [each.value for each in kind]
        raise UnknownWordError(f"{where}: unknown {word!r}; {nearest(word, known)}") from e


def _typed(table: Mapping[str, Any], name: str, kind: type, expected: str, *, where: str) -> Any:  # noqa: ANN401 - of that type
    if name in table and not isinstance(table[name], kind):
        found = type(table[name]).__name__
        raise MalformedScenarioError(f"{where}: expected {name} as {expected}, found {found}")
    return table.get(name)


def _moment(text: str, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as e:
        raise MalformedScenarioError(f"{where}: expected a time with its zone") from e
    if moment.tzinfo is None:
        raise MalformedScenarioError(f"{where}: expected a time with its zone, found none")
    return moment.astimezone(UTC)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as JSON carries them: TOML's own times and dates become text."""
    plain: dict[str, Any] = json.loads(json.dumps(fields, default=_iso))
    return plain


def _iso(value: date | datetime | time) -> str:
    return value.isoformat()
