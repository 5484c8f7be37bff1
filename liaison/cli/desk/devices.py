"""``liaison desk devices`` and ``admit``: the computers of one desk, and letting a new one in.

The numbers are read at one computer and typed at the other; nobody is asked whether they look the
same.
"""

from typing import Annotated

import typer

from liaison.cli.console import (
    JsonOption,
    OfficerOption,
    SessionOption,
    SettingsOption,
    StateOption,
    command,
    language,
    print_json,
    say,
)
from liaison.cli.desk import board
from liaison.cli.desk.calling import act_at_desk, ask_desk
from protocols.casework.codes import Language

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def devices(
    state: StateOption = None, settings: SettingsOption = None, *, as_json: JsonOption = False
) -> None:
    """Show this computer's number, and the desk's other computers with theirs."""
    status = await ask_desk(settings, state, lambda desk: desk.get("/api/status"))
    if as_json:
        print_json(status["devices"])
    else:
        board.print_devices(status["devices"], Language(language()))


@app.command()
@command
async def admit(
    number: Annotated[str, typer.Argument(help="The 30 digits that the other computer shows.")],
    officer: OfficerOption,
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
) -> None:
    """Admit another computer of this desk by its number; do it at both."""
    answer = await act_at_desk(
        officer,
        session,
        settings,
        state,
        lambda desk: desk.post("/api/devices", officer=officer, number=number),
    )
    say(answer["admitted"])
