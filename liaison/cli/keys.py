"""``liaison keys``: the registrar's command, and the scripted ceremony for trial."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import ClientSession

from config.load import find_corridor
from crypto.seal.ceremony import grant_key, parse_request
from liaison.cli.console import Exit, command, say
from liaison.demo.ceremony import hold_ceremony
from liaison.desk.broker_client import publish_entry
from liaison.runtime.clock import SystemClock
from liaison.runtime.seeds import load_key

app = typer.Typer(no_args_is_help=True, help="Admit officers and devices.")


class WitnessOptionError(Exception):
    """A witness is named as AGENCY=FILE."""

    code = "keys.witness_option"


@app.command()
@command
async def ceremony(
    out: Annotated[Path, typer.Option(help="A new folder for seeds, pins and entries.")],
    broker_request: Annotated[Path, typer.Option(help="The file that `broker init` made.")],
    witness_request: Annotated[
        list[str], typer.Option(help="AGENCY=FILE, one for each agency, as `witness init` made it.")
    ],
    corridor: Annotated[str, typer.Option(help="A bundled corridor, or a folder.")] = (
        "quangninh-guangxi"
    ),
) -> None:
    """Found both agencies by script, on one machine: for trial, never for casework."""
    founded = hold_ceremony(
        out,
        find_corridor(corridor),
        broker=broker_request.read_bytes(),
        witnesses=dict(_witness(option) for option in witness_request),
        at=SystemClock().now(),
    )
    for pin in founded.pins:
        say(pin)


@app.command()
@command
async def enroll(
    requests: Annotated[list[Path], typer.Argument(help="Request files that `desk init` made.")],
    registrar: Annotated[Path, typer.Option(help="The file of the registrar's seed.")],
    broker: Annotated[str, typer.Option(help="The broker's URL.")],
) -> Exit:
    """Sign requests for keys, after seeing the officer, and publish the entries."""
    key = await asyncio.to_thread(load_key, registrar)
    async with ClientSession() as session:
        for path in requests:
            request = parse_request(path.read_bytes())
            await publish_entry(session, broker, grant_key(request, key, after=None))
            payload = request.payload
            say(f"{payload.pseudonym} {payload.role.name} {payload.key.kid.hex()}")
    return Exit.GOOD


def _witness(option: str) -> tuple[str, bytes]:
    agency, equals, path = option.partition("=")
    if not equals:
        raise WitnessOptionError("expected AGENCY=FILE")
    return agency, Path(path).read_bytes()
