"""A network for a test: broker, two witnesses and the desks, real ones, in the test's own loop.

Founded once with the project's own ceremony and copied for each test. Every part serves on a
loopback port over its own folder, can be stopped and started again there, and goes by one clock
that the test moves. Nothing here waits for a time to pass: it waits for what is named, and fails
when that does not come.
"""

import asyncio
import os
import pickle
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from config.load import find_corridor, load_catalogue
from crypto.attest.directory import Directory
from crypto.attest.signing import SigningKey
from crypto.attest.statement import Role
from crypto.seal.vault import Keys
from liaison.broker.app import build_app as build_broker
from liaison.broker.routes import CHECKPOINTS, REPLICA, WAKER, WRITER
from liaison.broker.settings import DATABASE_NAME, KEY_NAME, BrokerSettings
from liaison.broker.witnesses import WitnessAddress
from liaison.demo.hand_clock import HandClock
from liaison.demo.network import Network as Founded
from liaison.demo.network import found_network, witness_name
from liaison.demo.node import WITNESS_KEY
from liaison.demo.staff import Post
from liaison.desk.agent import Agent
from liaison.desk.api.call import AGENT
from liaison.desk.app import DeskParts
from liaison.desk.app import build_app as build_desk
from liaison.desk.client import DeskClient
from liaison.desk.entrance.guard import make_token
from liaison.desk.entrance.officers import Officers
from liaison.desk.entrance.vault import unlock_vault
from liaison.runtime.clock import Clock, SystemClock
from liaison.runtime.seeds import load_key
from liaison.witness.app import WitnessSettings
from liaison.witness.app import build_app as build_witness
from protocols.wire.mailbox import MailLane
from tests.support.agencies import DONGXING, MONGCAI, QUANGNINH
from tests.support.women import request_fields

View = dict[str, Any]

LOOPBACK = "127.0.0.1"
CORRIDOR = "quangninh-guangxi"
GUANGXI = "cn-guangxi"
#: Who has a key at each desk; the first of them has unlocked it when it starts.
OFFICERS: Mapping[str, tuple[str, ...]] = {
    MONGCAI: ("MC-04", "MC-05"),
    DONGXING: ("DX-02",),
    QUANGNINH: ("QN-01",),
    GUANGXI: ("GX-01", "GX-02"),
}
#: Who may release what a desk of their side asks; all others are officers.
APPROVERS = frozenset({"GX-01"})
#: Monday 2 March 2026, 15:00 in Móng Cái, 16:00 in Dongxing.
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
#: Names the file of a network that another process has founded; it outlives this one.
FOUNDED = "LIAISON_TEST_FOUNDED"
#: Who knows that it will not come may wait for less.
WAIT = "LIAISON_TEST_WAIT"
#: Seconds after which what does not come is a failure, and between two looks.
PATIENCE, PAUSE = float(os.environ.get(WAIT, "20")), 0.01


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until ``condition`` holds; fail with ``what`` when it does not in time."""
    ends = time.monotonic() + PATIENCE
    while not await condition():
        if time.monotonic() > ends:
            raise AssertionError(f"{what}: not within {PATIENCE:.0f} s")
        await asyncio.sleep(PAUSE)


@dataclass
class Part:
    """An application that can be ended, and started again on the same port over its folder."""

    build: Callable[[], web.Application]
    port: int = 0
    app: web.Application | None = None
    #: How much it has said of itself to a desk that the desk has not answered.
    unanswered: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Return where it listens, or listened."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def running(self) -> web.Application:
        """Return the application, which must be running."""
        assert self.app is not None, "the part is not running"
        return self.app

    async def start(self) -> None:
        """Build the application anew and listen."""
        app = self.build()
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, self.port).start()
        self.app, self._runner, self.port = app, runner, runner.addresses[0][1]

    async def stop(self) -> None:
        """End it; what it had stored stays."""
        if self._runner is not None:
            await self._runner.cleanup()
        self.app = self._runner = None


@dataclass
class Desk(Part):
    """A desk: its agent over its folder, and what a program of its user says to it."""

    slug: str = ""
    state: Path = Path()
    keys: Keys = field(kw_only=True, repr=False)
    http: ClientSession = field(kw_only=True)
    token: str = ""
    officers: Officers | None = None
    sessions: dict[str, str] = field(default_factory=dict)
    idle_clock: Clock = field(default_factory=SystemClock)

    @property
    def agent(self) -> Agent:
        """Return the running agent."""
        return self.running[AGENT]

    @property
    def officer(self) -> str:
        """Return the officer who has unlocked it."""
        return self.keys.officer

    @property
    def client(self) -> DeskClient:
        """Return a client of the running desk."""
        return DeskClient(self.url, self.token, self.http, officers=self._sessions())

    def _sessions(self) -> dict[str, str]:
        """Return the sessions of those who are here, begun once for each start of the desk."""
        officers = self.agent.officers
        if self.officers is not officers:
            self.officers, self.sessions = officers, {}
        for officer in officers.present():
            if officers.holder(self.sessions.get(officer, "")) != officer:
                self.sessions[officer] = officers.begin(officer)
        return self.sessions

    async def status(self) -> View:
        """Return how it says that it stands."""
        return await self.client.get("/api/status")

    async def board(self) -> list[View]:
        """Return the rows of its board."""
        rows: list[View] = (await self.client.get("/api/board"))["cases"]
        return rows

    async def case(self, ref: str, lang: str = "en") -> View:
        """Return a case as it shows it in ``lang``."""
        return await self.client.get(f"/api/cases/{ref}", lang=lang)

    async def steps(self, ref: str) -> list[View]:
        """Return a case's steps; none while the desk has no such case."""
        if ref not in [row["case"] for row in await self.board()]:
            return []
        steps: list[View] = (await self.case(ref))["steps"]
        return steps

    async def request(self, to: str = DONGXING, **fields: object) -> str:
        """Send a rescue request, that for the twenty-two women, and return its reference."""
        said: dict[str, object] = {"request": request_fields()} | fields
        answer = await self.client.post("/api/requests", officer=self.officer, to=to, **said)
        return str(answer["case"])

    async def act(self, ref: str, act: str, **fields: object) -> str:
        """Take a step and return its message id."""
        path = f"/api/cases/{ref}/acts"
        answer = await self.client.post(path, officer=self.officer, act=act, **fields)
        return str(answer["mid"])

    async def open(self, ref: str) -> int:
        """Open what has come of a case and return how much that was."""
        answer = await self.client.post(f"/api/cases/{ref}/open", officer=self.officer)
        return int(answer["opened"])

    async def set_aside(self) -> list[str]:
        """Return the codes of what it has put into quarantine, oldest first."""
        found = await self.client.get("/api/quarantine")
        return [item["code"] for item in found["set_aside"]]


@dataclass
class Network:
    """All parts over one folder. Only what was started runs."""

    founded: Founded
    clock: HandClock
    http: ClientSession
    witnesses: dict[str, Part]
    broker: Part
    desks: dict[str, Desk]
    others: list[Part] = field(default_factory=list)

    @property
    def state(self) -> Path:
        """Return the folder that holds all of it."""
        return self.founded.state

    @property
    def mongcai(self) -> Desk:
        """Return the desk in Móng Cái."""
        return self.desks[MONGCAI]

    @property
    def dongxing(self) -> Desk:
        """Return the desk in Dongxing."""
        return self.desks[DONGXING]

    @property
    def broker_key(self) -> SigningKey:
        """Return the broker's key, for a broker that means ill."""
        return load_key(self.state / "broker" / KEY_NAME)

    def witness_key(self, agency: str) -> SigningKey:
        """Return the key of an agency's witness."""
        return load_key(self.state / f"witness-{agency}" / WITNESS_KEY)

    @property
    def database(self) -> Path:
        """Return the broker's database."""
        return self.state / "broker" / DATABASE_NAME

    def up(self) -> list[Desk]:
        """Return the desks that run."""
        return [desk for desk in self.desks.values() if desk.app is not None]

    async def move(self, moment: datetime) -> datetime | None:
        """Move the clock, let all do what is due, and return when something is next due."""
        self.clock.set(moment)
        due = [await desk.agent.waker.sweep() for desk in self.up()]
        if self.broker.app is not None:
            due.append(await self.broker.app[WAKER].sweep())
        return min((at for at in due if at is not None), default=None)

    async def clock_on(self, by: timedelta) -> None:
        """Move the clock on for all, also those whose line is down."""
        await self.move(self.clock.now() + by)

    async def pass_time(self, end: datetime) -> None:
        """Move from due time to due time until ``end``; all comes to rest in between."""
        due = await self.move(self.clock.now())
        while due is not None and due < end:
            due = await self.move(due)
            await self.settle()
        await self.move(end)
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is under way: all sent, dealt with, seen in the cosigned ledger."""
        await until(self.is_settled, "not everything came to rest")

    async def holds(self, desk: Desk, ref: str, count: int) -> View:
        """Return a case once ``desk`` holds ``count`` steps of it."""

        async def is_there() -> bool:
            return len(await desk.steps(ref)) >= count

        await until(is_there, f"{desk.slug} holds {count} steps of {ref}")
        return await desk.case(ref)

    async def quarantines(self, desk: Desk, count: int) -> list[str]:
        """Return the codes of what ``desk`` has set aside, ``count`` at least.

        Fails as soon as the desk has dealt with all that came and they are fewer.
        """

        async def is_over() -> bool:
            return len(await desk.set_aside()) >= count or self._has_answered(desk)

        await until(is_over, f"{desk.slug} deals with what came")
        codes = await desk.set_aside()
        assert len(codes) >= count, f"{desk.slug} sets {count} aside, and not {codes}"
        return codes

    async def line_is(self, desk: Desk, word: str) -> None:
        """Wait until a desk says that its line is ``up`` or ``down``."""

        async def is_so() -> bool:
            return bool((await desk.status())["line"] == word)

        await until(is_so, f"the line of {desk.slug} is {word}")

    async def is_settled(self) -> bool:
        """Say whether nothing is under way; a desk that raises an alarm need not agree."""
        broker = self.broker.running
        writer, cosigned = broker[WRITER], broker[CHECKPOINTS].cosigned
        size = writer.state.frontier.size
        if cosigned is None or cosigned.size != size:
            return False
        for desk in self.up():
            status = await desk.status()
            is_quiet = (
                status["line"] == "up"
                and status["unsent"] == status["unproven"] == 0
                and status["directory"] == writer.state.directory
                and (status["ledger"]["size"] == size or status["ledger"]["alarm"])
            )
            if not is_quiet or not self._is_read(desk):
                return False
        return writer.state.frontier.size == size

    def _has_answered(self, desk: Desk) -> bool:
        return self._is_read(desk) and not any(part.unanswered for part in self.others)

    def _is_read(self, desk: Desk) -> bool:
        """Say whether the broker knows the desk's device to have dealt with its whole mailbox.

        One that nobody has admitted reads what is for devices, and leaves the desk's mail alone.
        """
        sequences = self.broker.running[WRITER].state.sequences
        mailbox = desk.agent.replica.desk
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as db:
            query = "SELECT lane, seq FROM cursors WHERE desk = ? AND device = ?"
            rows = db.execute(query, (mailbox, desk.agent.keyring.device.kid)).fetchall()
        db.close()
        read = dict(rows)
        lanes = list(MailLane) if desk.agent.keyring.is_member() else [MailLane.KEYS]
        return all(read.get(lane, 0) == sequences.get((mailbox, lane), 0) for lane in lanes)

    def broker_directory(self) -> Directory:
        """Return the directory as the running broker has it."""
        return self.broker.running[REPLICA].directory

    async def get(self, path: str, **query: int) -> bytes:
        """Return what the broker answers."""
        async with self.http.get(self.broker.url + path, params=query) as answer:
            assert answer.status == HTTPStatus.OK
            return await answer.read()


@asynccontextmanager
async def assembled(
    founded: Founded, keys: Mapping[str, Keys], at: datetime
) -> AsyncIterator[Network]:
    """Give the parts over ``founded.state`` with the clock at ``at``; end what runs at the end."""
    clock = HandClock(at)
    async with ClientSession() as http:
        network = _assemble(founded, keys, clock, http)
        try:
            yield network
        finally:
            parts: list[Part] = [*network.desks.values(), *network.others, network.broker]
            parts += network.witnesses.values()
            for part in parts:
                await part.stop()


async def start(network: Network, *slugs: str) -> None:
    """Start witnesses, broker and the named desks, and wait until all is at rest."""
    for witness in network.witnesses.values():
        await witness.start()
    await network.broker.start()
    for slug in slugs:
        await network.desks[slug].start()
    await network.settle()


@dataclass(frozen=True)
class Foundation:
    """A founded network at rest, its desks' windows published; copied for each test."""

    founded: Founded
    keys: Mapping[str, Keys]

    def write(self, file: Path) -> None:
        """Write to ``file`` what another process needs to copy the network too (``FOUNDED``)."""
        file.write_bytes(pickle.dumps(self))

    @asynccontextmanager
    async def copy(self, state: Path, *, idle_clock: Clock | None = None) -> AsyncIterator[Network]:
        """Give a copy of it in the new folder ``state``; nothing runs yet.

        ``idle_clock`` is the one by which officers idle, without it the machine's.
        """
        shutil.copytree(self.founded.state, state)
        founded = Founded(
            state,
            self.founded.corridor,
            self.founded.pins,
            self.founded.log,
            self.founded.passphrase,
        )
        async with assembled(founded, self.keys, AT) as network:
            for desk in network.desks.values():
                desk.idle_clock = idle_clock or desk.idle_clock
            yield network


@cache
def foundation(base: Path) -> Foundation:
    """Return the network founded below ``base``, the same one in a whole run.

    A process that was given one by another (see :meth:`Foundation.write`) founds none.
    """
    given = os.environ.get(FOUNDED)
    if given:
        kept: Foundation = pickle.loads(Path(given).read_bytes())  # noqa: S301 - our own file
        return kept
    state = base / "founded-network"
    state.mkdir()
    return asyncio.run(_found(state))


async def _found(state: Path) -> Foundation:
    staff = {
        slug: [
            Post(name, Role.APPROVER if name in APPROVERS else Role.OFFICER) for name in officers
        ]
        for slug, officers in OFFICERS.items()
    }
    founded = await found_network(state, find_corridor(CORRIDOR), staff, at=AT)
    keys = {
        slug: unlock_vault(state / slug, officers[0], founded.passphrase)
        for slug, officers in OFFICERS.items()
    }
    async with assembled(founded, keys, AT) as network:
        await start(network, *OFFICERS)
    return Foundation(founded, keys)


def _assemble(
    founded: Founded, keys: Mapping[str, Keys], clock: HandClock, http: ClientSession
) -> Network:
    witnesses = {
        witness_name(agency.slug): Part(witness_app(founded, agency.slug, clock))
        for agency in founded.corridor.agencies
    }
    broker = Part(lambda: _broker(founded, witnesses, clock))
    network = Network(founded, clock, http, witnesses, broker, {})
    for slug in OFFICERS:
        desk = Desk(
            web.Application, slug=slug, state=founded.state / slug, keys=keys[slug], http=http
        )
        serve_by(desk, broker, founded, clock)
        network.desks[slug] = desk
    return network


def serve_by(desk: Desk, broker: Part, founded: Founded, clock: HandClock) -> None:
    """Have ``desk`` look for its broker where ``broker`` listens, from its next start on."""

    def build() -> web.Application:
        desk.token = make_token(desk.state)
        parts = DeskParts(
            state=desk.state,
            broker_url=broker.url,
            keys=desk.keys,
            corridor=founded.corridor,
            catalogue=load_catalogue(),
            token=desk.token,
            idle_clock=desk.idle_clock,
        )
        return build_desk(parts, clock=clock)

    desk.build = build


def witness_app(founded: Founded, agency: str, clock: HandClock) -> Callable[[], web.Application]:
    """Return how the witness whose key stands in ``witness-{agency}`` is built."""
    state = founded.state / f"witness-{agency}"
    key, logs = load_key(state / WITNESS_KEY), (founded.log,)
    return lambda: build_witness(WitnessSettings(witness_name(agency), key, state, logs, clock))


def _broker(founded: Founded, witnesses: Mapping[str, Part], clock: HandClock) -> web.Application:
    pairs = {(channel.a, channel.b) for channel in founded.corridor.channels}
    settings = BrokerSettings(
        state=founded.state / "broker",
        channels=frozenset(pairs | {(b, a) for a, b in pairs}),
        witnesses=tuple(WitnessAddress(name, part.url) for name, part in witnesses.items()),
    )
    return build_broker(settings, clock=clock)
