"""`liaison desk review` as two supervisors hold it, each with their own token and words."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from crypto.attest.signing import key_id
from crypto.attest.statement import ArchiveKey
from liaison.desk.client import ADDRESS
from tests.support.command import PATIENCE, PROGRAM, Outcome, environment
from tests.support.network import Desk, Network
from tests.support.supervisors import Supervisor, has_halves, name_supervisors, panels, supervisor

WORDS = {"a": "cá sông trâu đồng", "b": "một chiếc thuyền nan"}
TOKEN = 'liaison keys supervisor-new {0}.token --new-passphrase-fd 3 3< <(cat "{0}.words")'
#: Each supervisor's passphrase comes from a process of their own, which knows no other.
REVIEW = (
    "liaison desk review {case} --state {state} --first {first}.token --second {second}.token"
    " --reason complaint --json --first-fd 3 --second-fd 4"
    ' 3< <(cat "{first}.words") 4< <(cat "{second_words}.words")'
)


async def run(folder: Path, line: str) -> Outcome:
    """Return what a line of the shell comes to, typed in the supervisors' folder."""
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    ran = await asyncio.to_thread(
        subprocess.run,
        ["/bin/bash", "-c", line],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(PATH=path),
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
    return Outcome(ran.returncode, ran.stdout, ran.stderr)


async def with_token(folder: Path, name: str) -> Supervisor:
    """Return a supervisor who has made their token by the command, on their own stick."""
    (folder / f"{name}.words").write_text(WORDS[name] + "\n", encoding="utf-8")
    made = await run(folder, TOKEN.format(name))
    assert made.code == 0, made.err
    public = (folder / f"{name}.token.pub").read_bytes()
    assert key_id(public).hex() in made.out
    return Supervisor((folder / f"{name}.token").read_bytes(), ArchiveKey(key_id(public), public))


@pytest.fixture
async def overseen(network: Network, tmp_path: Path) -> Desk:
    """Return the desk of Móng Cái, overseen by one of each panel who have made their tokens."""
    first, second = await with_token(tmp_path, "a"), await with_token(tmp_path, "b")
    spare = supervisor(), supervisor()
    await name_supervisors(network, network.mongcai, panels([first, spare[0]], [second, spare[1]]))
    (network.mongcai.state / ADDRESS).write_text(network.mongcai.url + "\n", encoding="utf-8")
    return network.mongcai


async def test_two_supervisors_read_one_case_by_the_command_and_neither_does_alone(
    overseen: Desk, tmp_path: Path
) -> None:
    ref = await overseen.request()
    await has_halves(overseen, 1)
    said = {"case": ref, "state": str(overseen.state)}

    twice = await run(tmp_path, REVIEW.format(**said, first="a", second="a", second_words="a"))
    guessed = await run(tmp_path, REVIEW.format(**said, first="a", second="b", second_words="a"))
    assert [one.code for one in (twice, guessed)] == [2, 2]
    assert "[oversight.one_panel]" in twice.err
    assert "[vault.wrong_passphrase]" in guessed.err
    assert ref not in twice.out + guessed.out
    assert await overseen.agent.store.reviews() == []
    # Whose panel is named first does not matter.
    read = await run(tmp_path, REVIEW.format(**said, first="b", second="a", second_words="a"))

    assert read.code == 0, read.err
    assert (read.json["case"], len(read.json["steps"])) == (ref, 1)
    [record] = (await overseen.case(ref))["reviews"]
    assert read.json["reviews"] == [record]
    assert record["reason"] == "complaint"
    assert not [word for word in WORDS.values() if word in read.out + read.err]
