"""The three languages of the corridor, by their codes.

English is the middle of every machine translation between the other two, because no models exist
that go from one to the other directly.
"""

from enum import StrEnum


class Language(StrEnum):
    """A language that can be read or written (ISO 639-1; zh is simplified Chinese)."""

    VIETNAMESE = "vi"
    CHINESE = "zh"
    ENGLISH = "en"


#: The language through which the machine goes.
MIDDLE = Language.ENGLISH


def legs(source: Language, target: Language) -> tuple[tuple[Language, Language], ...]:
    """Return the machine's steps from ``source`` to ``target``; none if they are the same."""
    if source == target:
        return ()
    if MIDDLE in (source, target):
        return ((source, target),)
    return ((source, MIDDLE), (MIDDLE, target))
