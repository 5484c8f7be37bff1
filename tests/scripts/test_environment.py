"""`make setup` says what is missing before it changes anything."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.requirements import REPOSITORY

OLD = """#!/bin/sh
case "$*" in
  --version) echo Python 3.9.2 ;;
  *version_info*) exit 1 ;;
esac
"""
WITHOUT_VENV = """#!/bin/sh
case "$*" in
  --version) echo Python 3.11.2 ;;
  *ensurepip*) exit 1 ;;
esac
"""


def build(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Ask for an environment in ``folder`` made by the interpreter ``python``."""
    return subprocess.run(
        [REPOSITORY / "scripts/environment", folder, REPOSITORY / "requirements-dev.lock"],
        check=False,
        env=os.environ | {"PYTHON": python},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "interpreter, complaint",
    [
        (OLD, "Python 3.9.2 was found; Python 3.11 or newer is needed"),
        (WITHOUT_VENV, "Python 3.11.2 has no venv (or no ensurepip)"),
    ],
)
def test_unfit_python_is_named_with_the_package_to_install(
    tmp_path: Path, interpreter: str, complaint: str
) -> None:
    python = tmp_path / "python3"
    python.write_text(interpreter, encoding="utf-8")
    python.chmod(0o755)

    answer = build(tmp_path / "venv", str(python))

    assert answer.returncode == 2
    assert complaint in answer.stderr
    assert "apt-get install python3 python3-venv" in answer.stderr
    assert not (tmp_path / "venv").exists()


def test_missing_python_is_named(tmp_path: Path) -> None:
    answer = build(tmp_path / "venv", "python-of-nobody")

    assert answer.returncode == 2
    assert "python-of-nobody was not found" in answer.stderr
