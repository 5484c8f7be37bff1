"""RETURN: hand a person over at the gate, and receive them.

The answer agrees, proposes otherwise, names missing documents or refuses, person by person; the
record of the handover, signed by both sides, ends the case.
"""

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt, model_validator

from protocols.casework.codes import Gate, HandoverDocument, Media, RequestType
from protocols.casework.forms.request import RequestForm, check_form
from protocols.casework.model import Model
from protocols.casework.moments import Moment
from protocols.casework.person import LocalText

MAX_ESCORT = 99


class Handover(Model):
    """Where and when, with which papers and how many in escort; ``point`` is where they meet."""

    gate: Gate
    at: Moment
    documents: tuple[HandoverDocument, ...] = ()
    escort: Annotated[StrictInt, Field(ge=0, le=MAX_ESCORT)] = 0
    media: Media = Media.NONE
    point: LocalText | None = None


class ReturnRequest(RequestForm):
    """A request to receive persons: the handover, their wishes, and what they need on the way.

    ``consent`` is the persons' own; ``guardian`` is for a child: who takes it, and why that serves
    the child best.
    """

    handover: Handover
    consent: StrictBool | None = None
    wishes: LocalText | None = None
    medical: LocalText | None = None
    belongings: LocalText | None = None
    guardian: LocalText | None = None

    @model_validator(mode="after")
    def _check_type(self) -> "ReturnRequest":
        check_form(self, RequestType.RETURN)
        return self
