"""The desk's line to its broker: one WebSocket that comes back by itself, and plain HTTP beside it.

The line knows frames and nothing of what is in them. When it breaks it is dialled again with
growing, jittered pauses; what was under way is then repeated by whoever asked for it, which is safe
because every step may be repeated.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import structlog
from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
)

from crypto.attest import labels
from crypto.attest.directory import DirectoryError
from crypto.attest.signing import KeyId, SigningKey, pack_signed
from liaison.runtime.clock import Clock, timestamp
from protocols.wire import api

HEARTBEAT = timedelta(seconds=20)
PATIENCE = timedelta(seconds=20)
#: Seconds before its end in which a token is not used any more.
TOKEN_MARGIN = 30
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 15.0
#: More than one page of the largest entries is never asked for at once.
PAGE_LIMIT = 64 * 1024 * 1024


class LineDownError(Exception):
    """The broker cannot be reached now; what was asked for must be repeated."""

    code = "line.down"


class BrokerRefusedError(Exception):
    """The broker refused; ``code`` is its own stable code."""

    def __init__(self, code: str, detail: str) -> None:
        """Take the broker's code and what it expected and found."""
        super().__init__(detail)
        self.code = code


class WrongBrokerError(Exception):
    """The server at this address is not the broker that the directory names."""

    code = "line.wrong_broker"


class Listener(Protocol):
    """Who hears what the broker sends."""

    async def line_up(self, welcome: api.Welcome) -> None:
        """The line is up and the device is logged in."""

    def line_down(self) -> None:
        """The line has broken, or could not be made."""

    async def delivered(self, frame: api.Deliver) -> None:
        """An item of the mailbox has come; the next one waits until this returns."""

    async def grew(self, frame: api.Grew) -> None:
        """Directory or cosigned ledger have grown."""


@dataclass(slots=True)
class Line:
    """The line of one device; ``broker`` gives the key id that the directory names."""

    url: str
    device: SigningKey
    clock: Clock
    session: ClientSession
    broker: Callable[[], KeyId]
    is_up: bool = False
    #: The code with which the broker refused the last login, until one is let in.
    refusal: str | None = None
    next_pause: float = FIRST_PAUSE
    _socket: ClientWebSocketResponse | None = None
    _pending: dict[int, asyncio.Future[bytes]] = field(default_factory=dict)
    _number: int = 0
    _token: api.Token | None = None
    _token_comes: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_waiting(self) -> bool:
        """Say whether something was submitted that has no answer yet."""
        return bool(self._pending)

    async def keep(self, listener: Listener) -> None:
        """Keep the line up and hand ``listener`` what comes, until cancelled."""
        while True:
            try:
                await self._hold(listener)
            except (ClientError, OSError, TimeoutError, LineDownError) as e:
                structlog.get_logger().info("line.down", error=type(e).__name__)
            except BrokerRefusedError as e:
                self.refusal = e.code
                structlog.get_logger().error("line.refused", code=e.code)
            except (WrongBrokerError, DirectoryError, api.FrameError) as e:
                structlog.get_logger().error("line.refused", code=e.code)
            finally:
                self._hang_up()
            listener.line_down()
            await asyncio.sleep(jittered(self.next_pause))
            self.next_pause = min(self.next_pause * 2, LONGEST_PAUSE)

    async def submit(self, envelope: bytes) -> bytes:
        """Return the broker's signed receipt for ``envelope``.

        Raises:
            LineDownError: no answer; nothing is known, so submit the same bytes again.
            BrokerRefusedError: the broker refused it and stored nothing.
        """
        self._number += 1
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._pending[self._number] = answer
        try:
            await self._send(api.Submit(self._number, envelope))
            # Not wait_for: in Python 3.11 it can swallow a cancellation, and no desk would end.
            async with asyncio.timeout(PATIENCE.total_seconds()):
                return await answer
        except TimeoutError as e:
            raise LineDownError("the broker did not answer in time") from e
        finally:
            self._pending.pop(self._number, None)

    async def acknowledge(self, lane: int, seq: int, *acks: bytes) -> None:
        """Say that ``lane`` is dealt with up to ``seq``; raise LineDownError when down."""
        await self._send(api.Acknowledge(lane, seq, acks))

    async def token(self) -> str:
        """Return in hex what shows the broker over HTTP who comes; raise LineDownError if down."""
        if self._token is None or timestamp(self.clock.now()) >= self._token.until - TOKEN_MARGIN:
            self.forget_token()
            await self._send(api.AskToken())
            try:
                async with asyncio.timeout(PATIENCE.total_seconds()):
                    await self._token_comes.wait()
            except TimeoutError as e:
                raise LineDownError("the broker gave no token in time") from e
        if self._token is None:
            raise LineDownError("the line broke before the token came")
        return self._token.token.hex()

    def forget_token(self) -> None:
        """Ask for another token at the next need."""
        self._token = None
        self._token_comes.clear()

    async def redial(self) -> None:
        """Hang up and dial again: what was sent and not dealt with comes once more."""
        if self._socket is not None:
            await self._socket.close()

    async def fetch(self, path: str, **query: int) -> bytes:
        """Return the body of a GET; raise LineDownError or BrokerRefusedError."""
        return await _fetch(self.session, self.url + path, query)

    async def page(self, path: str, **query: int) -> list[bytes]:
        """Return the entries, leaves or hashes of a GET; raise FrameError when they are none."""
        return await _fetch_page(self.session, self.url + path, query)

    async def publish(self, entry: bytes) -> None:
        """Give the broker a directory entry; raises what :func:`publish_entry` raises."""
        await publish_entry(self.session, self.url, entry)

    async def _hold(self, listener: Listener) -> None:
        async with self.session.ws_connect(
            self.url + api.WEBSOCKET_PATH,
            heartbeat=HEARTBEAT.total_seconds(),
            max_msg_size=api.FRAME_LIMIT,
            timeout=ClientWSTimeout(ws_close=2.0),
        ) as socket:
            self._socket = socket
            welcome = await self._log_in(socket)
            self.is_up, self.refusal = True, None
            await listener.line_up(welcome)
            self.next_pause = FIRST_PAUSE
            async for message in socket:
                if message.type is not WSMsgType.BINARY:
                    raise api.FrameError("expected binary frames")
                await self._heard(api.parse_frame(message.data), listener)
        raise LineDownError("the broker closed the line")

    async def _log_in(self, socket: ClientWebSocketResponse) -> api.Welcome:
        hello = await self._next(socket)
        if not isinstance(hello, api.Hello) or hello.broker != self.broker():
            raise WrongBrokerError("this server is not the broker that the directory names")
        body = api.login_body(
            api.LoginBody(hello.broker, hello.nonce, self.device.kid, timestamp(self.clock.now()))
        )
        login = api.Login(pack_signed(self.device, labels.LOGIN, body))
        await socket.send_bytes(api.encode_frame(login))
        answer = await self._next(socket)
        if isinstance(answer, api.Refused):
            raise BrokerRefusedError(answer.code, answer.detail)
        if not isinstance(answer, api.Welcome):
            raise api.FrameError("expected a welcome")
        return answer

    async def _next(self, socket: ClientWebSocketResponse) -> api.Frame:
        message = await socket.receive(timeout=PATIENCE.total_seconds())
        if message.type is not WSMsgType.BINARY:
            raise LineDownError("the broker closed the line")
        return api.parse_frame(message.data)

    async def _heard(self, frame: api.Frame, listener: Listener) -> None:
        match frame:
            case api.Taken(number, took):
                self._settle(number, took)
            case api.Refused(api.NO_REQUEST, code, _):
                structlog.get_logger().warning("line.acknowledgement_refused", code=code)
                if code == api.Refusal.BUSY:  # dialled again, the desk says it once more
                    raise LineDownError("the broker could not store an acknowledgement")
            case api.Refused(number, code, detail):
                self._settle(number, BrokerRefusedError(code, detail))
            case api.Deliver():
                await listener.delivered(frame)
            case api.Grew():
                await listener.grew(frame)
            case api.Token():
                self._token = frame
                self._token_comes.set()
            case _:
                raise api.FrameError(f"a broker does not send {frame.kind.name}")

    def _settle(self, number: int, answer: bytes | BrokerRefusedError) -> None:
        pending = self._pending.get(number)
        if pending is None or pending.done():
            return
        if isinstance(answer, bytes):
            pending.set_result(answer)
        else:
            pending.set_exception(answer)

    def _hang_up(self) -> None:
        self.is_up, self._socket, self._token = False, None, None
        self._token_comes.set()  # whoever waits for one learns that there is none
        for pending in self._pending.values():
            if not pending.done():
                pending.set_exception(LineDownError("the line broke before the answer"))

    async def _send(self, frame: api.Frame) -> None:
        if self._socket is None or not self.is_up:
            raise LineDownError("the line is down")
        try:
            await self._socket.send_bytes(api.encode_frame(frame))
        except (ClientError, OSError) as e:
            raise LineDownError("the line broke") from e


def jittered(pause: float) -> float:
    """Return a pause from half of ``pause`` to one and a half of it, by chance.

    After an outage no two desks dial at one beat.
    """
    return pause * (0.5 + secrets.randbelow(1000) / 1000)


async def fetch_directory(session: ClientSession, url: str) -> list[bytes]:
    """Return all entries of the directory of the broker at ``url``, believed by nobody yet.

    Raises:
        LineDownError: the broker cannot be reached.
        BrokerRefusedError, FrameError: it answers something else.
    """
    base, entries = url.rstrip("/") + api.DIRECTORY_PATH, list[bytes]()
    while page := await _fetch_page(session, base, {"from": len(entries)}):
        entries += page
    return entries


async def _fetch_page(session: ClientSession, url: str, query: dict[str, int]) -> list[bytes]:
    return api.parse_page(await _fetch(session, url, query), limit=PAGE_LIMIT)


async def _fetch(session: ClientSession, url: str, query: dict[str, int]) -> bytes:
    try:
        async with session.get(url, params=query, timeout=_timeout()) as response:
            return await read_answer(response)
    except (ClientError, OSError, TimeoutError) as e:
        raise LineDownError("the broker cannot be reached") from e


async def publish_entry(session: ClientSession, url: str, entry: bytes) -> None:
    """Give the broker at ``url`` a directory entry: its signatures are its authority.

    Raises:
        LineDownError: the broker cannot be reached.
        BrokerRefusedError: the entry does not stand.
    """
    try:
        async with session.post(
            url.rstrip("/") + api.DIRECTORY_PATH, data=entry, timeout=_timeout()
        ) as response:
            await read_answer(response)
    except (ClientError, OSError, TimeoutError) as e:
        raise LineDownError("the broker cannot be reached") from e


def _timeout() -> ClientTimeout:
    return ClientTimeout(total=PATIENCE.total_seconds())


async def read_answer(response: ClientResponse) -> bytes:
    """Return the body of an answer; raise BrokerRefusedError for a problem that it tells."""
    if response.ok:
        return await response.read()
    try:
        body = await response.json(content_type=None)
        raise BrokerRefusedError(str(body["code"]), str(body["detail"]))
    except (ValueError, KeyError, TypeError) as e:
        raise LineDownError(f"the broker answered {response.status}") from e
