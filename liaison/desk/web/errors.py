"""Errors as a page: what happened and what to do next, in the reader's language.

Within the application an error leaves as a problem document; where a person asked for a page, it
is shown as one, with the same status and the same code.
"""

import json

from aiohttp import web
from aiohttp.typedefs import Handler

from liaison.desk.web.render import page
from liaison.runtime.web import PROBLEM_TYPE

#: What answers programs; everything else is for people.
PROGRAMS = ("/api/", "/livez")


@web.middleware
async def readable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Show problem documents as pages, but to programs."""
    response = await handler(request)
    if not isinstance(response, web.Response) or response.content_type != PROBLEM_TYPE:
        return response
    if request.path.startswith(PROGRAMS):
        return response
    code = json.loads(response.text or "{}").get("code", "internal")
    return page(request, "error.html", status=response.status, code=code)
