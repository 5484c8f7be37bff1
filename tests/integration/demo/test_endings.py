"""How a play ends: well, refused, interrupted or with its player killed."""

import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import PROGRAM, environment, liaison, running_with
from tests.support.played import MARK
from tests.support.scenarios import ANSWER_WITHOUT_OUTCOMES, REQUEST, altered

#: Longer than any of the demo's processes needs to end.
PATIENCE = 15.0
KEPT = re.compile(r"state kept in (\S+)")


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """Return an empty folder in which the demo makes its temporary ones."""
    folder = tmp_path / "room"
    folder.mkdir()
    return folder


def scenario(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    return file


def waited_for(condition: Callable[[], bool]) -> bool:
    """Say whether ``condition`` came true in time."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


def test_a_play_that_succeeds_leaves_nothing(tmp_path: Path, room: Path) -> None:
    file = scenario(tmp_path, REQUEST)

    played = liaison("demo", "--play", file, env=environment(TMPDIR=str(room)))

    assert played.code == 0, played.err
    assert "1 messages, 1 delivered, 1 opened" in played.out
    assert list(room.iterdir()) == []


def test_a_play_that_a_desk_refuses_keeps_and_names_its_folder(tmp_path: Path, room: Path) -> None:
    file = scenario(tmp_path, REQUEST + ANSWER_WITHOUT_OUTCOMES)

    played = liaison("demo", "--play", file, "--json", env=environment(TMPDIR=str(room)))

    [kept] = room.iterdir()
    assert played.code == 1
    assert played.out == ""
    assert KEPT.findall(played.err) == [str(kept)]
    assert "step 2: answer by DX-02 at cn-dongxing" in played.err
    assert "casework.person_without_outcome" in played.err
    assert "P1" in played.err
    assert (kept / "logs" / "broker.log").exists()


def test_a_play_begins_in_an_empty_folder_only(tmp_path: Path) -> None:
    file = scenario(tmp_path, REQUEST)

    played = liaison("demo", "--play", file, "--state", tmp_path)

    assert played.code == 2
    assert "play.folder_not_empty" in played.err
    assert [path.name for path in tmp_path.iterdir()] == ["scenario.toml"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_an_interrupted_play_leaves_no_process(
    tmp_path: Path, room: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [PROGRAM, "demo", "--play", "twenty-two-women.toml"],
        env=environment(TMPDIR=str(room), **{MARK: str(tmp_path)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as player:
        assert player.stdout is not None
        first = player.stdout.readline()
        alive = len(running_with(MARK, str(tmp_path)))
        player.send_signal(number)
        _, err = player.communicate(timeout=PATIENCE)

    assert first.startswith("step 1")
    assert alive == 6  # the player, a broker, two witnesses, two desks
    assert player.returncode != 0
    assert waited_for(lambda: running_with(MARK, str(tmp_path)) == [])
    if number is signal.SIGINT:
        assert KEPT.findall(err) == [str(folder) for folder in room.iterdir()]
        assert "Traceback" not in err


#: One of each kind; the others stand in the tests of the file's reader.
BAD = {
    "malformed": (altered("[[step]]", "[[step"), "scenario.malformed", "scenario.toml"),
    "code in a form": (altered('"beaten"', '"beeten"'), "scenario.form", "step 1"),
    "person": (altered("P8..P22", "P8..P23"), "scenario.unknown", "step 6"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_scenario_starts_nothing(tmp_path: Path, room: Path, name: str) -> None:
    text, code, where = BAD[name]

    played = liaison(
        "demo",
        "--play",
        scenario(tmp_path, text),
        "--json",
        env=environment(TMPDIR=str(room), **{MARK: str(tmp_path)}),
    )

    assert played.code == 2, played.err
    assert played.out == ""
    assert code in played.err
    assert where in played.err
    assert list(room.iterdir()) == []
    assert running_with(MARK, str(tmp_path)) == []


def test_a_bundled_scenario_of_a_later_version_says_where_it_stops(room: Path) -> None:
    played = liaison("demo", "--play", "monthly-report.toml", env=environment(TMPDIR=str(room)))

    assert played.code == 2
    assert "scenario.not_available" in played.err
    assert re.search(r"step 1: type REPORT is not available yet", played.err)
    assert list(room.iterdir()) == []


def test_a_scenario_that_is_nowhere_is_told_with_those_that_are(room: Path) -> None:
    played = liaison("demo", "--play", "women.toml", env=environment(TMPDIR=str(room)))

    assert played.code == 2
    assert "twenty-two-women.toml" in played.err
