"""What can be wrong with a form, a step, a case or a label.

Every class carries a stable ``code``. Messages say expected and found by field, label and code; a
name, a number or a word of a case never stands in one, since messages reach logs.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a form or step: a stable code, where, what was expected and found.

    ``path`` is the field ("request.persons.0.role"); ``found`` is a code or a description of the
    value, never a person's name or a free text.
    """

    code: str
    path: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return the finding as one line."""
        return f"{self.path or 'step'}: expected {self.expected}, found {self.found} [{self.code}]"


class CaseworkError(Exception):
    """Something in the casework cannot be used. ``code`` is stable."""

    code = "casework"


class FormError(CaseworkError):
    """A form or step is not well-formed; ``findings`` lists everything that is wrong at once."""

    code = "casework.form"

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(map(str, findings)))
        self.findings = findings


class TypeNotAvailableError(FormError):
    """The request type exists in the design, and this version has no form for it."""

    code = "casework.type_not_available"


class LabelError(CaseworkError):
    """A person's label or a range of labels is malformed."""

    code = "casework.label"


class CaseNumberError(CaseworkError):
    """A case number does not have the one form QN-MC1-2026-0117."""

    code = "casework.case_number"


class StepError(CaseworkError):
    """A step cannot be taken in this case."""

    code = "casework.step"


class ActNotAvailableError(StepError):
    """The act exists in the design, and this version does not know how to apply it."""

    code = "casework.act_not_available"


class IllegalStepError(StepError):
    """The table has no such act from this stage for this side; the message lists what it has."""

    code = "casework.illegal_step"


class NotAPartyError(StepError):
    """The desk is neither the requester nor the requested desk of the case."""

    code = "casework.not_a_party"


class OtherCaseError(StepError):
    """The step names another case than the one in which it stands."""

    code = "casework.other_case"


class AlreadyOpenError(StepError):
    """A case is opened by one request only."""

    code = "casework.already_open"


class BeforeRequestError(StepError):
    """The ledger holds the step before the request that opens its case."""

    code = "casework.before_request"


class SenderMismatchError(StepError):
    """The request names another desk as its sender than the one that signed it."""

    code = "casework.sender_mismatch"


class ActNotOfTypeError(StepError):
    """The act belongs to another request type."""

    code = "casework.act_not_of_type"


class UnknownPersonError(StepError):
    """An outcome names a label that the request does not have."""

    code = "casework.unknown_person"


class OutcomeNotOfTypeError(StepError):
    """An outcome belongs to another request type."""

    code = "casework.outcome_not_of_type"


class PersonWithoutOutcomeError(StepError):
    """An answer leaves persons without a final outcome or a coded reason; it names their labels."""

    code = "casework.person_without_outcome"


class NoRequestError(CaseworkError):
    """No request among the events opens the case."""

    code = "casework.no_request"


class ClockError(CaseworkError):
    """A limit asks for what this version's clocks cannot do."""

    code = "casework.start_not_available"


class CatalogueError(CaseworkError):
    """A label, phrase or slot is missing; nothing is guessed in its place."""

    code = "casework.catalogue"
