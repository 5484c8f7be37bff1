"""How much of a sentence survives the way there and back: chrF on masked texts.

chrF is the F-score of character n-grams (Popović 2015: n up to 6, recall twice as heavy), here of
the source against its back-translation. On a small model, placeholder checks alone let half of the
bad outputs pass, and a floor of 80 none.
"""

from collections import Counter
from enum import StrEnum

from translation.findings import Finding, Severity
from translation.spans import PLACEHOLDER

LONGEST = 6
BETA = 2.0


class Estimate(StrEnum):
    """What a reader may expect of a machine's translation."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


def chrf(said: str, wanted: str) -> float:
    """Return the chrF (0 to 100) of ``said`` against ``wanted``; a placeholder is one character."""
    texts = [_one_character_each(text) for text in (said, wanted)]
    precisions: list[float] = []
    recalls: list[float] = []
    for size in range(1, LONGEST + 1):
        got, want = (_grams(text, size) for text in texts)
        if not got or not want:
            continue
        both = (got & want).total()
        precisions.append(both / got.total())
        recalls.append(both / want.total())
    if not precisions:
        return 100.0 if texts[0] == texts[1] else 0.0
    precision, recall = (sum(values) / len(values) for values in (precisions, recalls))
    if precision + recall == 0:
        return 0.0
    return 100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def estimate(findings: list[Finding]) -> Estimate:
    """Return red if a finding fails, amber if one warns, else green."""
    severities = {finding.severity for finding in findings}
    if Severity.FAILS in severities:
        return Estimate.RED
    return Estimate.AMBER if Severity.WARNS in severities else Estimate.GREEN


def _one_character_each(text: str) -> str:
    marked = PLACEHOLDER.sub(lambda found: chr(0xE000 + int(found[1])), text)
    return "".join(marked.split())


def _grams(text: str, size: int) -> Counter[str]:
    return Counter(text[i : i + size] for i in range(len(text) - size + 1))
