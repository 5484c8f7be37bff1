"""``liaison proof``: one message shown to somebody who is no party, and checked without us.

``verify`` needs no desk and no network: the file, and the fingerprints that were typed in person.
"""

import asyncio
from base64 import b64decode
from pathlib import Path
from typing import Annotated

import typer

from config.load import bundled_corridor, load_catalogue
from liaison.cli.console import (
    Exit,
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
from liaison.cli.desk.board import printable
from liaison.cli.desk.calling import act_at_desk, ask_desk
from liaison.runtime.pins import read_pins
from liaison.runtime.seeds import write_private
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import DisclosureReason, Language

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def disclose(
    message: Annotated[str, typer.Argument(help="The message's id, as `desk show --json` has it.")],
    officer: OfficerOption,
    reason: Annotated[DisclosureReason, typer.Option(help="Why.")],
    out: Annotated[Path, typer.Option(help="The new file.")],
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
) -> None:
    """Show one message to somebody who is no party: a file with its key and its proof."""
    said = {"officer": officer, "mid": message, "reason": reason.value}
    answer = await act_at_desk(
        officer, session, settings, state, lambda desk: desk.post("/api/disclosures", **said)
    )
    write_private(out, b64decode(answer["file"]))
    say(str(out))


@app.command()
@command
async def disclosed(
    state: StateOption = None, settings: SettingsOption = None, *, as_json: JsonOption = False
) -> None:
    """List what was disclosed at this desk: which message, when, by whom, why."""
    found = await ask_desk(settings, state, lambda desk: desk.get("/api/disclosures"))
    if as_json:
        print_json(found)
        return
    words = Catalogue(load_catalogue(), bundled_corridor("quangninh-guangxi"))
    for one in found["disclosed"]:
        reason = words.code("disclosure_reason", one["reason"], Language(language()))
        say(f"{one['at']}  {one['officer']}  {one['mid'][:16]}  {reason}")


@app.command()
@command
async def verify(
    file: Annotated[Path, typer.Argument(help="What was disclosed.")],
    pins: Annotated[Path, typer.Option(help="The fingerprints that two people typed.")],
    lang: Annotated[
        Language | None, typer.Option(help="The language to read in; else LIAISON_LANG.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Check a disclosed message and print what it says and proves, without network; exit 0 or 1."""
    from liaison.desk.disclosure.check import verify_disclosure  # noqa: PLC0415 - `--help` is quick
    from liaison.desk.disclosure.report import as_lines, as_value  # noqa: PLC0415

    raw, typed = file.read_bytes(), [pin.digits for pin in read_pins(pins)]
    shown = await asyncio.to_thread(verify_disclosure, raw, typed)
    words = Catalogue(load_catalogue(), bundled_corridor("quangninh-guangxi"))
    wanted = lang or Language(language())
    if as_json:
        print_json(as_value(shown, words, wanted))
    else:
        for line in as_lines(shown, words, wanted):
            say(printable(line))
    return Exit.GOOD
