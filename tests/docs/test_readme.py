"""Every command of the README runs as it stands there, in order, and prints what stands below it.

It is run in a copy of the tree. The copy's `.venv` has the programs of the environment that runs
this test and fresh stamps, so `make setup` finds nothing to do: that it builds an environment from
nothing is tested in tests/scripts, and would here make a second one of several hundred megabytes.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command import PROGRAM, Outcome, environment
from tests.support.requirements import REPOSITORY
from tests.support.transcript import Command, commands, masked

README = REPOSITORY / "README.md"
NEEDED = ("Makefile", "pyproject.toml", "requirements-dev.lock", "README.md")
STAMPS = (".installed-lock", ".installed-project")
PATIENCE = 120


def copy_of_the_tree(folder: Path) -> Path:
    """Return a copy of what `make setup` reads, with an environment that is up to date."""
    for name in NEEDED:
        shutil.copy2(REPOSITORY / name, folder)
    shutil.copytree(REPOSITORY / "scripts", folder / "scripts")
    environment_ = folder / ".venv"
    environment_.mkdir()
    (environment_ / "bin").symlink_to(PROGRAM.parent)
    for stamp in STAMPS:
        (environment_ / stamp).touch()
    return folder


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Command, Outcome]]:
    """Return each command of the README with what it came to."""
    folder = copy_of_the_tree(tmp_path_factory.mktemp("readme"))
    # Not those of the `make` that may be running this.
    env = {k: v for k, v in environment().items() if not k.startswith(("MAKE", "MFLAGS"))}
    return [(command, _run(command, folder, env)) for command in commands(README)]


def _run(command: Command, folder: Path, env: dict[str, str]) -> Outcome:
    done = subprocess.run(
        ["/bin/bash", "-eu", "-c", command.text],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_every_command_succeeds(ran: list[tuple[Command, Outcome]]) -> None:
    assert [(c.text, out.err) for c, out in ran if out.code != 0] == []


def test_what_is_shown_is_what_is_printed(ran: list[tuple[Command, Outcome]]) -> None:
    told = [(c.shown, out.out) for c, out in ran if c.shown]

    assert [masked(shown) for shown, _ in told] == [masked(printed) for _, printed in told]


def test_setup_is_instant_when_nothing_changed(
    ran: list[tuple[Command, Outcome]],
) -> None:
    assert ran[0][1].out == "make: Nothing to be done for 'setup'.\n"


def test_the_readme_sets_up_plays_and_checks() -> None:
    said = [command.text for command in commands(README)]

    assert said[0] == "make setup"
    assert any("liaison demo --play twenty-two-women.toml" in text for text in said)
    assert any("liaison audit verify" in text for text in said)


def test_setup_would_build_an_environment_where_there_is_none(tmp_path: Path) -> None:
    folder = copy_of_the_tree(tmp_path)
    for stamp in STAMPS:
        (folder / ".venv" / stamp).unlink()

    planned = subprocess.run(
        ["/usr/bin/env", "make", "--dry-run", "setup"],
        check=True,
        cwd=folder,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
    )

    assert "requirements-dev.lock" in planned.stdout
    assert "--editable ." in planned.stdout
