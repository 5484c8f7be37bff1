"""Places of the corridor in three languages, with the dates between which they existed.

The file is small and its Chinese renderings are those of the glossary; a place that has ended keeps
its row, since old cases keep its name. A place that is not here is translated like other words.
"""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from translation.languages import Language

FILE = Path(__file__).parent / "gazetteer.tsv"


@dataclass(frozen=True, slots=True)
class Place:
    """A place; ``first`` and ``last`` are the days of its existence, None where not limited."""

    vi: str
    zh: str
    en: str
    first: date | None
    last: date | None

    def of(self, lang: Language) -> str:
        """Return the name in ``lang``."""
        return {Language.VIETNAMESE: self.vi, Language.CHINESE: self.zh}.get(lang, self.en)


def read_places(file: Path = FILE) -> tuple[Place, ...]:
    """Return all places of the gazetteer."""
    with file.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Place(row["vi"], row["zh"], row["en"], _day(row["from"]), _day(row["until"]))
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
