"""Dates, times, money, ages and counts in each reader's own form.

A value is parsed by the conventions of the language in which it was written (a Vietnamese point
groups thousands, a Chinese one begins the decimals) and written by those of the reader: 21/08/1995,
1995年8月21日, 21 August 1995. What cannot be read without doubt gives None and stays as written.
"""

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from translation.languages import Language

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
HIGHEST_HOUR, HIGHEST_MINUTE = 24, 59

#: Words of size, and by how much they multiply.
SIZES = {
    **dict.fromkeys(("千", "nghìn", "ngàn", "thousand"), 1_000),
    "万": 10_000,
    **dict.fromkeys(("百万", "triệu", "million"), 1_000_000),
    "千万": 10_000_000,
    "亿": 100_000_000,
    **dict.fromkeys(("tỷ", "billion"), 1_000_000_000),
}

#: Each currency as it is written anywhere, and how each reader sees it.
CURRENCIES = {
    "CNY": ("nhân dân tệ", "元", "yuan"),
    "VND": ("đồng", "越南盾", "dong"),
    "USD": ("đô la Mỹ", "美元", "US dollars"),
}
CURRENCY_WORDS = {
    **dict.fromkeys(("元", "人民币", "nhân dân tệ", "NDT", "tệ", "yuan", "CNY", "RMB"), "CNY"),
    **dict.fromkeys(("越南盾", "đồng", "VND", "VNĐ", "dong"), "VND"),
    **dict.fromkeys(("美元", "đô la Mỹ", "đô la", "USD", "US dollars", "dollars"), "USD"),
}

#: Units of time by any of their words, and how each reader sees them (the English one also alone).
UNITS = {
    "day": ("ngày", "天", "days", "day"),
    "week": ("tuần", "周", "weeks", "week"),
    "month": ("tháng", "个月", "months", "month"),
    "year": ("năm", "年", "years", "year"),
    "hour": ("giờ", "小时", "hours", "hour"),
    "minute": ("phút", "分钟", "minutes", "minute"),
}
UNIT_WORDS = {
    **{word: unit for unit, words in UNITS.items() for word in words},
    "日": "day",
    "星期": "week",
    "个星期": "week",
    "tiếng": "hour",
}


class Forms(NamedTuple):
    """One value as it is written in Vietnamese, Chinese and English."""

    vi: str
    zh: str
    en: str


def date_forms(year: int | None, month: int | None, day: int | None) -> Forms | None:
    """Return a date, a day of a month, a month of a year or a year; None if there is no such."""
    if not _exists(year, month, day):
        return None
    chinese = "".join(
        f"{number}{mark}"
        for number, mark in ((year, "年"), (month, "月"), (day, "日"))
        if number is not None
    )
    english = [str(day)] if day is not None else []
    english += [MONTHS[month - 1]] if month is not None else []
    english += [str(year)] if year is not None else []
    if month is None:
        return Forms(f"năm {year}", chinese, str(year))
    if day is None:
        return Forms(f"tháng {month}/{year}", chinese, " ".join(english))
    ending = f"/{year}" if year is not None else ""
    return Forms(f"{day:02}/{month:02}{ending}", chinese, " ".join(english))


def time_forms(hour: int, minute: int) -> Forms | None:
    """Return a time of day on the writer's clock (never converted), or None if there is no such."""
    if hour > HIGHEST_HOUR or minute > HIGHEST_MINUTE:
        return None
    return Forms(f"{hour}h{minute:02}", f"{hour}时{minute:02}分", f"{hour:02}:{minute:02}")


def money_forms(amount: str, size: str, currency: str, lang: Language) -> Forms | None:
    """Return an amount in full figures ("4.2", "万", "元" -> 42.000 nhân dân tệ), or None."""
    number = parse_number(amount, lang)
    code = CURRENCY_WORDS.get(currency)
    if number is None or code is None:
        return None
    value = number * SIZES.get(size, 1)
    written = [f"{write_number(value, to)}" for to in Language]
    names = CURRENCIES[code]
    return Forms(f"{written[0]} {names[0]}", f"{written[1]}{names[1]}", f"{written[2]} {names[2]}")


def age_forms(years: str) -> Forms:
    """Return an age in full years."""
    return Forms(f"{years} tuổi", f"{years}岁", _counted(years, "years", "year"))


def duration_forms(count: str, word: str) -> Forms | None:
    """Return a length of time ("20", "天" -> 20 ngày), or None for an unknown unit."""
    unit = UNIT_WORDS.get(word)
    if unit is None:
        return None
    vi, zh, many, one = UNITS[unit]
    return Forms(f"{count} {vi}", f"{count}{zh}", _counted(count, many, one))


def number_forms(text: str, lang: Language) -> Forms | None:
    """Return a number with thousands or decimals in each reader's form; None for plain digits."""
    number = None if text.isdecimal() else parse_number(text, lang)
    if number is None:
        return None
    return Forms(*(write_number(number, to) for to in Language))


def parse_number(text: str, lang: Language) -> Decimal | None:
    """Return the number that ``text`` is for a reader of ``lang``, or None."""
    group, point = (".", ",") if lang is Language.VIETNAMESE else (",", ".")
    form = rf"[0-9]+(?:{re.escape(group)}[0-9]{{3}})*(?:{re.escape(point)}[0-9]+)?"
    if re.fullmatch(form, text) is None:
        return None
    return Decimal(text.replace(group, "").replace(point, "."))


def write_number(number: Decimal, lang: Language) -> str:
    """Return ``number`` with groups of three as a reader of ``lang`` writes it."""
    normal = number.normalize()
    written = f"{normal:,f}"
    if lang is Language.VIETNAMESE:
        return written.translate(str.maketrans(",.", ".,"))
    return written


def _exists(year: int | None, month: int | None, day: int | None) -> bool:
    try:
        date(year or 2000, month or 1, day or 1)  # 2000 has a 29 February
    except ValueError:
        return False
    return not (year is None and day is None) and not (month is None and day is not None)


def _counted(count: str, many: str, one: str) -> str:
    return f"{count} {one if count == '1' else many}"
