"""The board: every case by deadline, whose turn it is, and how the line stands."""

from typing import Any

from aiohttp import web

from liaison.desk.routes import AGENT
from liaison.desk.view import board_row, by_deadline, other_desk
from liaison.desk.web.live import stream
from liaison.desk.web.render import fragment, page
from protocols.casework.clocks import ClockState

#: What the word of a row's first column depends on: how the most pressing clock stands.
QUIET = "quiet"
#: The states of a clock that has not ended.
OPEN = frozenset({ClockState.RUNNING, ClockState.OVERDUE})


async def show_board(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show the board."""
    return page(request, "board.html", **await _board(request))


async def stream_board(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Send the board again whenever it changes."""

    async def part() -> str:
        return fragment(request, "board_part.html", **await _board(request))

    return await stream(request, part)


async def _board(request: web.Request) -> dict[str, Any]:
    agent = request.app[AGENT]
    now = agent.clock.now()
    rows = [board_row(case, agent.casebook, now=now) for case in await agent.casebook.every()]
    waiting, devices = await agent.store.waiting(), await agent.devices.listed()
    return {
        "now": now,
        "rows": [
            {**row, "with": other_desk(row, agent.slug), "press": press_of(row)}
            for row in by_deadline(rows)
        ],
        "is_up": agent.line.is_up,
        "unsent": waiting.unsent,
        "alarms": await agent.alarm_views(),
        "missing": await agent.missing_views(),
        "is_member": devices["member"],
        "strangers": sum(not other["admitted"] for other in devices["others"]),
        "overdue": sum(press_of(row) == "overdue" for row in rows),
    }


def press_of(row: dict[str, Any]) -> str:
    """Return the state of the open clock that is due next; ``quiet`` when none is open.

    One that has ended may have been due at the same time: it says nothing of what presses.
    """
    due = row.get("next_due")
    return next(
        (c["state"] for c in row["clocks"] if c["due"] == due and c["state"] in OPEN), QUIET
    )
