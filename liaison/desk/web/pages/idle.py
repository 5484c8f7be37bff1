"""Screens that lie open: told before they lock, covered once they have, kept open by who types."""

from http import HTTPStatus

from aiohttp import web

from liaison.desk.api.call import AGENT
from liaison.desk.web.live import stream


async def stream_idle(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Tell a page with a form when it is about to lock; cover it when it has."""

    async def part() -> str:
        return ""

    return await stream(request, part, locked="veil.html")


async def stay_awake(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Take the word of a page that somebody types on it, or has pressed that they are there."""
    request.app[AGENT].news.tell()
    return web.Response(status=HTTPStatus.NO_CONTENT)
