"""``liaison desk``: an officer's work at a desk.

Every command here talks to the desk that runs in the folder; making and running one is in
:mod:`liaison.cli.desk.agent`. What is entered comes from a file or standard input as TOML or JSON,
never from a screen editor of our own: input methods break in those.
"""

import json
import sys
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from liaison.cli.console import (
    Exit,
    JsonOption,
    OfficerOption,
    PassphraseOption,
    SessionOption,
    SettingsOption,
    StateOption,
    command,
    language,
    print_json,
    read_passphrase,
    say,
)
from liaison.cli.desk import board
from liaison.cli.desk.calling import act_at_desk, ask_desk, write_session
from liaison.cli.desk.files import act_with, send_with
from liaison.desk.client import UNLOCK, DeskClient
from liaison.runtime.watchdog import SweepState
from protocols.casework.codes import Language

CaseArgument = Annotated[str, typer.Argument(help="The case's number, such as QN-MC1-2026-0117.")]
AskArgument = Annotated[str, typer.Argument(help="The question's id, as `asks` shows it.")]
FileOption = Annotated[
    str, typer.Option("--file", help="A TOML or JSON file with what is said; - reads JSON here.")
]
LangOption = Annotated[
    Language | None, typer.Option(help="The language to read in; else LIAISON_LANG.")
]

AttachOption = Annotated[
    list[Path] | None,
    typer.Option("--attach", help="A file that follows in a note; may be repeated."),
]

app = typer.Typer(no_args_is_help=True, help="Work at a desk.")


class InputFileError(Exception):
    """What was to be said cannot be read."""

    code = "desk.input_file"


@app.command()
@command
async def unlock(
    officer: OfficerOption,
    state: StateOption = None,
    settings: SettingsOption = None,
    passphrase_fd: PassphraseOption = None,
    session: Annotated[
        Path | None, typer.Option(help="Write the session here, for the officer's own commands.")
    ] = None,
) -> None:
    """Unlock the running desk for a further officer."""
    passphrase = read_passphrase(passphrase_fd, f"Passphrase of {officer}")
    answer = await ask_desk(
        settings, state, lambda desk: desk.post(UNLOCK, officer=officer, passphrase=passphrase)
    )
    if session is not None:
        write_session(session, answer["session"])
    say("present: " + ", ".join(answer["present"]))


@app.command()
@command
async def lock(state: StateOption = None, settings: SettingsOption = None) -> None:
    """Drop every officer's key; the desk goes on receiving."""
    await ask_desk(settings, state, lambda desk: desk.post("/api/lock"))
    say("locked")


@app.command("board")
@command
async def show_board(
    state: StateOption = None,
    settings: SettingsOption = None,
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show every case, what is due first on top, with both countries' clocks."""

    async def look(desk: DeskClient) -> tuple[dict[str, Any], dict[str, Any]]:
        return await desk.get("/api/board"), await desk.get("/api/status")

    cases, status = await ask_desk(settings, state, look)
    if as_json:
        print_json({**cases, "line": status["line"], "unsent": status["unsent"]})
    else:
        board.print_board(cases, status, lang or Language(language()))


@app.command()
@command
async def show(
    case: CaseArgument,
    officer: Annotated[
        str | None, typer.Option(help="Sign as this officer that the case was opened.")
    ] = None,
    state: StateOption = None,
    settings: SettingsOption = None,
    lang: LangOption = None,
    session: SessionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show a case: steps in the reader's language, delivery, clocks, persons."""
    wanted = lang or Language(language())

    async def look(desk: DeskClient) -> dict[str, Any]:
        if officer is not None:
            await desk.post(f"/api/cases/{case}/open", officer=officer)
        return await desk.get(f"/api/cases/{case}", lang=wanted.value, translate="1")

    if officer is None:
        view = await ask_desk(settings, state, look)
    else:
        view = await act_at_desk(officer, session, settings, state, look)
    if as_json:
        print_json(view)
    else:
        board.print_case(view, wanted)
        board.print_reviews(view["reviews"], wanted)


@app.command()
@command
async def send(
    to: Annotated[str, typer.Option(help="The addressed desk, such as cn-dongxing.")],
    officer: OfficerOption,
    file: FileOption,
    attach: AttachOption = None,
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Open a case with a request; it is kept first and sent as soon as the line is up."""
    said = _read(file)
    answer = await act_at_desk(
        officer,
        session,
        settings,
        state,
        lambda desk: send_with(desk, {**said, "officer": officer, "to": to}, attach or []),
    )
    print_json(answer) if as_json else say(answer["case"])


@app.command()
@command
async def act(  # noqa: PLR0913 - an option each that a person types
    case: CaseArgument,
    what: Annotated[str, typer.Argument(metavar="ACT", help="acknowledge, accept, answer, …")],
    officer: OfficerOption,
    file: Annotated[str | None, typer.Option("--file", help="What is said; see `send`.")] = None,
    attach: AttachOption = None,
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take a step in a case."""
    said = {} if file is None else _read(file)
    answer = await act_at_desk(
        officer,
        session,
        settings,
        state,
        lambda desk: act_with(desk, case, {**said, "officer": officer, "act": what}, attach or []),
    )
    print_json(answer) if as_json else say(answer["mid"])


@app.command()
@command
async def asks(
    state: StateOption = None,
    settings: SettingsOption = None,
    lang: LangOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what waits here for a second signature: of each, exactly what would leave."""
    wanted = lang or Language(language())
    found = await ask_desk(settings, state, lambda desk: desk.get("/api/asks", lang=wanted.value))
    print_json(found) if as_json else board.print_asks(found["asks"], wanted)


@app.command()
@command
async def grant(
    ask: AskArgument,
    officer: OfficerOption,
    file: Annotated[
        str | None, typer.Option(help="The file number under which it is released.")
    ] = None,
    basis: Annotated[
        str | None, typer.Option(help="The law under which it is released; AGREEMENT_2010 if none.")
    ] = None,
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Sign what waits for a second signature; a release names its file and its legal basis."""
    said = {"officer": officer, "file": file, "basis": basis}
    path = f"/api/asks/{quote(ask, safe='')}/grant"
    answer = await act_at_desk(
        officer, session, settings, state, lambda desk: desk.post(path, **said)
    )
    print_json(answer) if as_json else say(answer["mid"])


@app.command()
@command
async def refuse(
    ask: AskArgument,
    officer: OfficerOption,
    reason: Annotated[str, typer.Option(help="Why not; the asking officer reads it.")],
    lang: Annotated[Language | None, typer.Option(help="The language of the reason.")] = None,
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say that it is not signed, and why."""
    said = {"lang": (lang or Language(language())).value, "text": reason}
    path = f"/api/asks/{quote(ask, safe='')}/refuse"
    answer = await act_at_desk(
        officer,
        session,
        settings,
        state,
        lambda desk: desk.post(path, officer=officer, reason=said),
    )
    print_json(answer) if as_json else say(answer["mid"])


@app.command()
@command
async def status(
    state: StateOption = None, settings: SettingsOption = None, *, as_json: JsonOption = False
) -> Exit:
    """Say how the desk stands; exits 1 when line, ledger or reminders are not well."""
    found = await ask_desk(settings, state, lambda desk: desk.get("/api/status"))
    if as_json:
        print_json(found)
    else:
        board.print_status(found)
    is_quiet = found["line"] == "up" and found["ledger"]["alarm"] is None
    well = is_quiet and found["sweep"]["state"] == SweepState.WELL
    return Exit.GOOD if well else Exit.NO


def _read(file: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        said = tomllib.loads(text) if file.endswith(".toml") else json.loads(text)
    except (OSError, ValueError) as e:
        raise InputFileError(f"expected TOML (*.toml) or JSON in {file}: {e}") from e
    if not isinstance(said, dict):
        raise InputFileError(f"expected a table in {file}")
    plain: dict[str, Any] = json.loads(json.dumps(said, default=_iso))
    return plain


def _iso(value: date | datetime | time) -> str:
    """Return a TOML time or date as JSON carries it."""
    return value.isoformat()
