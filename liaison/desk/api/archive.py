"""What is kept and who sees it: erasure, review by two supervisors, backup."""

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from crypto.seal.oversight import pack_halves
from liaison.desk.api.call import (
    AGENT,
    language_of,
    officer_of,
    read_fields,
    text_of,
    unlocked_agent,
)
from liaison.desk.archive.erasure import Why
from liaison.desk.archive.oversight import read_shown
from liaison.desk.casework.view import case_view
from liaison.runtime.web import ProblemError
from protocols.casework.codes import ErasureReason

ROUTES = web.RouteTableDef()


@ROUTES.post("/api/cases/{ref}/erase")
async def erase(request: web.Request) -> web.Response:
    """Make a case unreadable: ``{officer, second, passphrase, reason, rule}``, the second's."""
    fields = await read_fields(request)
    agent, ref = request.app[AGENT], request.match_info["ref"]
    why = Why(_reason(fields), text_of(fields, "rule"))
    second, passphrase = text_of(fields, "second"), text_of(fields, "passphrase")
    await agent.erase(ref, officer_of(fields), second, passphrase, why)
    return web.json_response({"erased": ref})


@ROUTES.get("/api/erased")
async def erased(request: web.Request) -> web.Response:
    """Return what stays of each erased case: number, when, by whom, why and under which rule."""
    return web.json_response({"erased": await unlocked_agent(request).eraser.stubs()})


@ROUTES.get("/api/cases/{ref}/halves")
async def case_halves(request: web.Request) -> web.Response:
    """Return a case's sealed halves, and the nonce that its review answers, in hexadecimal.

    Nobody need have unlocked: to whom they are sealed is no officer of this desk.
    """
    sealed, nonce = await request.app[AGENT].overseer.ask(request.match_info["ref"])
    return web.json_response({"halves": pack_halves(sealed).hex(), "nonce": nonce.hex()})


@ROUTES.post("/api/cases/{ref}/review")
async def review(request: web.Request) -> web.Response:
    """Show a case to two supervisors who have opened it: ``{first, second, reason, tag}``."""
    agent, fields = request.app[AGENT], await read_fields(request)
    shown = read_shown(*(text_of(fields, name) for name in ("first", "second", "reason", "tag")))
    found = await agent.review(request.match_info["ref"], shown)
    lang, now = language_of(request), agent.clock.now()
    view = await case_view(found, agent.casebook, agent.catalogue, lang=lang, now=now)
    return web.json_response({**view, "reviews": await agent.overseer.reviews_of(found.thread)})


@ROUTES.post("/api/backup")
async def backup(request: web.Request) -> web.Response:
    """Write a backup to a new file: ``{path}``, absolute; no officer need be here."""
    path = Path(text_of(await read_fields(request), "path"))
    try:
        made = await request.app[AGENT].backups.make(path)
    except OSError as e:
        raise ProblemError(409, "system.refused", e.strerror or type(e).__name__) from e
    return web.json_response({"rows": made.rows, "size": made.size, "removed": made.removed})


def _reason(fields: Mapping[str, object]) -> ErasureReason:
    try:
        return ErasureReason(text_of(fields, "reason"))
    except ValueError as e:
        raise ProblemError(
            422, "desk.erasure_reason", f"expected one of {', '.join(ErasureReason)}"
        ) from e
