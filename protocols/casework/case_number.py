"""Case numbers have one form: QN-MC1-2026-0117.

The desk's code (from the corridor), the year of opening and a serial of at least four digits. A
number given twice the same way is the same text, so it may serve as a key. Two computers of one
desk may open cases while neither hears of the other, so each counts in a range of its own.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from protocols.casework.errors import CaseNumberError

#: How many cases an installation can open in a year.
PER_INSTALLATION = 100_000
FORM = re.compile(r"(?P<desk>[A-Z]{2}-[A-Z0-9]{1,6})-(?P<year>[12][0-9]{3})-(?P<serial>[0-9]{4,7})")


@dataclass(frozen=True, slots=True, order=True)
class CaseNumber:
    """A case number in its parts; ``str()`` gives the one form."""

    desk_code: str
    year: int
    serial: int

    def __str__(self) -> str:
        """Return the number as it is written, the serial in four digits or more."""
        return f"{self.desk_code}-{self.year:04}-{self.serial:04}"


def parse_case_number(text: str) -> CaseNumber:
    """Return the parts of a case number.

    Raises:
        CaseNumberError: another form, or digits that the one form would not write.
    """
    match = FORM.fullmatch(text)
    if match is None:
        raise CaseNumberError("case number: expected the form QN-MC1-2026-0117")
    number = CaseNumber(match["desk"], int(match["year"]), int(match["serial"]))
    if str(number) != text or number.serial == 0:
        raise CaseNumberError(f"case number: expected a serial like 0117, found {match['serial']}")
    return number


def format_case_number(desk_code: str, *, year: int, serial: int) -> str:
    """Return the case number of a desk's ``serial``-th case (from 1) of ``year``.

    Raises:
        CaseNumberError: the parts do not make a case number.
    """
    text = str(CaseNumber(desk_code, year, serial))
    parse_case_number(text)
    return text


def next_serial(taken: Iterable[int], *, installation: int) -> int:
    """Return the serial for a desk's next case, after those that are ``taken`` this year.

    Args:
        taken: the serials of the year's cases, of whichever installation.
        installation: which of the desk's it is, from 0: the first counts from 1, the second from
            100,001, and so on.
    """
    first = installation * PER_INSTALLATION
    own = [serial for serial in taken if first < serial <= first + PER_INSTALLATION]
    return max(own, default=first) + 1
