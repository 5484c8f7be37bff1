"""Pages for an unlocked officer only; anybody else is led to the unlocking page first.

A form that is posted on a screen that has locked itself meanwhile is kept for the officer who wrote
it, and shown to them again once they have unlocked: nothing typed is lost, and nothing is sent that
they do not send.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web
from multidict import MultiDict

from liaison.desk.api.call import AGENT
from liaison.desk.store import KeptForm
from liaison.desk.web.render import CAME_BACK, WAITING, see_other
from liaison.desk.web.session import SESSION, make_once
from liaison.runtime.clock import timestamp

#: A page that acts for an officer, by pseudonym.
OfficersPage = Callable[[web.Request, str], Awaitable[web.StreamResponse]]
#: What a page fetches by itself says nothing of who sits before it.
BY_ITSELF = "/live"
#: Where a form is posted, beyond the page on which it stands.
BEYOND = ("/grant", "/refuse")
KEPT = "kept"


def present_officer(request: web.Request) -> str | None:
    """Return the officer of this screen while the unlocking on it lasts."""
    return request.app[AGENT].officers.holder(request[SESSION].unlocked)


async def count_asks(request: web.Request) -> None:
    """Note in ``request`` how many questions wait here: every page of an officer says it."""
    request[WAITING] = len(await request.app[AGENT].store.open_asks())


def for_officer(
    show: OfficersPage, *, keeps: bool = False
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler that calls ``show`` with the present officer, or asks to unlock.

    ``keeps`` where a form is posted that must not be lost.
    """

    async def handler(request: web.Request) -> web.StreamResponse:
        officer = present_officer(request)
        if officer is not None:
            if not request.path.endswith(BY_ITSELF):
                request.app[AGENT].officers.touch(officer)
            await count_asks(request)
            return await show(request, officer)
        wanted = request.path_qs if request.method == "GET" else "/board"
        if keeps:
            wanted = await _keep(request) or wanted
        return see_other(f"/unlock?next={quote(wanted, safe='')}")

    return handler


async def kept_form(request: web.Request, officer: str) -> MultiDict[str] | None:
    """Return what the officer had written when their screen locked itself, if this page is asked.

    The page says so; what comes back is a form that nobody has sent.
    """
    for form in await request.app[AGENT].store.kept_forms(officer):
        if form.once == request.query.get(KEPT) and form.path == request.path:
            request[CAME_BACK] = True
            return MultiDict([*form.fields, ("once", form.once)])
    return None


def address_of(form: KeptForm) -> str:
    """Return the address at which a kept form is shown again."""
    return f"{form.path}?{KEPT}={quote(form.once, safe='')}"


def own_path(wanted: str) -> str:
    """Return ``wanted`` when it is a path of this desk, else the board's."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_ours and wanted.isprintable() else "/board"


async def _keep(request: web.Request) -> str | None:
    """Keep what was posted for whoever unlocked this screen last; return where it comes back."""
    agent, writer = request.app[AGENT], request[SESSION].officer
    if writer is None:
        return None
    posted = await request.post()
    typed = [(name, value) for name, value in posted.items() if isinstance(value, str)]
    path = request.path
    for beyond in BEYOND:
        path = path.removesuffix(beyond)
    form = KeptForm(
        officer=writer,
        once=str(posted.get("once", "")) or make_once(),
        path=path,
        fields=tuple(pair for pair in typed if pair[0] != "once"),
        at=timestamp(agent.clock.now()),
    )
    await agent.store.keep_form(form)
    return address_of(form)
