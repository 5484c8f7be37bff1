"""``liaison keys corridor``: the agreed data of a corridor as a folder, to be added to.

What ships with the product names the agencies and desks as they were agreed on. When a new agency
or desk is agreed on, it is written into such a folder, which the ceremony's commands then read.
"""

from pathlib import Path
from shutil import copytree
from typing import Annotated

import typer

from config.load import CORRIDORS, bundled_corridor
from liaison.cli.ceremony.files import FileExistsAlreadyError
from liaison.cli.console import JsonOption, command, print_json, say
from liaison.cli.wording import CORRIDOR

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def corridor(
    out: Annotated[Path, typer.Option(help="A new folder.")],
    name: Annotated[str, typer.Option(help="The bundled corridor.")] = CORRIDOR,
    *,
    as_json: JsonOption = False,
) -> None:
    """Copy a bundled corridor into a folder, where agencies and desks can be added."""
    found = bundled_corridor(name)
    try:
        copytree(CORRIDORS / found.slug, out)
    except FileExistsError as e:
        raise FileExistsAlreadyError(f"{out}: expected a new name, found a folder") from e
    if as_json:
        print_json({"corridor": str(out)})
    else:
        say(f"corridor {out}")
