"""``liaison keys status`` and ``rotate``: how a desk's keys stand, and asking for a new term.

Whatever has to be done stands with what to do next; then the command exits with 1.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from liaison.cli.console import (
    Exit,
    JsonOption,
    OfficerOption,
    PassphraseOption,
    SessionOption,
    SettingsOption,
    StateOption,
    command,
    print_json,
    say,
)
from liaison.cli.desk.calling import act_at_desk, folder_of
from liaison.cli.desk.resting import AtRestOption, ask_folder
from liaison.cli.keys.requests import tell_requests
from liaison.cli.wording import Wording

View = dict[str, Any]

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def status(
    state: StateOption = None,
    settings: SettingsOption = None,
    officer: AtRestOption = None,
    passphrase_fd: PassphraseOption = None,
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Say which keys exist and until when they count; exits 1 when something has to be done."""
    view = await ask_folder(
        settings,
        state,
        lambda desk: desk.get("/api/keys"),
        lambda agent: agent.key_standing.view(),
        officer=officer,
        passphrase_fd=passphrase_fd,
    )
    if as_json:
        print_json(view)
    else:
        for line in lines(view, Wording.here()):
            say(line)
    return Exit.NO if view["due"] else Exit.GOOD


@app.command()
@command
async def rotate(
    officer: OfficerOption,
    out: Annotated[Path | None, typer.Option(help="A folder for the requests.")] = None,
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
) -> None:
    """Ask for a new term of this computer's key and an officer's; the registrar signs it."""
    answer = await act_at_desk(
        officer,
        session,
        settings,
        state,
        lambda desk: desk.post("/api/keys/renewals", officer=officer),
    )
    folder = out or folder_of(settings, state)
    files = {
        folder / f"renewal-{number}.cbor": bytes.fromhex(raw)
        for number, raw in enumerate(answer["requests"], 1)
    }
    for file, raw in files.items():
        file.write_bytes(raw)
    tell_requests(files)


def lines(view: View, words: Wording) -> list[str]:
    """Return how the keys stand, a line each, and then what has to be done."""
    told = [words.say("desk_until", desk=view["desk"], ends=_day(view["until"], words))]
    told += [_key(key, words) for key in view["keys"]]
    if view["windows_until"] is not None:
        told.append(words.say("windows_until", ends=_day(view["windows_until"], words)))
    told += [_agency(one, words) for one in view["agencies"]]
    return [*told, *(_due(one, words) for one in view["due"])]


def _key(key: View, words: Wording) -> str:
    role = words.say(f"role_{key['role']}")
    line = words.say("key_until", who=key["pseudonym"], role=role, ends=_day(key["until"], words))
    return f"  {line} *" if key["here"] else f"  {line}"


def _agency(agency: View, words: Wording) -> str:
    name = agency["names"][words.lang]
    standing = words.catalogue.code("screen", f"contact_{agency['standing']}", words.lang)
    said = agency["compared"]
    if said is None:
        return f"{name}: {standing}"
    means = words.catalogue.code("screen", f"pin_{said['means']}", words.lang)
    by = ", ".join(said["by"])
    return f"{name}: {standing} ({means}, {_day(said['at'], words)}, {by})"


def _due(finding: View, words: Wording) -> str:
    about = finding["names"][words.lang] if "names" in finding else finding["about"]
    when = "" if finding["at"] is None else _day(finding["at"], words)
    return f"‼ {words.say('due_' + finding['code'], about=about, when=when)}"


def _day(at: str, words: Wording) -> str:
    return words.day(datetime.fromisoformat(at))
