"""What a screen asks of an officer, and what it must not ask."""

import pytest

from liaison.desk.web.shapes import Kind, shapes
from protocols.casework.forms.registry import FORMS
from protocols.casework.header import Header
from protocols.casework.person import Person


def asked(model: type[Header] | type[Person]) -> set[str]:
    """Return the names of the fields that an officer is asked for."""
    return {shape.name for shape in shapes(model)}


def test_what_the_desk_writes_itself_is_not_asked() -> None:
    assert not asked(Header) & {"ref", "sender", "to", "type", "version", "release_approval"}
    assert not asked(Person) & {"label", "taken_over_from"}
    assert "urgency" in asked(Header)
    assert "names" in asked(Person)


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.__name__)
def test_every_form_asks_for_its_persons_once(form: type) -> None:
    found = [shape for shape in shapes(form) if shape.kind is Kind.MODELS]

    assert [shape.name for shape in found].count("persons") == 1
    assert all(shape.name != "groups" for shape in found)
