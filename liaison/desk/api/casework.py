"""Board, cases and steps, questions for a second signature, and what the broker's clock said."""

from aiohttp import web

from crypto.attest.header import MessageId, parse_envelope
from liaison.desk.api.call import (
    AGENT,
    language_of,
    officer_of,
    read_fields,
    text_of,
    unlocked_agent,
)
from liaison.desk.casework.release import UnknownAskError
from liaison.desk.casework.view import ask_view, board_row, by_deadline, case_view, notice_view
from liaison.runtime.web import ProblemError
from protocols.casework.moments import iso
from protocols.casework.person import parse_text

ROUTES = web.RouteTableDef()


@ROUTES.get("/api/board")
async def board(request: web.Request) -> web.Response:
    """Return every case as one line, what is due first on top."""
    agent = unlocked_agent(request)
    now = agent.clock.now()
    rows = [board_row(case, agent.casebook, now=now) for case in await agent.casebook.every()]
    return web.json_response({"desk": agent.slug, "now": iso(now), "cases": by_deadline(rows)})


@ROUTES.get("/api/cases/{ref}")
async def case(request: web.Request) -> web.Response:
    """Return everything about a case, in the reader's language (``?lang=vi|zh|en``).

    With ``?translate=1`` free texts of the other language have this desk's translation beside them.
    """
    agent, lang = unlocked_agent(request), language_of(request)
    found = await agent.casebook.find(request.match_info["ref"])
    view = await case_view(found, agent.casebook, agent.catalogue, lang=lang, now=agent.clock.now())
    view = {**view, "reviews": await agent.overseer.reviews_of(found.thread)}
    if request.query.get("translate") == "1":
        view = await agent.reader.translate_case(view, found.described, lang)
    return web.json_response(view)


@ROUTES.post("/api/cases/{ref}/open")
async def open_case(request: web.Request) -> web.Response:
    """Show the case to an officer: their signed receipts for what they had not opened yet."""
    agent = request.app[AGENT]
    fields = await read_fields(request)
    opened = await agent.open_case(officer_of(fields), request.match_info["ref"])
    return web.json_response({"opened": opened})


@ROUTES.post("/api/requests")
async def send(request: web.Request) -> web.Response:
    """Open a case: ``{officer, to, request, …}``."""
    fields = await read_fields(request)
    officer, to = officer_of(fields), text_of(fields, "to")
    step = {name: value for name, value in fields.items() if name not in ("officer", "to")}
    ref = await request.app[AGENT].composer.request(officer, step, to=to)
    is_stale = request.app[AGENT].peers.is_stale(to)
    return web.json_response({"case": ref, "stale": is_stale}, status=201)


@ROUTES.post("/api/cases/{ref}/acts")
async def act(request: web.Request) -> web.Response:
    """Take a step in a case: ``{officer, act, …}``."""
    fields = await read_fields(request)
    officer = officer_of(fields)
    step = {name: value for name, value in fields.items() if name != "officer"}
    mid = await request.app[AGENT].composer.act(officer, request.match_info["ref"], step)
    return web.json_response({"mid": mid.hex()}, status=201)


@ROUTES.get("/api/notices")
async def notices(request: web.Request) -> web.Response:
    """Return what the broker's clock said; ``case`` is null where a desk below answers for it."""
    agent = request.app[AGENT]
    refs = dict(await agent.store.threads())
    found = []
    for notice in await agent.store.all_notices():
        about = await agent.store.message(MessageId(notice.mid))
        is_kept = about is not None and not about.is_erased
        header = parse_envelope(about.envelope).header if about and is_kept else None
        ref = None if about is None else refs.get(about.thread)
        found.append({**notice_view(notice, header), "case": ref})
    return web.json_response({"notices": found})


@ROUTES.get("/api/asks")
async def asks(request: web.Request) -> web.Response:
    """Return the questions for a second signature that wait here, as the officer reads them."""
    agent = unlocked_agent(request)
    lang = language_of(request)
    waiting = [
        ask_view(message, agent.casebook, agent.releases, agent.catalogue, lang=lang)
        for message in await agent.store.open_asks()
    ]
    return web.json_response({"asks": waiting})


@ROUTES.post("/api/asks/{ask}/grant")
async def grant(request: web.Request) -> web.Response:
    """Sign what is asked for: ``{officer, file, basis}``; the last two for a release."""
    fields = await read_fields(request)
    file, basis = fields.get("file"), fields.get("basis")
    mid = await request.app[AGENT].releases.grant(
        officer_of(fields),
        _ask(request),
        file=None if file is None else str(file),
        basis=None if basis is None else str(basis),
    )
    return web.json_response({"mid": mid.hex()}, status=201)


@ROUTES.post("/api/asks/{ask}/refuse")
async def refuse(request: web.Request) -> web.Response:
    """Say that it is not signed, and why: ``{officer, reason: {lang, text}}``."""
    fields = await read_fields(request)
    reason = parse_text(fields.get("reason"), "reason")
    mid = await request.app[AGENT].releases.refuse(officer_of(fields), _ask(request), reason)
    return web.json_response({"mid": mid.hex()}, status=201)


def _ask(request: web.Request) -> MessageId:
    try:
        return MessageId(bytes.fromhex(request.match_info["ask"]))
    except ValueError as e:
        raise ProblemError(404, UnknownAskError.code, "no question of this id waits here") from e
