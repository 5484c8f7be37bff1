"""How errors leave a command: which exit they make, in whose language, and what is never shown."""

import os
import pty
from collections.abc import Coroutine

import pytest
import typer

from liaison.audit.sources import MalformedCopyError, NotReachableError, SourceError
from liaison.audit.verify import BrokenRootError
from liaison.cli.console import (
    Exit,
    PassphraseError,
    command,
    fail,
    language,
    read_new_passphrase,
    read_passphrase,
)
from liaison.desk.client import DeskNotReachableError, DeskRefusedError
from liaison.desk.line.broker_client import LineDownError


@pytest.mark.parametrize(
    "error,code",
    [
        (BrokenRootError("x"), Exit.NO),
        (MalformedCopyError("x"), Exit.NO),
        (SourceError("x"), Exit.BAD_INPUT),
        (NotReachableError("x"), Exit.NOT_REACHABLE),
        (DeskNotReachableError("x"), Exit.NOT_REACHABLE),
        (LineDownError("x"), Exit.NOT_REACHABLE),
        (DeskRefusedError(409, "casework.illegal_step", "x", []), Exit.BAD_INPUT),
    ],
)
def test_an_error_makes_the_exit_of_its_kind(error: Exception, code: Exit) -> None:
    assert fail(error) is code


@pytest.mark.parametrize(
    "lang,said",
    [
        ("vi", "Không liên lạc được với bàn trực"),
        ("zh", "无法连接本机值班席"),
        ("en", "The desk on this computer cannot be reached"),
    ],
)
def test_an_error_is_said_in_the_officers_language_with_its_code_and_what_next(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lang: str, said: str
) -> None:
    monkeypatch.setenv("LIAISON_LANG", lang)

    fail(DeskNotReachableError("no desk runs in this folder"))
    what, why, following = capsys.readouterr().err.splitlines()

    assert said in what
    assert what.endswith("[desk.not_reachable]")
    assert why == "  no desk runs in this folder"
    assert "liaison desk serve" in following


@pytest.mark.parametrize(
    "wanted,locale,found",
    [
        ("vi", "zh_CN.UTF-8", "vi"),
        ("", "zh_CN.UTF-8", "zh"),
        ("fr", "vi_VN", "en"),
        ("", "C.UTF-8", "en"),
        ("", "", "en"),
    ],
)
def test_the_language_is_the_chosen_one_then_the_locales_then_english(
    monkeypatch: pytest.MonkeyPatch, wanted: str, locale: str, found: str
) -> None:
    monkeypatch.setenv("LIAISON_LANG", wanted)
    monkeypatch.setenv("LANG", locale)

    assert language() == found


def test_findings_are_listed_once_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [
        {"field": "persons.0.role", "expected": "a role", "found": "none", "code": "casework.x"},
        {"field": "place", "expected": "text", "found": "none", "code": "casework.y"},
    ]

    fail(DeskRefusedError(422, "casework.form", "all of it in one line", findings))
    err = capsys.readouterr().err

    assert "persons.0.role: expected a role, found none [casework.x]" in err
    assert "place: expected text, found none [casework.y]" in err
    assert "all of it in one line" not in err


def test_what_the_system_refuses_is_told_with_the_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def work() -> None:
        raise FileNotFoundError(2, "No such file or directory", "pins.txt")

    with pytest.raises(typer.Exit) as ended:
        command(work)()

    assert ended.value.exit_code == Exit.BAD_INPUT
    assert "pins.txt: No such file or directory" in capsys.readouterr().err


def test_a_defect_keeps_its_traceback() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        command(work)()


def test_a_command_exits_with_the_code_that_its_work_returns() -> None:
    def work() -> Coroutine[None, None, Exit]:
        return answered()

    async def answered() -> Exit:
        return Exit.NO

    with pytest.raises(typer.Exit) as ended:
        command(work)()

    assert ended.value.exit_code == Exit.NO


def piped(content: bytes) -> int:
    """Return a descriptor from which ``content`` can be read."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


def test_a_passphrase_is_the_first_line_of_its_descriptor() -> None:
    assert read_passphrase(piped("đúng ngựa pin\nmore".encode()), "Passphrase") == "đúng ngựa pin"


def test_a_passphrase_in_other_bytes_is_refused() -> None:
    with pytest.raises(PassphraseError, match="UTF-8"):
        read_passphrase(piped(b"\xff\xfe\n"), "Passphrase")


def test_a_descriptor_that_is_not_open_is_refused() -> None:
    with pytest.raises(PassphraseError, match="nothing to read"):
        read_passphrase(987, "Passphrase")


def typing_at_a_terminal(*lines: str) -> str:
    """Return what reading a new passphrase comes to when these lines are typed at a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            said = read_new_passphrase(None, "New passphrase")
        except PassphraseError as e:
            said = str(e)
        os.write(1, f"\nread: {said}\n".encode())
        os._exit(0)
    for line in lines:
        _until(terminal, b": ")
        os.write(terminal, line.encode() + b"\n")
    seen = _until(terminal, b"read: ") + _until(terminal, b"\n")
    os.waitpid(pid, 0)
    os.close(terminal)
    return seen.decode().split("read: ")[1].strip()


def _until(terminal: int, end: bytes) -> bytes:
    seen = b""
    while not seen.endswith(end):
        seen += os.read(terminal, 1)
    return seen


def test_a_new_passphrase_is_typed_twice_at_the_terminal() -> None:
    assert typing_at_a_terminal("correct horse", "correct horse") == "correct horse"
    assert "two different ones" in typing_at_a_terminal("correct horse", "correct house")
