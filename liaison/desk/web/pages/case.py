"""A case: where it stands, what may be done, and every step as it was written and as it is read.

Showing the page to an officer signs that they have opened what is new to them; nothing else does.
What arrives while the page lies open is announced, and shown once the officer opens it: a signed
"opened" never comes from a screen that nobody looked at.
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from liaison.desk.cases import Case
from liaison.desk.routes import AGENT
from liaison.desk.view import board_row, case_view
from liaison.desk.web.acts import acts_of, is_one_press
from liaison.desk.web.i18n import TAGS
from liaison.desk.web.live import stream
from liaison.desk.web.render import fragment, page, see_other, words
from liaison.desk.web.sides import side_by_side
from protocols.casework.codes import Language

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
    views = {
        lang: await case_view(found, agent.casebook, agent.catalogue, lang=lang, now=now)
        for lang in {w.lang, *_written_in(found, request)}
    }
    view = await agent.reader.translate_soon(views[w.lang], found, w.lang)
    unopened = _unopened(found, agent.officers.key(officer).kid)
    steps = [
        {
            **step,
            "is_new": step["mid"] in unopened,
            "reached": next(rung for rung in reversed(RUNGS) if step["delivery"][rung]),
            "written_tag": TAGS[_own_language(request, step["desk"])],
            "sides": side_by_side(
                step, views[_own_language(request, step["desk"])]["steps"][number]
            ),
        }
        for number, step in enumerate(view["steps"])
    ]
    return {
        "case": view,
        "steps": steps,
        "now": now,
        "names": _names(found),
        "pinned": [f for step in view["steps"] for f in step["fields"] if f["path"] in PINNED],
        "acts": [(act, is_one_press(act)) for act in acts_of(found, agent.slug)],
        "rungs": RUNGS,
        "done": board_row(found, agent.casebook, now=now).get("persons"),
        "other": None
        if found.record is None
        else (view["requested"] if view["requester"] == agent.slug else view["requester"]),
        "is_up": agent.line.is_up,
    }


def _written_in(case: Case, request: web.Request) -> Iterable[Language]:
    return {_own_language(request, held.desk) for held in case.steps}


def _own_language(request: web.Request, desk: str) -> Language:
    """Return the language in which a desk writes its steps: its country's."""
    country = request.app[AGENT].casebook.corridor.country(desk)
    return Language.CHINESE if country == "CN" else Language.VIETNAMESE


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
