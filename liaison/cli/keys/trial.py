"""``liaison keys ceremony``: both agencies founded by script, for trial."""

from pathlib import Path
from typing import Annotated

import typer

from config.load import find_corridor
from liaison.cli.console import command, say
from liaison.demo.ceremony import hold_ceremony
from liaison.runtime.clock import SystemClock

app = typer.Typer(no_args_is_help=True, help="Hold the key ceremony.")


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


def _witness(option: str) -> tuple[str, bytes]:
    agency, equals, path = option.partition("=")
    if not equals:
        raise WitnessOptionError("expected AGENCY=FILE")
    return agency, Path(path).read_bytes()
