"""Which form a request type has; a type without a row is not available yet, and says so."""

from collections.abc import Mapping

from pydantic import ValidationError

from protocols.casework.codes import RequestType
from protocols.casework.errors import Finding, FormError, TypeNotAvailableError
from protocols.casework.forms.dna import DnaRequest
from protocols.casework.forms.request import RequestForm
from protocols.casework.forms.rescue import RescueRequest
from protocols.casework.forms.return_ import ReturnRequest
from protocols.casework.forms.verify_id import VerifyIdRequest
from protocols.casework.model import findings

#: The form of each request type that this version can write and read.
FORMS: dict[RequestType, type[RequestForm]] = {
    RequestType.VERIFY_ID: VerifyIdRequest,
    RequestType.RESCUE: RescueRequest,
    RequestType.DNA: DnaRequest,
    RequestType.RETURN: ReturnRequest,
}


def form_of(request_type: str) -> type[RequestForm]:
    """Return the form of ``request_type``.

    Raises:
        TypeNotAvailableError: the type is unknown or has no form yet; the finding names those that
            have one.
    """
    try:
        return FORMS[RequestType(request_type)]
    except (KeyError, ValueError):
        known = [kind.value for kind in RequestType]
        found = request_type if request_type in known else "an unknown type"
        expected = f"one of {', '.join(kind.value for kind in FORMS)}"
        finding = Finding(TypeNotAvailableError.code, "request.header.type", expected, found)
        raise TypeNotAvailableError(finding) from None


def parse_request(fields: Mapping[str, object]) -> RequestForm:
    """Return the request form that ``fields`` (plain values, as from TOML or a web form) make.

    Raises:
        TypeNotAvailableError: no form for the type named in ``fields["header"]["type"]``.
        FormError: everything that is wrong, as findings.
    """
    header = fields.get("header")
    kind = header.get("type") if isinstance(header, Mapping) else None
    if not isinstance(kind, str):
        missing = Finding("casework.missing", "request.header.type", "a request type", "nothing")
        raise FormError(missing)
    try:
        return form_of(kind).model_validate(dict(fields))
    except ValidationError as error:
        raise FormError(*findings(error, within="request")) from error
