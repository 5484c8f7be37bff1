"""``liaison desk officers``, ``add``, ``remove`` and ``passphrase``: who can open a desk.

Each change asks for a passphrase. Removing and a new passphrase go through the desk when it runs;
while it does, nobody else changes vault or store, and adding waits until it has been stopped.
"""

from pathlib import Path
from typing import Annotated

import typer
from aiohttp import ClientSession

from crypto.attest.statement import Role
from liaison.cli.console import (
    JsonOption,
    NewPassphraseOption,
    OfficerOption,
    PassphraseOption,
    SettingsOption,
    StateOption,
    command,
    print_json,
    read_new_passphrase,
    read_passphrase,
    say,
)
from liaison.cli.desk.calling import folder_of
from liaison.cli.keys.requests import tell_requests
from liaison.desk.client import UNLOCK, DeskClient, DeskNotReachableError
from liaison.desk.entrance.folder import DeskBusyError
from liaison.runtime.clock import SystemClock

app = typer.Typer(no_args_is_help=True)

#: What a person at a desk may be; a device is made with its desk.
ROLES = {role.name.lower(): role for role in Role if role is not Role.DEVICE}


RoleOption = Annotated[str, typer.Option(help=" or ".join(ROLES) + ".")]


class RoleError(Exception):
    """A role that no officer can have."""

    code = "desk.role"


@app.command()
@command
async def officers(
    state: StateOption = None, settings: SettingsOption = None, *, as_json: JsonOption = False
) -> None:
    """Show who can open this desk, and whether papers for recovery were made."""
    from liaison.desk.entrance.vault import read_vault  # noqa: PLC0415 - `--help` need not pay for it

    vault = read_vault(folder_of(settings, state))
    has_papers = vault.recovery is not None
    if as_json:
        print_json({"officers": vault.officers(), "papers": has_papers})
        return
    for officer in vault.officers():
        say(officer)
    say(f"papers: {'made' if has_papers else 'none; `liaison desk papers` makes them'}")


@app.command()
@command
async def add(
    new: Annotated[str, typer.Argument(help="The pseudonym of the new officer.")],
    officer: OfficerOption,
    role: RoleOption = "officer",
    state: StateOption = None,
    settings: SettingsOption = None,
    passphrase_fd: PassphraseOption = None,
    new_passphrase_fd: NewPassphraseOption = None,
) -> None:
    """Give a further officer a slot, and make the request that the registrar signs."""
    from liaison.desk.entrance.admin import add_to  # noqa: PLC0415

    chosen = read_role(role)
    folder = folder_of(settings, state)
    request = await add_to(
        folder,
        officer,
        read_passphrase(passphrase_fd, f"Passphrase of {officer}"),
        new=new,
        role=chosen,
        new_passphrase=read_new_passphrase(new_passphrase_fd, f"New passphrase of {new}"),
        clock=SystemClock(),
    )
    tell_requests({write_request(folder, new, request): request})


@app.command()
@command
async def remove(
    removed: Annotated[str, typer.Argument(help="The pseudonym of the officer to take out.")],
    officer: OfficerOption,
    state: StateOption = None,
    settings: SettingsOption = None,
    passphrase_fd: PassphraseOption = None,
) -> None:
    """Take an officer out; the desk gets a new key."""
    from liaison.desk.entrance.roster import remove_from  # noqa: PLC0415

    folder = folder_of(settings, state)
    passphrase = read_passphrase(passphrase_fd, f"Passphrase of {officer}")
    try:
        await remove_from(folder, officer, passphrase, removed)
    except DeskBusyError:
        await _ask(folder, officer, passphrase, "/api/officers/remove", removed=removed)
    say(f"removed {removed}")


@app.command()
@command
async def passphrase(
    officer: OfficerOption,
    state: StateOption = None,
    settings: SettingsOption = None,
    passphrase_fd: PassphraseOption = None,
    new_passphrase_fd: NewPassphraseOption = None,
) -> None:
    """Change your own passphrase."""
    from liaison.desk.entrance.roster import renew_at  # noqa: PLC0415

    folder = folder_of(settings, state)
    old = read_passphrase(passphrase_fd, f"Passphrase of {officer}")
    new = read_new_passphrase(new_passphrase_fd, f"New passphrase of {officer}")
    try:
        await renew_at(folder, officer, old, new)
    except DeskBusyError:
        await _ask(folder, officer, old, "/api/passphrase", new=new)
    say(f"changed {officer}")


async def _ask(folder: Path, officer: str, passphrase: str, path: str, **fields: str) -> None:
    """Have the desk that holds the folder do it.

    The folder's lock says that somebody holds it, so a desk that answers late is waited for, and
    never gone around.
    """
    try:
        async with ClientSession() as http:
            desk = DeskClient.of(folder, http)
            await desk.post(UNLOCK, officer=officer, passphrase=passphrase)
            await desk.post(path, officer=officer, passphrase=passphrase, **fields)
    except DeskNotReachableError as e:
        raise DeskBusyError("another program has this folder open, and no desk answers") from e


def read_role(role: str) -> Role:
    """Return the role of this name; raise RoleError when no officer can have it."""
    if role not in ROLES:
        raise RoleError(f"expected {', '.join(ROLES)}; found {role}")
    return ROLES[role]


def write_request(folder: Path, officer: str, request: bytes) -> Path:
    """Write the request for an officer's key into the desk's folder and return its file."""
    file = folder / f"request-{officer}.cbor"
    file.write_bytes(request)
    return file
