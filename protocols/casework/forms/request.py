"""What every request form has: the common header and its persons.

Labels are the only names of persons outside the form, so each stands once, and the number of
persons stated must be the number of labels.
"""

from collections import Counter
from typing import Annotated

from pydantic import Field, StrictInt, model_validator

from protocols.casework.header import Header
from protocols.casework.model import Model, refuse
from protocols.casework.person import MAX_LABEL, Person, PersonGroup, contract_labels, expand_labels


class RequestForm(Model):
    """A request: its header, persons and groups. Each request type extends it."""

    header: Header
    persons: tuple[Person, ...] = Field(default=(), max_length=MAX_LABEL)
    groups: tuple[PersonGroup, ...] = Field(default=(), max_length=MAX_LABEL)
    persons_total: Annotated[StrictInt, Field(ge=0, le=MAX_LABEL)]

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels of all persons, lowest first."""
        return tuple(sorted(self._given_labels(), key=lambda label: int(label[1:])))

    @model_validator(mode="after")
    def _check_persons(self) -> "RequestForm":
        given = Counter(self._given_labels())
        twice = [label for label, times in given.items() if times > 1]
        if twice:
            found = ", ".join(contract_labels(twice))
            raise refuse("casework.label_twice", "each label once", f"{found} more than once")
        if len(given) != self.persons_total:
            expected = f"{self.persons_total} persons as stated"
            raise refuse("casework.persons_total", expected, f"{len(given)} labels")
        return self

    def _given_labels(self) -> list[str]:
        grouped = [label for group in self.groups for label in expand_labels(group.labels)]
        return [person.label for person in self.persons] + grouped
