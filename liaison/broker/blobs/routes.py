"""Bringing and fetching blobs over HTTP: both go on where they stopped, in constant memory.

Follows docs/spec/broker.md, "Blobs". Who comes is shown by a token that the device's logged-in
connection gave it. Nothing is read of a body before all that can be refused was.
"""

import asyncio
from contextlib import ExitStack
from http import HTTPStatus

import structlog
from aiohttp import web

from crypto.attest.blob import is_blob_size
from crypto.attest.hashing import DIGEST_BYTES
from liaison.broker.acknowledgement import Device
from liaison.broker.blobs.files import Coming
from liaison.broker.blobs.keeping import BlobKeeper
from liaison.broker.blobs.state import BlobKey
from liaison.broker.blobs.tokens import Tokens
from liaison.broker.errors import RefusedError
from liaison.runtime.clock import Clock, timestamp
from protocols.wire.api import BLOBS_PATH, HELD, PROGRESS, Refusal

KEEPER = web.AppKey("blobs", BlobKeeper)
TOKENS = web.AppKey("tokens", Tokens)
CLOCK = web.AppKey("clock", Clock)
#: The blobs that are coming now: each is written by one request at a time.
COMING = web.AppKey("coming", set[BlobKey])

#: Bytes gathered before they go to the disk, and sent at once.
GATHER, CHUNK = 1 << 20, 256 * 1_024

BLOB_STATUS = {
    Refusal.BLOB_TOKEN: HTTPStatus.UNAUTHORIZED,
    Refusal.NO_BLOB: HTTPStatus.NOT_FOUND,
    Refusal.BLOB_OFFSET: HTTPStatus.CONFLICT,
    Refusal.BLOB_QUOTA: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Refusal.BLOB_HASH: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.BLOB_DISK: HTTPStatus.INSUFFICIENT_STORAGE,
}


def add_blob_routes(app: web.Application) -> None:
    """Give ``app`` the doors through which blobs come and go."""
    path = BLOBS_PATH + "{blob}"
    app.router.add_post(path, bring)
    app.router.add_get(path, fetch)
    app.router.add_get(path + PROGRESS, tell_progress)
    app.router.add_post(path + HELD, hold)


async def bring(request: web.Request) -> web.Response:
    """Take the blob's bytes from ``from`` on; answer how far it has come and whether it is whole.

    ``size`` is that of the whole blob.
    """
    device = _device(request)
    key, size = (device.payload.desk, _blob(request)), _size(request)
    keeper, coming = request.app[KEEPER], request.app[COMING]
    if await keeper.find(key) is not None:
        return _progress(size, whole=True)
    offset = await keeper.check_room(key, size)
    if key in coming or offset != _from(request):
        raise RefusedError(Refusal.BLOB_OFFSET, f"to go on at byte {offset}, one at a time")
    coming.add(key)
    try:
        offset = await _receive(request, key, size)
        if offset == size:
            await keeper.keep(key, size, device)
        return _progress(offset, whole=offset == size)
    finally:
        coming.discard(key)


async def tell_progress(request: web.Request) -> web.Response:
    """Answer how far the blob of ``size`` bytes has come, if there is room for the rest."""
    device = _device(request)
    key, size = (device.payload.desk, _blob(request)), _size(request)
    keeper = request.app[KEEPER]
    if await keeper.find(key) is not None:
        return _progress(size, whole=True)
    return _progress(await keeper.check_room(key, size), whole=False)


async def fetch(request: web.Request) -> web.FileResponse:
    """Answer with the blob, or with the range of it that is asked for."""
    found = await request.app[KEEPER].readable(_blob(request), _device(request))
    response = web.FileResponse(request.app[KEEPER].files.path(found.key), chunk_size=CHUNK)
    response.content_type = "application/octet-stream"
    return response


async def hold(request: web.Request) -> web.Response:
    """Note that the device holds the blob."""
    await request.app[KEEPER].held(_blob(request), _device(request))
    return web.json_response({})


async def _receive(request: web.Request, key: BlobKey, size: int) -> int:
    """Return how far the blob has come with this body; what came before a break stays."""
    now = timestamp(request.app[CLOCK].now())
    files = request.app[KEEPER].files
    with ExitStack() as stack:
        # Opening makes the hash of what is here anew.
        opening = files.receive(key, now=now)
        part = await asyncio.to_thread(stack.enter_context, opening)
        try:
            await _gather(request, part, size)
        finally:
            await asyncio.shield(asyncio.to_thread(part.sync))
        if part.offset == size:
            await asyncio.to_thread(part.finish, key[1])
        return part.offset


async def _gather(request: web.Request, part: Coming, size: int) -> None:
    gathered = bytearray()
    try:
        async for piece in request.content.iter_any():
            if part.offset + len(gathered) + len(piece) > size:
                raise RefusedError(Refusal.BLOB_MALFORMED, f"{size} bytes expected, more found")
            gathered += piece
            if len(gathered) >= GATHER:
                whole, gathered = bytes(gathered), bytearray()
                await asyncio.shield(asyncio.to_thread(part.append, whole))
    except (ConnectionError, web.RequestPayloadError):
        structlog.get_logger().info("blob.cut", offset=part.offset)
    finally:
        if gathered:
            await asyncio.shield(asyncio.to_thread(part.append, bytes(gathered)))


def _device(request: web.Request) -> Device:
    return request.app[TOKENS].device(request.headers.get("Authorization", ""))


def _blob(request: web.Request) -> bytes:
    text = request.match_info["blob"]
    try:
        blob = bytes.fromhex(text)
    except ValueError as e:
        raise RefusedError(Refusal.BLOB_MALFORMED, "a blob's name in hex expected") from e
    if len(blob) != DIGEST_BYTES or blob.hex() != text:
        raise RefusedError(Refusal.BLOB_MALFORMED, "a blob's name in 64 small hex digits expected")
    return blob


def _size(request: web.Request) -> int:
    size = _number(request, "size")
    if not is_blob_size(size):
        raise RefusedError(Refusal.BLOB_MALFORMED, f"no file's blob has {size} bytes")
    return size


def _from(request: web.Request) -> int:
    return _number(request, "from")


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):  # noqa: PLR2004
        raise RefusedError(Refusal.BLOB_MALFORMED, f"{name}: a whole number expected")
    return int(text)


def _progress(offset: int, *, whole: bool) -> web.Response:
    return web.json_response({"offset": offset, "whole": whole})
