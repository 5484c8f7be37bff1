"""The list of commands is that of the commands themselves, and none takes a secret or a clock."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from liaison.cli.commands import ALONE, GROUPS, Listed
from liaison.cli.main import ListedCommand
from tests.support.requirements import REPOSITORY

COMMANDS = {
    **{("", name): listed for name, listed in ALONE.items()},
    **{(g, name): listed for g, group in GROUPS.items() for name, listed in group.commands.items()},
}
SERVING = [key for key in COMMANDS if key[1] == "serve"]
#: What is run in earnest; the hand-driven clock is the demo's alone.
IN_EARNEST = (
    "liaison.broker",
    "liaison.desk",
    "liaison.witness",
    "liaison.runtime",
    "liaison.cli.broker",
    "liaison.cli.desk.work",
    "liaison.cli.desk.agent",
    "liaison.cli.witness",
)
IMPORT_ALL = """
import importlib, json, pkgutil, sys
for name in sys.argv[1:]:
    found = importlib.import_module(name)
    for module in pkgutil.walk_packages(getattr(found, "__path__", []), name + "."):
        importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


def options(name: str, listed: Listed) -> Iterator[str]:
    """Give every option and argument of a command, as it is typed."""
    for parameter in ListedCommand(name, listed).load().params:
        yield from parameter.opts


@pytest.mark.parametrize("key", COMMANDS, ids=" ".join)
def test_a_command_is_listed_with_its_own_first_line(key: tuple[str, str]) -> None:
    listed = COMMANDS[key]
    own = ListedCommand(key[1], listed).load().help or ""

    assert " ".join(own.split("\n\n")[0].split()) == listed.line


@pytest.mark.parametrize("key", COMMANDS, ids=" ".join)
def test_no_command_takes_a_secret_as_an_argument(key: tuple[str, str]) -> None:
    taken = set(options(key[1], COMMANDS[key]))
    suspect = {o for o in taken if any(w in o for w in ("pass", "secret", "pin", "seed", "key"))}

    # A descriptor to read from, and the file of the public fingerprints, are no secrets.
    assert suspect <= {"--passphrase-fd", "--new-passphrase-fd", "--pins"}


@pytest.mark.parametrize("key", SERVING, ids=" ".join)
def test_nothing_that_serves_has_an_option_for_a_clock(key: tuple[str, str]) -> None:
    taken = set(options(key[1], COMMANDS[key]))

    assert "--state" in taken
    assert {o for o in taken if any(w in o for w in ("clock", "time", "now", "at", "date"))} == {
        "--state"
    }


def test_nothing_that_runs_in_earnest_loads_the_demo() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *IN_EARNEST],
        check=True,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    modules = json.loads(ran.stdout)

    assert "liaison.broker.app" in modules
    assert "liaison.desk.app" in modules
    assert [name for name in modules if name.startswith("liaison.demo")] == []
