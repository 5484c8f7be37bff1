"""Files on the screen: added to a case as they stream in, looked at small, and saved.

What is wrong with one file holds up the others too: they are kept, sealed, and named on the page
until the officer has put the bad one right or left it out.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import BodyPartReader, web

from crypto.seal.attachment import AttachmentFormError
from crypto.seal.stream import AttachmentError
from liaison.desk.api.call import AGENT
from liaison.desk.files.filing import NoFilesError, UnknownFileError
from liaison.desk.files.kinds import KINDS, FileRefusedError
from liaison.desk.files.routes import PIECE, blob_of, hand_out
from liaison.desk.files.view import file_view
from liaison.desk.web.findings import Wrong
from liaison.desk.web.render import page, see_other, words
from liaison.desk.web.session import SESSION, make_once
from liaison.runtime.web import ProblemError

#: What is wrong with a file, or with what was asked of one.
REFUSED = (FileRefusedError, AttachmentError, AttachmentFormError)
#: A field of the form beside its files: no more bytes than this.
LONGEST_FIELD = 64 * 1024


@dataclass(slots=True)
class _Posted:
    """What a form said: its fields, the files that were taken, what is wrong with others."""

    fields: dict[str, str] = field(default_factory=dict)
    taken: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


async def show_adding(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show the page on which files are added to a case."""
    await request.app[AGENT].casebook.find(request.match_info["ref"])
    return _show(request, _Posted())


async def add_files(request: web.Request, officer: str) -> web.StreamResponse:
    """Take what streams in and put it in line, or show what is wrong with it."""
    agent, ref, session = request.app[AGENT], request.match_info["ref"], request[SESSION]
    async with session.turn:
        posted = await _read(request, ref)
        once = f"{ref} files {posted.fields.get('once', '')}"
        if once in session.answers:
            return see_other(session.answers[once])
        if not posted.taken and not posted.wrong:
            posted.wrong.append(_wrong(request, NoFilesError("a file expected, none found")))
        if posted.wrong:
            return _show(request, posted)
        blobs = [bytes.fromhex(file["blob"]) for file in posted.taken]
        lang, text = words(request).lang.value, posted.fields.get("text", "").strip()
        await agent.filing.send(officer, ref, blobs, lang=lang, text=text.replace("\r\n", "\n"))
        session.remember(once, f"/cases/{ref}#files")
    return see_other(f"/cases/{ref}#files")


async def save_file(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Hand a file out, to be saved."""
    filing = request.app[AGENT].filing
    try:
        file = await filing.find(request.match_info["ref"], blob_of(request))
        return await hand_out(request, filing, file)
    except REFUSED as e:
        raise ProblemError(HTTPStatus.NOT_FOUND, e.code, str(e)) from e


async def show_preview(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Show a picture small, made anew."""
    filing = request.app[AGENT].filing
    try:
        file = await filing.find(request.match_info["ref"], blob_of(request))
        return web.Response(body=await filing.preview(file), content_type="image/jpeg")
    except REFUSED as e:
        raise ProblemError(HTTPStatus.NOT_FOUND, e.code, str(e)) from e


async def fetch_again(request: web.Request, officer: str) -> web.StreamResponse:  # noqa: ARG001
    """Fetch a file anew that failed a check."""
    ref = request.match_info["ref"]
    try:
        await request.app[AGENT].filing.fetch_again(ref, blob_of(request))
    except REFUSED as e:
        raise ProblemError(HTTPStatus.NOT_FOUND, e.code, str(e)) from e
    return see_other(f"/cases/{ref}#files")


async def _read(request: web.Request, ref: str) -> _Posted:
    """Return what a form says, its files sealed as they came."""
    posted, filing = _Posted(), request.app[AGENT].filing
    if not request.content_type.startswith("multipart/"):
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "desk.form", "a form with files")
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.filename:
            try:
                attachment = await filing.add(ref, part.filename, _pieces(part))
                posted.taken.append(file_view(attachment, None))
            except REFUSED as e:
                posted.wrong.append(_wrong(request, e, part.filename))
        elif part.name == "taken":
            await _take_again(request, ref, posted, await part.text())
        elif part.name and not part.filename:
            posted.fields[part.name] = (await part.read_chunk(LONGEST_FIELD)).decode()
    return posted


async def _take_again(request: web.Request, ref: str, posted: _Posted, blob: str) -> None:
    """Take up a file that an earlier try of this form has sealed already."""
    try:
        file = await request.app[AGENT].filing.find(ref, bytes.fromhex(blob))
    except (UnknownFileError, ValueError) as e:
        raise ProblemError(HTTPStatus.NOT_FOUND, UnknownFileError.code, "no such file") from e
    posted.taken.append(file_view(file.attachment, file))


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(PIECE):
        yield bytes(piece)


def _wrong(request: web.Request, error: Exception, name: str = "") -> Wrong:
    w, code = words(request), str(getattr(error, "code", "internal"))
    return Wrong("file", w.error(code), w.advice(code), name)


def _show(request: web.Request, posted: _Posted) -> web.Response:
    return page(
        request,
        "files.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if posted.wrong else HTTPStatus.OK,
        ref=request.match_info["ref"],
        taken=posted.taken,
        wrong=posted.wrong,
        text=posted.fields.get("text", ""),
        accept=",".join(ending for kind in KINDS for ending in kind.endings),
        once=posted.fields.get("once") or make_once(),
    )
