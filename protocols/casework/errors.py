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


class NotCountersignedError(StepError):
    """A record of handover lacks the signature of an officer of the other side."""

    code = "casework.not_countersigned"


class NobodyAgreedError(StepError):
    """A record of handover, and nobody whose return was agreed."""

    code = "casework.nobody_agreed"


class RelatedCaseError(CaseworkError):
    """Persons of related cases cannot be taken over under their labels."""

    code = "casework.related_case"


class ApprovalError(CaseworkError):
    """A message may not leave under the approval that it has. Each class says why."""

    code = "casework.approval"


class NoAuthorityRuleError(ApprovalError):
    """The corridor does not say who must release such a request."""

    code = "casework.no_authority_rule"


class NoApprovalError(ApprovalError):
    """The request needs a release by a higher class, and has none."""

    code = "casework.no_approval"


class ApproverIsSenderError(ApprovalError):
    """The officer who releases is the one who sends: two different officers are needed."""

    code = "casework.approver_is_sender"


class ApproverTooLowError(ApprovalError):
    """The approver's desk does not hold the class that is needed or stated."""

    code = "casework.approver_too_low"


class ApproverForeignError(ApprovalError):
    """The approver's desk is of another country than the sender's."""

    code = "casework.approver_foreign"


class SignatureFormError(CaseworkError):
    """A request for a second signature, or its answer, is not of the specified form."""

    code = "casework.second_signature"


class NoRequestError(CaseworkError):
    """No request among the events opens the case."""

    code = "casework.no_request"


class ClockError(CaseworkError):
    """A limit asks for what this version's clocks cannot do."""

    code = "casework.start_not_available"


class AmountError(CaseworkError):
    """An amount of time is below one, or longer than any limit."""

    code = "casework.amount"


class CatalogueError(CaseworkError):
    """A label, phrase or slot is missing; nothing is guessed in its place."""

    code = "casework.catalogue"
