"""VERIFY-ID: who a person is, of which country, and what is known of them.

Where the information lies, as far as the requester knows, sets the limit for the answer; what is
not said is counted as not directly accessible. Photographs and fingerprints are no part of this
version.
"""

from pydantic import Field, model_validator

from protocols.casework.codes import Accessibility, Question, RequestType
from protocols.casework.forms.request import RequestForm, check_form
from protocols.casework.person import LocalText


class VerifyIdRequest(RequestForm):
    """A request to verify identity or nationality; ``statement`` is what the person says."""

    questions: tuple[Question, ...] = Field(min_length=1)
    statement: LocalText | None = None
    accessibility: Accessibility = Accessibility.INDIRECT

    @property
    def accessible(self) -> Accessibility:
        """Return where the information asked for lies."""
        return self.accessibility

    @model_validator(mode="after")
    def _check_type(self) -> "VerifyIdRequest":
        check_form(self, RequestType.VERIFY_ID)
        return self
