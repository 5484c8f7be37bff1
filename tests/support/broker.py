"""A broker on a free port with a real database, witnesses beside it, and devices that call.

The witnesses' and the broker's clock is one that is moved by hand; sockets and files are real.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import aiohttp
from aiohttp import web

from crypto.attest import labels
from crypto.attest.checkpoint import Cosigned, Policy, verify_checkpoint
from crypto.attest.note import NamedKey
from crypto.attest.signing import SigningKey, pack_signed, split_signed
from crypto.attest.statement import InfraKind
from liaison.broker.admin import enroll_entries, init_broker
from liaison.broker.app import build_app
from liaison.broker.ledger import log_key, origin_of
from liaison.broker.routes import WAKER
from liaison.broker.settings import KEY_NAME, BrokerSettings
from liaison.broker.witnesses import WitnessAddress
from liaison.demo.hand_clock import HandClock
from liaison.runtime.clock import from_timestamp
from liaison.runtime.seeds import load_key
from liaison.witness.app import WitnessSettings
from liaison.witness.app import build_app as build_witness
from protocols.wire.api import (
    CHECKPOINT_PATH,
    FRAME_LIMIT,
    LEDGER_PATH,
    NO_REQUEST,
    WEBSOCKET_PATH,
    Acknowledge,
    Deliver,
    Frame,
    Hello,
    Login,
    LoginBody,
    Refused,
    Submit,
    Taken,
    Welcome,
    encode_frame,
    login_body,
    parse_frame,
    parse_page,
)
from protocols.wire.ledger_event import Event, parse_leaf
from protocols.wire.mailbox import ItemKind
from protocols.wire.receipt import Ack, AckWhat, parse_took
from tests.support.agencies import CHANNELS, Corridor, Founded, draw_key, found_corridor

F = TypeVar("F", bound=Frame)

#: Monday 2 March 2026, 08:00 UTC.
NOW = 1_772_438_400
#: Seconds after which an answer that does not come is a failure.
PATIENCE = 10


class RefusalError(Exception):
    """The broker has refused, with this code."""

    def __init__(self, frame: Refused) -> None:
        super().__init__(f"{frame.code}: {frame.detail}")
        self.code = frame.code


@dataclass
class Caller:
    """A device on its connection. Frames of other kinds than the one waited for are kept."""

    ws: aiohttp.ClientWebSocketResponse
    key: SigningKey
    hello: Hello
    kept: list[Frame] = field(default_factory=list)
    number: int = 0

    async def send(self, frame: Frame) -> None:
        await self.ws.send_bytes(encode_frame(frame))

    async def wait(self, kind: type[F]) -> F:
        for frame in self.kept:
            if isinstance(frame, kind):
                self.kept.remove(frame)
                return frame
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = parse_frame(await self.ws.receive_bytes())
                if isinstance(frame, kind):
                    return frame
                if isinstance(frame, Refused):
                    raise RefusalError(frame)
                self.kept.append(frame)

    async def login(
        self,
        at: int,
        *,
        broker: bytes | None = None,
        nonce: bytes | None = None,
        signer: SigningKey | None = None,
    ) -> Welcome:
        body = login_body(
            LoginBody(broker or self.hello.broker, nonce or self.hello.nonce, self.key.kid, at)
        )
        await self.send(Login(pack_signed(signer or self.key, labels.LOGIN, body)))
        return await self.wait(Welcome)

    async def submit(self, envelope: bytes) -> bytes:
        """Return the receipt, after sending ``envelope``; raise RefusalError when refused."""
        self.number += 1
        await self.send(Submit(self.number, envelope))
        taken = await self.wait(Taken)
        assert taken.number == self.number
        return taken.took

    async def refusal_of(self, frame: Frame | str) -> str:
        """Return the code with which what is no submission is refused; fail when it is taken.

        Answers come in the order of what was asked, so what is asked behind it tells.
        """
        before = self.number
        await (self.ws.send_str(frame) if isinstance(frame, str) else self.send(frame))
        self.number += 1
        await self.send(Submit(self.number, b""))  # refused for certain
        while (refused := await self.wait(Refused)).number in range(1, before + 1):
            pass  # what was asked behind an earlier one
        assert refused.number == NO_REQUEST, f"{frame} was taken"
        return refused.code

    async def items(self, count: int) -> list[Deliver]:
        return [await self.wait(Deliver) for _ in range(count)]

    async def is_silent(self, seconds: float = 0.2) -> bool:
        """Say whether nothing more is delivered for a while."""
        if any(isinstance(frame, Deliver) for frame in self.kept):
            return False
        try:
            async with asyncio.timeout(seconds):
                await self.wait(Deliver)
        except TimeoutError:
            return True
        return False

    async def wait_for_end(self) -> int | None:
        """Return the code with which the broker ends the connection."""
        async with asyncio.timeout(PATIENCE):
            while (message := await self.ws.receive()).type is aiohttp.WSMsgType.BINARY:
                pass
        return message.data if message.type is aiohttp.WSMsgType.CLOSE else None

    async def next_or_end(self) -> Frame | int | None:
        """Return the next frame, or the code with which the broker ends the connection."""
        async with asyncio.timeout(PATIENCE):
            message = await self.ws.receive()
        if message.type is aiohttp.WSMsgType.BINARY:
            return parse_frame(message.data)
        return message.data if message.type is aiohttp.WSMsgType.CLOSE else None

    async def acknowledge(self, item: Deliver, what: AckWhat | None, *, at: int = NOW) -> bytes:
        """Say that ``item`` was dealt with, with the word ``what`` if it is an envelope."""
        ack = b""
        if what is not None and item.item == ItemKind.ENVELOPE:
            ack = self.ack(item, what, at=at)
        await self.send(Acknowledge(item.lane, item.seq, (ack,) if ack else ()))
        return ack

    def ack(self, item: Deliver, what: AckWhat, *, at: int = NOW) -> bytes:
        took = parse_took(split_signed(item.second)[0])
        body = Ack(what, took.mid, took.eid, at, self.key.kid).encoded()
        return pack_signed(self.key, labels.ACK, body)


@dataclass
class WitnessHost:
    """A witness that can be ended and started again on the same port, over the same memory."""

    settings: WitnessSettings
    port: int = 0
    runner: web.AppRunner | None = None

    async def start(self) -> None:
        self.runner = web.AppRunner(build_witness(self.settings), shutdown_timeout=1.0)
        await self.runner.setup()
        self.port = await _listen(self.runner, self.port)

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
        self.runner = None


@dataclass
class Served:
    """A broker that can be started and ended again over the same folder."""

    settings: BrokerSettings
    clock: HandClock
    corridor: Corridor
    policy: Policy
    witnesses: list[WitnessHost]
    http: aiohttp.ClientSession
    url: str = ""
    app: web.Application | None = None
    runner: web.AppRunner | None = None
    #: Held until the end: a connection that is forgotten while it is open warns.
    callers: list[Caller] = field(default_factory=list)

    @property
    def key(self) -> SigningKey:
        return load_key(self.settings.state / KEY_NAME)

    async def start(self) -> None:
        self.app = build_app(self.settings, clock=self.clock)
        self.runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=1.0)
        await self.runner.setup()
        self.url = f"http://127.0.0.1:{await _listen(self.runner)}"

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
        self.runner = self.app = None

    async def restart(self) -> None:
        """End the broker and start it again over what it has stored."""
        await self.stop()
        await self.start()

    async def sweep(self) -> datetime | None:
        """Let the broker do all that is due; return when something is next due."""
        assert self.app is not None
        return await self.app[WAKER].sweep()

    def move(self, seconds: int) -> None:
        """Move the clock on."""
        self.clock.set(self.clock.now() + timedelta(seconds=seconds))

    async def connect(self, key: SigningKey) -> Caller:
        ws = await self.http.ws_connect(self.url + WEBSOCKET_PATH, max_msg_size=FRAME_LIMIT)
        hello = parse_frame(await ws.receive_bytes())
        assert isinstance(hello, Hello)
        caller = Caller(ws, key, hello)
        self.callers.append(caller)
        return caller

    async def call(self, slug: str, device: int = 0) -> Caller:
        """Return the office's device, logged in."""
        caller = await self.connect(self.corridor.office(slug).devices[device])
        await caller.login(int(self.clock.now().timestamp()))
        return caller

    async def get(self, path: str, **query: int) -> tuple[int, bytes]:
        async with self.http.get(self.url + path, params=query) as response:
            return response.status, await response.read()

    async def leaves(self) -> list[Event]:
        """Return all that stands in the ledger."""
        _, body = await self.get(LEDGER_PATH)
        return [parse_leaf(raw) for raw in parse_page(body, limit=1 << 24)]

    async def cosigned(self, size: int) -> Cosigned:
        """Return the checkpoint of at least ``size`` leaves once every witness has cosigned it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                status, note = await self.get(CHECKPOINT_PATH)
                if status == HTTPStatus.OK:
                    found = verify_checkpoint(note, self.policy)
                    if found.checkpoint.size >= size:
                        return found
                await asyncio.sleep(0.02)

    async def post(self, path: str, body: bytes) -> tuple[int, dict[str, object]]:
        async with self.http.post(self.url + path, data=body) as response:
            return response.status, await response.json(content_type=None)


@asynccontextmanager
async def serving(state: Path, *, database_url: str = "") -> AsyncIterator[Served]:
    """Give a broker that serves a corridor, with a witness a country; end all at the end."""
    clock = HandClock(from_timestamp(NOW))
    made = await init_broker(state / "broker", database_url=database_url)
    key = load_key(made.request.parent / KEY_NAME)
    corridor = found_corridor(NOW, broker=key.kid)
    log = log_key(key.verify_key)
    witnesses = [
        _witness(state, name, agency, log, clock)
        for name, agency in (("witness.vn", corridor.vietnam), ("witness.cn", corridor.china))
    ]
    for agency in (corridor.vietnam, corridor.china):
        agency.rely_on(InfraKind.BROKER, key, origin_of(key.kid))
    await enroll_entries(
        state / "broker",
        corridor.entries,
        clock=clock,
        pins=corridor.pins,
        database_url=database_url,
    )
    async with AsyncExitStack() as stack:
        for host in witnesses:
            await host.start()
            stack.push_async_callback(host.stop)
        settings = BrokerSettings(
            state=state / "broker",
            channels=CHANNELS,
            witnesses=tuple(
                WitnessAddress(host.settings.name, f"http://127.0.0.1:{host.port}")
                for host in witnesses
            ),
            database_url=database_url,
        )
        keys = [NamedKey(h.settings.name, h.settings.key.verify_key) for h in witnesses]
        http = await stack.enter_async_context(aiohttp.ClientSession())
        served = Served(settings, clock, corridor, Policy.of_all(log, *keys), witnesses, http)
        await served.start()
        stack.push_async_callback(served.stop)
        yield served


def _witness(
    state: Path, name: str, agency: Founded, log: NamedKey, clock: HandClock
) -> WitnessHost:
    key = draw_key()
    agency.rely_on(InfraKind.WITNESS, key, name)
    folder = state / name
    folder.mkdir()
    return WitnessHost(WitnessSettings(name, key, folder, (log,), clock))


async def _listen(runner: web.AppRunner, port: int = 0) -> int:
    await web.TCPSite(runner, "127.0.0.1", port).start()
    taken: int = runner.addresses[0][1]
    return taken
