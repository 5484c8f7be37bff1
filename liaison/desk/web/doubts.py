"""What looks wrong with the numbers of documents, told before a request leaves.

False papers are what these cases are about, so a doubt stops nothing for good: it is shown once,
at its field, and what is sent then is sent as it was typed. A rescue is never held up.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date

from pydantic import ValidationError

from liaison.desk.web.i18n import Words
from liaison.desk.web.reading import FormReader
from protocols.casework.documents import document_warnings
from protocols.casework.errors import Finding
from protocols.casework.person import Person

PERSONS = "request.persons"


def doubts_of(
    found: Mapping[str, object], reader: FormReader, w: Words, *, on: date
) -> list[tuple[str, str]]:
    """Return what looks wrong, each as the name of its control and a text; a person a time.

    Args:
        found: the plain values of the request, as ``reader`` read them.
        reader: knows where on the screen each person stands.
        w: the officer's words.
        on: the day on which a document must be valid.
    """
    return [
        (reader.place(Finding("", f"{PERSONS}.{index}.documents.{number}.number", "", "")), says)
        for index, person in _persons(found)
        for number, says in (
            (one.number, w.label("document_doubt", one.doubt))
            for one in document_warnings(person, on=on)
        )
    ]


def mark_of(doubts: list[tuple[str, str]], typed: list[str]) -> str:
    """Return what a form carries once these doubts were shown of what was typed.

    Another number that looks wrong is shown again.
    """
    return hashlib.sha256(repr((doubts, typed)).encode()).hexdigest() if doubts else ""


def _persons(found: Mapping[str, object]) -> Iterator[tuple[int, Person]]:
    persons = found.get("persons")
    for index, fields in enumerate(persons if isinstance(persons, list) else []):
        try:
            yield index, Person.model_validate(fields)
        except ValidationError:
            continue  # the form itself says what is wrong with this one
