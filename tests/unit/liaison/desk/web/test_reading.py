from datetime import timedelta, timezone

import pytest
from multidict import MultiDict

from config.load import bundled_corridor, load_catalogue, load_errors
from liaison.desk.web.fields import Control, FormWriter, Part, Rows
from liaison.desk.web.i18n import Words
from liaison.desk.web.reading import FormReader
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language
from protocols.casework.errors import Finding
from protocols.casework.forms.registry import FORMS
from protocols.casework.forms.request import RequestForm
from protocols.casework.forms.rescue import RescueRequest

CATALOGUE = Catalogue(load_catalogue(), bundled_corridor("quangninh-guangxi"))
VIET_NAM = timezone(timedelta(hours=7))


def words(lang: Language = Language.VIETNAMESE) -> Words:
    return Words(lang, CATALOGUE, load_errors())


def reader(*posted: tuple[str, str]) -> FormReader:
    return FormReader(MultiDict(posted), Language.VIETNAMESE, VIET_NAM)


def controls(parts: list[Part]) -> list[Control]:
    found: list[Control] = []
    for part in parts:
        if isinstance(part, Rows):
            found += [c for row in part.rows for c in controls(list(row))]
        else:
            found.append(part)
    return found


@pytest.mark.parametrize("form", FORMS.values())
@pytest.mark.parametrize("lang", Language)
def test_every_field_of_every_form_has_a_control_with_a_label(
    form: type[RequestForm], lang: Language
) -> None:
    parts = controls(list(FormWriter(words(lang), None, "UTC+7").parts(form, "request")))

    assert len(parts) > 20
    assert [c.name for c in parts if not c.label] == []
    assert len({c.name for c in parts}) == len(parts)


@pytest.mark.parametrize("form", FORMS.values())
def test_what_a_fresh_form_posts_is_nothing_but_what_it_is_from_the_start(
    form: type[RequestForm],
) -> None:
    parts = controls(list(FormWriter(words(), None, "UTC+7").parts(form, "request")))
    posted = [(c.name, value) for c in parts for value in c.values]

    found = reader(*posted).read(form, "request", is_needed=True)

    assert found is not None
    assert "persons" not in found


def test_a_part_in_which_only_the_usual_stands_is_no_part() -> None:
    posted = [("r.persons.0.role", "presumed_victim"), ("r.persons.0.phone.safe", "no")]

    assert reader(*posted).read(RescueRequest, "r") is None


def test_a_number_that_is_unsafe_to_call_is_read_with_its_mark() -> None:
    posted = [("r.persons.0.phone.number", "0203 3881 234"), ("r.persons.0.phone.safe", "no")]

    found = reader(*posted, ("r.persons.0.role", "witness")).read(RescueRequest, "r")

    phone = {"number": "0203 3881 234", "safe": False}
    assert found == {"header": {}, "persons": [{"label": "P1", "role": "witness", "phone": phone}]}


def test_a_time_is_that_of_the_officers_own_clock() -> None:
    found = reader(("r.last_contact.at", "2026-03-02T22:15")).read(RescueRequest, "r")

    assert found == {"header": {}, "last_contact": {"at": "2026-03-02T22:15:00+07:00"}}


def test_boxes_of_which_none_is_ticked_are_not_ticked_again() -> None:
    shown = MultiDict([("request.header.handling.shown", "1")])
    parts = controls(list(FormWriter(words(), shown, "UTC+7").parts(RescueRequest, "request")))

    handling = next(c for c in parts if c.name == "request.header.handling")
    assert handling.values == ()


def test_a_finding_stands_at_the_row_of_the_screen() -> None:
    read = reader(("r.persons.rows", "3"), ("r.persons.2.names.vi", "Thu"))
    read.read(RescueRequest, "r")

    assert read.place(Finding("casework.birth", "r.persons.0.birth", "", "")) == (
        "r.persons.2.birth"
    )
    assert read.place(Finding("casework.urgency_reason", "r.header", "", "")) == (
        "r.header.urgency_reason"
    )


@pytest.mark.parametrize("typed", ["-1", "1.5", "mười", "1" * 30, "\u0661"])
def test_what_is_no_count_is_left_for_the_form_to_refuse(typed: str) -> None:
    found = reader(("r.persons_total", typed)).read(RescueRequest, "r")

    assert found == {"header": {}, "persons_total": typed}


def test_rows_are_never_more_than_a_screen_can_bear() -> None:
    posted = MultiDict([("request.persons.rows", "9" * 9)])
    parts = FormWriter(words(), posted, "UTC+7").parts(RescueRequest, "request")

    persons = next(part for part in parts if isinstance(part, Rows) and part.is_persons)
    assert len(persons.rows) == 99
