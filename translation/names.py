"""Names of persons: found, never converted, shown as written with a reading in brackets.

The form declares most names, in one writing or in several; a declared reading stands in brackets
for the reader who uses that writing. What no form declares is found by its shape: a Vietnamese
family name with its syllables, a given name after a form of address, a Vietnamese woman's name in
Chinese characters (阮氏兰). Nothing is guessed: a name found by shape has no reading.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from translation.languages import Language
from translation.spans import Kind, Span


@dataclass(frozen=True, slots=True)
class DeclaredName:
    """A name of one person as the form has it: in Vietnamese, in Chinese or in both."""

    vi: str = ""
    zh: str = ""

    def writings(self) -> tuple[str, ...]:
        """Return each writing that was declared."""
        return tuple(name for name in (self.vi, self.zh) if name)


FAMILY = (
    "Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh|Mai|Trịnh|Đoàn"
    "|Lương|Tô|Hà|Cao|Tạ|Chu|Đào|Lưu|Vương|Triệu|Tống|Nông|Lục|Hứa|Phùng|Quách|Thái|Kiều"
)
UPPER = "".join(c for c in map(chr, (*range(0x41, 0x250), *range(0x1E00, 0x1F00))) if c.isupper())
SYLLABLE = rf"[{UPPER}][a-zà-ỹ]*"
ADDRESS = "chị|anh|ông|bà|cô|cháu|em|bé|Chị|Anh|Ông|Bà|Cô|Cháu|Em|Bé"
FULL_NAME = re.compile(rf"(?<!\w)(?P<it>(?:{FAMILY})(?: {SYLLABLE}){{1,4}})(?!\w)")
GIVEN_NAME = re.compile(rf"(?<!\w)(?:{ADDRESS}) (?P<it>{SYLLABLE}(?: {SYLLABLE}){{0,3}})(?!\w)")

#: Vietnamese family names in Chinese characters, before 氏 (thị, in the names of women).
FAMILY_HAN = "阮陈陳黎范黄黃武潘裴邓鄧杜吴吳胡杨楊李丁梅郑鄭段梁苏蘇何高谢陶刘农陆冯"
#: Characters that seldom belong to a given name and often follow one.
AFTER = "的是在系与和之等及将已于由被为有无未不没称说自现住年女男，。；：、（）"
WOMANS_NAME_HAN = re.compile(rf"(?P<it>[{FAMILY_HAN}]氏[^\W\d{AFTER}](?:[^\W\d{AFTER}])?)")


def find_declared(text: str, names: Sequence[DeclaredName], lang: Language) -> Iterator[Span]:
    """Yield the declared names in ``text``, the longest writing first."""
    writings = [(writing, name) for name in names for writing in name.writings()]
    for writing, name in sorted(writings, key=lambda pair: -len(pair[0])):
        for found in re.finditer(_whole(writing), text):
            yield _span(found.start(), writing, name, lang)


def find_by_shape(text: str, lang: Language) -> Iterator[Span]:
    """Yield what has the shape of a name in ``text``."""
    patterns = [WOMANS_NAME_HAN] if lang is Language.CHINESE else [FULL_NAME]
    patterns += [GIVEN_NAME] if lang is Language.VIETNAMESE else []
    for pattern in patterns:
        for found in pattern.finditer(text):
            written = found["it"]
            yield Span(Kind.NAME, found.start("it"), written, written, written, written)


def _whole(writing: str) -> str:
    escaped = re.escape(writing)
    return escaped if _is_han(writing) else rf"(?<!\w){escaped}(?!\w)"


def _span(start: int, written: str, name: DeclaredName, lang: Language) -> Span:
    forms = {
        Language.VIETNAMESE: _with_reading(written, name.vi, " ({})"),
        Language.CHINESE: _with_reading(written, name.zh, "\uff08{}\uff09"),
        Language.ENGLISH: written,
    }
    forms[lang] = written
    return Span(Kind.NAME, start, written, *(forms[to] for to in Language))


def _with_reading(written: str, reading: str, brackets: str) -> str:
    return written if reading in {"", written} else written + brackets.format(reading)


def _is_han(text: str) -> bool:
    return "\u4e00" <= text[:1] <= "\u9fff"
