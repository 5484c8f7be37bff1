"""Pages for an unlocked officer only; anybody else is led to the unlocking page first."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web

from liaison.desk.routes import AGENT
from liaison.desk.web.render import WAITING, see_other
from liaison.desk.web.session import SESSION

#: A page that acts for an officer, by pseudonym.
OfficersPage = Callable[[web.Request, str], Awaitable[web.StreamResponse]]


def present_officer(request: web.Request) -> str | None:
    """Return the officer of this screen while the unlocking on it lasts."""
    return request.app[AGENT].officers.holder(request[SESSION].unlocked)


async def count_asks(request: web.Request) -> None:
    """Note in ``request`` how many questions wait here: every page of an officer says it."""
    request[WAITING] = len(await request.app[AGENT].store.open_asks())


def for_officer(
    show: OfficersPage,
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler that calls ``show`` with the present officer, or asks to unlock."""

    async def handler(request: web.Request) -> web.StreamResponse:
        officer = present_officer(request)
        if officer is not None:
            await count_asks(request)
            return await show(request, officer)
        wanted = request.path_qs if request.method == "GET" else "/board"
        return see_other(f"/unlock?next={quote(wanted, safe='')}")

    return handler


def own_path(wanted: str) -> str:
    """Return ``wanted`` when it is a path of this desk, else the board's."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_ours and wanted.isprintable() else "/board"
