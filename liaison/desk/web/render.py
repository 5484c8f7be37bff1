"""Making a page: the officer's words, this answer's nonce, and a template that escapes all else."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web

from config.schema import ErrorText
from liaison.desk.api.call import AGENT
from liaison.desk.web.headers import nonce
from liaison.desk.web.i18n import OWN_NAMES, SIGNS, TAGS, Words, choose_language
from liaison.desk.web.session import SESSION, cookie_name
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
CATALOGUE = web.AppKey("catalogue", Catalogue)
ERRORS = web.AppKey("errors", Mapping[str, ErrorText])
#: How many questions for a second signature wait at this desk.
WAITING = web.RequestKey("waiting", int)
#: That a form is shown which its officer wrote before the screen locked itself.
CAME_BACK = web.RequestKey("came_back", bool)
LANGUAGE_COOKIE = "language"


def set_up_templates(app: web.Application) -> None:
    """Make ``app`` render the templates; a name that a page forgets to give is an error."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(tags=TAGS, own_names=OWN_NAMES, signs=SIGNS)


def words(request: web.Request) -> Words:
    """Return the words in the language of ``request``."""
    host = request.headers.get("Host", "")
    chosen = request.cookies.get(cookie_name(LANGUAGE_COOKIE, host))
    accepted = request.headers.get("Accept-Language", "")
    app = request.app
    return Words(choose_language(chosen, accepted), app[CATALOGUE], app[ERRORS])


def page(
    request: web.Request,
    template: str,
    *,
    status: int = HTTPStatus.OK,
    **context: object,
) -> web.Response:
    """Return the page that ``template`` makes of ``context``."""
    return aiohttp_jinja2.render_template(
        template, request, {**_around(request), **context}, status=status
    )


def fragment(request: web.Request, template: str, **context: object) -> str:
    """Return the markup that ``template`` makes, for a part of a page."""
    return aiohttp_jinja2.render_string(template, request, {**_around(request), **context})


def see_other(location: str) -> web.Response:
    """Return the answer to a form that was dealt with: look there."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location})


def _around(request: web.Request) -> dict[str, object]:
    """Return what every template may use."""
    said = words(request)
    session, officers = request.get(SESSION), request.app[AGENT].officers
    return {
        "w": said,
        "_": said.text,
        "nonce": nonce(request),
        "path": request.path,
        "languages": list(Language),
        "has_session": session is not None,
        "officer": None if session is None else officers.holder(session.unlocked),
        "desk": request.app[AGENT].slug,
        "waiting": request.get(WAITING, 0),
        "came_back": request.get(CAME_BACK, False),
    }
