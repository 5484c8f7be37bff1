"""The broker's doors: the devices' WebSocket, and plain HTTP for all that has no order.

Follows docs/spec/broker.md, "HTTP". Directory, checkpoint, ledger and proofs are for anyone who
can reach the broker: they hold ids and codes, and their readers check them against the witnesses.
Errors are problem documents (RFC 9457) with a stable ``code``.
"""

from collections.abc import Sequence
from itertools import accumulate

from aiohttp import web
from aiohttp.typedefs import Handler

from crypto.attest.statement import ENTRY_LIMIT
from liaison.broker.blobs.routes import BLOB_STATUS, add_blob_routes
from liaison.broker.checkpoints import Checkpoints
from liaison.broker.connection import Connection, Desk
from liaison.broker.directory import Replica
from liaison.broker.errors import RefusedError, StoreError
from liaison.broker.ledger import prove_consistency, prove_inclusion
from liaison.broker.store import Store
from liaison.broker.writer import Writer
from liaison.runtime.scheduler import Waker
from liaison.runtime.web import ProblemError, problem
from protocols.wire.api import (
    CHECKPOINT_PATH,
    CONSISTENCY_PATH,
    DIRECTORY_PATH,
    INCLUSION_PATH,
    LEDGER_PATH,
    PAGE,
    PLACE_PATH,
    WEBSOCKET_PATH,
    Refusal,
    encode_page,
    encode_place,
)

CHECKPOINTS = web.AppKey("checkpoints", Checkpoints)
DESK = web.AppKey("desk", Desk)
REPLICA = web.AppKey("replica", Replica)
STORE = web.AppKey("store", Store)
WAKER = web.AppKey("waker", Waker)
WRITER = web.AppKey("writer", Writer)

PAGE_TYPE = "application/cbor"
#: The most bytes of a page; a longer one is cut after the item that passes it.
PAGE_BYTES = 1 << 20
BODY_LIMIT = ENTRY_LIMIT

_STATUS = {Refusal.ROOT_BY_OPERATOR: 403, Refusal.BUSY: 503, **BLOB_STATUS}


def add_routes(app: web.Application) -> None:
    """Give ``app`` the broker's doors."""
    app.router.add_get(WEBSOCKET_PATH, connect)
    app.router.add_get(DIRECTORY_PATH, read_directory)
    app.router.add_post(DIRECTORY_PATH, state_entry)
    app.router.add_get(PLACE_PATH, read_place)
    app.router.add_get(CHECKPOINT_PATH, read_checkpoint)
    app.router.add_get(LEDGER_PATH, read_ledger)
    app.router.add_get(INCLUSION_PATH, read_inclusion)
    app.router.add_get(CONSISTENCY_PATH, read_consistency)
    add_blob_routes(app)
    app.router.add_get("/livez", tell_alive)
    app.router.add_get("/readyz", tell_ready)


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer refusals, and a database that does not answer, with their problem documents."""
    try:
        return await handler(request)
    except RefusedError as e:
        return problem(_STATUS.get(e.refusal, 400), e.code, e.detail)
    except StoreError as e:
        return problem(503, e.code, "the database does not answer; ask again")


async def connect(request: web.Request) -> web.StreamResponse:
    """Speak with a device over its WebSocket until it ends."""
    return await Connection(request.app[DESK]).run(request)


async def read_directory(request: web.Request) -> web.Response:
    """Answer with a page of directory entries after the first ``from``."""
    after = _number(request, "from", 0)
    return _page(await request.app[STORE].entries(after, limit=PAGE))


async def state_entry(request: web.Request) -> web.Response:
    """Append the entry in the body; answer with the directory's size with it."""
    raw = await request.read()
    size = await request.app[WRITER].run(request.app[REPLICA].statement(raw))
    return web.json_response({"size": size})


async def read_place(request: web.Request) -> web.Response:
    """Answer with the ledger's leaf at which the directory's entry number ``size`` stands."""
    place = await request.app[STORE].place(_number(request, "size"))
    if place is None:
        raise RefusedError(Refusal.RANGE, "the number of an entry of the directory expected")
    return web.Response(body=encode_place(place), content_type=PAGE_TYPE)


async def read_checkpoint(request: web.Request) -> web.Response:
    """Answer with the newest checkpoint cosigned by all witnesses; ``any=1``: the newest signed."""
    checkpoints = request.app[CHECKPOINTS]
    if request.query.get("any") == "1":
        note = checkpoints.signed.note if checkpoints.signed else None
    else:
        note = checkpoints.cosigned.cosigned if checkpoints.cosigned else None
    if note is None:
        raise ProblemError(404, "checkpoint.none", "no such checkpoint yet")
    return web.Response(body=note, content_type="text/plain", charset="utf-8")


async def read_ledger(request: web.Request) -> web.Response:
    """Answer with a page of leaves from ``from`` up to, and without, ``to`` (default: the end)."""
    size = request.app[WRITER].state.frontier.size
    begin, end = _number(request, "from", 0), _number(request, "to", size)
    if not 0 <= begin <= end <= size:
        raise RefusedError(Refusal.RANGE, f"a range within {size} leaves; {begin}..{end} found")
    return _page(await request.app[STORE].leaves(begin, min(end, begin + PAGE)))


async def read_inclusion(request: web.Request) -> web.Response:
    """Answer with the proof that leaf ``index`` stands in the first ``size`` leaves."""
    index, size = _number(request, "index"), _size(request)
    return _page(await prove_inclusion(request.app[STORE], index, size=size))


async def read_consistency(request: web.Request) -> web.Response:
    """Answer with the proof that the first ``size`` leaves begin with the first ``old``."""
    old, size = _number(request, "old"), _size(request)
    return _page(await prove_consistency(request.app[STORE], old, size=size))


async def tell_alive(_request: web.Request) -> web.Response:
    """Answer that the process serves requests."""
    return web.Response(text="ok\n")


async def tell_ready(request: web.Request) -> web.Response:
    """Answer that the database answers and clocks are swept, or which of them is not so."""
    await request.app[STORE].check()
    if not request.app[WRITER].is_current:
        raise ProblemError(503, "broker.store", "the last commit failed")
    if request.app[WAKER].is_stale():
        state = request.app[WAKER].state
        raise ProblemError(503, "broker.sweep", f"clocks have not been swept lately: {state}")
    return web.Response(text="ok\n")


def _page(items: Sequence[bytes]) -> web.Response:
    ends = accumulate(len(item) for item in items)
    fitting = 1 + sum(end < PAGE_BYTES for end in ends)
    return web.Response(body=encode_page(items[:fitting]), content_type=PAGE_TYPE)


def _size(request: web.Request) -> int:
    most = request.app[WRITER].state.frontier.size
    size = _number(request, "size", most)
    if not 0 <= size <= most:
        raise RefusedError(Refusal.RANGE, f"up to {most} leaves expected, {size} found")
    return size


def _number(request: web.Request, name: str, default: int | None = None) -> int:
    text = request.query.get(name, None if default is None else str(default))
    if text is None or not (text.isascii() and text.isdecimal() and len(text) <= 15):  # noqa: PLR2004
        raise RefusedError(Refusal.RANGE, f"{name}: a whole number expected")
    return int(text)
