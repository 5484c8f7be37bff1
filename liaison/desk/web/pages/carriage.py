"""Carrying by hand, on the screen: files to save on a stick, and files to take in from one.

What is saved is sealed and named by its hash; what is taken in is judged like what the broker
brings. Each file that is refused is named with why, and what to do next.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from crypto.attest.blob import LARGEST_BLOB
from crypto.seal.content import Kind, ThreadId
from liaison.desk.api.call import AGENT
from liaison.desk.carriage.folder import PIECE, SUFFIX
from liaison.desk.carriage.handing import Handed, handed, take_bytes
from liaison.desk.carriage.outgoing import Outgoing
from liaison.desk.casework.cases import UnknownCaseError
from liaison.desk.web.render import page, see_other
from protocols.wire.carriage import BLOB_HEAD, FILE_LIMIT, named_blob

#: A form brings so many files at once at most.
AT_ONCE = 64


async def show_carriage(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show what may be saved, and where files are taken in."""
    return await _show(request, ())


async def prepare(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Seal the notes that wait with their files for a line, so that they can be saved."""
    await request.app[AGENT].carrier.seal_waiting()
    return see_other("/carriage")


async def save(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Give a file to be saved, and note that it was written."""
    carrier, stem = request.app[AGENT].carrier, request.match_info["stem"]
    for file in await carrier.outgoing():
        if file.stem == stem:
            response = await _hand_out(request, file)
            await carrier.mark_written([file])
            return response
    for file in await _of_case(request):
        if file.stem == stem:
            return await _hand_out(request, file)
    return await _show(request, (), status=404)


async def take_in(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Take the files of the form, messages before the files they name; show what became of each."""
    agent, done, blobs = request.app[AGENT], list[Handed](), list[tuple[str, bytes, Path]]()
    async with AsyncExitStack() as stack:
        # One by one: a form may be larger than what is otherwise read at all, a file may not.
        async for name, begun in _files(request):
            first, pieces = await _begun(begun)
            blob = named_blob(first)
            if blob is None:
                done.append(await take_bytes(agent.carrier, name, await _whole(first, pieces)))
                continue
            rest = _after(first[BLOB_HEAD:], pieces)
            held = agent.carrier.blobs.cabinet.held(rest, most=LARGEST_BLOB)
            blobs.append((name, blob, await stack.enter_async_context(held)))
        for name, blob, path in blobs:
            done.append(await handed(name, agent.carrier.blobs.take_held(blob, path)))
    return await _show(request, done)


async def _hand_out(request: web.Request, file: Outgoing) -> web.StreamResponse:
    size = 0 if file.body is None else file.body.stat().st_size
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Length": str(len(file.raw) + size),
            "Content-Disposition": f'attachment; filename="{file.stem}{SUFFIX}"',
        }
    )
    await response.prepare(request)
    await response.write(file.raw)
    if file.body is not None:
        with file.body.open("rb") as body:
            while piece := await asyncio.to_thread(body.read, PIECE):
                await response.write(piece)
    await response.write_eof()
    return response


async def _of_case(request: web.Request) -> list[Outgoing]:
    """Return the files of the case that the address names; none for a case that is not here."""
    try:
        return await request.app[AGENT].carrier.files_of(request.query.get("case", "").strip())
    except UnknownCaseError:
        return []


async def _files(request: web.Request) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    """Yield name and bytes of each file of a form; each must be read before the next."""
    found = 0
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.filename and found < AT_ONCE:
            found += 1
            yield part.filename, _pieces(part)


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk():
        yield bytes(chunk)


async def _begun(pieces: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """Return the first bytes, enough to tell a blob if there are so many, and what follows."""
    first = b""
    async for piece in pieces:
        first += piece
        if len(first) >= BLOB_HEAD:
            break
    return first, pieces


async def _after(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


async def _whole(first: bytes, pieces: AsyncIterator[bytes]) -> bytes:
    """Return the bytes of a file; of one that is too large its beginning."""
    raw = bytearray(first)
    async for piece in pieces:
        if len(raw) <= FILE_LIMIT:
            raw += piece
    return bytes(raw)


async def _show(request: web.Request, done: Sequence[Handed], *, status: int = 200) -> web.Response:
    agent = request.app[AGENT]
    files = [await _row(request, file) for file in await agent.carrier.outgoing()]
    return page(
        request,
        "carriage.html",
        status=status,
        files=files,
        handed=done,
        parcels=[] if agent.line.is_up else await agent.store.parcels(),
        of_case=[await _row(request, file) for file in await _of_case(request)],
        asked=request.query.get("case", "").strip(),
    )


async def _row(request: web.Request, file: Outgoing) -> dict[str, Any]:
    """Return what a file is about: its case, what is said in it, and to which desk it goes."""
    agent = request.app[AGENT]
    about = await agent.store.message(file.mid)
    row: dict[str, Any] = {"stem": file.stem, "is_word": file.is_word, "case": None, "act": None}
    row["size"] = None if file.body is None else file.body.stat().st_size
    if about is None:
        return {**row, "to": None}
    row["is_receipt"] = about.kind == Kind.RECEIPT
    row["name"] = await _name(request, file, about.thread)
    ref = dict(await agent.store.threads()).get(about.thread)
    to = about.src if file.is_word else file.to
    case = None if ref is None else await agent.casebook.find(ref)
    steps = [] if case is None else [s for s in case.steps if s.message.mid == file.mid]
    act = str(steps[0].step.act) if steps else None
    return {**row, "case": ref, "act": act, "to": None if to is None else agent.casebook.slug(to)}


async def _name(request: web.Request, file: Outgoing, thread: ThreadId) -> str:
    """Return how the officers call what lies in a file with a blob; nothing of other files."""
    named = None if file.body is None else await request.app[AGENT].store.file(thread, file.item)
    return "" if named is None else named.attachment.name
