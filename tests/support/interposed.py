"""A broker that means ill: it stands before the real one and passes on what it likes.

Whoever holds the broker's key can sign what it pleases; what is refused here is refused although
the broker's own signature is right. By default all is passed on unchanged.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import (
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
    web,
)

from crypto.attest import labels
from crypto.attest.header import parse_envelope
from crypto.attest.signing import SigningKey, pack_signed
from protocols.wire import api
from protocols.wire.mailbox import ItemKind, MailLane
from protocols.wire.receipt import Took
from tests.support.network import Desk, Network, Part, serve_by

#: What becomes of a frame on its way to the desk; and of an answer, by path and what was posted.
ToDesk = Callable[[api.Frame], Awaitable[Sequence[api.Frame]]]
Answer = Callable[[str, bytes, bytes], Awaitable[tuple[int, bytes]]]


async def pass_on(frame: api.Frame) -> Sequence[api.Frame]:
    """Pass on a frame unchanged."""
    return [frame]


async def answer_alike(_path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
    """Pass on an answer unchanged."""
    return 200, answer


def _alike(blob: bytes) -> bytes:
    return blob


@dataclass
class Interposed(Part):
    """Stands between one desk and the broker."""

    target: Part = field(kw_only=True)
    http: ClientSession = field(kw_only=True)
    to_desk: ToDesk = pass_on
    answer: Answer = answer_alike
    connections: int = 0
    #: Nothing that the desk says goes on.
    is_deaf: bool = False
    #: What the desk has said, oldest first.
    heard: list[api.Frame] = field(default_factory=list)
    #: Nothing is said of how far directory and ledger have grown.
    hides_growth: bool = False
    #: What a desk is given in place of a blob.
    blob: Callable[[bytes], bytes] = _alike
    #: After how many bytes a blob that is brought or fetched is cut off, once each time.
    cuts: list[int] = field(default_factory=list)
    #: Where bringing and fetching began: method and first byte.
    begun: list[tuple[str, int]] = field(default_factory=list)
    _to_desk: web.WebSocketResponse | None = None
    _to_broker: ClientWebSocketResponse | None = None

    def app_of_relays(self) -> web.Application:
        """Return the application that relays."""
        app = web.Application(client_max_size=2 * api.FRAME_LIMIT)
        app.router.add_get(api.WEBSOCKET_PATH, self._relay)
        app.router.add_get(api.BLOBS_PATH + "{blob}", self._fetch)
        app.router.add_post(api.BLOBS_PATH + "{blob}", self._bring)
        app.router.add_route("*", "/{path:.*}", self._ask)
        app.on_shutdown.append(self._end)
        return app

    async def say(self, frame: api.Frame) -> None:
        """Say something to the desk that the broker has not said."""
        assert self._to_desk is not None
        self.unanswered += 1
        await self._to_desk.send_bytes(api.encode_frame(frame))

    async def cut(self) -> None:
        """Break the connection."""
        for socket in (self._to_desk, self._to_broker):
            if socket is not None and not socket.closed:
                await socket.close()

    async def _end(self, _app: web.Application) -> None:
        await self.cut()

    async def _relay(self, request: web.Request) -> web.WebSocketResponse:
        desk = web.WebSocketResponse(max_msg_size=api.FRAME_LIMIT, timeout=1.0)
        await desk.prepare(request)
        self.connections += 1
        async with self.http.ws_connect(
            self.target.url + api.WEBSOCKET_PATH,
            max_msg_size=api.FRAME_LIMIT,
            timeout=ClientWSTimeout(ws_close=1.0),
        ) as broker:
            self._to_desk, self._to_broker = desk, broker
            down = asyncio.get_running_loop().create_task(self._down(broker, desk))
            try:
                async for message in desk:
                    if message.type is not WSMsgType.BINARY:
                        continue
                    self._hear(api.parse_frame(message.data))
                    if not broker.closed and not self.is_deaf:
                        await broker.send_bytes(message.data)
            finally:
                await broker.close()
                await asyncio.gather(down, return_exceptions=True)
        return desk

    def _hear(self, frame: api.Frame) -> None:
        """Take note of what a desk says, and of answers to what was said at the place 0."""
        self.heard.append(frame)
        if isinstance(frame, api.Acknowledge) and not frame.seq and self.unanswered:
            self.unanswered -= 1

    async def _down(self, broker: ClientWebSocketResponse, desk: web.WebSocketResponse) -> None:
        async for message in broker:
            if message.type is WSMsgType.BINARY:
                said = api.parse_frame(message.data)
                if self.hides_growth and isinstance(said, api.Grew):
                    continue
                for frame in await self.to_desk(said):
                    await desk.send_bytes(api.encode_frame(frame))
        await desk.close()

    async def _bring(self, request: web.Request) -> web.Response:
        """Pass on a blob as it comes, as far as it is not cut off."""
        self.begun.append(("POST", int(request.query["from"])))
        pieces: AsyncIterator[bytes] = request.content.iter_any()
        if self.cuts:
            pieces = _until_cut(pieces, self.cuts.pop(0))
        try:
            async with self.http.post(
                self.target.url + request.path_qs, data=pieces, headers=_shown(request)
            ) as response:
                return web.Response(status=response.status, body=await response.read())
        except (ClientError, ConnectionError):
            await self._drop(request)
            raise

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        """Pass on a blob, or another in its place, as far as it is not cut off."""
        begins = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.begun.append(("GET", begins))
        headers = _shown(request) | {"Range": "bytes=0-"}
        async with self.http.get(self.target.url + request.path_qs, headers=headers) as response:
            whole = await response.read()
            status = response.status
        if status >= HTTPStatus.BAD_REQUEST:
            return web.Response(status=status, body=whole)
        rest = self.blob(whole)[begins:]
        answer = web.StreamResponse(status=HTTPStatus.PARTIAL_CONTENT)
        answer.content_length = len(rest)
        await answer.prepare(request)
        if self.cuts:
            await answer.write(rest[: self.cuts.pop(0)])
            await self._drop(request)
            raise ConnectionResetError
        await answer.write(rest)
        return answer

    async def _drop(self, request: web.Request) -> None:
        if request.transport is not None:
            request.transport.close()

    async def _ask(self, request: web.Request) -> web.Response:
        posted = await request.read()
        async with self.http.request(
            request.method,
            self.target.url + request.path_qs,
            data=posted or None,
            headers=_shown(request),
        ) as response:
            body = await response.read()
            if not response.ok:
                return web.Response(
                    status=response.status, body=body, content_type=response.content_type
                )
        status, body = await self.answer(request.path, posted, body)
        return web.Response(status=status, body=body)


async def _until_cut(pieces: AsyncIterator[bytes], left: int) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if len(piece) >= left:
            yield piece[:left]
            await asyncio.sleep(0)
            raise ConnectionResetError
        left -= len(piece)
        yield piece


def _shown(request: web.Request) -> dict[str, str]:
    """Return the headers by which a desk shows who it is and what it wants."""
    names = ("Authorization", "Range")
    return {name: request.headers[name] for name in names if name in request.headers}


async def interpose(network: Network, desk: Desk) -> Interposed:
    """Return a running broker that means ill, which ``desk`` will dial at its next start."""
    between = Interposed(web.Application, target=network.broker, http=network.http)
    between.build = between.app_of_relays
    network.others.append(between)
    await between.start()
    serve_by(desk, between, network.founded, network.clock)
    return between


def item(kind: ItemKind, first: bytes, second: bytes) -> api.Deliver:
    """Return an item as the broker would deliver it.

    It comes at the place 0 of the rescue lane, so that no cursor is moved by it.
    """
    return api.Deliver(int(MailLane.RESCUE), 0, int(kind), first, second)


def delivery(envelope: bytes, broker: SigningKey, *, at: int, index: int = 0) -> api.Deliver:
    """Return an envelope as the broker would deliver it, with a receipt that it has signed."""
    sealed = parse_envelope(envelope)
    took = Took(sealed.mid, sealed.eid, index, at, broker.kid).encoded()
    signed = pack_signed(broker, labels.TOOK, took)
    return item(ItemKind.ENVELOPE, envelope, signed)
