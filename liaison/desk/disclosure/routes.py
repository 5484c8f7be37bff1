"""Disclosure in the desk's API: one message given out, and the record of what was."""

from base64 import b64encode
from collections.abc import Mapping

from aiohttp import web

from crypto.attest.header import MessageId
from liaison.desk.api.call import (
    AGENT,
    officer_of,
    read_fields,
    text_of,
    unlocked_agent,
)
from liaison.runtime.web import ProblemError
from protocols.casework.codes import DisclosureReason

ROUTES = web.RouteTableDef()


@ROUTES.post("/api/disclosures")
async def disclose(request: web.Request) -> web.Response:
    """Disclose one message: ``{officer, mid, reason}``; the answer has the file in base64."""
    fields = await read_fields(request)
    mid, reason = _message(fields), _disclosure_reason(fields)
    raw = await request.app[AGENT].discloser.disclose(officer_of(fields), mid, reason)
    return web.json_response({"file": b64encode(raw).decode()}, status=201)


@ROUTES.get("/api/disclosures")
async def disclosures(request: web.Request) -> web.Response:
    """Return every disclosure of this desk, oldest first."""
    return web.json_response({"disclosed": await unlocked_agent(request).discloser.record()})


def _message(fields: Mapping[str, object]) -> MessageId:
    try:
        return MessageId(bytes.fromhex(text_of(fields, "mid")))
    except ValueError as e:
        raise ProblemError(422, "desk.missing", "expected mid in hex") from e


def _disclosure_reason(fields: Mapping[str, object]) -> DisclosureReason:
    try:
        return DisclosureReason(text_of(fields, "reason"))
    except ValueError as e:
        known = ", ".join(DisclosureReason)
        raise ProblemError(422, "desk.disclosure_reason", f"expected one of {known}") from e
