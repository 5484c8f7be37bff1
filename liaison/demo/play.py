"""Playing a scenario: officers' acts at their hours, through real processes, and what came of it.

The player is an officer's hand and a clock: it moves every process from due wake-up to due wake-up,
enters at each desk what the scenario says is entered there, opens there what has come, and reads
each desk's own account over its API. It computes no stage, no due time and no translation.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from config.schema import Corridor, Country
from liaison.audit.sources import fetch_ledger, size_claimed, write_copy
from liaison.audit.verify import verify_ledger
from liaison.demo.network import Network, found_network, start_network
from liaison.demo.processes import move
from liaison.demo.report import Parties, Report, View
from liaison.demo.scenario import Scenario, ScenarioStep, SecondSigner
from liaison.demo.staff import Staff, staff_of
from liaison.desk.casework.cases import UnknownCaseError
from liaison.desk.client import DeskRefusedError
from protocols.casework.codes import Act
from protocols.wire import api

#: The ceremony is held so long before the first act.
BEFORE = timedelta(days=1)
PATIENCE = 30.0
PAUSE = 0.02
LANGUAGE = {Country.VIET_NAM: "vi", Country.CHINA: "zh"}

Progress = Callable[[str], None]


class PlayError(Exception):
    """The play cannot go on; the message says at which step, and what was waited for."""

    code = "demo.play"


class RefusedStepError(PlayError):
    """A desk refuses what the scenario says is entered there; ``findings`` are the desk's own."""

    code = "demo.refused"

    def __init__(self, where: str, refused: DeskRefusedError) -> None:
        """Take which step it is, and what the desk answered."""
        super().__init__(f"{where}: {refused.code}: {refused.detail}")
        self.findings = [{**f, "field": f"{where}: {f['field']}"} for f in refused.findings]


@dataclass(slots=True)
class Player:
    """Plays one scenario in one network.

    Processes may be ended and started again while it plays (:meth:`Network.start_again`): it looks
    for each desk anew and unlocks again what has lost its keys.
    """

    scenario: Scenario
    network: Network
    progress: Progress
    report: Report
    session: ClientSession
    staff: Staff
    _cases: dict[str, Parties] = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=dict)
    _next: datetime | None = None

    async def play(self) -> None:
        """Take every step in turn, then close the books."""
        await self._settle("the start")
        for step in self.scenario.steps:
            await self.pass_time(step.at)
            await self._take(step)
        for parties in self._cases.values():
            self.report.close_case(parties, *await self.views(parties, translate="1"))
        await self._check_ledger()

    async def pass_time(self, until: datetime) -> None:
        """Move from due wake-up to due wake-up: what falls due between acts happens then."""
        due = self._next
        while due is not None and due < until:
            due = await move(self.network.nodes, due)
            await self._settle("what fell due")
        self._next = await move(self.network.nodes, until)

    async def _take(self, step: ScenarioStep) -> None:
        where = f"step {step.number}: {step.act} by {step.officer} at {step.desk}"
        await self.network.be_present(step.desk, step.officer)
        try:
            await self._enter(step)
        except DeskRefusedError as e:
            raise RefusedStepError(where, e) from e
        parties = self._cases[step.case]
        self._taken[step.case] = self._taken.get(step.case, 0) + 1
        await _until(lambda: self._went(parties, "delivered"), f"{where}: not delivered")
        await self._open(parties, step)
        await _until(lambda: self._went(parties, "opened"), f"{where}: no receipt of opening")
        await self._settle(where)
        vn, cn = await self.views(parties)
        self.report.add_step(parties, step.officer, vn, cn)
        self.progress(f"{where}: {vn['stage']} / {cn['stage']}")
        self._next = await move(self.network.nodes, step.at)

    async def _enter(self, step: ScenarioStep) -> None:
        await self.say(step)
        if step.second_signer is not None:
            await self._sign_second(step, step.second_signer)
            # A desk that was started again meanwhile sends the signed draft once its officer is in.
            await self.network.be_present(step.desk, step.officer)

    async def say(self, step: ScenarioStep) -> None:
        """Enter at its desk what a step says; it is kept there when this returns."""
        desk = self.network.desks[step.desk]
        if step.act is Act.REQUEST:
            fields = self._with_related(step.fields)
            made = await desk.post("/api/requests", officer=step.officer, to=step.to, **fields)
            self._cases[step.case] = self._parties(step, made["case"])
        else:
            ref = self._cases[step.case].ref
            await desk.post(f"/api/cases/{ref}/acts", officer=step.officer, **step.fields)

    def _with_related(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request in which related cases have the numbers that the desks gave them."""
        request = dict(fields["request"])
        header = dict(request["header"])
        if "related" in header:
            header["related"] = [self._cases[name].ref for name in header["related"]]
        return {**fields, "request": {**request, "header": header}}

    async def _sign_second(self, step: ScenarioStep, signer: SecondSigner) -> None:
        """Have the second signer sign what has come to their desk about this case."""
        desk, ref = self.network.desks[signer.desk], self._cases[step.case].ref
        await self.network.be_present(signer.desk, signer.officer)
        found: list[str] = []

        async def asked() -> bool:
            waiting = (await desk.get("/api/asks"))["asks"]
            found[:] = [ask["ask"] for ask in waiting if ask["case"] == ref]
            return bool(found)

        await _until(asked, f"{step.where}: no question came to {signer.desk}")
        said = {"officer": signer.officer, "file": signer.file, "basis": signer.basis}
        await desk.post(f"/api/asks/{found[0]}/grant", **said)

    async def _open(self, parties: Parties, step: ScenarioStep) -> None:
        """Have an officer of the other desk open what came: who acts there next, or acted last."""
        other = parties.cn if step.desk == parties.vn else parties.vn
        acting = [s for s in self.scenario.steps if s.desk == other]
        later = [s.officer for s in acting if s.number > step.number]
        on_duty = [post.officer for post in self.staff[other]]
        officer = (later or [s.officer for s in reversed(acting)] or on_duty)[0]
        await self.network.be_present(other, officer)
        await self.network.desks[other].post(f"/api/cases/{parties.ref}/open", officer=officer)

    async def _settle(self, where: str) -> None:
        """Wait until nothing is under way: all sent, all here, all seen in the cosigned ledger."""
        await _until(self._is_settled, f"{where}: not everything came to rest")

    async def _is_settled(self) -> bool:
        desks = self.network.desks.values()
        statuses = await asyncio.gather(*(desk.get("/api/status") for desk in desks))
        quiet = all(s["line"] == "up" and s["unsent"] == 0 and s["unproven"] == 0 for s in statuses)
        if not quiet:
            return False
        directory = {s["directory"] for s in statuses}
        ledger = {s["ledger"]["size"] for s in statuses}
        if len(directory) > 1 or len(ledger) > 1:
            return False
        newer = await self.ask_broker(api.DIRECTORY_PATH, **{"from": directory.pop()})
        signed = await self.ask_broker(api.CHECKPOINT_PATH, any=1)
        return not api.parse_page(newer, limit=api.FRAME_LIMIT) and (
            size_claimed(signed) == ledger.pop()
        )

    async def _went(self, parties: Parties, rung: str) -> bool:
        """Say whether both desks hold the case's newest step, and its sender that rung of it."""
        try:
            views = await self.views(parties)
        except DeskRefusedError as e:
            if e.code != UnknownCaseError.code:
                raise
            return False
        if any(len(view["steps"]) < self._taken[parties.case] for view in views):
            return False
        newest = [view["steps"][-1] for view in views]
        if len({step["mid"] for step in newest}) != 1:
            return False
        return all(s["applied"] is not None for s in newest) and any(
            s["outgoing"] and s["delivery"][rung] is not None for s in newest
        )

    async def ask_broker(self, path: str, **query: int) -> bytes:
        """Return what the broker answers to a question that needs no login."""
        async with self.session.get(self.network.broker_url + path, params=query) as answer:
            return await answer.read()

    async def _check_ledger(self) -> None:
        ledger = await fetch_ledger(self.network.broker_url)
        write_copy(self.network.state / "ledger", ledger)
        self.report.seal_ledger(verify_ledger(ledger, self.network.pins))

    async def views(self, parties: Parties, **more: str) -> tuple[View, View]:
        """Return the case as the Vietnamese and as the Chinese desk hold it, in their languages."""
        corridor, desks = self.network.corridor, self.network.desks
        path = f"/api/cases/{parties.ref}"
        vn, cn = await asyncio.gather(
            *(
                desks[slug].get(path, lang=LANGUAGE[corridor.country(slug)], **more)
                for slug in (parties.vn, parties.cn)
            )
        )
        return vn, cn

    def _parties(self, step: ScenarioStep, ref: str) -> Parties:
        slugs = [step.desk, step.to or ""]
        vn, cn = sorted(slugs, key=lambda slug: self.network.corridor.country(slug) == "CN")
        return Parties(step.case, ref, vn, cn)


async def play(
    scenario: Scenario,
    corridor: Corridor,
    state: Path,
    *,
    report: Report,
    progress: Progress,
    player: Callable[..., Player] = Player,
) -> float:
    """Play ``scenario`` in the empty folder ``state``, fill ``report``, and return the seconds.

    ``player`` makes the player from what :class:`Player` is made from.

    Raises:
        PlayError, DeskRefusedError, NodeError, BrokenLedgerError: the play ended before its end.
    """
    began = time.monotonic()
    at = scenario.steps[0].at - BEFORE
    staff = staff_of(scenario, corridor)
    network = await found_network(state, corridor, staff, at=at)
    async with ClientSession() as session:
        try:
            await start_network(network, staff, session, at=at)
            await player(scenario, network, progress, report, session, staff).play()
        finally:
            await network.stop()
    return time.monotonic() - began


async def _until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    ends = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > ends:
            raise PlayError(f"{what} within {PATIENCE:.0f} s")
        await asyncio.sleep(PAUSE)
