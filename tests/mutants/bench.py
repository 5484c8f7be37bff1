"""A copy of the project that may be changed, and a process that runs its tests.

Only the copy is ever changed: one text of one file at a time, which is put back afterwards. Byte
code that Python has made of a file counts for that file's size and time; a changed file gets
another time, so that it is compiled anew, and none of it is kept.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from liaison.runtime.origin import PACKAGES
from tests.support.requirements import REPOSITORY

FORK_SERVER = Path(__file__).with_name("fork_server.py")
OUTPUT = "output.txt"
#: Seconds after which a run is ended.
PATIENCE = 60.0
#: Seconds for what a cut-off test started to see that nobody is there any more, and to end.
ENDING = 20.0
SECOND = 10**9


class TextError(Exception):
    """The text that is to be replaced does not occur exactly once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test went: the phase in which it failed or "passed", and the errors raised by name."""

    phase: str
    raised: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of tests: how it ended, each test's outcome by its name, and what pytest printed."""

    ended: str
    outcomes: dict[str, Outcome]
    output: str


class Bench:
    """Runs tests over ``tree``. Made by ``opened``."""

    def __init__(self, tree: Path, folder: Path, process: subprocess.Popen[str]) -> None:
        self.tree = tree
        self._folder, self._process = folder, process
        self._numbers = count(1)

    @contextmanager
    def changed(self, file: str, text: str, instead: str) -> Iterator[None]:
        """Have ``instead`` in the place of ``text`` until the end.

        Raises:
            TextError: the text does not occur exactly once in the file.
        """
        path = self.tree / file
        before = path.read_bytes() if path.exists() else b""
        times = before.count(text.encode())
        if times != 1:
            raise TextError(f"{file}: expected once, found {times} times: {text}")
        stood = path.stat()
        path.write_bytes(before.replace(text.encode(), instead.encode()))
        os.utime(path, ns=(stood.st_atime_ns, stood.st_mtime_ns + 10 * SECOND))
        try:
            yield
        finally:
            path.write_bytes(before)
            os.utime(path, ns=(stood.st_atime_ns, stood.st_mtime_ns))

    def run(self, tests: Sequence[str], *, seconds: float = PATIENCE) -> Ran:
        """Return how ``tests`` went over the tree as it stands."""
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        request = {"tests": [*tests], "seconds": seconds, "folder": str(folder)}
        answer = _ask(self._process, request)
        printed = folder / OUTPUT
        output = printed.read_text(errors="replace") if printed.exists() else ""
        _remove(folder)
        outcomes = {
            name: Outcome(one["phase"], tuple(one["raised"]))
            for name, one in answer["outcomes"].items()
        }
        return Ran(answer["ended"], outcomes, output)


@contextmanager
def opened(tree: Path, folder: Path, **more: str) -> Iterator[Bench]:
    """Give the bench over ``tree``; end its process at the end.

    Args:
        tree: what is tested, and changed.
        folder: an empty one to work in.
        more: what the tests find in their environment.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "LIAISON_"))}
    with subprocess.Popen(
        [sys.executable, "-P", "-B", str(FORK_SERVER), str(tree)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # What a test starts must find the tree as well.
        env=kept | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"} | more,
    ) as process:
        _read(process)
        yield Bench(tree, folder, process)


def copy_project(to: Path) -> Path:
    """Return the folder ``to``, which now holds the packages, their tests and the pages."""
    half_written = shutil.ignore_patterns("*.pyc.*")
    for name in (*PACKAGES, "tests", "docs"):
        shutil.copytree(REPOSITORY / name, to / name, ignore=half_written)
    shutil.copy2(REPOSITORY / "pyproject.toml", to)
    return to


def _remove(folder: Path) -> None:
    """Remove ``folder``, into which a process that is about to end may still write."""
    ends = time.monotonic() + ENDING
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def _ask(process: subprocess.Popen[str], request: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return _read(process)


def _read(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer
