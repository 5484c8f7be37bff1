"""What looks wrong with an identity document: warnings beside the number, never a refusal.

False papers are what these cases are about, so a doubt informs the officer and blocks nothing. The
Chinese number is GB 11643-1999: region, birth, serial (odd for men) and an ISO 7064 MOD 11-2 check
character. The Vietnamese one is that of Decree 137/2015 Art. 13: province of birth registration,
century and sex, year of birth, six free digits, no check digit. Passport shapes are (ours).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from protocols.casework.ages import born_between
from protocols.casework.codes import DocumentType, Sex
from protocols.casework.person import Document, Person

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
CN_SHAPE = re.compile(
    r"(?P<region>[0-9]{2})[0-9]{4}(?P<birth>[0-9]{8})[0-9]{2}(?P<sex>[0-9])[0-9X]"
)
VN_SHAPE = re.compile(r"(?P<province>[0-9]{3})(?P<century>[0-9])(?P<year>[0-9]{2})[0-9]{6}")

#: The first two digits of a Chinese number: GB/T 2260 provinces, with Hong Kong, Macao and Taiwan.
CN_REGIONS = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55))
) | {61, 62, 63, 64, 65, 71, 81, 82, 83}

#: The 63 provinces under which births were registered before the mergers of July 2025 (Circular
#: 07/2016/TT-BCA); numbers that were given keep them.
VN_PROVINCES = frozenset(
    {1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37}
    | {38, 40, 42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75}
    | {77, 79, 80, 82, 83, 84, 86, 87, 89, 91, 92, 93, 94, 95, 96}
)
FIRST_CENTURY = 1900

#: The usual shape of a passport's number by the holder's nationality; "" is any other country's.
PASSPORTS = {
    "VN": re.compile(r"[A-Z][0-9]{7,8}"),
    "CN": re.compile(r"(E[A-Z0-9]|G[0-9]|D[A-Z0-9]|S[A-Z0-9]|P[A-Z0-9])[0-9]{7}"),
    "": re.compile(r"[A-Z0-9]{6,9}"),
}

#: The country whose own citizens alone hold such a document.
COUNTRY_OF = {DocumentType.VN_CITIZEN_ID: "VN", DocumentType.CN_RESIDENT_ID: "CN"}


class Doubt(StrEnum):
    """What looks wrong; its text in each language is in the catalogue (kind document_doubt)."""

    SHAPE = "shape"
    CHECK_DIGIT = "check_digit"
    REGION = "region"
    BIRTH_IMPOSSIBLE = "birth_impossible"
    BIRTH_DIFFERS = "birth_differs"
    SEX_DIFFERS = "sex_differs"
    NATIONALITY_DIFFERS = "nationality_differs"
    DATES = "dates"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class DocumentWarning:
    """A doubt about document ``number`` (from 0) of the person with ``label``; no digit of it."""

    label: str
    number: int
    doubt: Doubt

    @property
    def path(self) -> str:
        """Return the field that the doubt is about, "P1.documents.0.number"."""
        return f"{self.label}.documents.{self.number}.number"


def document_warnings(person: Person, *, on: date) -> tuple[DocumentWarning, ...]:
    """Return what looks wrong with the person's documents on the day ``on``."""
    return tuple(
        DocumentWarning(person.label, number, doubt)
        for number, document in enumerate(person.documents)
        for doubt in _doubts(document, person, on)
    )


def check_character(number: str) -> str:
    """Return the ISO 7064 MOD 11-2 check character of the first 17 digits of ``number``."""
    total = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False))
    return CHECK_CHARACTERS[total % 11]


def _doubts(document: Document, person: Person, on: date) -> Iterator[Doubt]:
    number = re.sub(r"[ .-]", "", document.number).upper()
    match document.type:
        case DocumentType.CN_RESIDENT_ID:
            yield from _chinese(number, person, on)
        case DocumentType.VN_CITIZEN_ID:
            yield from _vietnamese(number, person)
        case DocumentType.PASSPORT:
            shape = PASSPORTS.get(person.nationality or "", PASSPORTS[""])
            if not shape.fullmatch(number):
                yield Doubt.SHAPE
    country = COUNTRY_OF.get(document.type)
    if country is not None and person.nationality not in {None, country}:
        yield Doubt.NATIONALITY_DIFFERS
    yield from _dates(document, person, on)


def _chinese(number: str, person: Person, on: date) -> Iterator[Doubt]:
    shape = CN_SHAPE.fullmatch(number)
    if shape is None:
        yield Doubt.SHAPE
        return
    if int(shape["region"]) not in CN_REGIONS:
        yield Doubt.REGION
    if check_character(number) != number[-1]:
        yield Doubt.CHECK_DIGIT
    if _differs(person, Sex.MALE if int(shape["sex"]) % 2 else Sex.FEMALE):
        yield Doubt.SEX_DIFFERS
    birth = _read_day(shape["birth"])
    if birth is None or birth > on:
        yield Doubt.BIRTH_IMPOSSIBLE
    elif _outside(person, birth, birth, on):
        yield Doubt.BIRTH_DIFFERS


def _vietnamese(number: str, person: Person) -> Iterator[Doubt]:
    shape = VN_SHAPE.fullmatch(number)
    if shape is None:
        yield Doubt.SHAPE
        return
    if int(shape["province"]) not in VN_PROVINCES:
        yield Doubt.REGION
    century, is_female = divmod(int(shape["century"]), 2)
    if _differs(person, Sex.FEMALE if is_female else Sex.MALE):
        yield Doubt.SEX_DIFFERS
    year = FIRST_CENTURY + 100 * century + int(shape["year"])
    first, last = date(year, 1, 1), date(year, 12, 31)
    if _outside(person, first, last, last):
        yield Doubt.BIRTH_DIFFERS


def _dates(document: Document, person: Person, on: date) -> Iterator[Doubt]:
    issued, expires = document.issued, document.expires
    born = None if person.birth is None else born_between(person.birth, stated_on=on)
    too_early = issued is not None and born is not None and issued < born[0]
    if too_early or (issued is not None and expires is not None and expires < issued):
        yield Doubt.DATES
    if expires is not None and expires < on:
        yield Doubt.EXPIRED


def _differs(person: Person, sex: Sex) -> bool:
    return person.sex not in {None, Sex.UNKNOWN, sex}


def _outside(person: Person, first: date, last: date, on: date) -> bool:
    """Say whether no day from ``first`` to ``last`` may be the person's birth as stated."""
    if person.birth is None:
        return False
    earliest, latest = born_between(person.birth, stated_on=on)
    return last < earliest or latest < first


def _read_day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
