"""``liaison desk erase`` and ``erased``: making a case unreadable, and what stays of it."""

from typing import Annotated

import typer

from liaison.cli.console import (
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
from liaison.cli.desk.calling import act_at_desk, ask_desk
from protocols.casework.codes import ErasureReason, Language

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def erase(  # noqa: PLR0913, PLR0917 - an option each that a person types
    case: Annotated[str, typer.Argument(help="The case's number, such as QN-MC1-2026-0117.")],
    officer: OfficerOption,
    second: Annotated[
        str, typer.Option("--with", help="The second officer, who types their passphrase.")
    ],
    reason: Annotated[ErasureReason, typer.Option(help="Why.")],
    rule: Annotated[str, typer.Option(help="The rule under which it is erased; no names.")],
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
    passphrase_fd: PassphraseOption = None,
) -> None:
    """Make an ended case unreadable at this desk, for good; needs a second officer."""
    passphrase = read_passphrase(passphrase_fd, f"Passphrase of {second}")
    said = {"officer": officer, "second": second, "passphrase": passphrase}
    answer = await act_at_desk(
        officer,
        session,
        settings,
        state,
        lambda desk: desk.post(f"/api/cases/{case}/erase", **said, reason=reason.value, rule=rule),
    )
    say(answer["erased"])


@app.command()
@command
async def erased(
    state: StateOption = None, settings: SettingsOption = None, *, as_json: JsonOption = False
) -> None:
    """Show what stays of erased cases: number, when, by whom, why, under which rule."""
    found = await ask_desk(settings, state, lambda desk: desk.get("/api/erased"))
    if as_json:
        print_json(found)
    else:
        board.print_erased(found["erased"], Language(language()))
