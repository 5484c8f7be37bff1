"""``liaison desk alarms`` and ``seen``: what the computers have noticed, and who has seen it."""

from typing import Annotated

import typer

from liaison.cli.console import (
    JsonOption,
    OfficerOption,
    SessionOption,
    SettingsOption,
    StateOption,
    command,
    print_json,
    say,
)
from liaison.cli.desk import board
from liaison.cli.desk.calling import act_at_desk, ask_desk

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def alarms(
    state: StateOption = None, settings: SettingsOption = None, *, as_json: JsonOption = False
) -> None:
    """Show every alarm: what it is about, and who has seen it."""
    found = await ask_desk(settings, state, lambda desk: desk.get("/api/alarms"))
    if as_json:
        print_json(found)
    else:
        board.print_alarms(found["alarms"])


@app.command()
@command
async def seen(
    number: Annotated[int, typer.Argument(help="The alarm's number, as `desk alarms` shows it.")],
    officer: OfficerOption,
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
) -> None:
    """Sign that you have seen an alarm."""
    answer = await act_at_desk(
        officer,
        session,
        settings,
        state,
        lambda desk: desk.post(f"/api/alarms/{number}/seen", officer=officer),
    )
    say(answer["by"])
