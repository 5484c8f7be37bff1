"""Changing one's own passphrase: the old one, and the new one twice."""

from http import HTTPStatus

from aiohttp import web

from crypto.seal.vault import VaultError
from liaison.desk.api.call import AGENT
from liaison.desk.web.render import page


class PassphraseDiffersError(Exception):
    """The new passphrase was typed in two different ways."""

    code = "desk.passphrase_differs"


async def show_passphrase(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show the form; nothing that is typed into it is ever shown again."""
    return page(request, "passphrase.html", code="", is_changed=False)


async def change_passphrase(request: web.Request, officer: str) -> web.StreamResponse:
    """Change it, or say what is wrong."""
    posted = await request.post()
    old, new, again = (str(posted.get(name, "")) for name in ("old", "new", "again"))
    try:
        _check_alike(new, again)
        await request.app[AGENT].roster.renew(officer, old, new)
    except (VaultError, PassphraseDiffersError) as e:
        return _refuse(request, e.code)
    return page(request, "passphrase.html", code="", is_changed=True)


def _check_alike(new: str, again: str) -> None:
    if new != again:
        raise PassphraseDiffersError("expected the same twice, found two different ones")


def _refuse(request: web.Request, code: str) -> web.Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return page(request, "passphrase.html", status=status, code=code, is_changed=False)
