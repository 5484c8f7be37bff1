"""``liaison desk attach`` and ``save``: files into a case, and out of it onto this computer.

A file streams to the running desk, which looks into it and seals it. What is saved is in clear from
then on: it is written to a new file, never over an old one, and removed when it breaks off.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from liaison.cli.console import (
    JsonOption,
    OfficerOption,
    SessionOption,
    SettingsOption,
    StateOption,
    command,
    language,
    print_json,
    say,
)
from liaison.cli.desk.calling import act_at_desk, ask_desk
from liaison.desk.client import DeskClient
from liaison.runtime.seeds import create_private

PIECE = 256 * 1024
CaseArgument = Annotated[str, typer.Argument(help="The case's number, such as QN-MC1-2026-0117.")]

app = typer.Typer(no_args_is_help=True)


class NoSuchFileError(Exception):
    """The case has no file, or more than one, whose id begins so."""

    code = "cli.file"


@app.command()
@command
async def attach(
    case: CaseArgument,
    files: Annotated[list[Path], typer.Argument(help="The files; their names go along.")],
    officer: OfficerOption,
    text: Annotated[str, typer.Option(help="What the note with the files says.")] = "",
    state: StateOption = None,
    settings: SettingsOption = None,
    session: SessionOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Add files to a case: pictures, PDF, sound, film or plain text; they follow the words."""
    added = await act_at_desk(
        officer,
        session,
        settings,
        state,
        lambda desk: attach_to(desk, case, officer, files, text=text),
    )
    if as_json:
        print_json({"files": added})
    else:
        for file in added:
            say(f"{file['blob'][:16]}  {file['name']}  {file['type']}  {file['size']:,} B")


@app.command()
@command
async def save(
    case: CaseArgument,
    file: Annotated[str, typer.Argument(help="The file's id, or how it begins, as `show` has it.")],
    to: Annotated[Path, typer.Option(help="The new file that is written, in clear.")],
    state: StateOption = None,
    settings: SettingsOption = None,
) -> None:
    """Save a file of a case on this computer, in clear."""

    async def work(desk: DeskClient) -> None:
        found = await _find(desk, case, file)
        pieces = desk.download(f"{_path(case)}/files/{found['blob']}")
        await _write(to, pieces)

    await ask_desk(settings, state, work)
    say(str(to))


async def send_with(
    desk: DeskClient, said: dict[str, Any], files: Sequence[Path]
) -> dict[str, Any]:
    """Return the answer to a request; the files are added to its case and follow it."""
    answer = await desk.post("/api/requests", **said)
    await attach_to(desk, answer["case"], said["officer"], files)
    return answer


async def act_with(
    desk: DeskClient, case: str, said: dict[str, Any], files: Sequence[Path]
) -> dict[str, Any]:
    """Return the answer to a step; the files follow it."""
    answer = await desk.post(f"{_path(case)}/acts", **said)
    await attach_to(desk, case, said["officer"], files)
    return answer


async def attach_to(
    desk: DeskClient, case: str, officer: str, files: Sequence[Path], *, text: str = ""
) -> list[dict[str, Any]]:
    """Return the files that were added to a case and wait to go with a note of ``officer``.

    Raises:
        OSError: a file cannot be read.
        DeskRefusedError: a file that may not travel; none of them goes.
    """
    added = [
        await desk.upload(f"{_path(case)}/files", _pieces(file), officer=officer, name=file.name)
        for file in files
    ]
    if added:
        blobs = [file["blob"] for file in added]
        said = {"officer": officer, "files": blobs, "lang": language(), "text": text}
        await desk.post(f"{_path(case)}/parcels", **said)
    return added


def _path(case: str) -> str:
    return f"/api/cases/{quote(case, safe='')}"


async def _find(desk: DeskClient, case: str, begins: str) -> dict[str, Any]:
    view = await desk.get(_path(case), lang=language())
    files = [file for step in view["steps"] for file in step["files"]]
    found = [file for file in files if file["blob"].startswith(begins.lower())]
    if len(found) != 1 or not begins:
        raise NoSuchFileError(
            f"one file whose id begins with {begins} expected, {len(found)} found"
        )
    return dict(found[0])


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE):
            yield piece


async def _write(to: Path, pieces: AsyncIterator[bytes]) -> None:
    first = await anext(pieces)  # what is refused leaves no file
    with create_private(to) as opened:
        try:
            opened.write(first)
            async for piece in pieces:
                await asyncio.to_thread(opened.write, piece)
        except BaseException:
            await asyncio.to_thread(to.unlink)  # half a file is none
            raise
