"""What every request form has: the common header and its persons.

Labels are the only names of persons outside the form, so each stands once, and the number of
persons, where it is stated, must be the number of labels. A person taken over from a related case
says from which one.
"""

from collections import Counter
from typing import Annotated

from pydantic import Field, StrictInt, model_validator

from protocols.casework.codes import Accessibility, RequestType
from protocols.casework.header import Header
from protocols.casework.model import Model, refuse
from protocols.casework.person import MAX_LABEL, Person, PersonGroup, contract_labels


class RequestForm(Model):
    """A request: its header, persons and groups. Each request type extends it."""

    header: Header
    persons: tuple[Person, ...] = Field(default=(), max_length=MAX_LABEL)
    groups: tuple[PersonGroup, ...] = Field(default=(), max_length=MAX_LABEL)
    persons_total: Annotated[StrictInt, Field(ge=0, le=MAX_LABEL)] | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels of all persons, lowest first."""
        return tuple(sorted(self._given_labels(), key=lambda label: int(label[1:])))

    @property
    def everybody(self) -> tuple[Person | PersonGroup, ...]:
        """Return persons and groups, in this order."""
        return (*self.persons, *self.groups)

    @property
    def taken_over(self) -> frozenset[str]:
        """Return the labels of persons that came from related cases."""
        copies = [one for one in self.everybody if one.taken_over_from is not None]
        return frozenset(label for one in copies for label in one.all_labels)

    @property
    def accessible(self) -> Accessibility | None:
        """Return where the information asked for lies; None for a type that does not say it."""
        return None

    @model_validator(mode="after")
    def _check_persons(self) -> "RequestForm":
        given = Counter(self._given_labels())
        twice = [label for label, times in given.items() if times > 1]
        if twice:
            found = ", ".join(contract_labels(twice))
            raise refuse("casework.label_twice", "each label once", f"{found} more than once")
        if self.persons_total not in {None, len(given)}:
            expected = f"{self.persons_total} persons as stated"
            raise refuse("casework.persons_total", expected, f"{len(given)} labels")
        origins = {one.taken_over_from for one in self.everybody} - {None}
        if not origins <= {*self.header.related}:
            raise refuse("casework.not_related", "a case among `related`", "another case")
        return self

    def _given_labels(self) -> list[str]:
        return [label for one in self.everybody for label in one.all_labels]


def check_form(form: RequestForm, kind: RequestType) -> None:
    """Refuse a form whose header is of another type, or that is about nobody."""
    if form.header.type is not kind:
        raise refuse("casework.form_of_type", f"type {kind}", form.header.type.value)
    if not form.labels:
        raise refuse("casework.no_person", "at least one person, given or taken over", "none")
