"""Commands without a network: how fast they start, and how they refuse."""

import os
import sys
from pathlib import Path

import pytest

from tests.support.command import PROGRAM, environment, liaison

#: Pure commands touch no server and start in at most half a second (of CPU: the wall is noisy).
START = 0.5
TRIES = 5
PASSPHRASE = "correct horse battery"
PINS = " ".join(["00000"] * 12)


def cpu_seconds(*arguments: str) -> float:
    """Return the CPU seconds, user and system, that the command took to its end."""
    silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    child = os.posix_spawn(PROGRAM, [str(PROGRAM), *arguments], environment(), file_actions=silent)
    _, _, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize(
    "words",
    ["--version", "--help", "desk --help", "broker serve --help", "desk board --state nowhere"],
)
def test_a_pure_command_starts_in_half_a_second(words: str) -> None:
    times: list[float] = []
    while len(times) < TRIES and min(times, default=START + 1) > START:
        times.append(cpu_seconds(*words.split()))

    assert min(times) <= START


def test_python_m_is_the_same_program() -> None:
    version = liaison("--version")

    assert version.code == 0
    assert version.out.startswith("liaison ")
    assert Path(sys.executable).parent == PROGRAM.parent


@pytest.mark.parametrize(
    "words,code,said",
    [
        ("dsk", 2, "Did you mean 'desk'?"),
        ("desk bord", 2, "Did you mean 'board'?"),
        ("desk board --state nowhere", 3, "desk.not_reachable"),
        ("desk send --to cn-dongxing --officer QN-07 --file none.toml", 2, "desk.input_file"),
        ("desk serve --state nowhere --officer QN-07 --broker {none}", 2, "desk.no_vault"),
        ("desk init --desk d --officer Q-7 --pins pins --broker {none} --state d", 3, "line.down"),
        ("audit verify --ledger {none} --pins pins", 3, "audit.not_reachable"),
        ("audit verify --ledger nowhere --pins pins", 2, "audit.source"),
        ("audit verify --pins pins", 2, "config.missing_key"),
        ("audit verify --ledger nowhere --pins none", 2, "none: No such file"),
        ("broker enroll --state b --entries none --pins pins", 2, "none: No such file"),
        ("broker serve --state b --host 192.0.2.1", 2, "config.insecure"),
        ("broker serve --state b", 2, "broker.not_initialised"),
        ("witness init --state w --name witness", 0, "request w/witness-request.cbor"),
        ("keys ceremony --out c --broker-request none --witness-request x", 2, "none: No such"),
        ("keys enroll none --registrar none --pins pins --broker {none}", 2, "runtime.seed"),
        ("demo --play none.toml", 2, "twenty-two-women.toml"),
    ],
)  # fmt: skip
def test_a_command_exits_with_its_code_and_says_why(
    tmp_path: Path, words: str, code: int, said: str
) -> None:
    (tmp_path / "pins").write_text(f"{PINS}\n")
    # Port 1 of this machine: nobody listens there.
    typed = words.format(none="http://127.0.0.1:1").split()

    ran = liaison(
        *typed,
        cwd=tmp_path,
        passphrase=PASSPHRASE if words.startswith(("desk init", "desk serve")) else None,
    )

    assert ran.code == code, ran.err
    assert said in ran.err + ran.out
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "text,said",
    [
        ("[desk]\nbroker_ulr = 'x'", "broker_url"),
        ("[dsk]\nport = 1", "'desk'"),
        ("[desk]\nstate = 's'\nbroker_url = 'u'\nport = 'many'", "config.type"),
        ("[desk", "config.file"),
    ],
)
def test_a_faulty_settings_file_names_entry_and_nearest_spelling(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)

    ran = liaison("desk", "board", "--settings", file)

    assert ran.code == 2
    assert said in ran.err


def test_an_unknown_variable_names_the_nearest() -> None:
    ran = liaison("desk", "board", env=environment(LIAISON_DESK_PROT="8472"))

    assert ran.code == 2
    assert "LIAISON_DESK_PORT" in ran.err


def test_a_key_is_never_replaced_in_place(tmp_path: Path) -> None:
    first = liaison("witness", "init", "--state", "w", "--name", "w", cwd=tmp_path)
    key = (tmp_path / "w" / "witness.key").read_bytes()

    second = liaison("witness", "init", "--state", "w", "--name", "w", cwd=tmp_path)

    assert (first.code, second.code) == (0, 2)
    assert "runtime.seed" in second.err
    assert (tmp_path / "w" / "witness.key").read_bytes() == key
