"""``liaison keys fingerprint``: the digits of a root as they are read aloud, and as a QR code."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from liaison.cli.ceremony.files import read_root
from liaison.cli.console import (
    JsonOption,
    PassphraseOption,
    StateOption,
    command,
    print_json,
    say,
)
from liaison.cli.desk.resting import AtRestOption, View, ask_folder
from liaison.cli.wording import Wording
from liaison.runtime.qr import qr_in_terminal, write_qr
from translation.spoken import SpokenGroup, read_aloud

if TYPE_CHECKING:  # `--help` need not pay for it
    from liaison.desk.agent import Agent

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def fingerprint(
    root: Annotated[
        Path | None, typer.Argument(help="The file of a root entry or statement.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--qr", help="Write the QR code into this .svg or .png file.")
    ] = None,
    state: StateOption = None,
    officer: AtRestOption = None,
    passphrase_fd: PassphraseOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the digits of a root, with how each group is read in both languages, and a QR code."""
    words = Wording.here()
    if root is not None:
        held = read_root(root)
        digits, agency = held.digits, words.of(held.payload.names)
    else:
        own = await _own_agency(state, officer, passphrase_fd)
        digits, agency = own["digits"], own["names"][words.lang]
    if picture is not None:
        write_qr(digits, picture)
    if as_json:
        print_json({"digits": digits, "groups": groups_view(digits)})
        return
    say(words.say("fingerprint_of", agency=agency))
    for line in spoken_lines(read_aloud(digits)):
        say(line)
    if picture is not None:
        say(f"qr {picture}")
    elif sys.stdout.isatty():
        say(qr_in_terminal(digits))


async def _own_agency(state: Path | None, officer: str | None, passphrase_fd: int | None) -> View:
    """Return the agency of the desk in a folder: its own digits are for reading aloud."""

    async def listed(agent: "Agent") -> View:
        return {"agencies": await agent.contacts.listed()}

    view = await ask_folder(
        None,
        state,
        lambda desk: desk.get("/api/contacts"),
        listed,
        officer=officer,
        passphrase_fd=passphrase_fd,
    )
    own: View = view["agencies"][0]
    return own


def spoken_lines(groups: list[SpokenGroup]) -> list[str]:
    """Return a line a group: its number, digits, and both readings; 80 columns at most."""
    return [
        f"{number:>2}  {one.digits}  {one.vi:<24}  {one.zh}  {one.pinyin}"
        for number, one in enumerate(groups, 1)
    ]


def groups_view(digits: str) -> list[dict[str, Any]]:
    """Return the groups of a number with their readings, as JSON shows them."""
    return [
        {"digits": one.digits, "vi": one.vi, "zh": one.zh, "pinyin": one.pinyin}
        for one in read_aloud(digits)
    ]
