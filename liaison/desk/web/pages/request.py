"""Writing a request: one screen a type, made from the type's own form model.

What must be said stands first and the rest is folded away. Everything that is wrong is listed at
once and stands at its field; what was typed is shown again as it was. A form is sent once however
often its button is pressed.
"""

from collections.abc import Iterable
from http import HTTPStatus
from itertools import chain
from typing import Any

from aiohttp import web

from config.errors import ConfigError
from crypto.attest.directory import DirectoryError
from liaison.desk.api.call import AGENT
from liaison.desk.casework.holding import is_held
from liaison.desk.web.doubts import doubts_of, mark_of
from liaison.desk.web.fields import FormWriter, Part, Posted, Rows
from liaison.desk.web.findings import Wrong, by_control, what_is_wrong
from liaison.desk.web.officer import kept_form
from liaison.desk.web.reading import FormReader
from liaison.desk.web.render import page, see_other, words
from liaison.desk.web.session import SESSION, make_once
from liaison.runtime.web import ProblemError
from protocols.casework.codes import RequestType, Role, Urgency
from protocols.casework.errors import CaseworkError, FormError
from protocols.casework.forms.registry import FORMS
from protocols.casework.forms.request import RequestForm
from protocols.casework.moments import CHINA, VIET_NAM

ROOT = "request"
#: What a rescue cannot go without, in the order in which it is asked.
RESCUE_FIRST = (
    "persons_total",
    "source_of_information",
    "header.urgency",
    "persons",
    "place",
    "header.urgency_reason",
    "dangers",
    "asked",
    "do_not",
)
#: What of the common header stands first in every other request.
HEADER_FIRST = ("header.urgency", "header.urgency_reason", "header.summary", "header.due_wanted")
#: What of a person is asked first: how to reach them in a rescue, who they are in all else.
RESCUE_PERSON = ("names.vi", "names.zh", "sex", "birth", "phone.number", "phone.safe")
PERSON_FIRST = ("names.vi", "names.zh", "sex", "birth", "nationality", "documents")


async def list_types(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show the types of request, and which of them this version can write."""
    return page(request, "types.html", types=[(kind, kind in FORMS) for kind in RequestType])


async def show_form(request: web.Request, officer: str) -> web.StreamResponse:
    """Show an empty form, or what the officer had written when the screen locked itself."""
    kept = await kept_form(request, officer)
    if kept is not None:
        kept["check"] = "1"
    return _show(request, kept, [])


async def send_form(request: web.Request, officer: str) -> web.StreamResponse:
    """Send what was written, or show what is wrong with it; or add a row."""
    posted = await request.post()
    if "add" in posted or "check" in posted:
        return _show(request, posted, [])
    session, once = request[SESSION], str(posted.get("once", ""))
    async with session.turn:
        if once in session.answers:
            return see_other(session.answers[once])
        reader = _reader(request, posted)
        fields = _read(reader, _form(request))
        if _is_doubtful(request, fields, reader):
            return _show(request, posted, [])
        try:
            ref = await request.app[AGENT].composer.request(
                officer, {"request": fields}, to=str(posted.get("to", ""))
            )
        except (CaseworkError, ConfigError, DirectoryError) as e:
            return _show(request, posted, _wrong(request, e, reader))
        session.remember(once, f"/cases/{ref}")
        await request.app[AGENT].store.drop_form(officer, once)
    return see_other(f"/cases/{ref}")


def _form(request: web.Request) -> type[RequestForm]:
    try:
        return FORMS[RequestType(request.match_info["type"])]
    except (ValueError, KeyError):
        detail = "expected a type of request that this version can write"
        raise ProblemError(HTTPStatus.NOT_FOUND, "casework.type_not_available", detail) from None


def _is_doubtful(request: web.Request, fields: dict[str, object], reader: FormReader) -> bool:
    """Say whether something looks wrong that this officer was not shown yet."""
    doubts, mark = _doubts(request, fields, reader)
    return bool(doubts) and str(reader.posted.get("doubts", "")) != mark


def _doubts(
    request: web.Request, fields: dict[str, object], reader: FormReader
) -> tuple[list[tuple[str, str]], str]:
    """Return what looks wrong, and the mark of a form on which it was shown."""
    if request.match_info["type"] == RequestType.RESCUE:
        return [], ""
    today = request.app[AGENT].clock.now().astimezone(_zone(request)[1]).date()
    doubts = doubts_of(fields, reader, words(request), on=today)
    return doubts, mark_of(doubts, [str(reader.posted.get(name, "")) for name, _ in doubts])


def _read(reader: FormReader, form: type[RequestForm]) -> dict[str, object]:
    """Return the plain values of the form, with those persons of whom only the count is known."""
    found = reader.read(form, ROOT, is_needed=True) or {}
    persons = found.get("persons")
    described = len(persons) if isinstance(persons, list) else 0
    if described:
        found.setdefault("persons_total", described)
    total = found.get("persons_total")
    if isinstance(total, int) and total > described:
        labels = f"P{described + 1}..P{total}" if total > described + 1 else f"P{total}"
        found["groups"] = [{"labels": labels, "role": Role.PRESUMED_VICTIM.value}]
    return _with_type(found, form)


def _with_type(found: dict[str, object], form: type[RequestForm]) -> dict[str, object]:
    header = found.get("header")
    kind = next(kind for kind, known in FORMS.items() if known is form)
    return {**found, "header": {**(header if isinstance(header, dict) else {}), "type": kind.value}}


def _reader(request: web.Request, posted: Posted) -> FormReader:
    return FormReader(posted, words(request).lang, _zone(request)[1])


def _zone(request: web.Request) -> tuple[str, Any]:
    agent = request.app[AGENT]
    is_chinese = agent.casebook.corridor.country(agent.slug) == "CN"
    return ("UTC+8", CHINA) if is_chinese else ("UTC+7", VIET_NAM)


def _wrong(request: web.Request, error: Exception, reader: FormReader) -> list[Wrong]:
    w = words(request)
    if not isinstance(error, CaseworkError):
        code = getattr(error, "code", "internal")
        return [Wrong("to", w.error(code), w.advice(code), w.label("field", "to"))]
    places = [reader.place(f) for f in error.findings] if isinstance(error, FormError) else []
    parts = FormWriter(w, reader.posted, _zone(request)[0]).parts(_form(request), ROOT)
    return what_is_wrong(error, w, places, _labels(parts))


def _labels(parts: Iterable[Part]) -> dict[str, str]:
    """Return the label of each control, by name; a repeated part has none of its own."""
    labels: dict[str, str] = {}
    for part in parts:
        if isinstance(part, Rows):
            labels |= _labels(chain.from_iterable(part.rows))
            labels[part.name] = ""
        else:
            labels[part.name] = part.label
    return labels


def _show(request: web.Request, posted: Posted | None, wrong: list[Wrong]) -> web.Response:
    w, form, agent = words(request), _form(request), request.app[AGENT]
    doubts, mark = _doubts_shown(request, posted)
    kind = RequestType(request.match_info["type"])
    is_rescue = kind is RequestType.RESCUE
    usual = {"urgency": Urgency.U0 if is_rescue else Urgency.U2}
    parts = list(FormWriter(w, posted, _zone(request)[0], usual).parts(form, ROOT))
    order = RESCUE_FIRST if is_rescue else _order(parts)
    first = [part for name in order for part in parts if part.name == f"{ROOT}.{name}"]
    rest = [part for part in parts if part not in first]
    return page(
        request,
        "request.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        kind=kind,
        first=first,
        rest=rest,
        rest_is_wrong=bool(_labels(rest).keys() & by_control(wrong).keys()),
        doubts=doubts,
        mark=mark,
        addressees=_addressees(request),
        to=None if posted is None else str(posted.get("to", "")),
        wrong=_as_shown(wrong, [*first, *rest]),
        errors=by_control(wrong),
        person_first=RESCUE_PERSON if is_rescue else PERSON_FIRST,
        once=make_once() if posted is None else str(posted.get("once", "")),
        is_up=agent.line.is_up,
        stale=[slug for slug in _addressees(request) if agent.peers.is_stale(slug)],
        held=[slug for slug in _addressees(request) if is_held(agent.replica, slug)],
    )


def _doubts_shown(request: web.Request, posted: Posted | None) -> tuple[list[tuple[str, str]], str]:
    if posted is None or "add" in posted or "check" in posted:
        return [], ""
    reader = _reader(request, posted)
    return _doubts(request, _read(reader, _form(request)), reader)


def _as_shown(wrong: list[Wrong], parts: list[Part]) -> list[Wrong]:
    """Return what is wrong in the order of the screen."""
    order = ["", "to", *_labels(parts)]
    return sorted(wrong, key=lambda one: order.index(one.at))


def _order(parts: list[Part]) -> tuple[str, ...]:
    own = [part.name.removeprefix(f"{ROOT}.") for part in parts]
    matter = (name for name in own if not name.startswith("header."))
    return tuple(dict.fromkeys(("persons_total", "header.urgency", *matter, *HEADER_FIRST)))


def _addressees(request: web.Request) -> list[str]:
    """Return the desks to which ours may write, those of the other country first."""
    agent = request.app[AGENT]
    corridor, ours = agent.casebook.corridor, agent.slug
    others = [
        channel.b if channel.a == ours else channel.a
        for channel in corridor.channels
        if ours in (channel.a, channel.b)
    ]
    home = corridor.country(ours)
    return sorted(others, key=lambda slug: corridor.country(slug) == home)
