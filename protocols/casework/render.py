"""A step as the reader sees it: codes and phrases in the reader's language, all else as written.

Each field carries the method by which it was made: ``code`` and ``phrase`` are exact lookups;
``none`` is the original, in the language in which it was written or, for names and numbers, in
none. Nothing here translates a text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from protocols.casework.catalogue import KINDS, Catalogue
from protocols.casework.codes import Language, Method, NameForm
from protocols.casework.errors import CatalogueError
from protocols.casework.forms.request import RequestForm
from protocols.casework.model import Model
from protocols.casework.moments import format_date, format_moment
from protocols.casework.payload import OutcomeEntry, PhraseUse, Step
from protocols.casework.person import Birth, LocalText, Name, Person, PersonGroup


@dataclass(frozen=True, slots=True)
class RenderedField:
    """One field for the screen.

    ``path`` names the field ("request.persons.P1.role"), ``label`` is in the reader's language,
    ``original`` is the language of a text shown as it was written, None where it has none.
    ``free_text`` says that it is the officer's own prose, which a machine may translate.
    """

    path: str
    label: str
    value: str
    method: Method
    original: Language | None = None
    free_text: bool = False


#: What stands between the items of a list; Chinese has its own semicolon.
SEPARATORS = {Language.VIETNAMESE: "; ", Language.CHINESE: "\uff1b", Language.ENGLISH: "; "}

#: The length of a full date, 1995-08-21; an age range is shorter.
ISO_DATE = 10

#: The kind of a code by its enumeration.
_KIND_OF: dict[type[StrEnum], str] = {enumeration: kind for kind, enumeration in KINDS.items()}

_NAME_LANGUAGES = {
    NameForm.VIETNAMESE: Language.VIETNAMESE,
    NameForm.CHINESE: Language.CHINESE,
}

#: Fields whose text names a desk of the corridor.
_DESK_FIELDS = frozenset({"sender", "to", "contact", "desk"})


def render_step(step: Step, catalogue: Catalogue, lang: Language) -> list[RenderedField]:
    """Return the fields of ``step`` for a reader of ``lang``, in the order of the form.

    The slot ``agency`` of a request's phrase is its addressee unless given. A phrase that this
    catalogue does not have is shown by id and slots, method ``none``.

    Raises:
        CatalogueError: a code of the step has no label.
    """
    renderer = _Renderer(catalogue, lang, addressee=_addressee(step))
    return list(renderer.model(step, ""))


def check_phrases(step: Step, catalogue: Catalogue) -> None:
    """Raise CatalogueError for the first phrase that does not exist or has other slots.

    Asked before sealing, so that what leaves can be read exactly.
    """
    for use in step.phrases:
        slots = _slots(use, catalogue, _addressee(step))
        catalogue.phrase(use.id, Language.ENGLISH, slots)


def _addressee(step: Step) -> str:
    return step.request.header.to if step.request else ""


@dataclass(frozen=True, slots=True)
class _Renderer:
    catalogue: Catalogue
    lang: Language
    addressee: str

    def model(self, model: Model, path: str) -> Iterator[RenderedField]:
        names = type(model).model_fields
        if isinstance(model, RequestForm):
            names = {"header": names["header"], **names}
        for name in names:
            yield from self.value(name, getattr(model, name), f"{path}.{name}" if path else name)

    def value(self, name: str, value: object, path: str) -> Iterator[RenderedField]:
        match value:
            case None | () | "":
                return
            case LocalText():
                prose = self._field(name, path, value.text, Method.NONE, value.lang)
                yield replace(prose, free_text=True)
            case Name():
                yield self._name(value, path)
            case Birth():
                yield self._field(name, path, self._birth(value), Method.CODE)
            case OutcomeEntry():
                yield self._outcome(value, path)
            case PhraseUse():
                yield self._phrase(value, name, path)
            case Model():
                yield from self.model(value, path)
            case tuple():
                yield from self._items(name, value, path)
            case _:
                yield self._plain(name, value, path)

    def _items(self, name: str, items: tuple[object, ...], path: str) -> Iterator[RenderedField]:
        if all(isinstance(item, StrEnum) for item in items):
            labels = [self._code(item) for item in items if isinstance(item, StrEnum)]
            yield self._field(name, path, self._listed(labels), Method.CODE)
            return
        for number, item in enumerate(items):
            yield from self.value(name, item, f"{path}.{_key(item, number)}")

    def _plain(self, name: str, value: object, path: str) -> RenderedField:
        exact = self._exact(name, value)
        if exact is None:
            return self._field(name, path, str(value), Method.NONE)
        return self._field(name, path, exact, Method.CODE)

    def _exact(self, name: str, value: object) -> str | None:
        """Return what a code, a time or a known name says to the reader; None for other text."""
        kinds = self.catalogue.kinds()
        text = None
        match value:
            case StrEnum():
                text = self._code(value)
            case bool():
                text = self.catalogue.code("truth", "yes" if value else "no", self.lang)
            case datetime():
                text = format_moment(value, self.lang)
            case date():
                text = format_date(value, self.lang)
            case str() if name in _DESK_FIELDS and value in kinds["desk"]:
                text = self.catalogue.code("desk", value, self.lang)
            case str() if name == "nationality" and value in kinds["country"]:
                text = self.catalogue.code("country", value, self.lang)
        return text

    def _field(
        self, name: str, path: str, value: str, method: Method, original: Language | None = None
    ) -> RenderedField:
        label = self.catalogue.code("field", self._label_code(name, path), self.lang)
        return RenderedField(path, label, value, method, original)

    def _label_code(self, name: str, path: str) -> str:
        # "phone.number" says more than "number"; positions in a list are no part of it.
        words = [part for part in path.split(".") if not part.isdecimal()]
        within = ".".join(words[-2:])
        return within if within in self.catalogue.kinds()["field"] else name

    def _code(self, code: StrEnum) -> str:
        return self.catalogue.code(_KIND_OF[type(code)], code.value, self.lang)

    def _listed(self, labels: list[str]) -> str:
        return SEPARATORS[self.lang].join(labels)

    def _name(self, name: Name, path: str) -> RenderedField:
        # A name is never converted: the label says in which writing it was given.
        label = self.catalogue.code("name_form", name.form, self.lang)
        original = _NAME_LANGUAGES.get(name.form)
        return RenderedField(path, label, name.value, Method.NONE, original)

    def _outcome(self, entry: OutcomeEntry, path: str) -> RenderedField:
        label = self.catalogue.code("field", "outcome", self.lang)
        parts = [self._code(code) for code in (entry.outcome, entry.reason) if code is not None]
        return RenderedField(path, f"{label} {entry.persons}", self._listed(parts), Method.CODE)

    def _birth(self, birth: Birth) -> str:
        precision = self.catalogue.code("birth_precision", birth.precision, self.lang)
        is_day = len(birth.value) == ISO_DATE
        value = format_date(date.fromisoformat(birth.value), self.lang) if is_day else birth.value
        return f"{value} ({precision})"

    def _phrase(self, use: PhraseUse, name: str, path: str) -> RenderedField:
        try:
            slots = _slots(use, self.catalogue, self.addressee)
            text = self.catalogue.phrase(use.id, self.lang, slots)
        except CatalogueError:
            # A phrase that only the other side knows must not hide the rest of a rescue.
            given = "; ".join([use.id, *(f"{slot}: {value}" for slot, value in use.slots.items())])
            return self._field(name, path, given, Method.NONE)
        return self._field(name, path, text, Method.PHRASE)


def _slots(use: PhraseUse, catalogue: Catalogue, addressee: str) -> dict[str, str]:
    if addressee and "agency" in catalogue.slots(use.id):
        return {"agency": addressee, **use.slots}
    return dict(use.slots)


def _key(item: object, number: int) -> str:
    if isinstance(item, Person):
        return item.label
    if isinstance(item, PersonGroup):
        return item.labels
    if isinstance(item, OutcomeEntry):
        return item.persons
    return str(number)
