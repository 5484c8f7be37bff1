"""The common header of every request: what a foreign request must state.

The Chinese law on international criminal assistance, Art. 13, asks for (1) the requesting
authority, (2) nature of the case, persons and facts, (3) applicable law, (4) matter and purpose,
(5) its link to the case, (6) the time wanted, (7) other. What a rescue cannot wait for has a
default; urgency U0 and U1 must give their reason. Marks of state secrecy are refused.
"""

from datetime import datetime
from typing import Annotated

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)

from protocols.casework.codes import (
    AuthorityClass,
    CaseNature,
    Handling,
    LegalBasis,
    Marking,
    Purpose,
    RequestType,
    Urgency,
)
from protocols.casework.errors import Finding, FormError
from protocols.casework.marking import find_secret_marking
from protocols.casework.model import Model, refuse
from protocols.casework.moments import Moment
from protocols.casework.person import LocalText
from protocols.casework.references import CaseRef, DeskSlug, OfficerPost

FORM_VERSION = 1
MAX_SUMMARY = 2_000
NEEDS_REASON = frozenset({Urgency.U0, Urgency.U1})


def _refuse_secrets(marking: object) -> object:
    if isinstance(marking, str) and find_secret_marking(marking):
        raise refuse("casework.state_secret", "no mark of state secrecy", "a mark of state secrecy")
    return marking


class ReleaseApproval(Model):
    """Who released the message, of which class of authority, under which file and law.

    ``class`` may be written for ``authority``.
    """

    desk: DeskSlug
    officer: OfficerPost
    authority: AuthorityClass = Field(validation_alias=AliasChoices("authority", "class"))
    file: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    basis: LegalBasis
    at: Moment | None = None


class Header(Model):
    """The common header. ``sender`` and ``to`` are desks, ``ref`` is the sender's case number."""

    ref: CaseRef
    type: RequestType
    version: Annotated[StrictInt, Field(ge=FORM_VERSION, le=FORM_VERSION)] = FORM_VERSION
    sender: DeskSlug
    to: DeskSlug
    urgency: Urgency
    urgency_reason: LocalText | None = None
    legal_basis: tuple[LegalBasis, ...] = Field(default=(LegalBasis.AGREEMENT_2010,), min_length=1)
    purpose: Purpose = Purpose.PROTECT_VICTIMS
    case_nature: CaseNature = CaseNature.HUMAN_TRAFFICKING
    summary: LocalText | None = None
    link: LocalText | None = None
    due_wanted: Moment | None = None
    handling: tuple[Handling, ...] = Field(default=(Handling.H1, Handling.H2), min_length=1)
    handling_text: LocalText | None = None
    marking: Annotated[Marking, BeforeValidator(_refuse_secrets)] = Marking.POLICE_ONLY
    contact: DeskSlug | None = None
    release_approval: ReleaseApproval | None = None
    related: tuple[CaseRef, ...] = ()

    @model_validator(mode="after")
    def _check_rules(self) -> "Header":
        if self.urgency in NEEDS_REASON and self.urgency_reason is None:
            raise refuse("casework.urgency_reason", f"a reason for urgency {self.urgency}", "none")
        if self.sender == self.to:
            raise refuse("casework.same_desk", "two different desks", self.sender)
        if self.summary is not None and len(self.summary.text) > MAX_SUMMARY:
            size = f"{len(self.summary.text)} characters"
            raise refuse("casework.size", f"a summary of at most {MAX_SUMMARY} characters", size)
        if Handling.H3 in self.handling and self.handling_text is None:
            raise refuse("casework.handling_text", "a text for handling code H3", "none")
        if len(set(self.handling)) < len(self.handling):
            raise refuse("casework.repeated", "each handling code once", "a code twice")
        if self.ref in self.related or len(set(self.related)) < len(self.related):
            raise refuse("casework.repeated", "other cases, each once", "a case twice")
        return self


def check_wanted(header: Header, *, now: datetime) -> None:
    """Refuse to send a request whose wanted time is over at ``now`` (aware).

    For the sender alone: what arrives is not judged by it.

    Raises:
        FormError: at the field.
    """
    if header.due_wanted is not None and header.due_wanted <= now:
        at = "request.header.due_wanted"
        raise FormError(Finding("casework.past", at, "a time to come", "a time that is over"))
