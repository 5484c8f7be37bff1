import os
import subprocess
import sys
from pathlib import Path

import pytest

from liaison.runtime.origin import PACKAGES, OriginError, check_origin, one_parent
from tests.support.requirements import REPOSITORY

ASK = "from liaison.runtime.origin import check_origin; print(check_origin())"


def ask(*path: Path) -> subprocess.CompletedProcess[str]:
    """Ask a new interpreter that looks for modules along ``path`` first."""
    return subprocess.run(
        [sys.executable, "-P", "-c", ASK],
        check=False,
        env={"PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )


def test_packages_of_one_tree_are_accepted() -> None:
    assert check_origin() == REPOSITORY


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "liaison"])
def test_a_package_from_elsewhere_is_refused_by_name(name: str) -> None:
    places = {package: Path("home", package) for package in PACKAGES}

    with pytest.raises(OriginError, match=f"found {name} in site") as refusal:
        one_parent(places | {name: Path("site", name)})

    assert refusal.value.code == "runtime.origin"


def test_a_foreign_config_in_front_of_ours_stops_the_program(tmp_path: Path) -> None:
    foreign = tmp_path / "config"
    foreign.mkdir()
    (foreign / "__init__.py").touch()

    answer = ask(tmp_path, REPOSITORY)

    assert answer.returncode == 1
    assert f"found config in {tmp_path}" in answer.stderr


def test_a_missing_package_stops_the_program(tmp_path: Path) -> None:
    (tmp_path / "liaison").symlink_to(REPOSITORY / "liaison")

    answer = subprocess.run(
        [sys.executable, "-P", "-S", "-c", ASK],  # -S: without the installed project
        check=False,
        env={"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )

    assert "expected the package crypto; found nothing" in answer.stderr


def test_the_program_starts_from_its_own_tree() -> None:
    answer = ask(REPOSITORY)

    assert answer.stdout.strip() == str(REPOSITORY)
