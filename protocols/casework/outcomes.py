"""What becomes of each person of a request: outcomes in parts, and when an answer is whole.

Persons whom the request brings are all owed a final outcome or a coded reason. A person taken over
from a related case is owed one only once an outcome names them, since the new request may be about
another; but an answer must settle somebody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from protocols.casework.codes import (
    FINAL_OUTCOMES,
    OUTCOMES,
    Act,
    Outcome,
    RefusalCode,
    RequestType,
)
from protocols.casework.errors import (
    NobodyAgreedError,
    OutcomeNotOfTypeError,
    PersonWithoutOutcomeError,
    UnknownPersonError,
)
from protocols.casework.forms.request import RequestForm
from protocols.casework.payload import Step
from protocols.casework.person import contract_labels


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """What is known of one person's outcome; ``since`` is the message that says so.

    ``owed`` says that the answer needs a final outcome: always for a person whom the request
    brings, and for one taken over from a related case once an outcome names them.
    """

    label: str
    outcome: Outcome | None = None
    reason: RefusalCode | None = None
    final: bool = False
    since: bytes | None = None
    owed: bool = True


#: The persons of a case by label.
Persons: TypeAlias = Mapping[str, PersonRecord]


def expected_of(request: RequestForm) -> dict[str, PersonRecord]:
    """Return the persons of ``request`` before anything is said of them."""
    copies = request.taken_over
    return {label: PersonRecord(label, owed=label not in copies) for label in request.labels}


def check_outcomes(kind: RequestType, persons: Persons, step: Step) -> None:
    """Refuse outcomes that the request does not have, or an answer that leaves a person open.

    Raises:
        UnknownPersonError, OutcomeNotOfTypeError: a label or an outcome of another request.
        PersonWithoutOutcomeError: an answer without a final outcome or a coded reason for somebody
            to whom it is owed, or for anybody at all.
    """
    named = [label for entry in step.outcomes for label in entry.labels]
    unknown = sorted(set(named) - persons.keys(), key=lambda label: int(label[1:]))
    if unknown:
        found = ", ".join(contract_labels(unknown))
        raise UnknownPersonError(f"outcomes: expected labels of the request, found {found}")
    known = OUTCOMES.get(kind, frozenset())
    for entry in step.outcomes:
        if entry.outcome is not None and entry.outcome not in known:
            expected = ", ".join(sorted(known)) or "none"
            raise OutcomeNotOfTypeError(
                f"outcome of a {kind}: expected {expected}, found {entry.outcome}"
            )
    if step.act is Act.ANSWER:
        _check_all_final(kind, persons, step)


def outcomes_of(kind: RequestType, step: Step, mid: bytes) -> dict[str, PersonRecord]:
    """Return what ``step`` in message ``mid`` says of each person that it names."""
    return {
        label: PersonRecord(
            label,
            outcome=entry.outcome,
            reason=entry.reason,
            final=_is_final(kind, entry.outcome, entry.reason),
            since=mid,
        )
        for entry in step.outcomes
        for label in entry.labels
    }


def check_agreed(persons: Persons) -> None:
    """Refuse a record of handover while nobody's return is agreed (NobodyAgreedError)."""
    if all(person.outcome is not Outcome.AGREED for person in persons.values()):
        raise NobodyAgreedError("handover_record: expected a person with outcome agreed")


def _check_all_final(kind: RequestType, persons: Persons, step: Step) -> None:
    final = {label: one.final for label, one in persons.items() if one.owed or one.final}
    for entry in step.outcomes:
        is_final = _is_final(kind, entry.outcome, entry.reason)
        final |= dict.fromkeys(entry.labels, is_final)
    left = [label for label, is_final in final.items() if not is_final]
    if left or not final:
        found = ", ".join(contract_labels(left)) or "anybody"
        raise PersonWithoutOutcomeError(
            "answer: expected a final outcome or a coded reason for each person, found none for "
            + found
        )


def _is_final(kind: RequestType, outcome: Outcome | None, reason: RefusalCode | None) -> bool:
    return reason is not None or outcome in FINAL_OUTCOMES.get(kind, frozenset())
