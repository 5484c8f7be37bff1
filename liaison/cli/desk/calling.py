"""Calling the desk that runs in a folder."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from aiohttp import ClientSession

from liaison.cli.console import desk_settings, read_passphrase
from liaison.desk.client import UNLOCK, DeskClient
from liaison.runtime.seeds import write_private

T = TypeVar("T")


class SessionFileError(Exception):
    """An officer's session cannot be read from the file that was named."""

    code = "cli.session"


def folder_of(settings: Path | None, state: Path | None) -> Path:
    """Return the desk's folder: ``state``, else the one that the settings name."""
    return state or desk_settings(settings).state


def write_session(file: Path, session: str) -> None:
    """Write an officer's session to their own file (mode 0600), in the place of an older one."""
    file.unlink(missing_ok=True)
    write_private(file, session.encode())


async def act_at_desk(
    officer: str,
    session: Path | None,
    settings: Path | None,
    state: Path | None,
    work: Callable[[DeskClient], Awaitable[T]],
) -> T:
    """Return what ``work`` says of the desk, to which it speaks in the officer's own session.

    ``session`` is the file that holds it; without one the officer is asked for the passphrase.

    Raises:
        SessionFileError, PassphraseError: the officer could not be told.
        DeskNotReachableError, DeskRefusedError: as the client does.
    """
    async with ClientSession() as http:
        desk = DeskClient.of(folder_of(settings, state), http)
        if session is not None:
            desk.officers[officer] = read_session(session)
        else:
            passphrase = read_passphrase(None, f"Passphrase of {officer}")
            await desk.post(UNLOCK, officer=officer, passphrase=passphrase)
        return await work(desk)


def read_session(file: Path) -> str:
    """Return the session in an officer's file; raise SessionFileError when there is none."""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as e:
        raise SessionFileError(f"{file}: expected what `liaison desk unlock` wrote") from e


async def ask_desk(
    settings: Path | None, state: Path | None, work: Callable[[DeskClient], Awaitable[T]]
) -> T:
    """Return what ``work`` says of the desk that runs in ``state``, else in the settings' folder.

    Raises:
        DeskNotReachableError, DeskRefusedError: as the client does.
    """
    # Only the folder counts here: the running desk wrote its own address into it.
    folder = folder_of(settings, state)
    async with ClientSession() as session:
        return await work(DeskClient.of(folder, session))
