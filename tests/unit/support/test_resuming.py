"""A run that is taken up again runs what has not passed, and nothing twice."""

import subprocess
import sys
from pathlib import Path

from tests.support.requirements import REPOSITORY

TESTS = """
from pathlib import Path

def test_one():
    pass

def test_two():
    assert Path("mended").exists()

def test_three():
    pass
"""


def run(folder: Path) -> str:
    """Run the three tests with a file to resume by, and return what was said."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.resuming", "-p", "no:xdist"]
    said = subprocess.run(
        [*command, "--resume", "passed", "-q", "test_three.py"],
        cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    (tmp_path / "test_three.py").write_text(TESTS)

    first = run(tmp_path)
    (tmp_path / "mended").touch()
    second = run(tmp_path)

    assert "1 failed, 2 passed" in first
    assert "1 passed, 2 deselected" in second
    named = (tmp_path / "passed").read_text().splitlines()
    assert sorted(named) == [f"test_three.py::test_{n}" for n in ("one", "three", "two")]
