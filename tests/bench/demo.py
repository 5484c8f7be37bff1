"""The demo as a person meets it: how soon it is there, how soon a request is on the other screen.

The ordinary demo with its eight processes. A request is posted at one desk's API, as its own
programs do, and counts as shown when the open board of the other desk has been sent its row.
"""

import asyncio
import json
import re
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession

from liaison.demo.folder import PASSPHRASE
from liaison.desk.client import UNLOCK, DeskClient
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.programs import MIB, Program, cpu, liaison, resident, running
from tests.support.command import running_with
from tests.support.operated import DOCUMENT
from tests.support.screens import browser_session, read_page
from tests.support.transcript import blocks

MARK = "MEASURED_BY_BENCH"
SENDER, OFFICER, READER = "vn-mongcai-1", "MC-04", "cn-dongxing"
#: Limits: seconds until a second start is there, ms until a request is shown, MiB of a desk.
SECOND_START, SHOWN, DESK = 5.0, 150.0, 160.0
PATIENCE = 30.0
#: The first requests find caches empty.
FIRST = 3
ROW = re.compile(r'href="/cases/([^"/]+)"')


async def measure_demo(folder: Path, *, requests: int) -> list[Figure]:
    """Return the demo's figures, from an empty ``folder``, with so many requests sent."""
    state = folder / "demo"
    async with _started(state) as (first, _):
        pass
    async with _started(state) as (second, printed), browser_session() as http:
        resting = [resident(pid) for pid in _desks(state)]
        everything = running_with(MARK, str(state))
        board = Board()
        async with _watching(printed, http) as stream:
            reading = asyncio.create_task(board.read(stream))  # noqa: TID251 - awaited below
            sender = DeskClient.of(state / SENDER, http)
            words = (state / PASSPHRASE).read_text()
            # Stretching the passphrase costs its half second once, and is no part of a request.
            await sender.post(UNLOCK, officer=OFFICER, passphrase=words)
            before = sum(map(cpu, everything))
            seconds = [await _send(board, sender) for _ in range(requests)]
            spent = 1_000 * (sum(map(cpu, everything)) - before) / requests
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    shown = [1_000 * each for each in seconds[FIRST:]]
    return [
        Figure("demo: first start, environment built", first.started_in, "s"),
        at_most("demo: second start", second.started_in, "s", SECOND_START),
        at_most("send to shown p50", percentile(shown, 0.5), "ms", SHOWN),
        Figure("send to shown p95", percentile(shown, 0.95), "ms"),
        Figure("processor time of a request, all processes", spent, "ms"),
        at_most("desk: resident without worker", max(resting) / MIB, "MiB", DESK),
    ]


@dataclass(slots=True)
class Board:
    """The other desk's open board: when each case was first on it."""

    seen: dict[str, float] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, stream: ClientResponse) -> None:
        """Note what the board shows, until cancelled."""
        while True:
            part = (await stream.content.readuntil(b"\r\n\r\n")).decode()
            now = time.perf_counter()
            for case in ROW.findall(part):
                self.seen.setdefault(case, now)
            self.changed.set()

    async def shown(self, case: str) -> float:
        """Return when ``case`` was first on the board, once it is."""
        async with asyncio.timeout(PATIENCE):
            while case not in self.seen:
                self.changed.clear()
                await self.changed.wait()
        return self.seen[case]


@asynccontextmanager
async def _started(state: Path) -> AsyncIterator[tuple[Program, dict[str, Any]]]:
    command = liaison(["demo", "--state", str(state), "--json"])
    mark = {MARK: str(state)}
    async with running(command, state.with_suffix(".log"), mark) as program:
        yield program, json.loads(program.line)


@asynccontextmanager
async def _watching(printed: dict[str, Any], http: ClientSession) -> AsyncIterator[ClientResponse]:
    """Give the stream of the reader's board, on a screen that its officer has unlocked."""
    [desk] = [desk for desk in printed["desks"] if desk["desk"] == READER]
    url = str(desk["url"])
    await (await http.get(desk["link"])).release()
    async with http.get(f"{url}/unlock") as answer:
        form = read_page(answer.status, "/unlock", await answer.text()).form("/unlock")
    typed = {"officer": next(iter(desk["officers"])), "passphrase": printed["passphrase"]}
    fields = [pair for pair in form.fields if pair[0] not in typed] + list(typed.items())
    async with http.post(f"{url}/unlock", data=fields, headers={"Origin": url}) as answer:
        answer.raise_for_status()
    async with http.get(f"{url}/board/live") as stream:
        stream.raise_for_status()
        yield stream


async def _send(board: Board, client: DeskClient) -> float:
    """Return the seconds from posting a rescue request until the other board shows its case."""
    [rescue] = blocks(DOCUMENT, "toml")
    begun = time.perf_counter()
    answer = await client.post("/api/requests", officer=OFFICER, to=READER, **tomllib.loads(rescue))
    return await board.shown(str(answer["case"])) - begun


def _desks(state: Path) -> list[int]:
    """Return the ids of the demo's desk processes."""
    words = {
        pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        for pid in running_with(MARK, str(state))
    }
    return [pid for pid, given in words.items() if b"desk" in given and b"serve" in given]
