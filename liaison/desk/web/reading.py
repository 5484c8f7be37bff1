"""What was posted, as the plain values that the casework's forms are made from.

Nothing is judged here: what is missing or wrong is left for the form to find, all of it at once. A
part in which nothing was typed is no part; an empty row of persons is no person.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timezone

from liaison.desk.web.dates import read_birth, read_day, read_moment
from liaison.desk.web.fields import Posted, initial_values, posted_values, row_count
from liaison.desk.web.shapes import Kind, Shape, shapes
from protocols.casework.codes import Language, NameForm
from protocols.casework.errors import Finding
from protocols.casework.model import Model
from protocols.casework.person import Person

#: A longer number is no count of persons; it is left as typed.
MOST_DIGITS = 9
#: Rules of a whole model, and the field at which an officer mends what broke them.
AT_FIELD = {
    "casework.urgency_reason": "urgency_reason",
    "casework.handling_text": "handling_text",
    "casework.persons_total": "persons_total",
}


@dataclass(slots=True)
class FormReader:
    """Reads what was ``posted`` by an officer who writes ``lang`` and lives by ``zone``."""

    posted: Posted
    lang: Language
    zone: timezone
    #: For each repeated part, which rows of the screen became which items of the form.
    rows: dict[str, list[int]] = field(default_factory=dict)

    def read(
        self, model: type[Model], path: str, *, is_needed: bool = False
    ) -> dict[str, object] | None:
        """Return the plain values of ``model`` under ``path``.

        None when nothing was typed, unless the part ``is_needed`` whatever was typed.
        """
        found: dict[str, object] = {}
        is_touched = False
        for shape in shapes(model):
            where = f"{path}.{shape.name}"
            value = self._value(shape, where)
            if value is None:
                continue
            found[shape.name] = value
            is_touched = is_touched or self._is_touched(shape, where)
        return found if is_touched or is_needed else None

    def place(self, finding: Finding) -> str:
        """Return the name of the control at which ``finding`` is mended."""
        path = finding.path
        if finding.code in AT_FIELD:
            path = f"{path}.{AT_FIELD[finding.code]}"
        # Outer parts first: the rows of an inner one are known by their place on the screen.
        for part, kept in sorted(self.rows.items()):
            if path.startswith(f"{part}."):
                item, dot, rest = path.removeprefix(f"{part}.").partition(".")
                if item.isdecimal() and int(item) < len(kept):
                    path = f"{part}.{kept[int(item)]}{dot}{rest}"
        return path

    def _is_touched(self, shape: Shape, path: str) -> bool:
        if shape.kind in (Kind.CODE, Kind.CODES, Kind.TRUTH):
            return posted_values(self.posted, path, ()) != initial_values(shape)
        return shape.kind is not Kind.MODEL or self.read(shape.of, path) is not None

    def _value(self, shape: Shape, path: str) -> object | None:
        readers: dict[Kind, Callable[[str], object | None]] = {
            Kind.AREA: self._local_text,
            Kind.NUMBER: self._number,
            Kind.MOMENT: self._moment,
            Kind.DATE: self._day,
            Kind.CODES: self._codes,
            Kind.TRUTH: self._truth,
            Kind.WORDS: self._words,
            Kind.NAMES: self._names,
            Kind.BIRTH: self._birth,
            Kind.MODEL: lambda where: self.read(shape.of, where, is_needed=shape.is_needed),
            Kind.MODELS: lambda where: self._items(shape.of, where),
        }
        return readers.get(shape.kind, self._text)(path)

    def _text(self, path: str) -> str | None:
        return str(self.posted.get(path, "")).strip() or None

    def _local_text(self, path: str) -> object | None:
        text = self._text(path)
        # A browser posts line ends of its own; a text has one kind.
        return None if text is None else {"lang": self.lang, "text": text.replace("\r\n", "\n")}

    def _number(self, path: str) -> object | None:
        text = self._text(path)
        is_number = (
            text is not None and text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
        )
        return int(text) if text is not None and is_number else text

    def _moment(self, path: str) -> object | None:
        text = self._text(path)
        return None if text is None else read_moment(text, self.zone)

    def _day(self, path: str) -> object | None:
        text = self._text(path)
        return None if text is None else read_day(text)

    def _codes(self, path: str) -> object | None:
        return list(posted_values(self.posted, path, ())) or None

    def _truth(self, path: str) -> object | None:
        return {"yes": True, "no": False}.get(self._text(path) or "")

    def _words(self, path: str) -> object | None:
        return (self._text(path) or "").replace(",", " ").split() or None

    def _names(self, path: str) -> object | None:
        typed = ((form, self._text(f"{path}.{form}")) for form in NameForm)
        return [{"form": form.value, "value": value} for form, value in typed if value] or None

    def _birth(self, path: str) -> object | None:
        text = self._text(path)
        return None if text is None else read_birth(text, self._text(f"{path}.precision") or "")

    def _items(self, of: type[Model], path: str) -> object | None:
        kept = list(self._kept(of, path))
        self.rows[path] = [row for row, _ in kept]
        items = [item for _, item in kept]
        if issubclass(of, Person):
            items = [{"label": f"P{n}", **item} for n, item in enumerate(items, start=1)]
        return items or None

    def _kept(self, of: type[Model], path: str) -> Iterator[tuple[int, dict[str, object]]]:
        for row in range(row_count(self.posted, path)):
            item = self.read(of, f"{path}.{row}")
            if item is not None:
                yield row, item
