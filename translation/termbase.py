"""Official terms in three languages: found by longest match, missed where the target lacks them.

Terms are those of the catalogue's glossary. A term of one short word is left out, since it would be
found by accident. A term is never forced into a translation; where the target has none of the
wordings that the glossary knows for it, that is reported.
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from config.schema import Term
from translation.languages import Language

SHORTEST = {Language.VIETNAMESE: 6, Language.CHINESE: 2, Language.ENGLISH: 6}
STEM = 4
IN_BRACKETS = re.compile(r"\s*[（(][^（()）]*[）)]")


class Termbase:
    """The terms by their wording in each language."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._by_wording: dict[Language, dict[str, list[Term]]] = {
            lang: defaultdict(list) for lang in Language
        }
        for term in terms:
            for lang in Language:
                self._by_wording[lang][_wording(term, lang).casefold()].append(term)
        self._patterns = {lang: _pattern(self._by_wording[lang], lang) for lang in Language}

    def exact(self, text: str, source: Language, target: Language) -> str | None:
        """Return the wording in ``target`` if ``text`` is exactly one term, else None."""
        terms = self._by_wording[source].get(text.strip().casefold(), [])
        return terms[0].names.of(target) if len(terms) == 1 else None

    def find(self, text: str, lang: Language) -> list[str]:
        """Return the terms in ``text`` in its own wording, longest match, each once."""
        found = self._patterns[lang].finditer(text)
        return list(dict.fromkeys(match[0].casefold() for match in found))

    def missing(
        self, text: str, source: Language, translation: str, target: Language
    ) -> list[tuple[str, str]]:
        """Return (term, expected wording) for each term of ``text`` that ``translation`` lacks."""
        lower = translation.casefold()
        wanted = (
            (wording, self._options(wording, source, target)) for wording in self.find(text, source)
        )
        return [
            (wording, " / ".join(options))
            for wording, options in wanted
            if not any(_holds(lower, option.casefold(), target) for option in options)
        ]

    def _options(self, wording: str, source: Language, target: Language) -> list[str]:
        terms = self._by_wording[source][wording]
        wordings = (part for term in terms for part in _wording(term, target).split(" / "))
        return list(dict.fromkeys(wordings))


def _holds(text: str, wording: str, lang: Language) -> bool:
    if lang is not Language.ENGLISH:
        return wording in text
    # English inflects: verification, verify; traced, tracing.
    return all(re.search(rf"\b{re.escape(word[:STEM])}", text) for word in wording.split())


def _wording(term: Term, lang: Language) -> str:
    return IN_BRACKETS.sub("", term.names.of(lang)).strip()


def _pattern(wordings: Iterable[str], lang: Language) -> re.Pattern[str]:
    long = sorted((w for w in wordings if len(w) >= SHORTEST[lang]), key=len, reverse=True)
    options = "|".join(map(re.escape, long))
    if lang is Language.CHINESE:
        return re.compile(options)
    return re.compile(rf"(?<!\w)(?:{options})(?!\w)", re.IGNORECASE)
