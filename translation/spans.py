"""What a machine must not touch: found, replaced by placeholders, and put back.

A span is a piece of text whose value is known without translation: a number, a date, a name, a
place. Before the machine each one becomes ``⟦1⟧``, ``⟦2⟧`` … in the order of the text; afterwards
its value returns in the reader's own form. In its own language a span reads as it was written, so
masking and restoring is the identity for any text, also for one that holds such marks itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from translation.languages import Language

PLACEHOLDER = re.compile(r"⟦([1-9][0-9]{0,2})⟧")


class Kind(StrEnum):
    """What a span is."""

    MARK = "mark"
    URL = "url"
    EMAIL = "email"
    NAME = "name"
    PLACE = "place"
    VIETNAMESE_ID = "cccd"
    CHINESE_ID = "cn_id"
    PASSPORT = "passport"
    PLATE = "plate"
    PHONE = "phone"
    CASE_NUMBER = "case_number"
    FILE_NUMBER = "file_number"
    CODE = "code"
    DATE = "date"
    TIME = "time"
    MONEY = "money"
    AGE = "age"
    DURATION = "duration"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Span:
    """A protected piece of text: where it stood, as what, and how each language writes it."""

    kind: Kind
    start: int
    text: str
    vi: str
    zh: str
    en: str
    doubt: str = ""  # the code of a finding about the value itself

    @property
    def end(self) -> int:
        """Return the index after the span's last character."""
        return self.start + len(self.text)

    def of(self, lang: Language) -> str:
        """Return the value as a reader of ``lang`` writes it."""
        return {Language.VIETNAMESE: self.vi, Language.CHINESE: self.zh}.get(lang, self.en)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text whose spans are placeholders; the n-th span belongs to ``⟦n⟧``."""

    text: str
    spans: tuple[Span, ...]

    @property
    def is_bare(self) -> bool:
        """Say whether no word is left beside the placeholders, so nothing is to be translated."""
        return not any(c.isalpha() for c in PLACEHOLDER.sub("", self.text))


def mask(text: str, spans: Sequence[Span]) -> Masked:
    """Return ``text`` with each of ``spans`` (in order, not overlapping) as its placeholder."""
    parts: list[str] = []
    position = 0
    for number, span in enumerate(spans, 1):
        parts += [text[position : span.start], f"⟦{number}⟧"]
        position = span.end
    return Masked("".join([*parts, text[position:]]), tuple(spans))


def restore(masked: str, spans: Sequence[Span], lang: Language) -> str:
    """Return ``masked`` with every placeholder that has a span as its value in ``lang``.

    A placeholder without a span stays: the fidelity gate has refused such a text already. At the
    beginning of a sentence a place gets its capital letter.
    """

    def value(found: re.Match[str]) -> str:
        number = int(found[1])
        if number > len(spans):
            return found[0]
        span = spans[number - 1]
        said = span.of(lang)
        return said[:1].upper() + said[1:] if _opens(found, span, said) else said

    return PLACEHOLDER.sub(value, masked)


def _opens(found: re.Match[str], span: Span, said: str) -> bool:
    # What is as it was written is never changed, else restoring would not be the identity.
    return found.start() == 0 and span.kind in {Kind.PLACE, Kind.DATE} and said != span.text
