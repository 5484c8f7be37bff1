"""Phrases of the catalogue that somebody typed by hand: recognised, and rendered exactly.

A phrase counts only if it stands whole, with every slot filled by something that needs no
translation itself (a date, a number, a term). Spaces and the final mark may differ; nothing else.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import Formatter
from unicodedata import normalize

from config.schema import PhraseSeed
from translation.languages import Language

FINAL = ".。"
LONGEST_SLOT = 200

#: Returns a slot's value for the reader, or None if it would need translation.
Resolve = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A phrase found in a text: its id, and its wording for the reader."""

    id: str
    target: str


class PhraseBook:
    """The phrases of the catalogue, as patterns in each language."""

    def __init__(self, phrases: Iterable[PhraseSeed]) -> None:
        self._phrases = tuple(phrases)
        self._patterns = {
            lang: [
                (re.compile(_pattern(phrase.texts.of(lang))), phrase) for phrase in self._phrases
            ]
            for lang in Language
        }

    def recognise(
        self, text: str, source: Language, target: Language, resolve: Resolve
    ) -> PhraseMatch | None:
        """Return the phrase that ``text`` of ``source`` is, worded in ``target``; None if none."""
        bare = _bare(text)
        for pattern, phrase in self._patterns[source]:
            found = pattern.fullmatch(bare)
            if found is None:
                continue
            slots = {name: resolve(value) for name, value in found.groupdict().items()}
            if all(value is not None for value in slots.values()):
                return PhraseMatch(phrase.id, phrase.texts.of(target).format_map(slots))
        return None


def _pattern(text: str) -> str:
    parts: list[str] = []
    for literal, slot, _, _ in Formatter().parse(_bare(text)):
        parts.append(re.escape(literal))
        if slot:
            parts.append(f"(?P<{slot}>.{{1,{LONGEST_SLOT}}}?)")
    return "".join(parts)


def _bare(text: str) -> str:
    return " ".join(normalize("NFC", text).split()).rstrip(FINAL)
