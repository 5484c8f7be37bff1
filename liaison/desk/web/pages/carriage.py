"""Carrying by hand, on the screen: files to save on a stick, and files to take in from one.

What is saved is sealed and named by its hash; what is taken in is judged like what the broker
brings. Each file that is refused is named with why, and what to do next.
"""

from collections.abc import Sequence
from typing import Any

from aiohttp import BodyPartReader, web

from liaison.desk.api.call import AGENT
from liaison.desk.carriage.carrier import Outgoing
from liaison.desk.carriage.folder import SUFFIX
from liaison.desk.carriage.handing import Handed, take_bytes
from liaison.desk.web.render import page
from protocols.wire.carriage import FILE_LIMIT

#: A form brings so many files at once at most.
AT_ONCE = 64


async def show_carriage(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show what may be saved, and where files are taken in."""
    return await _show(request, ())


async def save(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Give a file to be saved, and note that it was written."""
    carrier, stem = request.app[AGENT].carrier, request.match_info["stem"]
    for file in await carrier.outgoing():
        if file.stem == stem:
            await carrier.mark_written([file])
            return web.Response(
                body=file.raw,
                content_type="application/octet-stream",
                headers={"Content-Disposition": f'attachment; filename="{stem}{SUFFIX}"'},
            )
    return await _show(request, (), status=404)


async def take_in(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Take the files of the form, and show what became of each."""
    carrier = request.app[AGENT].carrier
    # One by one: a form may be larger than what is otherwise read at all, a file may not.
    return await _show(
        request, [await take_bytes(carrier, name, raw) for name, raw in await _files(request)]
    )


async def _files(request: web.Request) -> list[tuple[str, bytes]]:
    """Return name and bytes of each file of a form; of one that is too large its beginning."""
    found: list[tuple[str, bytes]] = []
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.filename and len(found) < AT_ONCE:
            found.append((part.filename, await _read(part)))
    return found


async def _read(part: BodyPartReader) -> bytes:
    raw = bytearray()
    while chunk := await part.read_chunk():
        if len(raw) <= FILE_LIMIT:
            raw += chunk
    return bytes(raw)


async def _show(
    request: web.Request, handed: Sequence[Handed], *, status: int = 200
) -> web.Response:
    agent = request.app[AGENT]
    files = [await _row(request, file) for file in await agent.carrier.outgoing()]
    return page(request, "carriage.html", status=status, files=files, handed=handed)


async def _row(request: web.Request, file: Outgoing) -> dict[str, Any]:
    """Return what a file is about: its case, what is said in it, and to which desk it goes."""
    agent = request.app[AGENT]
    about = await agent.store.message(file.mid)
    row: dict[str, Any] = {"stem": file.stem, "is_word": file.is_word, "case": None, "act": None}
    if about is None:
        return {**row, "to": None}
    ref = dict(await agent.store.threads()).get(about.thread)
    to = about.src if file.is_word else file.to
    case = None if ref is None else await agent.casebook.find(ref)
    steps = [] if case is None else [s for s in case.steps if s.message.mid == file.mid]
    act = str(steps[0].step.act) if steps else None
    return {**row, "case": ref, "act": act, "to": None if to is None else agent.casebook.slug(to)}
