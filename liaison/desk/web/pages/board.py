"""The board: every case by deadline, whose turn it is, and how the line stands."""

from contextlib import suppress
from typing import Any

from aiohttp import web

from liaison.desk.api.call import AGENT
from liaison.desk.casework.view import board_row, by_deadline, other_desk
from liaison.desk.keys.contacts import Standing
from liaison.desk.mail.alarms import UnknownAlarmError
from liaison.desk.store import KeptForm
from liaison.desk.web.live import stream
from liaison.desk.web.officer import address_of
from liaison.desk.web.render import fragment, page, see_other
from liaison.runtime.clock import from_timestamp
from protocols.casework.clocks import ClockState

#: What the word of a row's first column depends on: how the most pressing clock stands.
QUIET = "quiet"
#: The states of a clock that has not ended.
OPEN = frozenset({ClockState.RUNNING, ClockState.OVERDUE})


async def show_board(request: web.Request, officer: str) -> web.StreamResponse:
    """Show the board."""
    return page(request, "board.html", **await _board(request, officer))


async def stream_board(request: web.Request, officer: str) -> web.StreamResponse:
    """Send the board again whenever it changes."""

    async def part() -> str:
        return fragment(request, "board_part.html", **await _board(request, officer))

    return await stream(request, part)


async def drop_kept(request: web.Request, officer: str) -> web.StreamResponse:
    """Throw away what the officer had written when the screen locked itself."""
    await request.app[AGENT].store.drop_form(officer, request.match_info["once"])
    return see_other("/board")


async def mark_seen(request: web.Request, officer: str) -> web.StreamResponse:
    """Keep the officer's signed word that they have seen an alarm; twice is once."""
    with suppress(UnknownAlarmError):
        await request.app[AGENT].mark_alarm_seen(officer, request.match_info["number"])
    return see_other("/board")


async def _board(request: web.Request, officer: str) -> dict[str, Any]:
    agent = request.app[AGENT]
    now = agent.clock.now()
    rows = [board_row(case, agent.casebook, now=now) for case in await agent.casebook.every()]
    waiting, devices = await agent.store.waiting(), await agent.devices.listed()
    contacts = await agent.contacts.listed()
    return {
        "now": now,
        "rows": [
            {**row, "with": other_desk(row, agent.slug), "press": press_of(row)}
            for row in by_deadline(rows)
        ],
        "kept": [_kept(form) for form in await agent.store.kept_forms(officer)],
        "is_up": agent.line.is_up,
        "unsent": waiting.unsent,
        "not_in_ledger": any(row["not_in_ledger"] for row in rows),
        "alarms": await agent.alarm_views(),
        "missing": await agent.missing_views(),
        "is_member": devices["member"],
        "strangers": sum(not other["admitted"] for other in devices["others"]),
        "unconfirmed": sum(
            one["standing"] in (Standing.UNCONFIRMED, Standing.UNKNOWN) for one in contacts
        ),
        "overdue": sum(press_of(row) == "overdue" for row in rows),
    }


def _kept(form: KeptForm) -> dict[str, Any]:
    """Return what the board says of a form that was written and not sent."""
    *_, last = form.path.split("/")
    return {
        "href": address_of(form),
        "once": form.once,
        "type": last if form.path.startswith("/requests/") else None,
        "case": form.path.split("/")[2] if form.path.startswith("/cases/") else None,
        "at": from_timestamp(form.at),
    }


def press_of(row: dict[str, Any]) -> str:
    """Return the state of the open clock that is due next; ``quiet`` when none is open.

    One that has ended may have been due at the same time: it says nothing of what presses.
    """
    due = row.get("next_due")
    return next(
        (c["state"] for c in row["clocks"] if c["due"] == due and c["state"] in OPEN), QUIET
    )
