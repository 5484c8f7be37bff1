"""DNA: compare two biometric samples, or confirm how one was taken.

Apart from VERIFY-ID since it needs the person's consent and a laboratory. Samples go by number;
no profile travels in a form.
"""

from typing import Annotated

from pydantic import StrictBool, StringConstraints, model_validator

from protocols.casework.codes import RequestType, SampleKind
from protocols.casework.forms.request import RequestForm, check_form
from protocols.casework.model import Model
from protocols.casework.moments import Day
from protocols.casework.person import LocalText

SampleNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+([-/.][A-Za-z0-9]+)*$")]
Laboratory = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=20)]


class Sample(Model):
    """A sample: from what it was taken, its number, whether the person agreed, who examines it."""

    kind: SampleKind
    number: Annotated[SampleNumber, StringConstraints(max_length=40)]
    consent: StrictBool
    laboratory: Laboratory
    taken: Day | None = None


class DnaRequest(RequestForm):
    """A request to compare DNA; ``custody`` says through whose hands the sample went."""

    sample: Sample
    custody: LocalText | None = None

    @model_validator(mode="after")
    def _check_type(self) -> "DnaRequest":
        check_form(self, RequestType.DNA)
        return self
