"""RESCUE: somebody is in danger and must be found and protected.

Written so that it can be sent in a minute: nearly all of it is codes, which the other side reads
exactly, with no translation model. The rules on how not to harm (`do_not`, the `safe` mark of a
phone) travel as codes too.
"""

from typing import Annotated

from pydantic import Field, StrictInt, StringConstraints, field_validator

from protocols.casework.codes import (
    Asked,
    ContactMeans,
    Danger,
    DoNot,
    InformationSource,
    RequestType,
)
from protocols.casework.forms.request import RequestForm
from protocols.casework.header import Header
from protocols.casework.model import Model, refuse
from protocols.casework.moments import Moment
from protocols.casework.person import MAX_LABEL, LocalText

Degrees = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,7})?$")]


class Position(Model):
    """A point on the map, in decimal degrees (WGS 84), as text so that no digit is lost."""

    latitude: Degrees
    longitude: Degrees


class LastContact(Model):
    """When and how the person was last in contact."""

    at: Moment
    means: ContactMeans


class RescueRequest(RequestForm):
    """A rescue request."""

    source_of_information: InformationSource
    place: LocalText
    position: Position | None = None
    last_contact: LastContact | None = None
    holder: LocalText | None = None
    dangers: tuple[Danger, ...] = Field(min_length=1)
    do_not: tuple[DoNot, ...] = ()
    asked: tuple[Asked, ...] = Field(min_length=1)
    persons_total: Annotated[StrictInt, Field(ge=1, le=MAX_LABEL)]

    @field_validator("header")
    @classmethod
    def _check_type(cls, header: Header) -> Header:
        if header.type is not RequestType.RESCUE:
            raise refuse("casework.form_of_type", "type RESCUE", header.type.value)
        return header
