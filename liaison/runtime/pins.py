"""The file of the fingerprints: which roots are trusted, and who compared each, how and when.

A line is a fingerprint in twelve groups of five digits and, once two people have compared it, when
(UTC), by what means and by which two posts::

    54663 68754 … 45308 compared 2026-11-24T09:16:05Z in_person QN-07 QN-01

A line that begins with # says something to people. A fingerprint without a comparison counts, since
whoever writes this file decides what is trusted here; it is shown as compared by nobody. After
twelve months a comparison is old: that is shown and refuses nothing.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from crypto.attest.pin import PIN_DIGITS, PinError, read_pin

#: How long a comparison counts as fresh (envelope-and-trust: once a year, at the yearly meeting).
FRESH = timedelta(days=365)
GROUPS = PIN_DIGITS // 5
WORD = "compared"
#: A post or pseudonym, such as QN-07.
POST = re.compile(r"[^\W_][\w./-]{0,39}")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


class PinsFileError(Exception):
    """The file of the fingerprints holds something else."""

    code = "cli.pins_file"


class ComparisonError(Exception):
    """Who compared, or how, is not said as it must be."""

    code = "keys.comparison"


class Means(StrEnum):
    """How two sides compared their fingerprints."""

    IN_PERSON = "in_person"
    BY_TELEPHONE = "by_telephone"


@dataclass(frozen=True, slots=True)
class Comparison:
    """That two people of this side, named by their posts, each typed what the other side read."""

    at: datetime
    means: Means
    by: tuple[str, str]

    def __post_init__(self) -> None:
        """Raise ComparisonError unless two distinct posts are named."""
        if not all(POST.fullmatch(post) for post in self.by):
            raise ComparisonError("expected two posts or pseudonyms without spaces, such as QN-07")
        if self.by[0].casefold() == self.by[1].casefold():
            raise ComparisonError(f"expected two people, found {self.by[0]} twice")

    def is_old(self, *, now: datetime) -> bool:
        """Say whether it was made more than twelve months before ``now``."""
        return now > self.at + FRESH


@dataclass(frozen=True, slots=True)
class Pin:
    """A fingerprint that is trusted here, and how it was compared, if anybody said so."""

    digits: str
    comparison: Comparison | None = None

    @property
    def line(self) -> str:
        """Return it as a line of the file."""
        if self.comparison is None:
            return self.digits
        said = self.comparison
        at = said.at.astimezone(UTC).strftime(MOMENT)
        return " ".join([self.digits, WORD, at, said.means, *said.by])


def parse_pins(lines: Iterable[str]) -> list[Pin]:
    """Return the pins that ``lines`` hold, the last of those with the same digits; at least one.

    Raises:
        PinsFileError: a line is no pin, or there is none.
    """
    texts = [line.strip() for line in lines]
    pins = [_parse(text) for text in texts if text and not text.startswith("#")]
    if not pins:
        raise PinsFileError("expected a fingerprint a line, found none")
    return list({pin.digits: pin for pin in pins}.values())


def read_pins(file: Path) -> list[Pin]:
    """Return the pins in ``file``.

    Raises:
        OSError: it cannot be read.
        PinsFileError: a line is no pin, there is none, or the bytes are no text.
    """
    try:
        return parse_pins(file.read_text(encoding="utf-8").splitlines())
    except UnicodeDecodeError as e:
        raise PinsFileError(f"{file}: expected digits and spaces, found other bytes") from e
    except PinsFileError as e:
        raise PinsFileError(f"{file}: {e}") from e


def keep_pin(file: Path, pin: Pin, *, about: str) -> None:
    """Put ``pin`` into ``file``, new or not, in place of an earlier one with the same digits.

    ``about`` says whose it is, for people. What else stands there stays. The new file takes the
    old one's place in one act.

    Raises:
        OSError: it cannot be written.
        PinsFileError: the file holds something else.
    """
    before = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    kept = [line for line in before if not _is_of(line, pin.digits)]
    if len(kept) == len(before):
        kept.append(f"# {about}")
        kept.append(pin.line)
    else:
        place = next(i for i, line in enumerate(before) if _is_of(line, pin.digits))
        kept.insert(place, pin.line)
    parse_pins(kept)
    replacement = file.with_name(f"{file.name}.new")
    with replacement.open("w", encoding="utf-8") as out:
        out.write("\n".join(kept) + "\n")
        out.flush()
        os.fsync(out.fileno())
    replacement.replace(file)


def _is_of(line: str, digits: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith("#") and _parse(text).digits == digits


def _parse(line: str) -> Pin:
    words = line.split()
    cut = words.index(WORD) if WORD in words else len(words)
    try:
        digits = read_pin(" ".join(words[:cut]))
    except PinError as e:
        raise PinsFileError(f"expected {GROUPS} groups of five digits in a line: {e}") from e
    if cut == len(words):
        return Pin(digits)
    try:
        at, means, first, second = words[cut + 1 :]
        when = datetime.strptime(at, MOMENT).replace(tzinfo=UTC)
        return Pin(digits, Comparison(when, Means(means), (first, second)))
    except (ValueError, ComparisonError) as e:
        raise PinsFileError(
            f"expected after {WORD!r}: when (UTC), {' or '.join(Means)}, two posts; {e}"
        ) from e
