"""What a code or a phrase says in the reader's language: exact, by lookup, never by translation.

Built from the catalogue's files (read by ``config.load``) and the corridor's names of desks. A
missing label, phrase or slot is an error, since a guess could turn a no into a yes.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from string import Formatter

from config.schema import (
    CatalogueSeed,
    Corridor,
    Country,
    LadderLevel,
    Level,
    LimitCalendar,
    Names,
    Roll,
    SourceStatus,
    Start,
    Unit,
    nearest,
)
from protocols.casework import codes
from protocols.casework.calendars import DayReason
from protocols.casework.clocks import ClockState, Explanation
from protocols.casework.documents import Doubt
from protocols.casework.errors import CatalogueError
from protocols.casework.lifecycle import Side, Stage, Turn
from protocols.casework.moments import format_date

#: Every kind of code that has labels, with its codes. Kinds without an enumeration of their own
#: (field, truth, ruling, finding, whose, screen, ceremony, reason, signer_doubt, file_state) are
#: in the file only.
KINDS: dict[str, type[StrEnum]] = {
    "type": codes.RequestType,
    "act": codes.Act,
    "urgency": codes.Urgency,
    "outcome": codes.Outcome,
    "refusal": codes.RefusalCode,
    "danger": codes.Danger,
    "do_not": codes.DoNot,
    "asked": codes.Asked,
    "source": codes.InformationSource,
    "means": codes.ContactMeans,
    "role": codes.Role,
    "sex": codes.Sex,
    "status": codes.FactStatus,
    "birth_precision": codes.BirthPrecision,
    "name_form": codes.NameForm,
    "language": codes.Language,
    "handling": codes.Handling,
    "marking": codes.Marking,
    "legal_basis": codes.LegalBasis,
    "purpose": codes.Purpose,
    "case_nature": codes.CaseNature,
    "authority": codes.AuthorityClass,
    "delivery": codes.Delivery,
    "clock": codes.ClockName,
    "method": codes.Method,
    "accessibility": codes.Accessibility,
    "asked_about": codes.Question,
    "sample_kind": codes.SampleKind,
    "gate": codes.Gate,
    "handover_document": codes.HandoverDocument,
    "media": codes.Media,
    "document": codes.DocumentType,
    "document_doubt": Doubt,
    "signature_purpose": codes.SignaturePurpose,
    "erasure_reason": codes.ErasureReason,
    "review_reason": codes.ReviewReason,
    "disclosure_reason": codes.DisclosureReason,
    "stage": Stage,
    "side": Side,
    "turn": Turn,
    "clock_state": ClockState,
    "calculation": Explanation,
    "ladder_level": LadderLevel,
    "level": Level,
    "country": Country,
    "unit": Unit,
    "start": Start,
    "calendar": LimitCalendar,
    "roll": Roll,
    "day": DayReason,
}

_DESK_SLOTS = frozenset({"agency", "sender", "unit"})


class Catalogue:
    """Labels of codes and texts of phrases in vi, zh and en."""

    def __init__(self, seed: CatalogueSeed, corridor: Corridor) -> None:
        self._codes = {kind: dict(labels) for kind, labels in seed.codes.items()}
        self._codes["desk"] = {desk.slug: desk.names for desk in corridor.desks}
        self._phrases = {phrase.id: phrase.texts for phrase in seed.phrases}
        self.status: Mapping[str, SourceStatus] = seed.status

    def code(self, kind: str, code: str, lang: codes.Language) -> str:
        """Return the label of ``code`` ("rescued") of ``kind`` ("outcome") in ``lang``.

        Raises:
            CatalogueError: no such kind or code; the message names the nearest.
        """
        labels = self._codes.get(kind)
        if labels is None:
            raise CatalogueError(f"kind of code: {kind!r} unknown; {nearest(kind, self._codes)}")
        names = labels.get(code)
        if names is None:
            raise CatalogueError(f"{kind}: no label for {code!r}; {nearest(code, labels)}")
        return names.of(lang)

    def slots(self, phrase: str) -> frozenset[str]:
        """Return the names of the slots of ``phrase``; raise CatalogueError if it is unknown."""
        return _slots_in(self._texts(phrase).en)

    def phrase(self, phrase: str, lang: codes.Language, slots: Mapping[str, str]) -> str:
        """Return ``phrase`` in ``lang`` with every slot filled.

        A slot for an agency takes a desk's slug, one for a date an ISO date; both are written in
        the reader's language. Any other value stands as given.

        Raises:
            CatalogueError: an unknown phrase, a slot that is missing or one it does not have.
        """
        texts = self._texts(phrase)
        expected = _slots_in(texts.en)
        if expected != slots.keys():
            missing = ", ".join(sorted(expected - slots.keys())) or "none"
            extra = ", ".join(sorted(slots.keys() - expected)) or "none"
            raise CatalogueError(f"{phrase}: slots missing: {missing}; slots too many: {extra}")
        filled = {name: self._slot(name, value, lang) for name, value in slots.items()}
        return texts.of(lang).format_map(filled)

    def kinds(self) -> Mapping[str, Mapping[str, Names]]:
        """Return all labels by kind and code."""
        return self._codes

    def _texts(self, phrase: str) -> Names:
        texts = self._phrases.get(phrase)
        if texts is None:
            raise CatalogueError(f"phrase: {phrase!r} unknown; {nearest(phrase, self._phrases)}")
        return texts

    def _slot(self, name: str, value: str, lang: codes.Language) -> str:
        if name in _DESK_SLOTS and value in self._codes["desk"]:
            return self.code("desk", value, lang)
        if name.startswith("date"):
            return _as_date(name, value, lang)
        return value


def _slots_in(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _as_date(name: str, value: str, lang: codes.Language) -> str:
    try:
        return format_date(date.fromisoformat(value), lang)
    except ValueError as error:
        raise CatalogueError(f"slot {name}: expected a date like 2026-01-31") from error
