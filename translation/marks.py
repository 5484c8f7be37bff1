"""Punctuation as each language writes it.

Engines fold Chinese marks to Latin ones, put spaces between Chinese characters, or leave Chinese
marks in a Latin text; all is undone here, on masked text, so no value is touched.
"""

import re

from translation.languages import Language

FULL_WIDTH = str.maketrans(
    {",": "，", ";": "；", ":": "：", "?": "？", "!": "！", "(": "（", ")": "）"}
)
HAN = r"[\u3400-\u9fff\u3001\u3002\uff01-\uff1f⟦⟧]"
BESIDE_HAN = re.compile(rf"(?<={HAN}) *[,;:?!)(] *|[,;:?!)(] *(?={HAN})")
HALF_WIDTH = str.maketrans(
    {"，": ", ", "、": ", ", "；": "; ", "：": ": ", "？": "? ", "！": "! ", "。": ". "}
    | {"（": " (", "）": ") "}
)
SPACES = re.compile(r" +(?=[,;:?!.)])|(?<= ) +|(?<=\() +")
BETWEEN_HAN = re.compile(rf"(?<={HAN}) +(?={HAN})")
LAST_POINT = re.compile(r"\.$")


def restore_marks(text: str, lang: Language) -> str:
    """Return masked ``text`` with the marks and spaces of ``lang``."""
    bare = text.strip()
    if lang is not Language.CHINESE:
        return SPACES.sub("", bare.translate(HALF_WIDTH)).strip()
    marked = BESIDE_HAN.sub(lambda found: found[0].strip().translate(FULL_WIDTH), bare)
    return LAST_POINT.sub("。", BETWEEN_HAN.sub("", marked))
