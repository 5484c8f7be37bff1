"""``liaison keys fingerprint``: the digits of a root as they are read aloud, and as a QR code."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from liaison.cli.ceremony_files import read_root
from liaison.cli.console import JsonOption, command, print_json, say
from liaison.cli.wording import Wording
from liaison.runtime.qr import qr_in_terminal, write_qr
from translation.spoken import SpokenGroup, read_aloud

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def fingerprint(
    root: Annotated[Path, typer.Argument(help="The file of a root entry or statement.")],
    picture: Annotated[
        Path | None, typer.Option("--qr", help="Write the QR code into this .svg or .png file.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the digits of a root, with how each group is read in both languages, and a QR code."""
    held = read_root(root)
    if picture is not None:
        write_qr(held.digits, picture)
    if as_json:
        print_json({"digits": held.digits, "groups": groups_view(held.digits)})
        return
    words = Wording.here()
    say(words.say("fingerprint_of", agency=words.of(held.payload.names)))
    for line in spoken_lines(read_aloud(held.digits)):
        say(line)
    if picture is not None:
        say(f"qr {picture}")
    elif sys.stdout.isatty():
        say(qr_in_terminal(held.digits))


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
