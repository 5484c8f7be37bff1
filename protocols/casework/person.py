"""Persons of a request: P1, P2, … with what is known of each, or a group of labels.

Names keep the writing in which they were given; nothing is converted. Victims remember dates
badly, so a birth has a precision, and every person a status of how far it was checked. Lists,
notices and logs use labels only.
"""

import re
from datetime import date
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
    model_validator,
)

from protocols.casework.codes import (
    BirthPrecision,
    DocumentType,
    FactStatus,
    Language,
    NameForm,
    Role,
    Sex,
)
from protocols.casework.errors import FormError, LabelError
from protocols.casework.model import Model, Text, findings, refuse
from protocols.casework.moments import Day
from protocols.casework.references import CaseRef

MAX_LABEL = 999
_LABELS = re.compile(r"P([1-9][0-9]{0,2})(?:\.\.P([1-9][0-9]{0,2}))?")


def expand_labels(labels: str) -> list[str]:
    """Return the labels of "P4" or of a range "P3..P7", lowest first.

    Raises:
        LabelError: another form, a range that falls, or a number above 999.
    """
    match = _LABELS.fullmatch(labels)
    if match is None:
        raise LabelError('label: expected "P4" or "P3..P7"')
    first, last = int(match[1]), int(match[2] or match[1])
    if match[2] is not None and last <= first:
        raise LabelError(f"label: expected a rising range, found P{first}..P{last}")
    return [f"P{number}" for number in range(first, last + 1)]


def contract_labels(labels: list[str]) -> list[str]:
    """Return ``labels`` as few single labels and ranges, in order of their numbers."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(int(label[1:]) for label in labels):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return [f"P{a}" if a == b else f"P{a}..P{b}" for a, b in ranges]


def _check_label(label: str) -> str:
    try:
        found = expand_labels(label)
    except LabelError as error:
        raise refuse("casework.label", 'a label "P4"') from error
    if found != [label]:
        raise refuse("casework.label", 'a label "P4"')
    return label


def _check_labels(labels: str) -> str:
    try:
        expand_labels(labels)
    except LabelError as error:
        raise refuse("casework.label", 'a label "P4" or a range "P3..P7"') from error
    return labels


Label = Annotated[str, AfterValidator(_check_label)]
Labels = Annotated[str, AfterValidator(_check_labels)]
Nationality = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class LocalText(Model):
    """Free text in the writer's own language; never rewritten, shown in the original."""

    lang: Language
    text: Text


def parse_text(value: object, path: str) -> LocalText:
    """Return the free text in ``value``; raise FormError with what is wrong at ``path``."""
    try:
        return LocalText.model_validate(value)
    except ValidationError as error:
        raise FormError(*findings(error, within=path)) from error


class Name(Model):
    """A name as it was given, in one writing."""

    form: NameForm
    value: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


_SHAPES: dict[BirthPrecision, re.Pattern[str]] = {
    BirthPrecision.DAY: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    BirthPrecision.MONTH: re.compile(r"[0-9]{4}-[0-9]{2}"),
    BirthPrecision.YEAR: re.compile(r"[0-9]{4}"),
    BirthPrecision.ABOUT: re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"),
    BirthPrecision.RANGE: re.compile(r"([0-9]{1,3})-([0-9]{1,3})"),
}
_FILL = {4: "-01-01", 7: "-01", 10: ""}


class Birth(Model):
    """A birth date, as exact as it is known, or an age range ("16-18")."""

    value: str
    precision: BirthPrecision

    @model_validator(mode="after")
    def _check_shape(self) -> "Birth":
        shape = _SHAPES[self.precision].fullmatch(self.value)
        if shape is None:
            raise refuse("casework.birth", f"a value of precision {self.precision}")
        if self.precision is BirthPrecision.RANGE:
            if int(shape[1]) > int(shape[2]):
                raise refuse("casework.birth", "a rising age range")
            return self
        try:
            date.fromisoformat(self.value + _FILL[len(self.value)])
        except ValueError as error:
            raise refuse("casework.birth", "a date of the calendar") from error
        return self


class Phone(Model):
    """A phone number, and whether it is safe to call it."""

    number: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 .-]{2,24}$")]
    safe: StrictBool


class Account(Model):
    """An account on a messaging or social service, and whether it is safe to write to it."""

    service: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    safe: StrictBool


class Document(Model):
    """An identity document as it was seen or named; its number may be false and is never refused.

    ``issuer`` is the issuing country or office as written on it.
    """

    type: DocumentType
    number: Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True)]
    issuer: Annotated[str, StringConstraints(min_length=1, max_length=120)] | None = None
    issued: Day | None = None
    expires: Day | None = None


class Person(Model):
    """One person of a request, under a label.

    ``taken_over_from`` names the related case of which this is a copy.
    """

    label: Label
    role: Role
    names: tuple[Name, ...] = ()
    sex: Sex | None = None
    birth: Birth | None = None
    nationality: Nationality | None = None
    status: FactStatus = FactStatus.SELF_DECLARED
    minor: StrictBool | None = None
    pregnant: StrictBool | None = None
    phone: Phone | None = None
    accounts: tuple[Account, ...] = Field(default=(), max_length=8)
    marks: LocalText | None = None
    documents: tuple[Document, ...] = Field(default=(), max_length=16)
    taken_over_from: CaseRef | None = None

    @property
    def all_labels(self) -> list[str]:
        """Return the person's label, as a group's labels."""
        return [self.label]


class PersonGroup(Model):
    """Persons of whom nothing is known one by one, under a range of labels."""

    labels: Labels
    role: Role
    sex: Sex | None = None
    nationality: Nationality | None = None
    taken_over_from: CaseRef | None = None

    @property
    def all_labels(self) -> list[str]:
        """Return the labels of the group, lowest first."""
        return expand_labels(self.labels)
