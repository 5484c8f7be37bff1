"""A mutant: one check of the product removed or weakened, and the tests that must then fail.

The mutants stand in ``tables/*.toml``, one table an area of the product, in the order of the files
that they change. A text is quoted as it stands in its file and occurs there once.
"""

from dataclasses import dataclass
from pathlib import Path

from config.reader import read_tables
from config.settings import read_toml

TABLES = Path(__file__).parent / "tables"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One row: what is checked, the text that does so, what stands in its place, and the tests.

    ``file`` is a path in the project, ``tests`` are pytest's names of tests (``file::test``), each
    of which must fail.
    """

    check: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]


def read_mutants() -> tuple[Mutant, ...]:
    """Return every mutant, table by table; raise ConfigError when a row is none."""
    return tuple(
        mutant
        for table in sorted(TABLES.glob("*.toml"))
        for mutant in read_tables(Mutant, read_toml(table).get("mutant", []), where=table.name)
    )
