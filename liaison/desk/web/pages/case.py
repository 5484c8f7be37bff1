"""A case: where it stands, what may be done, and every step as it was written and as it is read.

Showing the page to an officer signs that they have opened what is new to them; nothing else does.
What arrives while the page lies open is announced, and shown once the officer opens it: a signed
"opened" never comes from a screen that nobody looked at.
"""

from typing import Any

from aiohttp import web

from liaison.desk.api.call import AGENT
from liaison.desk.casework.cases import Case
from liaison.desk.casework.questions import draft_view
from liaison.desk.casework.view import board_row, case_view, other_desk
from liaison.desk.web.acts import acts_of, is_one_press
from liaison.desk.web.i18n import TAGS
from liaison.desk.web.live import stream
from liaison.desk.web.render import fragment, page, see_other, words
from liaison.desk.web.sides import side_by_side
from protocols.casework.erasure import ENDED

RUNGS = ("sealed", "taken", "arrived", "delivered", "opened", "acknowledged")
#: Fields of a request that stay in sight above all steps.
PINNED = ("request.do_not", "request.dangers")


async def show_case(request: web.Request, officer: str) -> web.StreamResponse:
    """Show the case to the officer, and sign that they have opened it."""
    ref = request.match_info["ref"]
    if "Sec-Purpose" not in request.headers:  # a browser that only looks ahead has opened nothing
        await request.app[AGENT].open_case(officer, ref)
    return page(request, "case.html", ref=ref, **await _case(request, officer))


async def stream_case(request: web.Request, officer: str) -> web.StreamResponse:
    """Send the case again whenever it changes."""

    async def part() -> str:
        return fragment(request, "case_part.html", **await _case(request, officer))

    return await stream(request, part)


async def open_case(request: web.Request, officer: str) -> web.StreamResponse:
    """Open what has arrived while the page lay open."""
    ref = request.match_info["ref"]
    await request.app[AGENT].open_case(officer, ref)
    return see_other(f"/cases/{ref}#latest")


async def _case(request: web.Request, officer: str) -> dict[str, Any]:
    agent, w = request.app[AGENT], words(request)
    found, now = await agent.casebook.find(request.match_info["ref"]), agent.clock.now()
    book, catalogue = agent.casebook, agent.catalogue
    writing = {held.called: book.language(held.called) for held in found.steps}
    views = {
        lang: await case_view(found, book, catalogue, lang=lang, now=now)
        for lang in {w.lang, *writing.values()}
    }
    view = await agent.reader.translate_soon(views[w.lang], found.described, w.lang)
    draft = await draft_view(found, book, catalogue, w.lang)
    unopened = _unopened(found, agent.officers.key(officer).kid)
    steps = [
        {
            **step,
            "is_new": step["mid"] in unopened,
            "reached": next(rung for rung in reversed(RUNGS) if step["delivery"][rung]),
            "written_tag": TAGS[writing[step["desk"]]],
            "sides": side_by_side(step, views[writing[step["desk"]]]["steps"][number]),
        }
        for number, step in enumerate(view["steps"])
    ]
    return {
        "case": view,
        "steps": steps,
        "now": now,
        "names": _names(found),
        "pinned": [f for step in view["steps"] for f in step["fields"] if f["path"] in PINNED],
        "acts": [(act, is_one_press(act)) for act in acts_of(found, book)],
        "rungs": RUNGS,
        "done": board_row(found, agent.casebook, now=now).get("persons"),
        "other": other_desk(view, agent.slug),
        "draft": None if draft is None else {**draft, "sides": side_by_side(draft, draft)},
        "ended": ENDED,
        "reviews": await agent.overseer.reviews_of(found.thread),
        "is_up": agent.line.is_up,
        "is_stale": agent.peers.is_stale(other_desk(view, agent.slug) or ""),
    }


def _unopened(case: Case, kid: bytes) -> set[str]:
    opened = {opening.mid for opening in case.openings if opening.officer == kid}
    return {
        held.message.mid.hex()
        for held in case.steps
        if not held.message.outgoing and held.message.mid not in opened
    }


def _names(case: Case) -> dict[str, list[tuple[str, str]]]:
    """Return the names of each person, in the writing in which they were given."""
    if case.record is None:
        return {}
    return {
        person.label: [(name.form.value, name.value) for name in person.names]
        for person in case.record.request.persons
    }
