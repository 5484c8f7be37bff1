"""How digits are read aloud in Vietnamese and in Mandarin, one by one, as on the telephone.

Numbers that people compare by voice stand in groups of five; nobody reads a group as a number.
Vietnamese digits are those of a telephone number (không, một, hai …); in Mandarin 1 is read yāo,
because yī is too near to qī on a bad line.
"""

from dataclasses import dataclass

VIETNAMESE = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
CHINESE = ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九")
PINYIN = ("líng", "yāo", "èr", "sān", "sì", "wǔ", "liù", "qī", "bā", "jiǔ")


@dataclass(frozen=True, slots=True)
class SpokenGroup:
    """A group of digits and how it is read: "48213", "bốn tám …", "四八…", "sì bā …"."""

    digits: str
    vi: str
    zh: str
    pinyin: str


def read_aloud(number: str) -> list[SpokenGroup]:
    """Return each group of ``number`` (digits, groups parted by spaces) with its readings.

    Raises:
        ValueError: it holds something that is no digit from 0 to 9.
    """
    return [_spoken(group) for group in number.split()]


def _spoken(group: str) -> SpokenGroup:
    if not group.isascii() or not group.isdecimal():
        raise ValueError("expected digits from 0 to 9")
    values = [int(digit) for digit in group]
    return SpokenGroup(
        group,
        " ".join(VIETNAMESE[value] for value in values),
        "".join(CHINESE[value] for value in values),
        " ".join(PINYIN[value] for value in values),
    )
