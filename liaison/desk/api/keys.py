"""Computers, keys and roots: admitting, successors, contacts, terms."""

from collections.abc import Mapping

from aiohttp import web

from liaison.desk.api.call import AGENT, officer_of, read_fields, text_of
from liaison.desk.keys.contacts import UnknownAgencyError
from liaison.runtime.pins import Means
from liaison.runtime.web import ProblemError

ROUTES = web.RouteTableDef()


@ROUTES.post("/api/devices")
async def admit(request: web.Request) -> web.Response:
    """Admit another installation of this desk: ``{officer, number}``, as it shows its number."""
    fields = await read_fields(request)
    admitted = await request.app[AGENT].admit(officer_of(fields), text_of(fields, "number"))
    return web.json_response({"admitted": admitted})


@ROUTES.get("/api/successors")
async def successors(request: web.Request) -> web.Response:
    """Return which desks follow others by now, and whether that was confirmed here."""
    return web.json_response({"successors": await request.app[AGENT].successors.listed()})


@ROUTES.post("/api/successors")
async def confirm_successor(request: web.Request) -> web.Response:
    """Confirm, once the other side was asked, who follows a desk: ``{officer, desk}``."""
    fields = await read_fields(request)
    agent = request.app[AGENT]
    followed = await agent.successors.confirm(
        officer_of(fields), text_of(fields, "desk"), agent.officers
    )
    return web.json_response({"followed_by": followed}, status=201)


@ROUTES.get("/api/contacts")
async def contacts(request: web.Request) -> web.Response:
    """Return our own agency and the others: how each root was compared, and its desks."""
    return web.json_response({"agencies": await request.app[AGENT].contacts.listed()})


@ROUTES.post("/api/contacts/{agency}")
async def compare(request: web.Request) -> web.Response:
    """Take what an officer typed of a root's digits: ``{officer, digits, means}``; two make it."""
    fields = await read_fields(request)
    made = await request.app[AGENT].compare(
        officer_of(fields), _agency(request), text_of(fields, "digits"), _means(fields)
    )
    return web.json_response({"compared": made is not None}, status=201)


@ROUTES.get("/api/keys")
async def keys(request: web.Request) -> web.Response:
    """Return which keys exist, until when they count, and what has to be done about them."""
    return web.json_response(await request.app[AGENT].key_standing.view())


@ROUTES.post("/api/keys/renewals")
async def renew(request: web.Request) -> web.Response:
    """Return requests for a new term of this computer's key and an officer's: ``{officer}``."""
    officer = officer_of(await read_fields(request))
    made = request.app[AGENT].key_standing.renewals(officer)
    return web.json_response({"requests": [raw.hex() for raw in made]}, status=201)


def _agency(request: web.Request) -> bytes:
    try:
        return bytes.fromhex(request.match_info["agency"])
    except ValueError as e:
        raise ProblemError(404, UnknownAgencyError.code, "no agency of this id") from e


def _means(fields: Mapping[str, object]) -> Means:
    try:
        return Means(text_of(fields, "means"))
    except ValueError as e:
        raise ProblemError(422, "contacts.means", f"expected {' or '.join(Means)}") from e
