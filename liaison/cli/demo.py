"""``liaison demo``: a scenario played through real processes."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from config.load import bundled_corridor
from liaison.cli.console import Exit, JsonOption, command, print_json, say

CORRIDOR = "quangninh-guangxi"

app = typer.Typer(add_completion=False, help="Play a scenario through real processes.")


class FolderNotEmptyError(Exception):
    """A play begins in an empty folder."""

    code = "play.folder_not_empty"


@app.command()
@command
async def demo(
    scenario: Annotated[
        str, typer.Option("--play", help="A scenario file, or the name of a bundled one.")
    ],
    state: Annotated[
        Path | None, typer.Option(help="An empty folder to play in; else a temporary one.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Play a scenario through separate processes with a clock moved by hand.

    Exits 0 only if every message was sealed, taken, cosigned, delivered, opened and applied, and if
    both desks agree; otherwise the folder of the play is kept and named.
    """
    # The applications cost half a second that `liaison --help` need not pay.
    from liaison.demo.play import play  # noqa: PLC0415
    from liaison.demo.report import Report  # noqa: PLC0415
    from liaison.demo.scenario_file import find_scenario, load_scenario  # noqa: PLC0415

    corridor = bundled_corridor(CORRIDOR)
    script = load_scenario(find_scenario(scenario), corridor)
    folder = _folder(state)
    report = Report(script.name)
    try:
        seconds = await play(
            script, corridor, folder, report=report, progress=_quiet if as_json else say
        )
    finally:
        if report.is_success and state is None:
            shutil.rmtree(folder)
        else:
            sys.stderr.write(f"state kept in {folder}\n")
    if as_json:
        print_json(report.printed(seconds))
    else:
        say(report.told(seconds))
    for difference in report.differences:
        sys.stderr.write(difference + "\n")
    return Exit.GOOD if report.is_success else Exit.NO


def _folder(state: Path | None) -> Path:
    if state is None:
        return Path(tempfile.mkdtemp(prefix="liaison-demo-"))
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(state.iterdir()):
        raise FolderNotEmptyError(f"expected an empty folder; {state.name} holds files")
    return state


def _quiet(_line: str) -> None:
    """Say nothing: the object stands alone on standard output."""
