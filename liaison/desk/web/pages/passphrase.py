"""Changing one's own passphrase: the old one, and the new one twice."""

from http import HTTPStatus

from aiohttp import web

from crypto.seal.vault import VaultError
from liaison.desk.routes import AGENT
from liaison.desk.web.render import page


async def show_passphrase(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show the form; nothing that is typed into it is ever shown again."""
    return page(request, "passphrase.html", code="", is_changed=False)


async def change_passphrase(request: web.Request, officer: str) -> web.StreamResponse:
    """Change it, or say what is wrong."""
    posted = await request.post()
    old, new, again = (str(posted.get(name, "")) for name in ("old", "new", "again"))
    if new != again:
        return _refuse(request, "desk.passphrase_differs")
    try:
        await request.app[AGENT].roster.renew(officer, old, new)
    except VaultError as e:
        return _refuse(request, e.code)
    return page(request, "passphrase.html", code="", is_changed=True)


def _refuse(request: web.Request, code: str) -> web.Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return page(request, "passphrase.html", status=status, code=code, is_changed=False)
