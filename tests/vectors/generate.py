"""Writes the vectors: run ``python -m tests.vectors.generate`` in the project's folder.

Directories are the same in every run. An envelope's wraps are not: the library draws the randomness
of an encapsulation itself. So an envelope that differs from its file in the wraps alone is left as
it is, and what is compared is everything else.
"""

import re
from collections.abc import Callable
from pathlib import Path

from tests.vectors.archive_cases import archive_cases
from tests.vectors.attachment_cases import attachment_cases
from tests.vectors.directory_cases import directory_cases
from tests.vectors.envelope_cases import envelope_cases
from tests.vectors.grant_cases import grant_directories, grant_envelopes
from tests.vectors.oversight_cases import oversight_directories
from tests.vectors.receipt_cases import receipt_cases
from tests.vectors.revocation_cases import (
    revocation_directories,
    revocation_envelopes,
    revoked_at_work,
)
from tests.vectors.succession_cases import succession_directories

FOLDER = Path(__file__).resolve().parent
#: The folders that are made here; another beside them has vectors from elsewhere.
KINDS = ("archive", "attachment", "directory", "envelope", "receipt")
#: A byte string of 1,167 or 1,168 bytes with its head: a wrap, whole or cut.
_WRAP = re.compile(rb"\x59\x04\x8f.{1167}|\x59\x04\x90.{1168}", re.DOTALL)
_ENVELOPE = re.compile(r"^envelope: ([0-9a-f]+)$", re.MULTILINE)
_EID = re.compile(r"^eid: [0-9a-f]+\n", re.MULTILINE)


def texts() -> dict[Path, Callable[[], str]]:
    """Return what makes the text of each vector, by its file."""
    directories = [
        *directory_cases(),
        *grant_directories(),
        *oversight_directories(),
        *revocation_directories(),
        *revoked_at_work(),
        *succession_directories(),
    ]
    envelopes = [*envelope_cases(), *grant_envelopes(), *revocation_envelopes()]
    return {
        **{FOLDER / "archive" / f"{case.name}.txt": case.text for case in archive_cases()},
        **{FOLDER / "attachment" / f"{case.name}.txt": case.text for case in attachment_cases()},
        **{FOLDER / "directory" / f"{case.name}.txt": case.text for case in directories},
        **{FOLDER / "envelope" / f"{case.name}.txt": case.text for case in envelopes},
        **{FOLDER / "receipt" / f"{case.name}.txt": case.text for case in receipt_cases()},
    }


def without_wraps(text: str) -> str:
    """Return a vector's text without what is random: wraps, and the hash of the whole."""
    return _ENVELOPE.sub(
        lambda found: _WRAP.sub(b"wrap", bytes.fromhex(found[1])).hex(), _EID.sub("", text)
    )


def outdated() -> dict[Path, str]:
    """Return the files that are not as they would be made now, with their new text."""
    made = {path: text() for path, text in texts().items()}
    paths = [path for kind in KINDS for path in (FOLDER / kind).glob("*.txt")]
    there = {path: path.read_text(encoding="utf-8") for path in paths}
    return {
        path: made.get(path, "")
        for path in sorted(made.keys() | there.keys())
        if without_wraps(made.get(path, "")) != without_wraps(there.get(path, ""))
    }


def main() -> None:
    """Write every file that is outdated; remove those that no case makes."""
    for path, text in outdated().items():
        if text:
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink()


if __name__ == "__main__":
    main()
