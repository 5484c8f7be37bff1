"""Who must release a request before it leaves: authority classes, approvals, standing approvals.

A request above the class of the sender's own desk needs a signed approval by another officer, of a
desk of the same country that holds the class (four eyes). A standing approval covers the types,
urgencies, desks and days that it names. Whether an approval's signature is good is for the desk to
check; here is what it may say. A rescue needs none, whoever calls.
Source: Procedure Rules for criminal cases Arts. 375-376; config/corridors, authority.toml.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, cast

from pydantic import Field, StringConstraints, ValidationError, model_validator

from config.schema import Corridor
from crypto.attest.encoding import Value
from protocols.casework.codes import AuthorityClass, LegalBasis, RequestType, Urgency
from protocols.casework.errors import (
    ApproverForeignError,
    ApproverIsSenderError,
    ApproverTooLowError,
    Finding,
    FormError,
    NoApprovalError,
    NoAuthorityRuleError,
)
from protocols.casework.header import Header, ReleaseApproval
from protocols.casework.model import Model, findings, refuse
from protocols.casework.moments import Day
from protocols.casework.references import DeskSlug, OfficerPost

RANK: dict[AuthorityClass, int] = {kind: rank for rank, kind in enumerate(AuthorityClass)}


class StandingApproval(Model):
    """What an approver has released beforehand; ``valid_to`` is the last day.

    ``desk`` and ``officer`` are the approver's; senders and recipients are desks.
    """

    file: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    basis: LegalBasis
    authority: AuthorityClass
    types: tuple[RequestType, ...] = Field(min_length=1)
    urgencies: tuple[Urgency, ...] = Field(min_length=1)
    senders: tuple[DeskSlug, ...] = Field(min_length=1)
    recipients: tuple[DeskSlug, ...] = Field(min_length=1)
    valid_from: Day
    valid_to: Day
    desk: DeskSlug
    officer: OfficerPost

    @model_validator(mode="after")
    def _check_lists(self) -> "StandingApproval":
        for listed in (self.types, self.urgencies, self.senders, self.recipients):
            if len({*listed}) < len(listed):
                raise refuse("casework.repeated", "each entry once", "an entry twice")
        if self.valid_to < self.valid_from:
            raise refuse("casework.validity", "a last day not before the first")
        return self

    def covers(
        self, request_type: RequestType, urgency: Urgency, *, sender: str, to: str, on: date
    ) -> bool:
        """Say whether such a request from ``sender`` to ``to`` on the day ``on`` is released."""
        named = request_type in self.types and urgency in self.urgencies
        desks = sender in self.senders and to in self.recipients
        return named and desks and self.valid_from <= on <= self.valid_to

    def released(self) -> ReleaseApproval:
        """Return the approval as it stands in the header of a request that it covers."""
        return ReleaseApproval(
            desk=self.desk,
            officer=self.officer,
            authority=self.authority,
            file=self.file,
            basis=self.basis,
        )

    def to_value(self) -> Value:
        """Return the approval as a value for ``crypto.attest.encoding.encode``."""
        return cast("Value", self.model_dump(mode="json"))


def standing_from_value(value: Value) -> StandingApproval:
    """Return the standing approval that ``value`` writes, in the one way.

    Raises:
        FormError: malformed, contradictory, or written in another way.
    """
    try:
        read = StandingApproval.model_validate(value)
    except ValidationError as error:
        raise FormError(*findings(error)) from error
    if read.to_value() != value:
        expected = "the one way to write this approval"
        raise FormError(Finding("casework.not_canonical", "", expected, "another way"))
    return read


def parse_approval(fields: Mapping[str, object]) -> ReleaseApproval:
    """Return the approval that an approver has entered; raise FormError with all that is wrong."""
    try:
        return ReleaseApproval.model_validate(fields)
    except ValidationError as error:
        raise FormError(*findings(error)) from error


def held(desk: str, corridor: Corridor) -> AuthorityClass | None:
    """Return the class of authority that ``desk`` holds by itself; None if it holds none."""
    kind = corridor.authority_held(desk)
    return None if kind is None else AuthorityClass(kind)


def needs(
    request_type: RequestType, sender: str, corridor: Corridor, *, on: date
) -> AuthorityClass | None:
    """Return the class that must release such a request of desk ``sender``; None if its own does.

    Raises:
        NoAuthorityRuleError: the corridor has no rule for it on that day, so it may not leave.
    """
    kind = corridor.authority_needed(request_type, sender, on=on)
    if kind is None:
        raise NoAuthorityRuleError(f"{request_type} of {sender}: no authority class on {on}")
    wanted = AuthorityClass(kind)
    own = held(sender, corridor)
    return None if own is not None and RANK[own] >= RANK[wanted] else wanted


def find_standing(
    header: Header, standing: Iterable[StandingApproval], *, on: date
) -> StandingApproval | None:
    """Return the first standing approval that covers the request; None if none does."""
    for approval in standing:
        if approval.covers(header.type, header.urgency, sender=header.sender, to=header.to, on=on):
            return approval
    return None


def check_release(header: Header, officer: str, corridor: Corridor, *, on: date) -> None:
    """Refuse a request by ``officer`` that its ``release_approval`` does not let go.

    An approval that was not needed must be right as well.

    Raises:
        NoAuthorityRuleError, NoApprovalError: nothing says that it may leave.
        ApproverIsSenderError, ApproverForeignError, ApproverTooLowError: not by this approver.
    """
    wanted = needs(header.type, header.sender, corridor, on=on)
    approval = header.release_approval
    if approval is None:
        if wanted is None:
            return
        raise NoApprovalError(f"release: expected an approval of class {wanted}, found none")
    check_approver(approval, header.sender, officer, corridor)
    if wanted is not None and RANK[approval.authority] < RANK[wanted]:
        raise ApproverTooLowError(f"release: expected {wanted}, found {approval.authority}")


def check_approver(
    approval: ReleaseApproval | StandingApproval, sender: str, officer: str, corridor: Corridor
) -> None:
    """Refuse an approver who may not release what ``officer`` of desk ``sender`` sends.

    Raises:
        ApproverIsSenderError: the same officer; two different ones are needed.
        ApproverForeignError: a desk of the other country.
        ApproverTooLowError: the approver's desk does not hold the class that is stated.
        UnknownNameError: a desk that the corridor does not have.
    """
    if (approval.desk, approval.officer) == (sender, officer):
        raise ApproverIsSenderError("release: expected an officer other than the sender")
    home, theirs = corridor.country(sender), corridor.country(approval.desk)
    if home is not theirs:
        raise ApproverForeignError(f"release: expected a desk of {home}, found one of {theirs}")
    own = held(approval.desk, corridor)
    if own is None or RANK[own] < RANK[approval.authority]:
        expected = f"a desk that holds {approval.authority}"
        raise ApproverTooLowError(f"release: expected {expected}, found {own or 'none'}")
