"""``liaison desk successors`` and ``successor``: which desk has the place of a dissolved one.

Both roots have said it; an officer asks the other side once, by telephone, and confirms it here.
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
    print_json,
    say,
)
from liaison.cli.desk.calling import act_at_desk, ask_desk

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def successors(
    state: StateOption = None, settings: SettingsOption = None, *, as_json: JsonOption = False
) -> None:
    """Show which desks follow others, and whether that was confirmed here."""
    found = await ask_desk(settings, state, lambda desk: desk.get("/api/successors"))
    if as_json:
        print_json(found["successors"])
        return
    for one in found["successors"]:
        mark = "✓" if one["confirmed"] else "○"
        say(f"{mark} {one['desk']} → {one['followed_by']} {one['from']}")


@app.command()
@command
async def successor(
    desk: Annotated[str, typer.Argument(help="The desk that is followed.")],
    officer: OfficerOption,
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
) -> None:
    """Confirm who follows a desk, once the other side was asked by telephone."""
    answer = await act_at_desk(
        officer,
        session,
        settings,
        state,
        lambda agent: agent.post("/api/successors", officer=officer, desk=desk),
    )
    for slug in answer["followed_by"]:
        say(f"confirmed {slug}")
