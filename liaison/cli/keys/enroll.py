"""``liaison keys enroll``: the registrar sees an officer, types their screen's code, and signs.

The code is never shown here. It is typed from the screen on which the requests were made, so files
that were swapped on the way are refused before anything is signed. A key that is known already is
given a new term in the same way: whoever signs stands above it, and it never signs for itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from aiohttp import ClientSession

from crypto.attest.directory import Desk, Directory
from crypto.attest.pin import check_code, request_code
from crypto.attest.signing import SigningKey
from crypto.attest.statement import What
from crypto.seal.ceremony import KeyRequest, grant_key, parse_request
from liaison.cli.console import Exit, JsonOption, command, print_json, read_line, say
from liaison.cli.wording import Wording
from liaison.desk.line.broker_client import fetch_directory, publish_entry
from liaison.runtime.clock import from_timestamp
from liaison.runtime.pins import read_pins
from liaison.runtime.seeds import load_key

app = typer.Typer(no_args_is_help=True)


class ForeignRegistrarError(Exception):
    """The registrar's key is none that the desk's certificate names."""

    code = "ceremony.foreign_registrar"


class TwoAgenciesError(Exception):
    """A request names another agency than its desk's."""

    code = "ceremony.other_agency"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with the desk that it is for, and its bytes."""

    request: KeyRequest
    desk: Desk
    raw: bytes


@app.command()
@command
async def enroll(
    requests: Annotated[list[Path], typer.Argument(help="Request files of one visit.")],
    registrar: Annotated[Path, typer.Option(help="The file of the registrar's seed.")],
    pins: Annotated[Path, typer.Option(help="The file of the fingerprints.")],
    broker: Annotated[str, typer.Option(help="The broker's URL.")],
    typed_fd: Annotated[
        int | None, typer.Option(help="Read the code from this descriptor instead of asking.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Sign requests for keys, after seeing the officer and typing the code of their screen."""
    key = await asyncio.to_thread(load_key, registrar)
    trusted = [one.digits for one in read_pins(pins)]
    raws = [path.read_bytes() for path in requests]
    async with ClientSession() as session:
        directory = Directory.replay(trusted, await fetch_directory(session, broker))
        asked = [find_desk(raw, directory) for raw in raws]
        check_registrar(key, asked)
        words = Wording.here()
        for one in asked:
            typer.echo(told(one, words), err=True)
        check_screen(asked, read_line(words.say("type_code"), typed_fd))
        for one in asked:
            await publish_entry(session, broker, signed(one, key, directory))
    if as_json:
        print_json({"enrolled": [_view(one) for one in asked]})
    else:
        for one in asked:
            payload = one.request.payload
            say(f"{payload.pseudonym} {payload.role.name} {payload.key.kid.hex()}")
    return Exit.GOOD


def find_desk(raw: bytes, directory: Directory) -> Asked:
    """Return the request in ``raw`` with its desk, as the directory names it.

    Raises:
        StatementError, SignatureError: it is no request, or possession does not hold.
        UnknownDeskError: nobody has named its desk.
        TwoAgenciesError: it names another agency than its desk's.
    """
    request = parse_request(raw)
    desk = directory.desk(request.payload.desk)
    if desk.agency != request.agency:
        raise TwoAgenciesError(f"{desk.payload.slug} belongs to another agency than is named")
    return Asked(request, desk, raw)


def check_registrar(key: SigningKey, asked: Sequence[Asked]) -> None:
    """Raise ForeignRegistrarError unless ``key`` may admit keys at every desk that is asked for."""
    for one in asked:
        if key.verify_key not in one.desk.payload.registrars:
            raise ForeignRegistrarError(f"{one.desk.payload.slug} names another registrar")


def check_screen(asked: Sequence[Asked], typed: str) -> None:
    """Raise unless ``typed`` is the code on the screen on which these requests were made.

    Raises:
        CodeError, WrongCodeError: it is no code, or another one's.
    """
    check_code(typed, request_code([one.raw for one in asked]))


def signed(one: Asked, key: SigningKey, directory: Directory) -> bytes:
    """Return the entry that admits the key, after the last one about it, if there is any."""
    last = directory.last(What.DEVICE, one.request.agency, one.request.payload.key.kid)
    return grant_key(one.request, key, after=last)


def told(one: Asked, words: Wording) -> str:
    """Return in a line whom the registrar is about to admit, where, as what and until when."""
    payload = one.request.payload
    return words.say(
        "admits",
        who=payload.pseudonym,
        role=words.say(f"role_{payload.role.name.lower()}"),
        desk=one.desk.payload.slug,
        name=words.of(one.desk.payload.names),
        ends=words.day(from_timestamp(payload.not_after)),
    )


def _view(one: Asked) -> dict[str, Any]:
    payload = one.request.payload
    return {
        "pseudonym": payload.pseudonym,
        "role": payload.role.name.lower(),
        "desk": one.desk.payload.slug,
        "kid": payload.key.kid.hex(),
        "until": from_timestamp(payload.not_after).isoformat(),
    }
