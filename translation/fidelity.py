"""The gate between the machine and the reader: what a translation may not have changed.

Works on masked texts, so names and numbers are placeholders here: each must be there exactly once,
and no digit may stand beside them. The other checks are those of faults that were seen in real
engines: a lost or added negation, endless repetition, a copy, another script, odd marks.
"""

import re
from collections import Counter
from collections.abc import Iterator

from translation.findings import Finding
from translation.languages import Language
from translation.spans import PLACEHOLDER

#: Characters that carry about as much as one Chinese character.
WEIGHT = {Language.VIETNAMESE: 3.6, Language.CHINESE: 1.0, Language.ENGLISH: 3.6}
SHORTEST_RATIO, LONGEST_RATIO = 0.4, 2.5
FEW = 4  # below this much text a ratio says nothing
REPEATS = 3
LONGEST_UNIT = 8
LEAST_HAN = 0.6  # the rest may be abbreviations such as DNA

#: What denies, by language; then what looks like it and does not deny.
NEGATIONS = {
    Language.VIETNAMESE: re.compile(r"\b(?:không|chưa|chẳng|chả|đừng)\b", re.IGNORECASE),
    Language.CHINESE: re.compile(r"[不没未无非否勿]"),
    Language.ENGLISH: re.compile(
        r"\b(?:not|no|never|none|nor|neither|without|cannot|unknown|unable)\b|n['’]t\b",
        re.IGNORECASE,
    ),
}
NEUTRAL = {
    Language.VIETNAMESE: re.compile(
        r"hay (?:không|chưa)|chưa thành niên|không quốc tịch|không gian|(?:không|chưa)(?=\s*\?)",
        re.IGNORECASE,
    ),
    Language.CHINESE: re.compile(
        r"[是能可与]否|未成年|非常|非法|无国籍|不仅|不断|不同(?!意)|无论|未来|否认|除非|莫非|南无"
    ),
    Language.ENGLISH: re.compile(r"whether or not|\bno\.\s?(?=⟦)|not only", re.IGNORECASE),
}

HAN = re.compile(r"[\u3400-\u9fff]")
VIETNAMESE_LETTER = re.compile(r"[ăâđêôơưàáãèéìíòóõùúýĩũ\u1ea0-\u1ef9]", re.IGNORECASE)
ONLY_VIETNAMESE = re.compile(r"[ăđơư\u1ea0-\u1ef9]", re.IGNORECASE)
UNKNOWN = re.compile(r"⁇|<unk>|\ufffd|[♪▁]|[\u0000-\u0008\u000b-\u001f]")
PLAIN_WORDS = 4  # as many Vietnamese words without any mark are no Vietnamese


def check(source: str, target: str, spans: int, langs: tuple[Language, Language]) -> list[Finding]:
    """Return all findings about the masked ``target`` of the masked ``source``.

    ``spans`` is the number of placeholders given to the machine; ``langs`` are those of source and
    target. No finding means that nothing was seen, not that the translation is right.
    """
    return [
        *_placeholders(target, spans),
        *_digits(target),
        *_negation(source, target, langs),
        *_repetition(target, langs[1]),
        *_length(source, target, langs),
        *_script(target, langs[1]),
        *_copy(source, target),
        *_unknown_marks(source, target),
    ]


def count_negations(text: str, lang: Language) -> int:
    """Return how many words of ``text`` deny; those that only ask (是否, hay không) do not."""
    return len(NEGATIONS[lang].findall(NEUTRAL[lang].sub(" ", text)))


def _placeholders(target: str, spans: int) -> Iterator[Finding]:
    found = Counter(int(number) for number in PLACEHOLDER.findall(target))
    for number in range(1, spans + 1):
        if found[number] == 0:
            yield Finding("fidelity.placeholder_lost", f"⟦{number}⟧")
        if found[number] > 1:
            yield Finding("fidelity.placeholder_doubled", f"⟦{number}⟧")
    foreign = [f"⟦{number}⟧" for number in sorted(found) if number > spans]
    broken = re.findall(r"[⟦⟧]", PLACEHOLDER.sub("", target))
    if foreign or broken:
        yield Finding("fidelity.placeholder_foreign", " ".join([*foreign, *broken]))


def _digits(target: str) -> Iterator[Finding]:
    digits = [c for c in PLACEHOLDER.sub("", target) if c.isnumeric() and not HAN.match(c)]
    if digits:
        yield Finding("fidelity.digits", "".join(digits))


def _negation(source: str, target: str, langs: tuple[Language, Language]) -> Iterator[Finding]:
    before, after = count_negations(source, langs[0]), count_negations(target, langs[1])
    if before % 2 != after % 2 or (before == 0) != (after == 0):
        yield Finding("fidelity.negation", f"{before} : {after}")


def _repetition(target: str, lang: Language) -> Iterator[Finding]:
    text = PLACEHOLDER.sub(" ", target).casefold()
    tokens = list("".join(text.split())) if lang is Language.CHINESE else text.split()
    for size in range(1, LONGEST_UNIT + 1):
        for start in range(len(tokens) - REPEATS * size + 1):
            unit = tokens[start : start + size]
            if tokens[start : start + REPEATS * size] == unit * REPEATS:
                yield Finding("fidelity.repetition", ("" if lang == "zh" else " ").join(unit))
                return


def _length(source: str, target: str, langs: tuple[Language, Language]) -> Iterator[Finding]:
    before, after = (
        len(PLACEHOLDER.sub("", text).strip()) / WEIGHT[lang]
        for text, lang in zip((source, target), langs, strict=True)
    )
    if after == 0 < before or (
        max(before, after) >= FEW and not SHORTEST_RATIO <= after / before <= LONGEST_RATIO
    ):
        yield Finding("fidelity.length", f"{before:.0f} : {after:.0f}")


def _script(target: str, lang: Language) -> Iterator[Finding]:
    bare = PLACEHOLDER.sub(" ", target)
    letters = [c for c in bare if c.isalpha()]
    han = len(HAN.findall(bare))
    marked = VIETNAMESE_LETTER.search(bare)
    wrong = {
        Language.CHINESE: bool(letters) and han < LEAST_HAN * len(letters),
        Language.VIETNAMESE: han > 0 or (len(bare.split()) >= PLAIN_WORDS and not marked),
        Language.ENGLISH: han > 0 or ONLY_VIETNAMESE.search(bare) is not None,
    }
    if wrong[lang]:
        yield Finding("fidelity.script", lang.value)


def _copy(source: str, target: str) -> Iterator[Finding]:
    before, after = (
        "".join(c for c in PLACEHOLDER.sub("", text).casefold() if c.isalpha())
        for text in (source, target)
    )
    if len(before) >= FEW and before in after:
        yield Finding("fidelity.copy")


def _unknown_marks(source: str, target: str) -> Iterator[Finding]:
    marks = [mark for mark in UNKNOWN.findall(target) if mark not in source]
    if marks:
        yield Finding("fidelity.unknown_mark", " ".join(dict.fromkeys(marks)))
