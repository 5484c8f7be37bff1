"""What a form model asks for, field by field, as a screen can ask it.

The models of the casework decide what a request is; nothing here knows a single request type. A
field of a model becomes one control, or several where the model holds a model. What the desk fills
in by itself is left out: the parties, the number, labels, approvals, where a person was taken over
from, and the persons of whom only the count is known.
"""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AwareDatetime

from protocols.casework.forms.request import RequestForm
from protocols.casework.header import Header
from protocols.casework.model import Model
from protocols.casework.person import Birth, LocalText, Name, Person

#: What the desk fills in by itself, by model.
BY_THE_DESK: dict[type[Model], frozenset[str]] = {
    Header: frozenset({"ref", "sender", "to", "type", "version", "release_approval"}),
    RequestForm: frozenset({"groups"}),
    Person: frozenset({"label", "taken_over_from"}),
}


class Kind(StrEnum):
    """How a field is asked."""

    TEXT = "text"
    AREA = "area"
    NUMBER = "number"
    MOMENT = "moment"
    DATE = "date"
    CODE = "code"
    CODES = "codes"
    TRUTH = "truth"
    WORDS = "words"
    NAMES = "names"
    BIRTH = "birth"
    MODEL = "model"
    MODELS = "models"


@dataclass(frozen=True, slots=True)
class Shape:
    """A field: its name, how it is asked, of which class, what it is from the start."""

    name: str
    kind: Kind
    of: type[Any]
    initial: object
    is_needed: bool


def shapes(model: type[Model]) -> Iterator[Shape]:
    """Yield the fields of ``model`` that an officer fills in, in its order."""
    left_out = {name for kind in model.__mro__ for name in BY_THE_DESK.get(kind, ())}
    for name, field in model.model_fields.items():
        if name in left_out:
            continue
        kind, of = _kind(field.annotation)
        initial = None if field.is_required() else field.get_default(call_default_factory=True)
        yield Shape(name, kind, of, initial, field.is_required())


def _kind(annotation: Any) -> tuple[Kind, type[Any]]:  # noqa: ANN401 - any type of a field
    bare = _bare(annotation)
    if get_origin(bare) is tuple:
        return _kind_of_many(_bare(get_args(bare)[0]))
    return _kind_of_one(bare), bare


def _kind_of_many(item: type[Any]) -> tuple[Kind, type[Any]]:
    if issubclass(item, Name):
        return Kind.NAMES, item
    if issubclass(item, StrEnum):
        return Kind.CODES, item
    if issubclass(item, Model):
        return Kind.MODELS, item
    return Kind.WORDS, item


def _kind_of_one(bare: type[Any]) -> Kind:
    table: dict[type[Any], Kind] = {
        LocalText: Kind.AREA,
        Birth: Kind.BIRTH,
        Model: Kind.MODEL,
        StrEnum: Kind.CODE,
        bool: Kind.TRUTH,
        int: Kind.NUMBER,
        datetime: Kind.MOMENT,
        AwareDatetime: Kind.MOMENT,
        date: Kind.DATE,
    }
    return next((kind for of, kind in table.items() if issubclass(bare, of)), Kind.TEXT)


def _bare(annotation: Any) -> type[Any]:  # noqa: ANN401 - any type of a field
    """Return ``annotation`` without its constraints and without None."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _bare(next(part for part in get_args(annotation) if part is not type(None)))
    bare: type[Any] = annotation
    return bare
