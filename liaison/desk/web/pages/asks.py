"""Second signatures asked of this desk: what waits, exactly what would leave, the decision.

A release is granted with a file number and a legal basis, or refused with a reason; the record of
a handover is signed or refused. What may be signed by whom is the desk's own to say, as on the
command line; here it is shown and told.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from crypto.attest.directory import DirectoryError
from crypto.attest.header import MessageId
from liaison.desk.api.call import AGENT
from liaison.desk.casework.questions import decision_view
from liaison.desk.casework.release import NotAnApproverError, UnknownAskError
from liaison.desk.casework.view import View, ask_view
from liaison.desk.store import StoredMessage
from liaison.desk.web.fields import Posted
from liaison.desk.web.findings import Wrong, by_control, what_is_wrong
from liaison.desk.web.i18n import TAGS
from liaison.desk.web.live import stream
from liaison.desk.web.officer import kept_form
from liaison.desk.web.render import fragment, page, see_other, words
from liaison.desk.web.sides import side_by_side
from protocols.casework.approval import held
from protocols.casework.codes import Language, LegalBasis, SignaturePurpose
from protocols.casework.errors import CaseworkError, FormError
from protocols.casework.person import Person, parse_text

#: What each control of the two forms is called, by the field of the catalogue.
LABELS = {
    "file": "release_approval.file",
    "basis": "release_approval.basis",
    "reason": "reason",
}


async def show_asks(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show what waits to be signed here, the oldest first."""
    return page(request, "asks.html", **await _asks(request))


async def stream_asks(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Send what waits again whenever it changes."""

    async def part() -> str:
        return fragment(request, "asks_part.html", **await _asks(request))

    return await stream(request, part)


async def show_ask(request: web.Request, officer: str) -> web.StreamResponse:
    """Show one question: exactly what would leave, and how it was or may be decided."""
    return await _show(request, officer, await kept_form(request, officer), [])


async def stream_ask(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Send how a decided question stands whenever it changes."""
    agent = request.app[AGENT]
    message = await agent.releases.question(_ask(request))

    async def part() -> str:
        decision = await decision_view(message, agent.casebook)
        if decision is None:
            return ""
        up = agent.line.is_up
        return fragment(request, "ask_part.html", decision=decision, is_up=up)

    return await stream(request, part)


async def grant(request: web.Request, officer: str) -> web.StreamResponse:
    """Sign what is asked for, or show what is wrong."""
    releases, posted = request.app[AGENT].releases, await request.post()
    ask = (await releases.question(_ask(request))).mid
    if "check" in posted:
        return await _show(request, officer, posted, [])
    file, basis = (str(posted.get(name, "")).strip() or None for name in ("file", "basis"))
    try:
        await releases.grant(officer, ask, file=file, basis=basis)
    except UnknownAskError:
        return see_other(request.path.removesuffix("/grant"))  # decided, perhaps by this press
    except (CaseworkError, DirectoryError) as e:
        return await _show(request, officer, posted, _wrong(request, e))
    await request.app[AGENT].store.drop_form(officer, str(posted.get("once", "")))
    return see_other(request.path.removesuffix("/grant"))


async def refuse(request: web.Request, officer: str) -> web.StreamResponse:
    """Say that it is not signed, and why, or show what is wrong."""
    releases, posted = request.app[AGENT].releases, await request.post()
    ask = (await releases.question(_ask(request))).mid
    if "check" in posted:
        return await _show(request, officer, posted, [])
    typed = str(posted.get("reason", "")).strip().replace("\r\n", "\n")
    try:
        reason = parse_text({"lang": words(request).lang, "text": typed}, "reason")
        await releases.refuse(officer, ask, reason)
    except UnknownAskError:
        return see_other(request.path.removesuffix("/refuse"))
    except (CaseworkError, DirectoryError) as e:
        return await _show(request, officer, posted, _wrong(request, e))
    await request.app[AGENT].store.drop_form(officer, str(posted.get("once", "")))
    return see_other(request.path.removesuffix("/refuse"))


def _ask(request: web.Request) -> MessageId:
    try:
        return MessageId(bytes.fromhex(request.match_info["ask"]))
    except ValueError as e:
        raise UnknownAskError("a question's id is written in hexadecimal digits") from e


async def _asks(request: web.Request) -> dict[str, Any]:
    agent = request.app[AGENT]
    now, lang = agent.clock.now(), words(request).lang
    waiting = [
        ask_view(message, agent.casebook, agent.releases, agent.catalogue, lang=lang)
        for message in await agent.store.open_asks()
    ]
    rows = [{**ask, "since": now - datetime.fromisoformat(ask["asked_at"])} for ask in waiting]
    return {"now": now, "asks": rows, "is_up": agent.line.is_up}


async def _show(
    request: web.Request, officer: str, posted: Posted | None, wrong: list[Wrong]
) -> web.Response:
    agent, w = request.app[AGENT], words(request)
    message = await agent.releases.question(_ask(request))
    ask = await _read(request, message, w.lang)
    typed = {} if posted is None else {name: str(value) for name, value in posted.items()}
    purpose = SignaturePurpose(ask["purpose"])
    return page(
        request,
        "ask.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        ask=ask,
        decision=await decision_view(message, agent.casebook),
        may_decide=agent.releases.may_decide(officer, purpose),
        not_allowed=NotAnApproverError.code,
        held=held(agent.slug, agent.casebook.corridor),
        bases=list(LegalBasis),
        typed=typed,
        wrong=wrong,
        errors=by_control(wrong),
        is_up=agent.line.is_up,
    )


async def _read(request: web.Request, message: StoredMessage, lang: Language) -> View:
    """Return a question as the officer reads it, beside what was written and would leave."""
    agent = request.app[AGENT]
    parts = (message, agent.casebook, agent.releases, agent.catalogue)
    read, slug = ask_view(*parts, lang=lang), agent.casebook.slug(message.src)
    writing = agent.casebook.language(slug)
    written = ask_view(*parts, lang=writing)
    await agent.reader.translate_soon({"steps": [read]}, await _persons(request, message), lang)
    return {**read, "written_tag": TAGS[writing], "sides": side_by_side(read, written)}


async def _persons(request: web.Request, message: StoredMessage) -> tuple[Person, ...]:
    """Return the persons whose names stand in what is asked about."""
    agent = request.app[AGENT]
    _, _, step = agent.releases.asked(message)
    if step.request is not None:
        return step.request.persons
    return (await agent.casebook.find(step.case)).described


def _wrong(request: web.Request, error: CaseworkError | DirectoryError) -> list[Wrong]:
    w = words(request)
    labels = {name: w.label("field", label) for name, label in LABELS.items()}
    if isinstance(error, DirectoryError):
        return [Wrong("", w.error(error.code), w.advice(error.code))]
    places = [finding.path for finding in error.findings] if isinstance(error, FormError) else []
    return what_is_wrong(error, w, places, labels)
