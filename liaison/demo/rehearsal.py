"""Going through a scenario before anything is started: who may say what, when, and to whom.

Each step is checked for what can be known without a desk: that its desks exist on that day and may
write to each other, that its case was opened before, that its form is well-formed and that it
speaks of persons of that case. Whether the lifecycle allows it is the desks' own to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timezone
from typing import Any

from config.errors import ConfigError
from config.load import load_catalogue
from config.schema import Corridor, nearest
from liaison.demo.scenario import (
    DeskNotValidError,
    NotAPartyError,
    NotYetError,
    OrderError,
    Scenario,
    ScenarioError,
    ScenarioFormError,
    ScenarioStep,
    UnknownWordError,
)
from protocols.casework.case_number import format_case_number
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Act
from protocols.casework.errors import ActNotAvailableError, CaseworkError, FormError
from protocols.casework.forms.request import RequestForm
from protocols.casework.moments import CHINA, VIET_NAM
from protocols.casework.payload import Step, parse_step
from protocols.casework.person import contract_labels
from protocols.casework.related import take_over
from protocols.casework.render import check_phrases

ZONES: Mapping[str, timezone] = {"VN": VIET_NAM, "CN": CHINA}


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A case whose request was gone through: the step, the number it stands under, the form."""

    step: ScenarioStep
    ref: str
    request: RequestForm


def rehearse(scenario: Scenario, corridor: Corridor) -> None:
    """Raise what the first step that cannot be played has wrong.

    Raises:
        ScenarioError: a subclass that names the step, what was expected and what was found.
    """
    catalogue = Catalogue(load_catalogue(), corridor)
    opened: dict[str, Rehearsed] = {}
    _check_times(scenario)
    for step in scenario.steps:
        _check_desks(step, corridor, is_dated=not scenario.historical)
        said = _check_form(step, corridor, catalogue, opened)
        if said.request is not None:
            _check_channel(step, corridor)
            if step.case in opened:
                raise OrderError(f"{step.where}: case {step.case!r} has a request already")
            opened[step.case] = Rehearsed(step, said.case, said.request)
        elif step.case not in opened:
            raise OrderError(f"{step.where}: case {step.case!r} has no request before this step")
        _check_case(step, said, opened[step.case])


def _check_times(scenario: Scenario) -> None:
    for before, after in zip(scenario.steps, scenario.steps[1:], strict=False):
        if after.at < before.at:
            early = before.at - after.at
            raise OrderError(f"{after.where}: is {early} before {before.where} in time")


def _check_desks(step: ScenarioStep, corridor: Corridor, *, is_dated: bool) -> None:
    second = step.second_signer
    for slug in filter(None, (step.desk, step.to, None if second is None else second.desk)):
        try:
            desk, zone = corridor.desk(slug), ZONES[corridor.country(slug)]
        except ConfigError as e:
            raise UnknownWordError(f"{step.where}: {e}") from e
        day = step.at.astimezone(zone).date()
        if is_dated and not desk.is_valid(day):
            end = "" if desk.valid_to is None else f" to {desk.valid_to}"
            raise DeskNotValidError(
                f"{step.where}: desk {slug} is valid from {desk.valid_from}{end}, "
                f"the step is of {day}; `historical = true` disregards this"
            )


def _check_channel(step: ScenarioStep, corridor: Corridor) -> None:
    to = str(step.to)
    try:
        corridor.channel(step.desk, to)
    except ConfigError as e:
        raise NotAPartyError(f"{step.where}: {e}") from e
    if corridor.country(step.desk) == corridor.country(to):
        raise NotAPartyError(f"{step.where}: expected desks of two countries, found one")


def _check_form(
    step: ScenarioStep, corridor: Corridor, catalogue: Catalogue, opened: Mapping[str, Rehearsed]
) -> Step:
    desk = corridor.desk(step.desk)
    serial = len(opened) + 1
    ref = format_case_number(desk.code, year=step.at.year, serial=serial)
    fields = {**step.fields, "case": ref, "act": str(step.act)}
    try:
        if step.act is Act.REQUEST:
            fields["request"] = _request(step, ref, opened)
        said = parse_step(fields)
        check_phrases(said, catalogue)
    except FormError as e:
        raise ScenarioFormError(step.where, e.findings) from e
    except ActNotAvailableError as e:
        raise NotYetError(f"{step.where}: {e}") from e
    except CaseworkError as e:
        raise ScenarioError(f"{step.where}: {e}") from e
    return said


def _request(step: ScenarioStep, ref: str, opened: Mapping[str, Rehearsed]) -> dict[str, Any]:
    """Return the request as the desk will write it: with its number and the persons taken over."""
    form = dict(step.fields["request"])
    header = {**form["header"], "ref": ref, "sender": step.desk, "to": step.to}
    related = [_related(step, name, opened) for name in header.get("related", [])]
    if not related:
        return {**form, "header": header}
    header["related"] = [case.ref for case in related]
    persons, groups = form.get("persons", []), form.get("groups", [])
    taken = take_over(
        [case.request for case in related], given=[person["label"] for person in persons]
    )
    form["persons"] = [*persons, *(one.model_dump(mode="json") for one in taken.persons)]
    form["groups"] = [*groups, *(one.model_dump(mode="json") for one in taken.groups)]
    return {**form, "header": header}


def _related(step: ScenarioStep, name: str, opened: Mapping[str, Rehearsed]) -> Rehearsed:
    if name not in opened:
        known = nearest(name, opened)
        raise UnknownWordError(f"{step.where}: related: no case {name!r} before it; {known}")
    return opened[name]


def _check_case(step: ScenarioStep, said: Step, case: Rehearsed) -> None:
    request, labels = case.step, frozenset(case.request.labels)
    if step.desk not in (request.desk, request.to):
        raise NotAPartyError(
            f"{step.where}: expected {request.desk} or {request.to}, the desks of case "
            f"{step.case!r}, found {step.desk}"
        )
    unknown = [label for entry in said.outcomes for label in entry.labels if label not in labels]
    if unknown:
        raise UnknownWordError(
            f"{step.where}: outcomes: expected persons of case {step.case!r} "
            f"({', '.join(contract_labels(list(labels)))}), "
            f"found {', '.join(contract_labels(unknown))}"
        )
