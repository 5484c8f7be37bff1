"""Persons of related cases, taken over into a new request as copies that say where they came from.

A label means the same person in every case of a family, so it is kept. Two related cases that use
one label for different persons cannot be joined by machine: the officer gives the persons anew.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from protocols.casework.errors import RelatedCaseError
from protocols.casework.forms.request import RequestForm
from protocols.casework.person import Person, PersonGroup, contract_labels


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The persons and groups that a new request takes over, by label."""

    persons: tuple[Person, ...]
    groups: tuple[PersonGroup, ...]


def take_over(related: Iterable[RequestForm], *, given: Iterable[str] = ()) -> TakenOver:
    """Return copies of the persons of ``related`` requests, each marked with the case it is of.

    A copy that a related case has itself taken over counts as its origin's, where that case is
    among ``related``, else as that case's own.

    Args:
        related: The requests of the related cases, in the order in which they are named.
        given: Labels that the new request gives itself; these persons are not taken over.

    Raises:
        RelatedCaseError: one label stands for different persons; names the labels.
    """
    forms = list(related)
    own = {*given}
    found: list[Person | PersonGroup] = []
    clashing: set[str] = set()
    for copy in _copies(forms):
        if copy in found or own & {*copy.all_labels}:
            continue
        known = {label for one in found for label in one.all_labels}
        clashing |= known & {*copy.all_labels}
        found.append(copy)
    if clashing:
        named = ", ".join(contract_labels([*clashing]))
        raise RelatedCaseError(f"related cases: expected one person a label, found more: {named}")
    found.sort(key=lambda one: int(one.all_labels[0][1:]))
    return TakenOver(
        tuple(one for one in found if isinstance(one, Person)),
        tuple(one for one in found if isinstance(one, PersonGroup)),
    )


def _copies(forms: list[RequestForm]) -> Iterator[Person | PersonGroup]:
    refs = {form.header.ref for form in forms}
    for form in forms:
        for one in form.everybody:
            origin = one.taken_over_from if one.taken_over_from in refs else form.header.ref
            yield one.model_copy(update={"taken_over_from": origin})
