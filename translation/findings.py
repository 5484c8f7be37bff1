"""What was noticed about a translation: stable codes, with a reason that an officer can read.

The texts in three languages are in config/catalogue/findings.toml. A finding that *fails* keeps the
target from being shown as plain text; one that *warns* lowers the estimate; a *note* only informs.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What follows from a finding."""

    FAILS = "fails"
    WARNS = "warns"
    NOTES = "notes"


#: Every code that a translation can carry, and what follows from it.
SEVERITIES: dict[str, Severity] = {
    "fidelity.placeholder_lost": Severity.FAILS,
    "fidelity.placeholder_doubled": Severity.FAILS,
    "fidelity.placeholder_foreign": Severity.FAILS,
    "fidelity.digits": Severity.FAILS,
    "fidelity.negation": Severity.FAILS,
    "fidelity.repetition": Severity.FAILS,
    "fidelity.length": Severity.FAILS,
    "fidelity.script": Severity.FAILS,
    "fidelity.copy": Severity.FAILS,
    "fidelity.unknown_mark": Severity.FAILS,
    "fidelity.back_translation": Severity.FAILS,
    "fidelity.back_unknown": Severity.WARNS,
    "fidelity.term_missing": Severity.WARNS,
    "span.check_digit": Severity.WARNS,
    "model.demo": Severity.NOTES,
    "model.missing": Severity.FAILS,
    "model.unusable": Severity.FAILS,
    "engine.crashed": Severity.FAILS,
    "engine.timed_out": Severity.FAILS,
    "engine.refused": Severity.FAILS,
    "engine.closed": Severity.FAILS,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; ``detail`` says where or what, and may hold words of the text."""

    code: str
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """Return what follows from the finding."""
        return SEVERITIES[self.code]

    @property
    def fails(self) -> bool:
        """Say whether the target may not be shown as plain text."""
        return self.severity is Severity.FAILS
