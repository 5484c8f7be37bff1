"""The network that docs/operating.md sets up by hand, by the very commands that stand there.

Each command is run as it is written, in the document's order, in an empty folder. What differs:
ports are free ones, the numbers of the case and of computers are those that were shown, a command
that serves is left running once it has printed its address, and one that comes before its message
has crossed is repeated. Everything is stopped at the end.
"""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.command import PROGRAM, Outcome, environment, liaison, running_with
from tests.support.requirements import REPOSITORY
from tests.support.transcript import Command, blocks, commands

DOCUMENT = REPOSITORY / "docs" / "operating.md"
MARK = "OPERATED_BY_TEST"
#: The case's number in the document.
CASE = "QN-MC1-2026-0001"
#: A number that people compare, as it is shown: of requests, of a computer, of a root.
NUMBER = re.compile(r"(?<!\d)(?<!\d )(?:\d{5} ){3,11}\d{5}\b")
#: What a command answers that comes before what it needs has crossed.
NOT_YET = ("casework.unknown_case", "devices.unknown")
#: For a process to listen, a message to cross, a process to end.
PATIENCE = 30.0
#: Tests with one network stay in one process.
GROUP = pytest.mark.xdist_group("operating")


@dataclass
class Operated:
    """The running network, and what each command came to."""

    folder: Path
    case: str = CASE
    outcomes: list[tuple[Command, Outcome]] = field(default_factory=list)
    serving: list[subprocess.Popen[str]] = field(default_factory=list)
    ports: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    def liaison(
        self,
        *arguments: str,
        env: dict[str, str] | None = None,
        passphrase: str | None = None,
        typed: str = "",
    ) -> Outcome:
        """Run a further command of `liaison` in the network's folder."""
        return liaison(*arguments, cwd=self.folder, env=env, passphrase=passphrase, typed=typed)

    def passphrase(self, officer: str) -> str:
        """Return the officer's passphrase."""
        return (self.folder / f"{officer.lower()}.passphrase").read_text().strip()

    def url(self, port: str) -> str:
        """Return the address of what the document has on ``port``."""
        return f"http://127.0.0.1:{self.ports[port]}"

    def outcome(self, begin: str) -> Outcome:
        """Return what the first command that begins so came to."""
        return next(out for command, out in self.outcomes if command.text.startswith(begin))

    def written(self, text: str) -> str:
        """Return a command's text with this network's ports, case and numbers."""
        for told, found in (self.ports | self.numbers).items():
            text = text.replace(told, found)
        return text.replace(CASE, self.case)

    def environment(self) -> dict[str, str]:
        """Return the environment of all commands: `liaison` on the path, and our mark."""
        path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
        return environment(PATH=path, **{MARK: str(self.folder)})


@contextmanager
def operated(folder: Path, document: Path = DOCUMENT) -> Iterator[Operated]:
    """Set up the network of the document in ``folder``; every process of it ends with this."""
    network = Operated(folder)
    script = commands(document)
    ports = dict.fromkeys(re.findall(r"\b84\d\d\b", "".join(command.text for command in script)))
    network.ports = dict(zip(ports, free_ports(len(ports)), strict=True))
    for rescue in blocks(document, "toml"):
        (folder / "rescue.toml").write_text(rescue, encoding="utf-8")
    with ExitStack() as stack:
        stack.callback(_stop, network)
        for command in script:
            outcome = _serve(network, command) if command.serves else _run(network, command)
            network.outcomes.append((command, outcome))
            if command.text.startswith("liaison desk send") and outcome.code == 0:
                network.case = outcome.out.strip()
            if outcome.code == 0:
                told, found = NUMBER.findall(command.shown), NUMBER.findall(outcome.out)
                # A computer may not know of the other yet: then one number less was found.
                network.numbers |= dict(zip(told, found, strict=False))
        yield network


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    """Return the network of docs/operating.md, running."""
    with operated(tmp_path_factory.mktemp("operated")) as running:
        yield running


def free_ports(count: int) -> list[str]:
    """Return ports that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [str(each.getsockname()[1]) for each in sockets]


def left_behind(network: Operated) -> list[int]:
    """Return the ids of the network's processes that still run."""
    return running_with(MARK, str(network.folder))


def _run(network: Operated, command: Command) -> Outcome:
    ends = time.monotonic() + PATIENCE
    while True:
        ran = subprocess.run(
            ["/bin/bash", "-eu", "-o", "pipefail", "-c", network.written(command.text)],
            check=False,
            capture_output=True,
            text=True,
            cwd=network.folder,
            env=network.environment(),
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
        )
        is_early = any(code in ran.stderr for code in NOT_YET)
        waits = is_early or command.text.startswith(("liaison desk status", "liaison keys status"))
        if ran.returncode == 0 or not waits or time.monotonic() > ends:
            return Outcome(ran.returncode, ran.stdout, ran.stderr)
        time.sleep(0.2)


def _serve(network: Operated, command: Command) -> Outcome:
    log = network.folder / f"serve-{len(network.serving)}.log"
    with log.open("w") as errors:
        serving = subprocess.Popen(
            ["/bin/bash", "-c", f"exec {network.written(command.text)}"],
            cwd=network.folder,
            env=network.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    network.serving.append(serving)
    assert serving.stdout is not None
    # Ends with a line or, when the process ends, with none.
    address = serving.stdout.readline()
    return Outcome(0 if address else serving.wait(PATIENCE), address, log.read_text())


def _stop(network: Operated) -> None:
    for serving in reversed(network.serving):
        serving.terminate()
    for serving in network.serving:
        serving.wait(PATIENCE)
        if serving.stdout is not None:
            serving.stdout.close()
