"""How a form refers to cases, desks and officers: by number, slug and pseudonym, never by name."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from protocols.casework.case_number import parse_case_number
from protocols.casework.errors import CaseNumberError
from protocols.casework.model import refuse


def _check_case(number: str) -> str:
    try:
        parse_case_number(number)
    except CaseNumberError as error:
        raise refuse("casework.case_number", "a number of the form QN-MC1-2026-0117") from error
    return number


CaseRef = Annotated[str, AfterValidator(_check_case)]
DeskSlug = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z0-9]+)+$", max_length=60)]
OfficerPost = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=20)]
