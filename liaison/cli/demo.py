"""``liaison demo``: four desks to work at by hand, or a scenario played, through real processes."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.load import bundled_corridor
from liaison.cli.console import Exit, JsonOption, command, print_json, say

if TYPE_CHECKING:
    from liaison.demo.stay import Running

CORRIDOR = "quangninh-guangxi"
STAYING = Path(".demo")
#: As wide as the longest name of a desk.
NAME_WIDTH = 12

app = typer.Typer(add_completion=False, help="Run four desks to try out, or play a scenario.")


class FolderNotEmptyError(Exception):
    """A play begins in an empty folder."""

    code = "play.folder_not_empty"


@app.command()
@command
async def demo(
    scenario: Annotated[
        str | None,
        typer.Option("--play", help="Play this scenario: a file, or the name of a bundled one."),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="The demo's folder, else .demo; for a play an empty one."),
    ] = None,
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Remove the demo in the folder and found it anew.")
    ] = False,
    as_json: JsonOption = False,
) -> Exit:
    """Run a broker, two witnesses and four desks to try out, or play a scenario.

    Without --play the desks run until Ctrl-C; each is opened in a browser by the link that is
    printed, and the next start continues where this one stopped. A play exits 0 only if every
    message was sealed, taken, cosigned, delivered, opened and applied, and if both desks agree;
    otherwise the folder of the play is kept and named.
    """
    if scenario is None:
        return await _stay((state or STAYING).absolute(), fresh=fresh, as_json=as_json)
    if fresh:
        raise typer.BadParameter("a play begins in an empty folder; --fresh goes without --play")
    return await _play(scenario, state, as_json=as_json)


async def _stay(state: Path, *, fresh: bool, as_json: bool) -> Exit:
    # The applications cost half a second that `liaison --help` need not pay.
    from liaison.demo.stay import Telling, stay  # noqa: PLC0415
    from liaison.runtime.clock import SystemClock  # noqa: PLC0415

    await stay(
        state,
        bundled_corridor(CORRIDOR),
        fresh=fresh,
        clock=SystemClock(),
        telling=Telling(
            progress=_tell_apart if as_json else say,
            ready=lambda demo: print_json(_printed(demo)) if as_json else _say_running(demo),
        ),
    )
    return Exit.GOOD


def _say_running(demo: "Running") -> None:
    for desk in demo.desks:
        officers = ", ".join(f"{post.officer} {post.role.name.lower()}" for post in desk.posts)
        say(f"{desk.slug:{NAME_WIDTH}}  {desk.link}  {officers}")
    say(f"{'passphrase':{NAME_WIDTH}}  {demo.passphrase}  of every officer; a link opens once")
    say(f"everything runs on this machine, in {demo.state}; Ctrl-C stops it")


def _printed(demo: "Running") -> dict[str, object]:
    return {
        "desks": [
            {
                "desk": desk.slug,
                "url": desk.url,
                "link": desk.link,
                "officers": {post.officer: post.role.name.lower() for post in desk.posts},
            }
            for desk in demo.desks
        ],
        "passphrase": demo.passphrase,
        "state": str(demo.state),
    }


async def _play(scenario: str, state: Path | None, *, as_json: bool) -> Exit:
    # As above.
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


def _tell_apart(line: str) -> None:
    """Say it on standard error: the object stands alone on standard output."""
    sys.stderr.write(line + "\n")


def _quiet(_line: str) -> None:
    """Say nothing: the object stands alone on standard output."""
