"""Finders of what a machine must not touch, in the order in which they may claim a piece of text.

Numbers of documents come before telephones, dates before counts, and every digit that nothing else
claims is a number of its own: after protection no digit is left for a machine to change. A value
that can be read without doubt is written in the reader's form, any other stays as it is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from translation import values
from translation.gazetteer import Place, read_places
from translation.languages import Language
from translation.names import DeclaredName, find_by_shape, find_declared
from translation.spans import Kind, Masked, Span, mask
from translation.values import Forms

#: Edges of a token in Latin letters; Chinese characters may touch it.
L, R = r"(?<![A-Za-zĐ0-9_])", r"(?![A-Za-zĐ0-9_])"
LN = rf"{L}(?<![0-9][.,/])"  # a count does not begin behind a decimal point
PROVINCES_HAN = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
AMOUNT = r"(?P<amount>[0-9]+(?:[.,][0-9]+)*)"

Reader = Callable[[re.Match[str], Language], Forms | None]


def as_written(_found: re.Match[str], _lang: Language) -> None:
    """Return None: the value stays as it stands, in every language."""


def read_date(found: re.Match[str], _lang: Language) -> Forms | None:
    """Return the date by the pattern's groups y, m and d."""
    parts = found.groupdict()
    return values.date_forms(*(int(parts[k]) if parts.get(k) else None for k in ("y", "m", "d")))


def read_english_date(found: re.Match[str], _lang: Language) -> Forms | None:
    """Return the date of which the month is a word."""
    parts = found.groupdict()
    month = values.MONTHS.index(parts["month"]) + 1
    year, day = parts.get("y"), parts.get("d")
    return values.date_forms(int(year) if year else None, month, int(day) if day else None)


def read_time(found: re.Match[str], _lang: Language) -> Forms | None:
    """Return the time of day by the groups h and min."""
    return values.time_forms(int(found["h"]), int(found["min"] or 0))


def read_money(found: re.Match[str], lang: Language) -> Forms | None:
    """Return the amount of money by the groups amount, size and currency."""
    return values.money_forms(found["amount"], found["size"] or "", found["currency"], lang)


def read_age(found: re.Match[str], _lang: Language) -> Forms | None:
    """Return the age by the group n."""
    return values.age_forms(found["n"])


def read_duration(found: re.Match[str], _lang: Language) -> Forms | None:
    """Return the length of time by the groups n and unit."""
    return values.duration_forms(found["n"], found["unit"])


def read_number(found: re.Match[str], lang: Language) -> Forms | None:
    """Return the number with its thousands and decimals."""
    return values.number_forms(found[0], lang)


def _words(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _any(kind: Kind, pattern: str, reader: Reader = as_written) -> "Detector":
    return frozenset(Language), kind, re.compile(pattern), reader


def _in(lang: Language, kind: Kind, pattern: str, reader: Reader) -> "Detector":
    return frozenset({lang}), kind, re.compile(pattern), reader


Detector = tuple[frozenset[Language], Kind, re.Pattern[str], Reader]
VI, ZH, EN = Language.VIETNAMESE, Language.CHINESE, Language.ENGLISH
MONTH_WORDS = rf"(?P<month>{_words(values.MONTHS)})"
D, M, Y = r"(?P<d>[0-3]?[0-9])", r"(?P<m>[01]?[0-9])", r"(?P<y>[12][0-9]{3})"

#: Before names and places: what has a form of its own, though it may hold letters of a name.
FIXED: tuple[Detector, ...] = (
    _any(Kind.MARK, r"⟦[0-9]*⟧|[⟦⟧]"),
    _any(Kind.URL, r"https?://[^\s⟦⟧，。；、）)<>\"”]+"),
    _any(Kind.EMAIL, rf"{L}[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+{R}"),
    _any(Kind.CASE_NUMBER, rf"{L}[A-Z]{{2}}-[A-Z0-9]{{1,6}}-[12][0-9]{{3}}-[0-9]{{4,7}}{R}"),
    _any(
        Kind.FILE_NUMBER,
        rf"[{PROVINCES_HAN}国公][\u4e00-\u9fff]{{0,6}}[(（〔\[][12][0-9]{{3}}[)）〕\]]第?[0-9]+号",
    ),
    _any(Kind.FILE_NUMBER, rf"{L}[0-9]{{1,5}}(?:/[12][0-9]{{3}})?/[A-ZĐ]{{1,6}}[A-ZĐ0-9&-]*{R}"),
    _any(Kind.CHINESE_ID, rf"{L}[1-9][0-9]{{16}}[0-9Xx]{R}"),
    _any(Kind.VIETNAMESE_ID, rf"{L}0[0-9]{{11}}{R}"),
    _any(Kind.PLATE, rf"[{PROVINCES_HAN}][A-Z][·• ]?[A-HJ-NP-Z0-9]{{5,6}}{R}"),
    _any(Kind.PLATE, rf"{L}[0-9]{{2}}-?[A-ZĐ][A-Z0-9]?[- ][0-9]{{3}}\.?[0-9]{{2}}{R}"),
    _any(Kind.PASSPORT, rf"{L}(?:[A-Z][0-9]{{7,8}}|E[A-Z][0-9]{{7}}){R}"),
    _any(Kind.PHONE, rf"(?<![0-9A-Za-z])\+[0-9]{{1,3}}(?:[ .-]?[0-9]{{2,4}}){{2,5}}{R}"),
    _any(Kind.PHONE, rf"{L}0[0-9]{{2,3}}[ .-][0-9]{{3}}[ .-]?[0-9]{{3,4}}{R}"),
    _any(Kind.PHONE, rf"{L}(?:0[0-9]{{9,10}}|1[3-9][0-9]{{9}}|0[0-9]{{2,3}}-[0-9]{{7,8}}){R}"),
    _any(Kind.DATE, rf"{L}{Y}-{M}-{D}{R}", read_date),
    _any(Kind.CODE, rf"{L}(?=[A-ZĐ0-9/.-]*[0-9])[A-ZĐ]{{1,8}}[0-9]*(?:[-/][A-ZĐ0-9]+)+{R}"),
    _any(Kind.CODE, rf"{L}[A-ZĐ]{{1,8}}[0-9]+(?:\.\.[A-ZĐ]{{1,8}}[0-9]+)?{R}"),
    _in(VI, Kind.DATE, rf"{L}{D}[/.-]{M}[/.-]{Y}{R}", read_date),
    _in(VI, Kind.DATE, rf"{L}{D} tháng {M} năm {Y}{R}", read_date),
    _in(VI, Kind.DATE, rf"(?<=[Nn]gày ){D}/{M}{R}(?!/)", read_date),
    _in(VI, Kind.DATE, rf"(?:tháng {M}(?:/| năm ){Y}){R}", read_date),
    _in(VI, Kind.DATE, rf"năm {Y}{R}", read_date),
    _in(ZH, Kind.DATE, rf"{Y}年(?:{M}月(?:{D}日)?)?", read_date),
    _in(ZH, Kind.DATE, rf"(?<![0-9]){M}月{D}日", read_date),
    _in(EN, Kind.DATE, rf"{L}{D} {MONTH_WORDS}(?: {Y})?{R}", read_english_date),
    _in(EN, Kind.DATE, rf"{L}{MONTH_WORDS} {Y}{R}", read_english_date),
    _in(EN, Kind.DATE, rf"(?<=\b(?:in|of) ){Y}{R}", read_date),
)
#: After names and places: counts of something, and at last every digit that is left.
COUNTED: tuple[Detector, ...] = (
    _any(
        Kind.MONEY,
        rf"{LN}{AMOUNT} ?(?P<size>{_words(values.SIZES)})? ?"
        rf"(?P<currency>{_words(values.CURRENCY_WORDS)})(?![A-Za-z])",
        read_money,
    ),
    _any(Kind.MONEY, rf"[€$£¥₫] ?{AMOUNT}|{LN}[0-9]+(?:[.,][0-9]+)* ?[€$£¥₫]"),
    _in(VI, Kind.TIME, rf"{LN}(?P<h>[0-2]?[0-9])(?:h|:| giờ )(?P<min>[0-5][0-9])?{R}", read_time),
    _in(ZH, Kind.TIME, rf"{LN}(?P<h>[0-2]?[0-9])时(?:(?P<min>[0-5]?[0-9])分)?", read_time),
    _any(Kind.TIME, rf"{LN}(?P<h>[0-2]?[0-9])[:：](?P<min>[0-5][0-9]){R}", read_time),
    _in(VI, Kind.AGE, rf"{LN}(?P<n>[0-9]{{1,3}}) tuổi", read_age),
    _in(ZH, Kind.AGE, rf"{LN}(?P<n>[0-9]{{1,3}})周?岁", read_age),
    _in(EN, Kind.AGE, rf"{LN}(?P<n>[0-9]{{1,3}}) years?(?= of age| old)", read_age),
    _any(
        Kind.DURATION,
        rf"{LN}(?P<n>[0-9]{{1,4}}) ?(?P<unit>{_words(values.UNIT_WORDS)})(?![A-Za-zÀ-ỹ])",
        read_duration,
    ),
    _any(Kind.NUMBER, r"[0-9]+(?:[.,][0-9]+)*", read_number),
    _any(Kind.NUMBER, r"[0-9]+"),  # what is left of a run that was claimed in part
    _any(Kind.NUMBER, r"[0-9]"),
    _any(Kind.NUMBER, r"[^\D0-9]+|[\u2460-\u2473\u2116\u266a]"),  # other digits, circled, №, ♪
)

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # ISO 7064 MOD 11-2
_CHECKS = "10X98765432"


def protect(text: str, lang: Language, names: Sequence[DeclaredName] = ()) -> Masked:
    """Return ``text`` of ``lang`` masked: every span found, none overlapping, in their order."""
    taken = bytearray(len(text))
    spans: list[Span] = []
    for span in _candidates(text, lang, names):
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\x01" * len(span.text)
            spans.append(span)
    return mask(text, sorted(spans, key=lambda span: span.start))


def localise(text: str, lang: Language, target: Language) -> str | None:
    """Return ``text`` for a reader of ``target`` if it is nothing but one span, else None."""
    masked = protect(text, lang)
    return masked.spans[0].of(target) if masked.text == "⟦1⟧" else None


def check_digit(digits: str) -> str:
    """Return the check character of a Chinese identity number's first 17 digits (ISO 7064)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def _candidates(text: str, lang: Language, names: Sequence[DeclaredName]) -> Iterator[Span]:
    yield from find_declared(text, names, lang)
    yield from _run(FIXED, text, lang)
    yield from _find_places(text, lang)
    yield from find_by_shape(text, lang)
    yield from _run(COUNTED, text, lang)


def _run(detectors: Sequence[Detector], text: str, lang: Language) -> Iterator[Span]:
    for languages, kind, pattern, reader in detectors:
        if lang in languages:
            for found in pattern.finditer(text):
                yield _span(found.start(), kind, found[0], lang, reader(found, lang))


def _span(start: int, kind: Kind, text: str, lang: Language, read: Forms | None) -> Span:
    said = {to: text if read is None or to is lang else read[i] for i, to in enumerate(Language)}
    wrong = kind is Kind.CHINESE_ID and check_digit(text[:17]) != text[17].upper()
    doubt = "span.check_digit" if wrong else ""
    return Span(kind, start, text, said[VI], said[ZH], said[EN], doubt)


@lru_cache(maxsize=len(Language))
def _places(lang: Language) -> tuple[re.Pattern[str], dict[str, Place]]:
    by_name = {place.of(lang).casefold(): place for place in read_places()}
    names = _words(place.of(lang) for place in read_places())
    if lang is Language.CHINESE:
        return re.compile(names), by_name
    return re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE), by_name


def _find_places(text: str, lang: Language) -> Iterator[Span]:
    pattern, by_name = _places(lang)
    for found in pattern.finditer(text):
        place = by_name[found[0].casefold()]
        yield _span(found.start(), Kind.PLACE, found[0], lang, Forms(place.vi, place.zh, place.en))
