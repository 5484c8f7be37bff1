"""The load: senders that wait for each receipt, readers that acknowledge; one driver for both.

A *tongue* is what differs between the real broker and the bare prototype: logging in, and four
frames. Each sender has one message under way; its reader acknowledges each item as it comes, as a
desk does. Frames are read without the project's own checks, so that the clients cost little of
the machine that they share with the broker.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import cbor2
from aiohttp import ClientSession, ClientWebSocketResponse, TCPConnector, WSMsgType

from crypto.attest import labels
from crypto.attest.signing import SigningKey, pack_signed
from liaison.runtime.clock import SystemClock, timestamp
from protocols.wire.api import FRAME_LIMIT, WEBSOCKET_PATH, FrameKind, LoginBody, login_body
from protocols.wire.mailbox import ItemKind
from protocols.wire.receipt import Ack, AckWhat
from tests.bench import bare
from tests.bench.network import Pair

#: No message takes longer; a run that stalls fails.
PATIENCE = 60.0


class LoadError(Exception):
    """The server refused, closed, or did not answer: there is no figure."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a frame is to the driver: a receipt, a message, or another item; and what to answer."""

    receipt: bool = False
    message: bool = False
    answer: bytes | None = None


class Voice(Protocol):
    """One connected desk, in the server's tongue."""

    @property
    def ws(self) -> ClientWebSocketResponse:
        """Return its connection."""

    def submit(self, number: int, body: bytes) -> bytes:
        """Return the frame that submits ``body``."""

    def hear(self, raw: bytes) -> Heard:
        """Return what a frame is."""


@dataclass(frozen=True, slots=True)
class DeskVoice:
    """A device of the real broker, logged in; ``reads`` if messages are addressed to its desk."""

    ws: ClientWebSocketResponse
    key: SigningKey
    reads: bool

    def submit(self, number: int, body: bytes) -> bytes:
        """Return the frame that submits ``body``."""
        return cbor2.dumps([FrameKind.SUBMIT, number, body])

    def hear(self, raw: bytes) -> Heard:
        """Return what a frame is; a message is answered with this device's acknowledgement."""
        match cbor2.loads(raw):
            case [FrameKind.TAKEN, *_]:
                return Heard(receipt=True)
            case [FrameKind.DELIVER, lane, seq, ItemKind.ENVELOPE, _, took] if self.reads:
                return Heard(message=True, answer=self._acknowledge(lane, seq, [self._ack(took)]))
            case [FrameKind.DELIVER, lane, seq, *_]:
                return Heard(answer=self._acknowledge(lane, seq, []))
            case [FrameKind.GREW, *_]:
                return Heard()
            case other:
                raise LoadError(f"a receipt or an item expected, {other!r} found")

    def _acknowledge(self, lane: int, seq: int, acks: list[bytes]) -> bytes:
        return cbor2.dumps([FrameKind.ACKNOWLEDGE, lane, seq, acks])

    def _ack(self, took: bytes) -> bytes:
        mid, eid, _, at, _ = cbor2.loads(cbor2.loads(took)[0])
        body = Ack(AckWhat.DELIVERED, mid, eid, at, self.key.kid).encoded()
        return pack_signed(self.key, labels.ACK, body)


@dataclass(frozen=True, slots=True)
class BareVoice:
    """A client of the bare prototype; it writes to the desk ``to``."""

    ws: ClientWebSocketResponse
    to: int

    def submit(self, number: int, body: bytes) -> bytes:
        """Return the frame that submits ``body``."""
        return cbor2.dumps([bare.SUBMIT, number, self.to, body])

    def hear(self, raw: bytes) -> Heard:
        """Return what a frame is."""
        match cbor2.loads(raw):
            case [bare.TAKEN, _]:
                return Heard(receipt=True)
            case [bare.DELIVER, seq, _]:
                return Heard(message=True, answer=cbor2.dumps([bare.DONE, seq]))
            case other:
                raise LoadError(f"a receipt or a message expected, {other!r} found")


@dataclass(slots=True)
class Lane:
    """One sender and its reader. ``items`` counts all that came to either but receipts."""

    sender: Voice
    reader: Voice
    sent: deque[float] = field(default_factory=deque)
    receipt: asyncio.Event = field(default_factory=asyncio.Event)
    accepted: int = 0
    items: int = 0
    latencies: list[float] = field(default_factory=list)
    last_accepted: float = 0.0
    last_delivered: float = 0.0

    async def send(self, bodies: Sequence[bytes]) -> None:
        """Send ``bodies``, each after the receipt of the one before."""
        for number, body in enumerate(bodies, 1):
            self.receipt.clear()
            frame = self.sender.submit(number, body)
            self.sent.append(time.perf_counter())
            await self.sender.ws.send_bytes(frame)
            await self.receipt.wait()

    async def listen(self, voice: Voice, *, items: int) -> None:
        """Hear what comes to ``voice`` and answer it, until ``items`` of it have come."""
        while items:
            message = await voice.ws.receive()
            if message.type is not WSMsgType.BINARY:
                raise LoadError(f"the server closed the line: {message.type.name}")
            heard = voice.hear(message.data)
            if heard.receipt:
                self.accepted += 1
                self.last_accepted = time.perf_counter()
                self.receipt.set()
            elif heard.message and voice is self.reader:
                self.last_delivered = time.perf_counter()
                self.latencies.append(self.last_delivered - self.sent.popleft())
            if heard.answer is not None:
                await voice.ws.send_bytes(heard.answer)
            items -= heard.receipt or heard.answer is not None


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to: messages, seconds to the last receipt and delivery, latencies (s)."""

    messages: int
    accepting: float
    delivering: float
    latencies: list[float]


async def drive(lanes: Sequence[Lane], bodies: Sequence[Sequence[bytes]], *, extra: int) -> Load:
    """Send ``bodies`` through ``lanes`` and return what it came to, once everything has come.

    Args:
        lanes: the senders and their readers, connected.
        bodies: what each sender sends.
        extra: the further items that each message brings to its sender and, without the sender's
            own copy, to its reader (the broker's notes of the acknowledgement); 0 for the bare one.

    Raises:
        LoadError: the server refused or closed.
        TimeoutError: it did not answer in time.
    """
    begun = time.perf_counter()
    async with asyncio.timeout(PATIENCE + 0.05 * sum(map(len, bodies))):
        async with asyncio.TaskGroup() as group:
            for lane, own in zip(lanes, bodies, strict=True):
                group.create_task(lane.listen(lane.sender, items=len(own) * (1 + extra)))
                group.create_task(lane.listen(lane.reader, items=len(own) * (1 + min(extra, 1))))
                group.create_task(lane.send(own))
    return Load(
        sum(lane.accepted for lane in lanes),
        max(lane.last_accepted for lane in lanes) - begun,
        max(lane.last_delivered for lane in lanes) - begun,
        [latency for lane in lanes for latency in lane.latencies],
    )


@asynccontextmanager
async def connected(url: str, pairs: Sequence[Pair]) -> AsyncIterator[list[Lane]]:
    """Give a lane for each pair of desks at the real broker ``url``."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(many_connections())

        async def voice(key: SigningKey, *, reads: bool) -> DeskVoice:
            return DeskVoice(await log_in(http, url, key), key, reads)

        yield [
            Lane(
                await voice(pair.sender.device, reads=False),
                await voice(pair.receiver.device, reads=True),
            )
            for pair in pairs
        ]


@asynccontextmanager
async def connected_barely(url: str, pairs: int) -> AsyncIterator[list[Lane]]:
    """Give so many lanes at the bare prototype ``url``."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(many_connections())

        async def desk(number: int) -> ClientWebSocketResponse:
            return await http.ws_connect(f"{url}/?desk={number}", max_msg_size=FRAME_LIMIT)

        yield [
            Lane(BareVoice(await desk(2 * n), 2 * n + 1), BareVoice(await desk(2 * n + 1), 2 * n))
            for n in range(pairs)
        ]


def many_connections() -> ClientSession:
    """Return a client without the library's limit of a hundred connections."""
    return ClientSession(connector=TCPConnector(limit=0))


async def log_in(http: ClientSession, url: str, key: SigningKey) -> ClientWebSocketResponse:
    """Return a connection on which the device ``key`` is logged in.

    Raises:
        LoadError: the broker does not welcome it.
    """
    ws = await http.ws_connect(url + WEBSOCKET_PATH, max_msg_size=FRAME_LIMIT)
    _, broker, nonce = cbor2.loads(await ws.receive_bytes())
    body = login_body(LoginBody(broker, nonce, key.kid, timestamp(SystemClock().now())))
    await ws.send_bytes(cbor2.dumps([FrameKind.LOGIN, pack_signed(key, labels.LOGIN, body)]))
    answer: list[Any] = cbor2.loads(await ws.receive_bytes())
    if answer[0] != FrameKind.WELCOME:
        raise LoadError(f"a welcome expected, {answer!r} found")
    return ws
