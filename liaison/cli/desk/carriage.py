"""``liaison desk carry-out`` and ``carry-in``: messages by hand, on a stick or any other way.

The running desk writes and reads the files; what is refused is told a file at a time, with what to
do next, and stays where it is.
"""

from pathlib import Path
from typing import Annotated

import typer

from config.load import load_errors
from liaison.cli.console import (
    Exit,
    JsonOption,
    SettingsOption,
    StateOption,
    command,
    language,
    print_json,
    say,
)
from liaison.cli.desk.calling import ask_desk
from liaison.desk.carriage.handing import Outcome

app = typer.Typer(no_args_is_help=True)


@app.command("carry-out")
@command
async def carry_out(
    folder: Annotated[Path, typer.Argument(help="A folder, such as that of a stick.")],
    case: Annotated[
        str | None,
        typer.Option("--case", help="Write the files of this case, for who lacks them."),
    ] = None,
    state: StateOption = None,
    settings: SettingsOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write what the other side has not confirmed to a folder, as sealed files."""
    fields = {"folder": str(folder.absolute()), **({} if case is None else {"case": case})}
    answer = await ask_desk(settings, state, lambda desk: desk.post("/api/carriage/out", **fields))
    if as_json:
        print_json(answer)
        return
    for name in answer["written"]:
        say(str(folder / name))


@app.command("carry-in")
@command
async def carry_in(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders with files.")],
    state: StateOption = None,
    settings: SettingsOption = None,
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Take files, or the files of folders, that another desk has carried out."""
    where = [str(path.absolute()) for path in files]
    answer = await ask_desk(
        settings, state, lambda desk: desk.post("/api/carriage/in", files=where)
    )
    if as_json:
        print_json(answer)
    else:
        for one in answer["files"]:
            _tell(one["name"], one["outcome"], one["code"], one["detail"])
    refused = any(one["outcome"] == Outcome.REFUSED for one in answer["files"])
    return Exit.NO if refused else Exit.GOOD


def _tell(name: str, outcome: str, code: str | None, detail: str) -> None:
    said = None if code is None else load_errors().get(code)
    say(f"{outcome} {name}" if code is None else f"{outcome} {name} [{code}]")
    if code is not None:
        say(f"  {detail if said is None else said.what.of(language())}")
    if said is not None:
        say(f"  -> {said.next.of(language())}")
