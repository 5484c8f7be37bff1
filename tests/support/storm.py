"""Two desks that write to each other through real processes, which are killed meanwhile.

Founded by the demo's ceremony; each part is a process of its own. An officer whose desk does not
answer waits until it is back, looks whether what they wrote is there, and writes it again if not.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession

from config.load import bundled_corridor
from crypto.attest.statement import Role
from liaison.audit.sources import LedgerCopy, fetch_ledger
from liaison.demo.network import Network, found_network, start_network
from liaison.demo.processes import PROGRAM
from liaison.demo.staff import Post
from liaison.desk.client import DeskNotReachableError, DeskRefusedError
from protocols.wire import api
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.killed import BROKER, CORRIDOR
from tests.support.network import AT
from tests.support.women import request_fields

STAFF = {MONGCAI: [Post("MC-04", Role.OFFICER)], DONGXING: [Post("DX-02", Role.OFFICER)]}
WRITES_IN = {MONGCAI: "vi", DONGXING: "zh"}
#: Seconds after which what does not come is a failure, and between two looks.
PATIENCE, PAUSE = 60.0, 0.02


@dataclass
class Storm:
    """The network of processes, the one case in which all is written, and what was seen."""

    network: Network
    session: ClientSession
    ref: str = ""
    #: What was written at each desk, in order.
    said: dict[str, list[str]] = field(default_factory=lambda: {slug: [] for slug in STAFF})
    #: Every checkpoint that the broker gave out when it was asked.
    handed_out: set[bytes] = field(default_factory=set)
    at: datetime = AT

    async def begin(self) -> None:
        """Open the case: a request from Móng Cái, which arrives."""
        await until(self._can_be_written_to, "all desks have published their windows")
        fields = {"officer": "MC-04", "to": DONGXING, "request": request_fields()}
        client = await self.network.be_present(MONGCAI, "MC-04")
        self.ref = (await client.post("/api/requests", **fields))["case"]
        await self.settle()

    async def write(self, slug: str, text: str) -> None:
        """Write a note at a desk; return when the desk has it, whatever is killed meanwhile."""
        self.said[slug].append(text)
        note = {"officer": STAFF[slug][0].officer, "act": "note"}
        said = {"lang": WRITES_IN[slug], "text": text}
        while True:
            client = self.network.desks[slug]
            try:
                await self.network.be_present(slug, STAFF[slug][0].officer)
                await client.post(f"/api/cases/{self.ref}/acts", **note, text=said)
            except (DeskNotReachableError, DeskRefusedError) as e:
                if not is_gone(e):
                    raise
                back = partial(self._is_another, slug, client)
                await until(back, f"{slug} is started again")
                if text in await self.held(slug, slug):
                    return
                continue
            return

    async def held(self, slug: str, by: str) -> list[str]:
        """Return the notes written ``by`` a desk that ``slug`` holds, in its order."""
        return [note for writer, note, _ in await self.notes(slug) if writer == by]

    async def notes(self, slug: str) -> list[tuple[str, str, bool]]:
        """Return each note at a desk: by whom, what, and whether it is known to be delivered."""
        view = await self.case(slug)
        return [
            (step["desk"], field["value"], step["delivery"]["delivered"] is not None)
            for step in view["steps"]
            for field in step["fields"]
            if step["act"] == "note" and field["path"] == "text"
        ]

    async def case(self, slug: str) -> dict[str, Any]:
        """Return the case as a desk holds it, once the desk answers."""
        found: list[dict[str, Any]] = []

        async def answers() -> bool:
            try:
                found.append(
                    await self.network.desks[slug].get(f"/api/cases/{self.ref}", lang="en")
                )
            except (DeskNotReachableError, DeskRefusedError) as e:
                if not is_gone(e):
                    raise
                return False
            return True

        await until(answers, f"{slug} answers")
        return found[-1]

    async def kill(self, name: str) -> None:
        """Kill a process; before the broker, ask it for its checkpoints."""
        if name == BROKER:
            await self.ask_for_checkpoints()
        await self.network.node(name).kill()

    async def start_again(self, name: str, *, point: tuple[str, ...] = PROGRAM) -> None:
        """Start a process that was killed."""
        await self.network.start_again(name, at=self.at, program=point)

    async def ask_for_checkpoints(self) -> None:
        """Keep the broker's newest checkpoints, if it answers and has any."""
        for query in ({"any": "1"}, {}):
            url = self.network.broker_url + api.CHECKPOINT_PATH
            try:
                async with self.session.get(url, params=query) as answer:
                    if answer.ok:
                        self.handed_out.add(await answer.read())
            except ClientError:
                return

    async def ledger(self) -> LedgerCopy:
        """Return the ledger as the broker has it now."""
        await self.ask_for_checkpoints()
        return await fetch_ledger(self.network.broker_url)

    async def settle(self) -> None:
        """Wait until both desks hold all that was written and know that it was delivered."""
        await until(self._is_settled, "all that was written has arrived and stands in the ledger")

    async def _is_settled(self) -> bool:
        try:
            statuses = [await self.network.desks[slug].get("/api/status") for slug in STAFF]
            views = [
                await self.network.desks[slug].get(f"/api/cases/{self.ref}", lang="en")
                for slug in STAFF
            ]
        except (DeskNotReachableError, DeskRefusedError):  # the case is not there yet
            return False
        expected = 1 + sum(map(len, self.said.values()))
        return (
            all(s["line"] == "up" and s["unsent"] == s["unproven"] == 0 for s in statuses)
            and all(len(view["steps"]) >= expected for view in views)
            and all(
                step["delivery"]["delivered"] is not None
                for view in views
                for step in view["steps"]
                if step["outgoing"]
            )
        )

    async def _is_another(self, slug: str, client: object) -> bool:
        return self.network.desks[slug] is not client

    async def _can_be_written_to(self) -> bool:
        """Say whether both desks have a line and each the other's windows."""
        found = [await desk.get("/api/status") for desk in self.network.desks.values()]
        sizes = {status["directory"] for status in found}
        # Each desk publishes all of its windows in one entry.
        wanted = {self.network.directory + len(STAFF)}
        return sizes == wanted and all(status["line"] == "up" for status in found)


@asynccontextmanager
async def storm(state: Path) -> AsyncIterator[Storm]:
    """Give the processes over the empty folder ``state``, the case open; end them at the end."""
    network = await found_network(state, bundled_corridor(CORRIDOR), STAFF, at=AT)
    async with ClientSession() as session:
        try:
            await start_network(network, STAFF, session, at=AT)
            made = Storm(network, session)
            await made.begin()
            yield made
        finally:
            await network.stop()


def is_gone(error: DeskNotReachableError | DeskRefusedError) -> bool:
    """Say whether the desk that was spoken to has ended.

    One that was started again on its port meanwhile has another token, and refuses the old one.
    """
    return isinstance(error, DeskNotReachableError) or error.code == "guard.token"


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until ``condition`` holds; fail with ``what`` when it does not in time."""
    ends = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > ends:
            raise AssertionError(f"{what}: not within {PATIENCE:.0f} s")
        await asyncio.sleep(PAUSE)
