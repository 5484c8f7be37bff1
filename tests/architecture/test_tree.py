"""What no file of the project may name: a registry host, or a folder of somebody's machine."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.requirements import REPOSITORY

REGISTRY_HOST = re.compile(
    r"\b(?:pypi|python" r"hosted|npmjs|debian|crates|anaconda|docker|ghcr)\.(?:org|com|io|net)\b"
)
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:work|tmp|root|home)/")
ANY_ADDRESS = re.compile(
    r"\w+://|\bfile:|--(?:index-url|extra-index-url|find-links)|\.(?:org|com)\b"
)

LOCKS = ["requirements.lock", "requirements-dev.lock"]


def files_of_the_project() -> list[Path]:
    """Return every file that git tracks or would track; skip where there is no git repository."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git repository, so what belongs to the project is not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        check=True,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    paths = (REPOSITORY / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Return ``file:line`` for each line of the project in which ``pattern`` is found."""
    return [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in files_of_the_project()
        for number, line in enumerate(path.read_bytes().decode(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_registry_host() -> None:
    assert lines_with(REGISTRY_HOST) == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    assert lines_with(MACHINE_PATH) == []


def test_the_lock_tools_own_file_is_not_part_of_the_project() -> None:
    assert not [path for path in files_of_the_project() if path.name == "uv.lock"]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())[1:]  # the first is the comment

    assert ANY_ADDRESS.search(text) is None
    assert entries
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_development_lock_holds_the_runtime_lock() -> None:
    runtime, development = ((REPOSITORY / lock).read_text().splitlines() for lock in LOCKS)

    assert set(runtime[1:]) <= set(development)


@pytest.mark.parametrize(
    "pattern, line",
    [
        (REGISTRY_HOST, "from https://files.python" + "hosted.org/x"),
        (MACHINE_PATH, "see " + "/wor" + "k/main"),
        (ANY_ADDRESS, "--extra-index-url x"),
    ],
)
def test_a_line_of_that_kind_would_be_found(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)
