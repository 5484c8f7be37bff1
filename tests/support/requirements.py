"""What some tests need of the machine: found, else the test is skipped or fails.

A machine without PostgreSQL, Chromium or the published vectors skips the tests that need them
and says why. Where the environment variable LIAISON_REQUIRE names a requirement (a list with
commas), its absence is a failure instead, so that no run passes by having tested nothing.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, TypeAlias

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
VECTORS = REPOSITORY.parent / "shared" / "data" / "wycheproof"
REQUIRE = "LIAISON_REQUIRE"

Finder: TypeAlias = Callable[[], Path | None]


def find_postgres() -> Path | None:
    """Return the folder of the newest PostgreSQL server's programs."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda initdb: int(initdb.parts[-3]), default=None)
    found = newest or _program("initdb")
    return found.parent if found else None


def find_chromium() -> Path | None:
    """Return the browser's program."""
    return _program("chromium") or _program("chromium-browser")


def find_vectors() -> Path | None:
    """Return the folder of Wycheproof vectors, which lies beside the repository."""
    return VECTORS if VECTORS.is_dir() else None


#: Each requirement that a test can name, and how it is found.
FINDERS: Mapping[str, Finder] = {
    "postgres": find_postgres,
    "chromium": find_chromium,
    "vectors": find_vectors,
}


def required_names(environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Return the requirements whose absence is a failure.

    Raises:
        pytest.UsageError: LIAISON_REQUIRE names something that is no requirement.
    """
    names = {name.strip() for name in environment.get(REQUIRE, "").split(",")} - {""}
    unknown = sorted(names - FINDERS.keys())
    if unknown:
        known = ", ".join(FINDERS)
        raise pytest.UsageError(f"{REQUIRE} names {', '.join(unknown)}; known are: {known}")
    return frozenset(names)


def require(name: str, *, finders: Mapping[str, Finder] = FINDERS) -> Path:
    """Return where the requirement ``name`` lies; without it, skip the test or fail if asked to."""
    found = finders[name]()
    if found is None:
        _give_up(name)
    return found


def _give_up(name: str) -> NoReturn:
    if name in required_names():
        pytest.fail(f"{name} was not found, and {REQUIRE} names it", pytrace=False)
    pytest.skip(f"{name} was not found on this machine")


def _program(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found).resolve() if found else None
