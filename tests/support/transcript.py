"""Commands in our documents: the `$` lines of ```console blocks, with what they are shown to print.

A command that ends with a backslash goes on in the next line. All else in a block is output.
"""

import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What differs from run to run: hashes and keys, times, figures.
VARYING = re.compile(r"\+[0-9a-f]{8}\+\S+|[0-9a-f]{16,}|\d[\d:.,TZ+-]*")


@dataclass(frozen=True)
class Command:
    """A command as it stands in a document, and the output that stands below it."""

    text: str
    shown: str

    @property
    def serves(self) -> bool:
        """Say whether it runs until it is interrupted."""
        return re.match(r"liaison \w+ serve\b", self.text) is not None


def blocks(document: Path, language: str) -> list[str]:
    """Return the contents of a document's fenced blocks in ``language``, in order."""
    text = document.read_text(encoding="utf-8")
    return [body for kind, body in BLOCK.findall(text) if kind == language]


def commands(document: Path) -> list[Command]:
    """Return the commands of a document, in order."""
    return [command for block in blocks(document, "console") for command in _commands(block)]


def masked(output: str) -> list[str]:
    """Return the lines of an output with all that differs from run to run replaced by #."""
    return [VARYING.sub("#", line).rstrip() for line in output.splitlines()]


def _commands(block: str) -> list[Command]:
    found: list[Command] = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        typed = [lines.pop(0)]
        while typed[-1].endswith("\\"):
            typed.append(lines.pop(0))
        found.append(Command("\n".join(typed), "\n".join(lines)))
    return found
