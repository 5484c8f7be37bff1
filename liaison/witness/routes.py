"""The witness over HTTP: what a log posts, what a monitor reads.

Follows C2SP tlog-witness. Where that fixes no body, a refusal is a problem document (RFC 9457)
whose ``code`` is stable.
"""

from hashlib import sha256

from aiohttp import web

from crypto.attest.note import NoteError
from liaison.runtime.web import problem
from liaison.witness.cosigning import (
    ConflictError,
    InconsistentError,
    OldSizeError,
    UnknownLogError,
    UntrustedError,
    Witness,
    WitnessError,
)

WITNESS = web.AppKey("witness", Witness)
SIZE_TYPE = "text/x.tlog.size"

STATUS: dict[type[WitnessError], int] = {
    OldSizeError: 400,
    UntrustedError: 403,
    UnknownLogError: 404,
    ConflictError: 409,
    InconsistentError: 422,
}


def add_routes(app: web.Application) -> None:
    """Give ``app`` the witness's doors."""
    app.router.add_post("/add-checkpoint", add_checkpoint)
    app.router.add_get("/{origin_hash:[0-9a-f]{64}}/checkpoint", read_checkpoint)
    app.router.add_get("/livez", tell_alive)


async def add_checkpoint(request: web.Request) -> web.Response:
    """Answer with the cosignature line under a log's checkpoint, or with why there is none."""
    raw = await request.read()
    try:
        line = await request.app[WITNESS].add_checkpoint(raw)
    except NoteError as e:
        return problem(400, e.code, str(e))
    except ConflictError as e:
        return web.Response(status=409, text=f"{e.size}\n", content_type=SIZE_TYPE)
    except WitnessError as e:
        return problem(STATUS[type(e)], e.code, str(e))
    return web.Response(text=line.line())


async def read_checkpoint(request: web.Request) -> web.Response:
    """Answer with the newest checkpoint cosigned of the log whose origin has this SHA-256."""
    witness, wanted = request.app[WITNESS], request.match_info["origin_hash"]
    origins = {sha256(log.name.encode()).hexdigest(): log.name for log in witness.logs}
    held = await witness.store.held(origins[wanted]) if wanted in origins else None
    if held is None:
        return problem(404, UnknownLogError.code, "no checkpoint of such a log was cosigned here")
    return web.Response(body=held.note, content_type="text/plain", charset="utf-8")


async def tell_alive(_request: web.Request) -> web.Response:
    """Answer that the process serves requests."""
    return web.Response(text="ok\n")
