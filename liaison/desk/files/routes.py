"""Files in the desk's API: added as they stream in, sent, told of, and streamed out again.

A file that is handed out is for saving: it carries its own kind and name, and is never shown as a
page of the desk (``attachment``, ``nosniff``, a policy without scripts).
"""

from collections.abc import AsyncIterator
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from crypto.seal.attachment import Attachment
from liaison.desk.api.call import (
    AGENT,
    officer_of,
    read_fields,
    unlocked_agent,
)
from liaison.desk.entrance.guard import SESSION_HEADER
from liaison.desk.files.filing import Filing
from liaison.desk.files.view import file_view
from liaison.desk.store import StoredFile
from protocols.casework.codes import Language
from protocols.casework.person import parse_text

#: Bytes read at once of what streams in.
PIECE = 256 * 1024
ROUTES = web.RouteTableDef()
POLICY = "default-src 'none'; sandbox"


@ROUTES.post("/api/cases/{ref}/files")
async def add_file(request: web.Request) -> web.Response:
    """Add the file in the body to a case: ``?name=``; it goes with :func:`send_files`."""
    agent = request.app[AGENT]
    officer, name = request.query.get("officer", ""), request.query.get("name", "")
    agent.officers.acting(officer, request.headers.get(SESSION_HEADER, ""))
    pieces = pieces_of(request)
    return added(await agent.filing.add(request.match_info["ref"], name, pieces))


@ROUTES.post("/api/cases/{ref}/parcels")
async def send_files(request: web.Request) -> web.Response:
    """Send files that were added, in a note: ``{officer, files: [blob], lang, text}``."""
    fields = await read_fields(request)
    files, lang = fields.get("files"), str(fields.get("lang", Language.ENGLISH))
    blobs = [_hex(item) for item in files] if isinstance(files, list) else []
    text = (
        parse_text({"lang": lang, "text": fields["text"]}, "text") if fields.get("text") else None
    )
    parcel = await request.app[AGENT].filing.send(
        officer_of(fields),
        request.match_info["ref"],
        blobs,
        lang=lang,
        text="" if text is None else text.text,
    )
    return web.json_response({"parcel": parcel.hex()}, status=201)


@ROUTES.get("/api/cases/{ref}/files/{blob}")
async def read_file(request: web.Request) -> web.StreamResponse:
    """Stream a file of a case, to be saved."""
    filing = unlocked_agent(request).filing
    file = await filing.find(request.match_info["ref"], blob_of(request))
    return await hand_out(request, filing, file)


@ROUTES.post("/api/cases/{ref}/files/{blob}/again")
async def fetch_file_again(request: web.Request) -> web.Response:
    """Fetch a file anew that failed a check."""
    await unlocked_agent(request).filing.fetch_again(request.match_info["ref"], blob_of(request))
    return web.json_response({})


def pieces_of(request: web.Request) -> AsyncIterator[bytes]:
    """Return the body of a request, piece by piece."""
    return request.content.iter_chunked(PIECE)


def blob_of(request: web.Request) -> bytes:
    """Return the blob that the path names; one that is no hex is none that is here."""
    try:
        return bytes.fromhex(request.match_info["blob"])
    except ValueError:
        return b""


async def hand_out(request: web.Request, filing: Filing, file: StoredFile) -> web.StreamResponse:
    """Stream a file to be saved; break off when a piece of it does not open.

    Raises:
        FileRefusedError, AttachmentError: before the first piece has gone.
    """
    pieces = filing.read(file)
    first = await anext(pieces)
    response = web.StreamResponse(headers=headers_of(file.attachment))
    await response.prepare(request)
    await response.write(first)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


def headers_of(attachment: Attachment) -> dict[str, str]:
    """Return the headers with which a file is saved, and never run or shown."""
    return {
        "Content-Type": attachment.media_type,
        "Content-Length": str(attachment.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
    }


def added(attachment: Attachment) -> web.Response:
    """Return the answer to a file that was added."""
    return web.json_response(file_view(attachment, None), status=HTTPStatus.CREATED)


def _hex(item: object) -> bytes:
    try:
        return bytes.fromhex(str(item))
    except ValueError:
        return b""  # a name that no file has
