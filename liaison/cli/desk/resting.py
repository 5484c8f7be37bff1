"""Asking a desk in a folder: the one that runs there, or its folder under an officer's passphrase.

A desk that is not served holds its folder for the time of the question (its lock), so that nobody
changes vault or store meanwhile; it is asked what it holds, and has no line.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.load import find_corridor, load_catalogue
from liaison.cli.console import desk_settings, read_passphrase
from liaison.cli.desk.calling import ask_desk
from liaison.desk.client import DeskClient, DeskNotReachableError
from liaison.runtime.clock import SystemClock

if TYPE_CHECKING:  # `--help` need not pay for it
    from liaison.desk.agent import Agent

View = dict[str, Any]

#: Whatever broker the settings name: what is at rest does not call it.
NO_LINE = "http://127.0.0.1"

AtRestOption = Annotated[
    str | None,
    typer.Option(
        "--officer", help="Who opens the folder when the desk is not served; asks for a passphrase."
    ),
]


async def ask_folder(
    settings: Path | None,
    state: Path | None,
    running: Callable[[DeskClient], Awaitable[View]],
    resting: Callable[["Agent"], Awaitable[View]],
    *,
    officer: str | None,
    passphrase_fd: int | None,
) -> View:
    """Return what the desk of a folder says: the running one, else the folder itself.

    Args:
        settings: the file of the settings.
        state: the folder; without one that of the settings.
        running: what is asked of a desk that runs.
        resting: the same of one that does not.
        officer: who opens the folder; without one only a running desk is asked.
        passphrase_fd: where the passphrase is read, if not typed.

    Raises:
        DeskNotReachableError: no desk runs there, and no officer was named.
        VaultError, NoVaultError, DeskBusyError: the folder does not open.
    """
    try:
        return await ask_desk(settings, state, running)
    except DeskNotReachableError:
        if officer is None:
            raise
    from liaison.desk.app import DeskParts, at_rest  # noqa: PLC0415 - only where it is needed
    from liaison.desk.entrance.roster import unlocked  # noqa: PLC0415

    chosen = desk_settings(settings, state=state, broker_url=NO_LINE)
    passphrase = read_passphrase(passphrase_fd, f"Passphrase of {officer}")
    async with unlocked(chosen.state, officer, passphrase) as keys:
        parts = DeskParts(
            state=chosen.state,
            broker_url=chosen.broker_url,
            keys=keys,
            corridor=find_corridor(chosen.corridor),
            catalogue=load_catalogue(),
            token="",
        )
        async with at_rest(parts, clock=SystemClock()) as agent:
            return await resting(agent)
