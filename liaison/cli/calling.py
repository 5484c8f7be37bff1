"""Calling the desk that runs in a folder."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from aiohttp import ClientSession

from liaison.cli.console import desk_settings
from liaison.desk.client import DeskClient

T = TypeVar("T")


def folder_of(settings: Path | None, state: Path | None) -> Path:
    """Return the desk's folder: ``state``, else the one that the settings name."""
    return state or desk_settings(settings).state


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
