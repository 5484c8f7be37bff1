"""The controls of a form: each field of the models with its name, label, choices and value.

A control's name is the path that a finding names, so what is wrong stands where it was typed; what
was posted is shown again as it was. One writer of all controls, one reader (``reading``): both walk
the same shapes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from multidict import MultiMapping

from liaison.desk.web.i18n import Words
from liaison.desk.web.shapes import Kind, Shape, shapes
from protocols.casework.catalogue import KINDS
from protocols.casework.codes import BirthPrecision, NameForm
from protocols.casework.model import Model
from protocols.casework.person import Person

#: What an officer most often means, by field; it is shown chosen and may be changed.
USUAL = {"role": "presumed_victim", "safe": "no"}
MOST_ROWS = 99
_KIND_OF: dict[type[Any], str] = {enumeration: kind for kind, enumeration in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Control:
    """One control; ``values`` is what stands in it, ``options`` are code and label pairs."""

    name: str
    label: str
    kind: Kind
    values: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    is_needed: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A repeated part of a form: each row's controls, and the name under which one is added."""

    name: str
    is_persons: bool
    rows: tuple[tuple["Control | Rows", ...], ...]


Part = Control | Rows
Posted = MultiMapping[Any]


@dataclass(frozen=True, slots=True)
class FormWriter:
    """Writes the controls of models, with what was ``posted`` or what they are from the start."""

    w: Words
    posted: Posted | None
    #: The name of the clock by which a time is typed, such as "UTC+7".
    zone: str
    #: What an officer most often means in a form of this type, besides.
    usual: Mapping[str, str] = field(default_factory=dict)

    def parts(self, model: type[Model], path: str) -> Iterator[Part]:
        """Yield the controls of ``model`` under ``path``, in its order."""
        for shape in shapes(model):
            yield from self._part(shape, f"{path}.{shape.name}")

    def _part(self, shape: Shape, path: str) -> Iterator[Part]:
        match shape.kind:
            case Kind.MODEL:
                yield from self.parts(shape.of, path)
            case Kind.MODELS:
                yield self._rows(shape, path)
            case Kind.NAMES:
                for form in NameForm:
                    label = self.w.label("name_form", form)
                    yield self._control(f"{path}.{form}", label, Kind.TEXT, ())
            case Kind.BIRTH:
                yield from self._birth(shape, path)
            case _:
                yield self._simple(shape, path)

    def _rows(self, shape: Shape, path: str) -> Rows:
        is_persons = issubclass(shape.of, Person)
        count = row_count(self.posted, path)
        rows = tuple(tuple(self.parts(shape.of, f"{path}.{row}")) for row in range(count))
        return Rows(path, is_persons, rows)

    def _birth(self, shape: Shape, path: str) -> Iterator[Control]:
        hint = self.w.text("21/08/1995 · 1995 · 16-18")
        yield self._control(path, self._label(path), Kind.TEXT, (), hint=hint, need=shape.is_needed)
        as_written = ("", self.w.text("as written"))
        options = (as_written, *self._codes(BirthPrecision))
        label = self.w.text("How exact the birth is")
        yield self._control(f"{path}.precision", label, Kind.CODE, (), options=options)

    def _simple(self, shape: Shape, path: str) -> Control:
        options: tuple[tuple[str, str], ...] = ()
        if shape.kind in (Kind.CODE, Kind.CODES):
            options = self._codes(shape.of)
        if shape.kind is Kind.TRUTH:
            options = tuple((code, self.w.label("truth", code)) for code in ("yes", "no"))
        initial = initial_values(shape) or tuple(filter(None, [self.usual.get(shape.name)]))
        is_open = shape.kind in (Kind.CODE, Kind.TRUTH) and not initial
        if is_open:
            options = (("", self.w.text("choose")), *options)
        hint = ""
        if shape.kind is Kind.MOMENT:
            hint = self.w.text("22:15 21/08/2026, by your own clock (%(zone)s)", zone=self.zone)
        if shape.kind is Kind.DATE:
            hint = self.w.text("such as 21/08/2026")
        return self._control(
            path,
            self._label(path),
            shape.kind,
            initial,
            options=options,
            need=shape.is_needed,
            hint=hint,
        )

    def _control(
        self,
        name: str,
        label: str,
        kind: Kind,
        initial: tuple[str, ...],
        *,
        options: tuple[tuple[str, str], ...] = (),
        need: bool = False,
        hint: str = "",
    ) -> Control:
        values = initial if self.posted is None else posted_values(self.posted, name, initial)
        return Control(name, label, kind, values, options, need, hint)

    def _codes(self, enumeration: type[Any]) -> tuple[tuple[str, str], ...]:
        kind = _KIND_OF[enumeration]
        return tuple((code.value, self.w.label(kind, code.value)) for code in enumeration)

    def _label(self, path: str) -> str:
        words = [part for part in path.split(".") if not part.isdecimal()]
        within, known = ".".join(words[-2:]), self.w.catalogue.kinds()["field"]
        return self.w.label("field", within if within in known else words[-1])


def initial_values(shape: Shape) -> tuple[str, ...]:
    """Return what stands in a control from the start."""
    if shape.kind is Kind.CODES and isinstance(shape.initial, tuple):
        return tuple(str(code) for code in shape.initial)
    if shape.initial is not None and shape.kind is Kind.CODE:
        return (str(shape.initial),)
    return (USUAL[shape.name],) if shape.name in USUAL else ()


def posted_values(posted: Posted, name: str, initial: tuple[str, ...]) -> tuple[str, ...]:
    """Return what was posted under ``name``; what a new row has from the start if nothing was.

    A list of boxes posts nothing when none is ticked, so a form says of each that it was shown.
    """
    if name in posted:
        return tuple(str(value) for value in posted.getall(name))
    return () if f"{name}.shown" in posted else initial


def row_count(posted: Mapping[str, object] | Posted | None, path: str) -> int:
    """Return how many rows the repeated part ``path`` has."""
    if posted is None:
        return 1
    said = str(posted.get(f"{path}.rows", "1"))
    count = min(int(said), MOST_ROWS) if said.isdecimal() else 1
    return count + (posted.get("add") == path)
