"""What the desk says of its cases, as plain values for the API, the command line and the screens.

One function decides a state or a due time for all of them. Times are ISO 8601 in UTC; codes are
codes, and beside them stands what they say in the reader's language.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from crypto.attest.header import Header, MessageId
from liaison.desk.casework.cases import Case, Casebook, HeldStep
from liaison.desk.casework.clocks import is_late, is_late_notice
from liaison.desk.casework.ladder import failures, ladder
from liaison.desk.casework.release import Releases, reason_of, step_of
from liaison.desk.files.view import files_view, parcels_view
from liaison.desk.store import Notice, Reminder, StoredMessage
from liaison.runtime.clock import from_timestamp, timestamp
from protocols.casework.catalogue import Catalogue
from protocols.casework.clocks import CaseClock, explain, next_due, state
from protocols.casework.codes import Language
from protocols.casework.documents import document_warnings
from protocols.casework.lifecycle import Side
from protocols.casework.moments import format_moment, iso
from protocols.casework.payload import Step
from protocols.casework.record import CaseRecord, Ruling
from protocols.casework.render import render_step
from protocols.wire.mailbox import NoticeCode

View = dict[str, Any]


def board_row(case: Case, book: Casebook, *, now: datetime) -> View:
    """Return a case as one line of the board: whose turn it is, and all its clocks."""
    record = case.record
    row: View = {
        "case": case.ref,
        "waiting_for_line": len(case.waiting),
        "not_in_ledger": len(case.unentered),
    }
    if record is None:
        written = _written(case, book, now=now)
        return {**row, **written, "stage": None, "clocks": [], "waits_for": waits_for(case)}
    due = next_due(case.clocks)
    opened = timestamp(record.opened_at)
    name = book.ours_in(record)
    ours = record.side_of(name)
    return {
        **row,
        "type": str(record.type),
        "urgency": str(record.urgency),
        "requester": record.requester,
        "requested": record.requested,
        "names": {
            slug: book.names(slug, at=opened) for slug in (record.requester, record.requested)
        },
        "ours": name,
        "stage": str(record.stage),
        "turn": _turn(record, ours),
        "waits_for": waits_for(case),
        "persons": {
            "total": sum(person.owed for person in record.persons.values()),
            "final": sum(person.owed and person.final for person in record.persons.values()),
        },
        "next_due": None if due is None else iso(due.due),
        "clocks": [clock_view(clock, now=now) for clock in case.clocks],
    }


def other_desk(row: View, ours: str) -> str | None:
    """Return the slug of the desk on the other side of a row's case; None while nothing is known.

    Args:
        row: what :func:`board_row` gave.
        ours: our desk's slug.
    """
    if "requester" not in row:
        return None
    ours = row.get("ours", ours)
    other: str = row["requested"] if row["requester"] == ours else row["requester"]
    return other


def by_deadline(rows: Iterable[View]) -> list[View]:
    """Return the board's rows with what is due first on top and what waits for nothing last."""
    return sorted(rows, key=lambda row: (row.get("next_due") is None, row.get("next_due") or ""))


def clock_view(clock: CaseClock, *, now: datetime) -> View:
    """Return a clock with its state, its ladder and the calculation of its due time."""
    return {
        "limit": clock.code,
        "starts": iso(clock.starts),
        "due": iso(clock.due),
        "met_at": None if clock.met_at is None else iso(clock.met_at),
        "state": str(state(clock, now)),
        "ladder": [{"level": str(mark.level), "at": iso(mark.at)} for mark in clock.ladder],
        "calculation": [{"about": str(x.about), "text": x.text} for x in explain(clock)],
        "days": [
            {"day": day.day.isoformat(), "counted": day.counted, "why": str(day.why)}
            for day in clock.explanation
        ],
        "provisional": clock.provisional,
    }


def waits_for(case: Case) -> View | None:
    """Return what the case's newest draft waits for: which desk is asked to sign, and its state.

    What an older one waited for is over: a record that was refused is written anew.
    """
    if not case.drafts or case.drafts[-1].state == "sent":
        return None
    draft = case.drafts[-1]
    reason = reason_of(draft)
    return {
        "desk": draft.asked,
        "purpose": draft.purpose,
        "state": draft.state,
        "reason": None if reason is None else reason.model_dump(mode="json"),
    }


def ask_view(
    message: StoredMessage,
    book: Casebook,
    releases: Releases,
    catalogue: Catalogue,
    *,
    lang: Language,
) -> View:
    """Return a question for a second signature: exactly what would leave, in ``lang``."""
    content, question, step = releases.asked(message)
    header = None if step.request is None else step.request.header
    return {
        "ask": message.mid.hex(),
        "purpose": str(question.purpose),
        "case": step.case,
        "type": None if header is None else str(header.type),
        "urgency": None if header is None else str(header.urgency),
        "from": book.slug(message.src),
        "by": book.pseudonym(content.sender),
        "to": question.draft.to,
        "asked_at": iso(from_timestamp(content.created)),
        "fields": rendered(step, catalogue, lang),
    }


def notice_view(notice: Notice, about: Header | None) -> View:
    """Return what the broker's clock said: its code, when it was due and when it was said.

    ``about`` is the header of the message that began the clock; without it nobody here knows when
    the desk above was to be told, and ``late`` is None.
    """
    return {
        "code": NoticeCode(notice.code).name.lower(),
        "due": iso(from_timestamp(notice.due)),
        "at": iso(from_timestamp(notice.at)),
        "late": None if about is None else is_late_notice(notice, about),
    }


async def case_view(
    case: Case, book: Casebook, catalogue: Catalogue, *, lang: Language, now: datetime
) -> View:
    """Return everything about a case for a reader of ``lang``."""
    record = case.record
    reminders = await book.store.reminders_of(case.thread)
    headers = {held.message.mid: held.header for held in case.steps}
    notices = await book.store.notices_of(headers)
    files = await book.store.files_of(case.thread)
    stored = {file.blob: file for file in files}
    parcels = [parcel for parcel in await book.store.parcels() if parcel.thread == case.thread]
    return {
        **board_row(case, book, now=now),
        "opened_at": None if record is None else iso(record.opened_at),
        "persons": [] if record is None else _persons(record, catalogue, lang),
        "steps": [
            {
                **_step(held, case, book, catalogue, lang=lang),
                "files": files_view(held.files, stored),
            }
            for held in case.steps
        ],
        "parcels": parcels_view(parcels, files),
        "reminders": [_reminder(reminder) for reminder in reminders],
        "notices": [notice_view(n, headers[MessageId(n.mid)]) for n in notices],
    }


def _written(case: Case, book: Casebook, *, now: datetime) -> View:
    """Return what our own request says while the broker has not taken it: a draft, or no line."""
    steps = [held.step for held in case.steps] + [step_of(draft) for draft in case.drafts]
    request = next((step.request for step in steps if step.request is not None), None)
    if request is None:
        return {}
    header, at = request.header, timestamp(now)
    return {
        "type": str(header.type),
        "urgency": str(header.urgency),
        "requester": header.sender,
        "requested": header.to,
        "names": {slug: book.names(slug, at=at) for slug in (header.sender, header.to)},
    }


def _turn(record: CaseRecord, ours: Side) -> str:
    if record.turn == "nobody":
        return "nobody"
    return "ours" if record.turn == ours.value else "theirs"


def _persons(record: CaseRecord, catalogue: Catalogue, lang: Language) -> list[View]:
    """Return each person's outcome, and what looks wrong with their documents (as codes)."""
    day = record.opened_at.date()
    doubts = {
        person.label: [
            {"document": warning.number, "doubt": str(warning.doubt)}
            for warning in document_warnings(person, on=day)
        ]
        for person in record.request.persons
    }
    return [
        {
            "label": label,
            "outcome": None if person.outcome is None else str(person.outcome),
            "says": None
            if person.outcome is None
            else catalogue.code("outcome", person.outcome, lang),
            "reason": None if person.reason is None else str(person.reason),
            "final": person.final,
            "doubts": doubts.get(label, []),
        }
        for label, person in record.persons.items()
    ]


def _step(
    held: HeldStep, case: Case, book: Casebook, catalogue: Catalogue, *, lang: Language
) -> View:
    message = held.message
    ruling = _ruling(held, case)
    rungs = ladder(held, case, book.replica)
    return {
        "mid": message.mid.hex(),
        "act": str(held.step.act),
        "says": catalogue.code("act", held.step.act, lang),
        "desk": held.called,
        "names": book.names(held.called, at=held.created),
        "stands_for": _stands_for(held, book),
        "by": held.officer,
        "created": iso(from_timestamp(held.created)),
        "on_both_clocks": format_moment(from_timestamp(held.created), lang),
        "outgoing": message.outgoing,
        "applied": None if ruling is None else ruling.applied,
        "not_applied_because": None if ruling is None else ruling.code,
        "stage_after": None if ruling is None else str(ruling.stage),
        "refused": message.refused,
        "proven_in": message.proven,
        "times_differ": held.times_differ,
        "doubts": list(held.doubts),
        "delivery": {rung: said and said["at"] for rung, said in rungs.items()},
        "evidence": rungs,
        "failures": failures(held, case, book.replica),
        "carried": _carried(held),
        "countersigned_by": [
            {"desk": desk, "names": book.names(desk, at=held.created), "by": officer}
            for desk, officer in held.countersigners
        ],
        "fields": rendered(held.step, catalogue, lang),
    }


def _stands_for(held: HeldStep, book: Casebook) -> dict[str, str] | None:
    """Return the names of the party whose place the desk of a step has; None for its own."""
    return None if held.called == held.desk else book.names(held.desk, at=held.created)


def rendered(step: Step, catalogue: Catalogue, lang: Language) -> list[View]:
    """Return the fields of a step as a reader of ``lang`` is given them."""
    return [
        {
            "path": field.path,
            "label": field.label,
            "value": field.value,
            "method": str(field.method),
            "original": None if field.original is None else str(field.original),
            "free_text": field.free_text,
            "translation": None,
        }
        for field in render_step(step, catalogue, lang)
    ]


def _ruling(held: HeldStep, case: Case) -> Ruling | None:
    if case.record is None:
        return None
    return next((r for r in case.record.rulings if r.mid == held.message.mid), None)


def _carried(held: HeldStep) -> View | None:
    """Return how far a step has come by hand; None if it went over the line alone."""
    if held.carried_at is None and held.written_at is None:
        return None
    times = {"written": held.written_at, "had": held.carried_at}
    said = {name: None if at is None else iso(from_timestamp(at)) for name, at in times.items()}
    return {**said, "in_ledger": held.is_taken}


def _reminder(reminder: Reminder) -> View:
    return {
        "limit": reminder.clock,
        "level": reminder.level,
        "due": iso(from_timestamp(reminder.due)),
        "fired": iso(from_timestamp(reminder.fired)),
        "overtaken": reminder.skipped,
        "late": is_late(reminder),
    }
