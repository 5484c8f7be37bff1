"""Files in the desk's API: added as they stream in, sent, told of, and streamed out again.

A file that is handed out is for saving: it carries its own kind and name, and is never shown as a
page of the desk (``attachment``, ``nosniff``, a policy without scripts).
"""

from collections.abc import AsyncIterator
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

from crypto.seal.attachment import Attachment
from liaison.desk.files.filing import Filing
from liaison.desk.files.view import file_view
from liaison.desk.store import StoredFile

#: Bytes read at once of what streams in.
PIECE = 256 * 1024
POLICY = "default-src 'none'; sandbox"


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
