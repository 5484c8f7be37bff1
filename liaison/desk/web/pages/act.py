"""Taking a step in a case: one page an act, with the fields that the act's own rule names.

An answer says what became of each person, one by one or for all that are left; who already has a
final outcome need not be said again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from liaison.desk.api.call import AGENT
from liaison.desk.casework.cases import Case
from liaison.desk.web.acts import acts_of
from liaison.desk.web.fields import Posted
from liaison.desk.web.findings import Wrong, by_control, what_is_wrong
from liaison.desk.web.officer import kept_form
from liaison.desk.web.render import page, see_other, words
from liaison.desk.web.session import SESSION, make_once
from liaison.runtime.web import ProblemError
from protocols.casework.codes import OUTCOMES, Act, RefusalCode
from protocols.casework.errors import CaseworkError, FormError
from protocols.casework.payload import RULES
from protocols.casework.person import contract_labels

TEXTS = ("question", "reason", "text")
#: Fields whose label is that of another.
LABELS = {"outcomes": "outcome"}
#: The row that speaks of everybody for whom no other row says anything.
THE_REST = "rest"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person on the page of an answer, with what is known of them and what was chosen."""

    label: str
    #: Each name with the writing in which it was given.
    names: list[tuple[str, str]]
    outcome: str | None
    reason: str | None
    is_final: bool
    chosen: str


async def show_act(request: web.Request, officer: str) -> web.StreamResponse:
    """Show the page of an act that our side may take now, with what was written of it before."""
    case = await request.app[AGENT].casebook.find(request.match_info["ref"])
    act = _act(request)
    if act not in acts_of(case, request.app[AGENT].casebook):
        return see_other(f"/cases/{case.ref}")
    return _show(request, case, act, await kept_form(request, officer), [])


async def take_act(request: web.Request, officer: str) -> web.StreamResponse:
    """Take the step, or show what is wrong with it."""
    agent, act, posted = request.app[AGENT], _act(request), await request.post()
    ref, session = request.match_info["ref"], request[SESSION]
    once = f"{ref} {act} {posted.get('once', '')}"
    async with session.turn:
        if once in session.answers:
            return see_other(session.answers[once])
        case = await agent.casebook.find(ref)
        if "check" in posted:
            return _show(request, case, act, posted, [])
        try:
            await agent.composer.act(officer, ref, _read(request, case, act, posted))
        except CaseworkError as e:
            return _show(request, case, act, posted, _wrong(request, e, act))
        session.remember(once, f"/cases/{ref}")
        await agent.store.drop_form(officer, str(posted.get("once", "")))
    return see_other(f"/cases/{ref}")


def _act(request: web.Request) -> Act:
    try:
        act = Act(request.match_info["act"])
    except ValueError:
        act = Act.ARRIVE
    if act not in RULES or act is Act.REQUEST:
        raise ProblemError(HTTPStatus.NOT_FOUND, "casework.act_not_available", "expected an act")
    return act


def _fields(act: Act) -> frozenset[str]:
    return RULES[act].needs | RULES[act].may


def _read(request: web.Request, case: Case, act: Act, posted: Posted) -> dict[str, object]:
    lang, fields = words(request).lang, _fields(act)
    step: dict[str, object] = {"act": act.value}
    for name in TEXTS:
        text = str(posted.get(name, "")).strip().replace("\r\n", "\n")
        if name in fields and text:
            step[name] = {"lang": lang.value, "text": text}
    if "reason_code" in fields and posted.get("reason_code"):
        step["reason_code"] = str(posted["reason_code"])
    if "outcomes" in fields and case.record is not None:
        step["outcomes"] = list(_outcomes(case, posted))
    return step


def _outcomes(case: Case, posted: Posted) -> Iterator[dict[str, str]]:
    """Yield an entry for each run of persons of whom the same was said."""
    said: dict[str, list[str]] = {}
    rest = str(posted.get(f"outcome.{THE_REST}", ""))
    for label, person in ({} if case.record is None else case.record.persons).items():
        is_open = person.owed and not person.final
        chosen = str(posted.get(f"outcome.{label}", "")) or (rest if is_open else "")
        if chosen:
            said.setdefault(chosen, []).append(label)
    for chosen, labels in said.items():
        kind, _, code = chosen.partition(":")
        for persons in contract_labels(labels):
            yield {"persons": persons, kind if kind == "reason" else "outcome": code}


def _wrong(request: web.Request, error: CaseworkError, act: Act) -> list[Wrong]:
    places = (
        [f.path or _any_of(act) for f in error.findings] if isinstance(error, FormError) else []
    )
    w = words(request)
    labels = {name: w.label("field", LABELS.get(name, name)) for name in _fields(act)}
    return what_is_wrong(error, w, places, labels)


def _any_of(act: Act) -> str:
    """Return the field at which it is said that at least one of several is wanted."""
    return "text" if RULES[act].one_of else ""


def _show(
    request: web.Request, case: Case, act: Act, posted: Posted | None, wrong: list[Wrong]
) -> web.Response:
    typed = {} if posted is None else {name: str(value) for name, value in posted.items()}
    return page(
        request,
        "act.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        ref=case.ref,
        act=act,
        fields=_fields(act),
        needs=RULES[act].needs,
        texts=TEXTS,
        typed=typed,
        rows=list(_rows(case, typed)),
        outcomes=_choices(request, case),
        reasons=list(RefusalCode),
        the_rest=THE_REST,
        wrong=wrong,
        errors=by_control(wrong),
        once=typed.get("once") or make_once(),
    )


def _rows(case: Case, typed: dict[str, str]) -> Iterator[PersonRow]:
    record = case.record
    if record is None:
        return
    names = {p.label: [(n.form.value, n.value) for n in p.names] for p in record.request.persons}
    for label, person in record.persons.items():
        if not person.owed:
            continue
        yield PersonRow(
            label=label,
            names=names.get(label, []),
            outcome=person.outcome,
            reason=person.reason,
            is_final=person.final,
            chosen=typed.get(f"outcome.{label}", ""),
        )


def _choices(request: web.Request, case: Case) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what can be said of a person: outcomes of the type, then reasons for refusing."""
    w, record = words(request), case.record
    known = frozenset() if record is None else OUTCOMES.get(record.type, frozenset())
    outcomes = [(f"outcome:{code}", w.label("outcome", code)) for code in sorted(known)]
    reasons = [(f"reason:{code}", w.label("refusal", code)) for code in RefusalCode]
    return [(w.label("field", "outcome"), outcomes), (w.text("Not answered because"), reasons)]
