"""One device's connection: hello, login, then frames both ways until it ends.

Follows docs/spec/broker.md, "Connection". What a device sends is put in line at once and in its
order; the answers go back in the same order, each after its commit. A device that sends faster
than the broker commits is read more slowly, and never refused for it.
"""

import asyncio
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from crypto.attest.signing import KeyId, SigningKey
from liaison.broker.acknowledgement import Device, Rules, acknowledge
from liaison.broker.blobs.tokens import Tokens
from liaison.broker.delivery import Post, Recipient
from liaison.broker.errors import RefusedError, StoreError
from liaison.broker.intake import Intake
from liaison.broker.login import LoggedIn, Logins
from liaison.broker.writer import Writer, refuse
from liaison.runtime.tasks import Tasks
from protocols.wire.api import (
    FRAME_LIMIT,
    NO_REQUEST,
    Acknowledge,
    AskToken,
    Frame,
    FrameError,
    Hello,
    Login,
    Refusal,
    Refused,
    Submit,
    Taken,
    encode_frame,
    parse_frame,
)
from protocols.wire.mailbox import MailLane

NONCE_BYTES = 32
#: Seconds that a device has to log in.
LOGIN_WITHIN = 10
#: Seconds between pings; proxies drop connections that are silent for a minute.
HEARTBEAT = 30
#: The most requests of one connection that are being committed.
AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Desk:
    """What a connection works with: the desk of the broker at which devices speak."""

    key: SigningKey
    logins: Logins
    intake: Intake
    rules: Rules
    writer: Writer
    post: Post
    tokens: Tokens
    tasks: Tasks


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that stands in line: its number, and the answer to come (or why there is none)."""

    frame: Submit | Acknowledge
    answer: asyncio.Future[Any]


class Connection:
    """A WebSocket over which one device speaks with the broker."""

    def __init__(self, desk: Desk) -> None:
        """Take what the connection works with; nothing is sent before ``run``."""
        self._desk = desk
        self._ws = web.WebSocketResponse(
            heartbeat=HEARTBEAT, max_msg_size=FRAME_LIMIT, compress=False, timeout=2.0
        )
        self._asked: asyncio.Queue[_Asked] = asyncio.Queue(AT_ONCE)
        self._token = b""

    async def run(self, request: web.Request) -> web.WebSocketResponse:
        """Speak with the device until either side ends it; return the response for aiohttp."""
        await self._ws.prepare(request)
        try:
            logged_in = await self._login()
            await self._serve(logged_in)
        except RefusedError as e:
            await self._end(e, WSCloseCode.POLICY_VIOLATION)
        except FrameError as e:
            await self._end(RefusedError(Refusal.MALFORMED, str(e)), WSCloseCode.PROTOCOL_ERROR)
        except (StoreError, ConnectionError, aiohttp.ClientError) as e:
            structlog.get_logger().warning("connection.ended", error=type(e).__name__)
            await self._ws.close(code=WSCloseCode.TRY_AGAIN_LATER)
        except Exception as e:  # noqa: BLE001 - no problem document can follow an upgrade
            structlog.get_logger().error("connection.failed", error=type(e).__name__)
            await self._ws.close(code=WSCloseCode.INTERNAL_ERROR)
        return self._ws

    async def _login(self) -> LoggedIn:
        nonce = secrets.token_bytes(NONCE_BYTES)
        await self._send(Hello(self._desk.key.kid, nonce))
        try:
            async with asyncio.timeout(LOGIN_WITHIN):
                frame = await self._receive()
        except TimeoutError as e:
            raise RefusedError(Refusal.NOT_LOGGED_IN, f"no login in {LOGIN_WITHIN} s") from e
        if not isinstance(frame, Login):
            raise RefusedError(Refusal.NOT_LOGGED_IN, "a login is expected before anything else")
        operation = self._desk.logins.login(frame, nonce=nonce)
        return await self._desk.writer.run(operation)

    async def _serve(self, logged_in: LoggedIn) -> None:
        recipient = Recipient(logged_in.device, logged_in.welcome, self._close_soon)
        await self._send(logged_in.welcome)
        self._desk.post.join(recipient)
        try:
            # Between its login and this it may have been revoked, and nobody has expelled it.
            self._desk.logins.require(KeyId(recipient.kid), logged_in.welcome.at)
            await _first_to_end(
                self._read(recipient.device),
                self._answer(recipient),
                self._desk.post.deliver(recipient, self._send),
            )
        finally:
            self._desk.post.leave(recipient)
            self._desk.tokens.drop(self._token)

    async def _read(self, device: Device) -> None:
        """Put in line what the device sends, until it has nothing more to say."""
        while (frame := await self._receive()) is not None:
            match frame:
                case Submit() | Acknowledge():
                    await self._asked.put(_Asked(frame, await self._put(frame, device)))
                case AskToken():
                    self._desk.tokens.drop(self._token)
                    given = self._desk.tokens.give(device)
                    self._token = given.token
                    await self._send(given)
                case _:
                    raise FrameError("a logged-in device submits, acknowledges, asks for a token")

    async def _put(self, frame: Submit | Acknowledge, device: Device) -> asyncio.Future[Any]:
        try:
            if isinstance(frame, Submit):
                taking = self._desk.intake.submit(frame.envelope, device=device.payload.key.kid)
                return await self._desk.writer.put(taking)
            entering = acknowledge(frame, device=device, key=self._desk.key, rules=self._desk.rules)
            return await self._desk.writer.put(entering)
        except RefusedError as e:
            refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            refuse(refused, e)
            return refused

    async def _answer(self, recipient: Recipient) -> None:
        """Answer what was asked, each after its commit and in its order."""
        while True:
            asked = await self._asked.get()
            frame = asked.frame
            try:
                answer = await asked.answer
            except RefusedError as e:
                number = frame.number if isinstance(frame, Submit) else NO_REQUEST
                await self._send(Refused(number, e.code, e.detail))
                continue
            if isinstance(frame, Submit):
                await self._send(Taken(frame.number, answer))
            else:
                recipient.acknowledged(MailLane(frame.lane), answer)

    async def _receive(self) -> Frame | None:
        """Return the next frame, or None at the end; raise FrameError when it is none."""
        message = await self._ws.receive()
        if message.type is WSMsgType.BINARY:
            return parse_frame(message.data)
        if message.type is WSMsgType.TEXT:
            raise FrameError("binary frames expected, text found")
        return None

    async def _send(self, frame: Frame) -> None:
        await self._ws.send_bytes(encode_frame(frame))

    async def _end(self, refused: RefusedError, code: WSCloseCode) -> None:
        if not self._ws.closed:
            await self._send(Refused(NO_REQUEST, refused.code, refused.detail))
        await self._ws.close(code=code)

    def _close_soon(self) -> None:
        self._desk.tasks.start(self._close(), name="connection.close")

    async def _close(self) -> None:
        await self._ws.close(code=WSCloseCode.GOING_AWAY)


async def _first_to_end(*work: Coroutine[Any, Any, None]) -> None:
    """Run all of ``work`` until the first of it ends; raise its error, and cancel the others."""
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
