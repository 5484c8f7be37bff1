"""What arrives appears by itself: server-sent events with the changed part of a page.

A stream sends its part anew when the desk has news, and looks at the clock now and then, because
deadlines come nearer without any news; it sends nothing that the screen already shows. It ends
with the officer: a locked screen shows nothing of a case.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import ClientConnectionResetError, web
from aiohttp_sse import EventSourceResponse, sse_response

from liaison.desk.api.call import AGENT
from liaison.desk.entrance.officers import WARNED
from liaison.desk.web.officer import count_asks, present_officer
from liaison.desk.web.render import fragment

#: Seconds after which a part is computed anew without news.
TICK = 15.0


async def stream(
    request: web.Request, part: Callable[[], Awaitable[str]], *, locked: str = "locked.html"
) -> web.StreamResponse:
    """Send what ``part`` returns now and whenever it differs, until the page or the desk ends.

    ``locked`` is the template of what is sent when the officer has gone.
    """
    async with sse_response(request) as response:
        # A page that was closed: nothing to tell, and nobody to tell it to.
        with suppress(ClientConnectionResetError):
            await _send_changes(request, response, part, locked)
    return response


async def _send_changes(
    request: web.Request,
    response: EventSourceResponse,
    part: Callable[[], Awaitable[str]],
    locked: str,
) -> None:
    agent, shown = request.app[AGENT], ""
    with agent.news.listen() as heard:
        while response.is_connected() and not agent.news.is_over:
            heard.clear()
            officer = present_officer(request)
            if officer is None:
                await response.send(fragment(request, locked))
                return
            await count_asks(request)
            around = fragment(request, "count.html", is_news=True) + _idle(request, officer)
            current = await part() + around
            if current != shown:
                await response.send(current)
                shown = current
            await _wait(heard)


def _idle(request: web.Request, officer: str) -> str:
    """Return what the page says of when it locks: nothing, until that is near."""
    officers = request.app[AGENT].officers
    locks_at = officers.locks_at(officer)
    is_near = locks_at - officers.clock.now() <= WARNED
    return fragment(request, "idle.html", locks_at=locks_at if is_near else None)


async def _wait(heard: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(TICK):
            await heard.wait()
    except TimeoutError:
        return


async def end_streams(app: web.Application) -> None:
    """Let every stream end, so that the desk need not wait for open pages when it stops."""
    app[AGENT].news.end()
