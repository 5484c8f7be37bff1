"""The agent's API for carriage by hand: what waits, writing it to a folder, taking files."""

from dataclasses import asdict
from pathlib import Path

from aiohttp import web

from liaison.desk.api.call import AGENT, json_fields
from liaison.desk.carriage.folder import SUFFIX, FolderError
from liaison.desk.carriage.handing import carry_case_out, carry_in, carry_out
from liaison.runtime.web import ProblemError

ROUTES = web.RouteTableDef()


@ROUTES.get("/api/carriage")
async def waiting(request: web.Request) -> web.Response:
    """Return the names of the files that may leave, oldest first."""
    files = await request.app[AGENT].carrier.outgoing()
    return web.json_response({"files": [file.stem + SUFFIX for file in files]})


@ROUTES.post("/api/carriage/out")
async def out(request: web.Request) -> web.Response:
    """Write what waits into a folder: ``{folder}``, an absolute path on this computer.

    With ``{case}`` too, the files of that case are written instead.
    """
    fields = await json_fields(request)
    (folder,) = _paths([fields.get("folder")])
    carrier, ref = request.app[AGENT].carrier, fields.get("case")
    try:
        if ref is None:
            written = await carry_out(carrier, folder)
        else:
            written = await carry_case_out(carrier, folder, str(ref))
    except FolderError as e:
        raise ProblemError(409, e.code, str(e)) from e
    return web.json_response({"written": written})


@ROUTES.post("/api/carriage/in")
async def taken(request: web.Request) -> web.Response:
    """Take files: ``{files}``, absolute paths of files or folders on this computer."""
    files = (await json_fields(request)).get("files")
    try:
        handed = await carry_in(request.app[AGENT].carrier, _paths(files))
    except FolderError as e:
        raise ProblemError(409, e.code, str(e)) from e
    return web.json_response({"files": [asdict(one) for one in handed]})


def _paths(given: object) -> list[Path]:
    listed = given if isinstance(given, list) else []
    paths = [Path(one) for one in listed if isinstance(one, str)]
    if not paths or len(paths) != len(listed) or not all(path.is_absolute() for path in paths):
        raise ProblemError(422, "desk.missing", "expected absolute paths")
    return paths
