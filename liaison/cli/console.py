"""How commands speak: results on standard output, errors on standard error, one exit code each.

An error says what happened in the officer's language, its stable code, what was expected and found,
and what to do next. What no table here names is a defect and shows as such.
"""

import asyncio
import functools
import json
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from enum import IntEnum
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from config.load import load_errors
from config.settings import DeskSettings, load_settings

P = ParamSpec("P")

LANGUAGES = ("vi", "zh", "en")
LANGUAGE_VARIABLE = "LIAISON_LANG"
LONGEST_PASSPHRASE = 1_024
LONGEST_LINE = 1_024

SessionOption = Annotated[
    Path | None,
    typer.Option(
        "--session",
        envvar="LIAISON_SESSION",
        help="The officer's session, as `unlock --session` wrote it; without it, the passphrase.",
    ),
]
NewPassphraseOption = Annotated[
    int | None,
    typer.Option(
        "--new-passphrase-fd",
        help="Read the new passphrase from this open file descriptor instead of asking.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
SettingsOption = Annotated[
    Path | None, typer.Option("--settings", help="A settings file (see config/SCHEMA.md).")
]
StateOption = Annotated[Path | None, typer.Option("--state", help="The folder of this process.")]
OfficerOption = Annotated[str, typer.Option(help="The officer's pseudonym, such as QN-07.")]
PassphraseOption = Annotated[
    int | None,
    typer.Option(
        "--passphrase-fd",
        help="Read the passphrase from this open file descriptor instead of asking.",
    ),
]


class Exit(IntEnum):
    """What an exit code means."""

    GOOD = 0
    NO = 1
    BAD_INPUT = 2
    NOT_REACHABLE = 3


#: Errors by the beginning of their stable code: which exit they make. The first that fits counts.
EXITS: tuple[tuple[str, Exit], ...] = (
    ("desk.not_reachable", Exit.NOT_REACHABLE),
    ("line.down", Exit.NOT_REACHABLE),
    ("audit.not_reachable", Exit.NOT_REACHABLE),
    ("audit.source", Exit.BAD_INPUT),
    ("audit.", Exit.NO),
    ("disclosure.malformed", Exit.NO),
    ("disclosure.false", Exit.NO),
    ("demo.", Exit.NO),
)


class SystemRefusedError(Exception):
    """The system lets us not use a file, a folder or a port."""

    code = "system.refused"


class PassphraseError(Exception):
    """No passphrase could be read."""

    code = "cli.passphrase"


class NothingTypedError(Exception):
    """Something was to be typed, and nothing came."""

    code = "cli.nothing_typed"


def fail(error: Exception) -> Exit:
    """Print what went wrong, for a person, and return the exit code that it makes."""
    code = getattr(error, "code", "internal")
    said = load_errors().get(code)
    lang = language()
    sys.stderr.write(f"{said.what.of(lang) if said else code} [{code}]\n")
    findings = getattr(error, "findings", None)
    for line in map(_finding, findings) if findings else [str(error)]:
        sys.stderr.write(f"  {line}\n")
    if said:
        sys.stderr.write(f"  -> {said.next.of(lang)}\n")
    return next((exit_ for begin, exit_ in EXITS if code.startswith(begin)), Exit.BAD_INPUT)


def language() -> str:
    """Return the officer's language: LIAISON_LANG, else that of the locale, else English."""
    wanted = os.environ.get(LANGUAGE_VARIABLE) or os.environ.get("LANG", "")
    return wanted[:2] if wanted[:2] in LANGUAGES else "en"


def command(work: Callable[P, Coroutine[Any, Any, Exit | None]]) -> Callable[P, None]:
    """Return a command that runs ``work`` and exits with its code; known errors are told."""

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = asyncio.run(work(*args, **kwargs))
        except Exception as e:
            named = _named(e)
            if named is None:
                raise
            code = fail(named)
        raise typer.Exit(int(code or Exit.GOOD))

    return run


def print_json(value: object) -> None:
    """Print one JSON object, in UTF-8, alone on its line, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """Print one line for a person, at once and unwrapped."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def read_passphrase(descriptor: int | None, prompt: str) -> str:
    """Return a passphrase: the first line of an open descriptor or, without one, typed.

    Never from an argument or the environment: other programs can read those. Raises
    PassphraseError when there is nothing to read, or no text.
    """
    try:
        if descriptor is None:
            return getpass(f"{prompt}: ")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.readline(LONGEST_PASSPHRASE).decode().rstrip("\r\n")
    except (EOFError, OSError) as e:
        raise PassphraseError(f"{prompt}: expected a line of text, found nothing to read") from e
    except UnicodeDecodeError as e:
        raise PassphraseError(f"{prompt}: expected UTF-8, found other bytes") from e


def read_line(prompt: str, descriptor: int | None = None) -> str:
    """Return a line that a person types: shown while it is typed, and no secret.

    With a descriptor, or where no terminal is, it is the next line that comes.

    Raises:
        NothingTypedError: nothing came.
    """
    sys.stderr.write(f"{prompt}: ")
    sys.stderr.flush()
    return _next_line(prompt, descriptor)


def read_blind(prompt: str, descriptor: int | None = None) -> str:
    """Return a line that a person types and nobody sees; else as :func:`read_line`.

    Raises:
        NothingTypedError: nothing came.
    """
    if descriptor is None and sys.stdin.isatty():
        try:
            return getpass(f"{prompt}: ")
        except EOFError as e:
            raise NothingTypedError(f"{prompt}: expected a line, found none") from e
    return _next_line(prompt, descriptor)


def read_new_passphrase(descriptor: int | None, prompt: str) -> str:
    """Return a passphrase that opens something from now on; at the terminal it is typed twice.

    Raises:
        PassphraseError: nothing to read, or two different ones.
    """
    first = read_passphrase(descriptor, prompt)
    if descriptor is None and read_passphrase(None, f"{prompt}, again") != first:
        raise PassphraseError(f"{prompt}: expected the same twice, found two different ones")
    return first


def read_typed(descriptor: int | None, prompts: Sequence[str]) -> list[str]:
    """Return a line for each of ``prompts``: typed unseen, or from an open descriptor.

    Raises PassphraseError when there is nothing to read, or no text.
    """
    if descriptor is None:
        return [read_passphrase(None, prompt) for prompt in prompts]
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return [file.readline(LONGEST_PASSPHRASE).decode().rstrip("\r\n") for _ in prompts]
    except (OSError, UnicodeDecodeError) as e:
        raise PassphraseError(f"{prompts[0]}: expected lines of text, found none") from e


def _next_line(prompt: str, descriptor: int | None) -> str:
    """Return the next line, read byte by byte: a second reader of the descriptor finds its own."""
    line = bytearray()
    try:
        while len(line) < LONGEST_LINE and (one := os.read(descriptor or 0, 1)) not in (b"", b"\n"):
            line += one
    except OSError as e:
        raise NothingTypedError(f"{prompt}: {e.strerror}") from e
    if not line:
        raise NothingTypedError(f"{prompt}: expected a line, found none")
    return line.decode(errors="replace").strip()


def given(**settings: object) -> dict[str, object]:
    """Return those settings that were given on the command line, as TOML would give them."""
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in settings.items()
        if value is not None
    }


def desk_settings(file: Path | None, **options: object) -> DeskSettings:
    """Return the desk's settings: ``options`` over environment, over file, over defaults."""
    return load_settings(DeskSettings, file=file, environment=os.environ, given=given(**options))


def _named(error: Exception) -> Exception | None:
    """Return ``error`` if it carries a code, what the system refused as one that does, else None.

    Every error of ours has a code; any other is a defect and keeps its traceback.
    """
    if isinstance(getattr(error, "code", None), str):
        return error
    if isinstance(error, OSError):
        where = "" if error.filename is None else f"{error.filename}: "
        return SystemRefusedError(f"{where}{error.strerror or type(error).__name__}")
    return None


def _finding(finding: Any) -> str:  # noqa: ANN401 - a finding, or one that came as JSON
    fields = finding if isinstance(finding, dict) else asdict(finding)
    where = fields.get("field") or fields.get("path") or "-"
    return f"{where}: expected {fields['expected']}, found {fields['found']} [{fields['code']}]"
