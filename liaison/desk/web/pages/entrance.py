"""Coming in and going out: the launch link, unlocking, locking, and the choice of a language."""

from http import HTTPStatus

from aiohttp import web

from crypto.seal.vault import VaultError
from liaison.desk.api.call import AGENT
from liaison.desk.entrance.guard import COOKIE
from liaison.desk.web.officer import own_path
from liaison.desk.web.render import LANGUAGE_COOKIE, page, see_other
from liaison.desk.web.session import SESSION, SESSIONS, LaunchError, cookie_name
from liaison.runtime.web import ProblemError
from protocols.casework.codes import Language

#: A year: the language of a screen is the only thing that stays.
LANGUAGE_SECONDS = 365 * 86_400


async def launch(request: web.Request) -> web.StreamResponse:
    """Exchange the one-time token of a launch link for a session."""
    try:
        cookie = request.app[SESSIONS].open(request.query.get("token", ""))
    except LaunchError as e:
        raise ProblemError(HTTPStatus.FORBIDDEN, e.code, str(e)) from e
    response = see_other("/board")
    _set_cookie(request, response, COOKIE, cookie)
    return response


async def home(_request: web.Request) -> web.StreamResponse:
    """Lead to the board."""
    return see_other("/board")


async def show_unlock(request: web.Request) -> web.StreamResponse:
    """Show the form for an officer's passphrase."""
    return page(request, "unlock.html", wanted=request.query.get("next", ""), typed="", code=None)


async def unlock(request: web.Request) -> web.StreamResponse:
    """Unlock for an officer, who is the officer of this screen from now on."""
    form = await request.post()
    officer, wanted = str(form.get("officer", "")).strip(), str(form.get("next", ""))
    session, agent = request[SESSION], request.app[AGENT]
    async with session.turn:
        try:
            unlocked = await agent.unlock(officer, str(form.get("passphrase", "")))
        except VaultError as e:
            return page(
                request,
                "unlock.html",
                status=HTTPStatus.FORBIDDEN,
                wanted=wanted,
                typed=officer,
                code=e.code,
            )
        session.officer, session.unlocked = officer, unlocked
    return see_other(own_path(wanted))


async def lock(request: web.Request) -> web.StreamResponse:
    """Drop every officer's key and clear every screen; the agent goes on receiving."""
    await request.app[AGENT].lock()
    return see_other("/unlock")


async def choose_language(request: web.Request) -> web.StreamResponse:
    """Keep the language that the officer chose, and go back to where they were."""
    form = await request.post()
    response = see_other(own_path(str(form.get("back", ""))))
    language = str(form.get("language", ""))
    if language in list(Language):
        _set_cookie(request, response, LANGUAGE_COOKIE, language, seconds=LANGUAGE_SECONDS)
    return response


def _set_cookie(
    request: web.Request,
    response: web.Response,
    what: str,
    value: str,
    *,
    seconds: int | None = None,
) -> None:
    name = cookie_name(what, request.headers["Host"])
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="Strict", path="/")
