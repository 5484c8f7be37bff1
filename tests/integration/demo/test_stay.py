"""The demo that stays, started, used, stopped, interrupted and killed as a person would.

One story in one folder, since founding costs seconds; each test looks at a part of it.
"""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.command import PROGRAM, Outcome, environment, liaison, running_with
from tests.support.operated import DOCUMENT
from tests.support.requirements import REPOSITORY
from tests.support.transcript import blocks

#: One story, in one process of a test run.
pytestmark = pytest.mark.xdist_group("stay")
MARK = "STAYED_BY_TEST"
#: For a message to cross, a program to end, a demo to be founded.
PATIENCE = 60.0
LAST_LINE = "Ctrl-C"
OFFICERS = {
    "vn-quangninh": "QN-07 officer, QN-01 approver",
    "vn-mongcai-1": "MC-04 officer",
    "cn-guangxi": "GX-01 approver",
    "cn-dongxing": "DX-02 officer",
}
DESK_LINE = re.compile(r"(\S+)  +(http://127\.0\.0\.1:(\d+)/launch\?token=\S+)  (.+)")
#: The demo, a broker, two witnesses and four desks.
ALL = 8


@dataclass
class Run:
    """One start of the demo: what it printed, and how it ended."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    err: str = ""

    def read_until(self, word: str) -> None:
        """Read its lines up to the one that has ``word``, or to its end."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if word in line:
                return

    def end(self, number: signal.Signals | None) -> int:
        """Send it a signal, if one is given, and return its exit code."""
        if number is not None:
            self.process.send_signal(number)
        _, self.err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode

    @property
    def desks(self) -> dict[str, re.Match[str]]:
        """Return the lines of desks, by slug."""
        found = filter(None, map(DESK_LINE.fullmatch, self.lines))
        return {match[1]: match for match in found}


@dataclass
class Story:
    """What happened, by name."""

    state: Path
    codes: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    passphrases: dict[str, str] = field(default_factory=dict)
    boards: dict[str, list[str]] = field(default_factory=dict)
    taken: int = 0
    again: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def started(self, name: str, *words: str, until: str = LAST_LINE) -> Iterator[Run]:
        """Start the demo and read its lines; it is gone afterwards, whatever failed."""
        with subprocess.Popen(
            [PROGRAM, "demo", "--state", self.state, *words],
            env=environment(**{MARK: str(self.state)}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            run = self.runs[name] = Run(process)
            try:
                run.read_until(until)
                yield run
            finally:
                process.kill()

    def end(self, name: str, number: signal.Signals | None, *, patience: float = 0) -> None:
        """End a run and note how, and how many of its processes are left after ``patience`` s."""
        self.codes[name] = self.runs[name].end(number)
        ends = time.monotonic() + patience
        while (left := self.alive()) and time.monotonic() < ends:
            time.sleep(0.05)
        self.left[name] = left

    def alive(self) -> int:
        """Return how many processes of the demo run."""
        return len(running_with(MARK, str(self.state)))

    def board(self, desk: str, *, case: str = "") -> list[str]:
        """Return the cases on a desk's board, once ``case`` is among them."""
        ends = time.monotonic() + PATIENCE
        while True:
            seen = liaison("desk", "board", "--json", "--state", self.state / desk)
            cases = [row["case"] for row in seen.json["cases"]] if seen.code == 0 else []
            if not case or case in cases or time.monotonic() > ends:
                return cases
            time.sleep(0.2)


def _get(link: str) -> int:
    """Return the status with which a link is answered, as a browser would first ask."""
    parts = urlsplit(link)
    connection = HTTPConnection(parts.netloc, timeout=PATIENCE)
    connection.request("GET", f"{parts.path}?{parts.query}")
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Return what happened."""
    story = Story(tmp_path_factory.mktemp("stay") / "new" / "demo")
    _first_day(story)
    _day_of_the_taken_port(story)
    _day_of_the_interrupted_founding(story)
    _day_after_fresh(story)
    return story


def _first_day(story: Story) -> None:
    [rescue] = blocks(DOCUMENT, "toml")
    with story.started("first") as run:
        story.left["while it runs"] = story.alive()
        story.answers = {slug: _get(line[2]) for slug, line in run.desks.items()}
        file = story.state.parent / "rescue.toml"
        file.write_text(rescue, encoding="utf-8")
        session = story.state.parent / "mc-04.session"
        at_desk = ("--state", story.state / "vn-mongcai-1", "--officer", "MC-04")
        words = (story.state / "passphrase").read_text()
        liaison("desk", "unlock", *at_desk, "--session", session, passphrase=words)
        sent = liaison(
            *("desk", "send", *at_desk, "--session", session),
            *("--to", "cn-dongxing", "--file", file),
        )
        story.outcomes["send"] = sent
        story.boards["first"] = story.board("cn-dongxing", case=sent.out.strip())
        story.outcomes["second demo"] = liaison("demo", "--state", story.state)
        story.outcomes["second demo, fresh"] = liaison("demo", "--state", story.state, "--fresh")
        story.passphrases["first"] = (story.state / "passphrase").read_text()
        story.end("first", signal.SIGINT)


def _day_of_the_taken_port(story: Story) -> None:
    story.taken = int(story.runs["first"].desks["cn-dongxing"][3])
    stranger = socket.create_server(("127.0.0.1", story.taken))
    with stranger, story.started("again", "--json", until="desks") as run:
        story.again = json.loads(run.lines[-1])
        story.boards["again"] = story.board("cn-dongxing")
        story.end("again", signal.SIGKILL, patience=PATIENCE)


def _day_of_the_interrupted_founding(story: Story) -> None:
    with story.started("founding", "--fresh", until="founding"):
        story.end("founding", signal.SIGTERM)
    story.outcomes["half founded"] = liaison("demo", "--state", story.state)


def _day_after_fresh(story: Story) -> None:
    with story.started("fresh", "--fresh"):
        story.boards["fresh"] = story.board("cn-dongxing")
        story.passphrases["fresh"] = (story.state / "passphrase").read_text()
        port = (story.state / "cn-guangxi" / "agent.url").read_text().strip().rpartition(":")[2]
        _kill_desk(story, port)
        story.end("fresh", None)


def _kill_desk(story: Story, port: str) -> None:
    """Kill the desk's process on ``port``: what stands for one that breaks."""
    for pid in running_with(MARK, str(story.state)):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"desk" in words and port.encode() in words:
            os.kill(pid, signal.SIGKILL)


def test_each_desk_has_one_line_with_its_link_and_officers(story: Story) -> None:
    assert {slug: line[4] for slug, line in story.runs["first"].desks.items()} == OFFICERS


def test_every_link_opens_a_page(story: Story) -> None:
    assert story.answers == dict.fromkeys(OFFICERS, 303)


def test_the_passphrase_is_printed_and_kept_for_its_owner_only(story: Story) -> None:
    kept = story.state / "passphrase"

    [line] = [line for line in story.runs["first"].lines if line.startswith("passphrase")]
    assert line.split()[1] == story.passphrases["first"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_every_part_is_a_process_of_its_own(story: Story) -> None:
    assert story.left["while it runs"] == ALL


def test_a_rescue_from_one_desk_stands_on_the_others_board(story: Story) -> None:
    sent = story.outcomes["send"]

    assert sent.code == 0, sent.err
    assert story.boards["first"] == [sent.out.strip()]


@pytest.mark.parametrize("name", ["second demo", "second demo, fresh"])
def test_two_demos_never_run_in_one_folder(story: Story, name: str) -> None:
    assert story.outcomes[name].code == 2
    assert "stay.folder_in_use" in story.outcomes[name].err


def test_ctrl_c_ends_everything(story: Story) -> None:
    assert story.codes["first"] == 0
    assert story.left["first"] == 0
    assert story.runs["first"].err == ""


def test_a_second_start_keeps_cases_passphrase_and_ports(story: Story) -> None:
    before = {slug: int(line[3]) for slug, line in story.runs["first"].desks.items()}
    after = {desk["desk"]: urlsplit(desk["url"]).port for desk in story.again["desks"]}
    del before["cn-dongxing"], after["cn-dongxing"]

    assert story.boards["again"] == story.boards["first"]
    assert story.again["passphrase"] == story.passphrases["first"]
    assert after == before


def test_a_taken_port_is_named_and_another_used(story: Story) -> None:
    [dongxing] = [desk for desk in story.again["desks"] if desk["desk"] == "cn-dongxing"]
    port = urlsplit(dongxing["url"]).port

    assert port != story.taken
    said = f"port {story.taken} is taken: cn-dongxing listens on {port} instead"
    assert said in story.runs["again"].err.splitlines()


def test_a_demo_that_is_killed_leaves_no_process(story: Story) -> None:
    assert story.codes["again"] == -signal.SIGKILL
    assert story.left["again"] == 0


def test_sigterm_while_it_is_founded_ends_it(story: Story) -> None:
    assert story.codes["founding"] == 0
    assert story.left["founding"] == 0


def test_what_was_not_founded_to_its_end_is_told(story: Story) -> None:
    assert story.outcomes["half founded"].code == 2
    assert "stay.half_founded" in story.outcomes["half founded"].err
    assert "--fresh" in story.outcomes["half founded"].err


def test_fresh_begins_anew(story: Story) -> None:
    assert len(story.runs["fresh"].desks) == len(OFFICERS)
    assert story.boards["fresh"] == []
    assert story.passphrases["fresh"] != story.passphrases["first"]


def test_a_part_that_ends_by_itself_is_named_and_ends_the_demo(story: Story) -> None:
    assert story.codes["fresh"] == 1
    assert "cn-guangxi has ended by itself" in story.runs["fresh"].err
    assert story.left["fresh"] == 0


@pytest.mark.parametrize("words", [(), ("--fresh",)], ids=["start", "fresh"])
@pytest.mark.parametrize("name", ["notes.txt", "demo.json"])
def test_a_folder_that_is_no_demos_is_left_alone(
    tmp_path: Path, words: tuple[str, ...], name: str
) -> None:
    (tmp_path / name).write_text("{}")

    refused = liaison("demo", "--state", tmp_path, *words)

    assert refused.code == 2
    assert "stay.foreign_folder" in refused.err
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "{}"


def test_fresh_goes_without_a_play(tmp_path: Path) -> None:
    refused = liaison("demo", "--play", "twenty-two-women.toml", "--fresh", "--state", tmp_path)

    assert refused.code == 2
    assert list(tmp_path.iterdir()) == []


def _make_demo(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `make demo` for its help, in a folder with the Makefile and no packages."""
    shutil.copy2(REPOSITORY / "Makefile", folder)
    (folder / "requirements.lock").touch()
    return subprocess.run(
        ["/usr/bin/env", "make", "demo", "DEMO_ARGS=--help"],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={k: v for k, v in environment().items() if not k.startswith(("MAKE", "MFLAGS"))},
        timeout=PATIENCE,
    )


def test_make_demo_uses_the_environment_that_is_there(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (tmp_path / ".venv" / part).symlink_to(PROGRAM.parent.parent / part)
    (tmp_path / ".venv" / ".installed-lock").touch()

    made = _make_demo(tmp_path)

    assert made.returncode == 0, made.stderr
    assert "--fresh" in made.stdout
    assert "building" not in made.stdout


def test_make_demo_builds_from_the_runtime_lock_where_there_is_no_environment(
    tmp_path: Path,
) -> None:
    made = _make_demo(tmp_path)

    # The script that builds is not in this folder: what it does is tested in tests/scripts.
    assert made.returncode == 2
    assert made.stdout == "building .venv from requirements.lock\n"
    assert "scripts/environment" in made.stderr
