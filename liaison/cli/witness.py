"""``liaison witness``: one side's witness.

`serve` imports the witness when it runs: `--help` need not pay for it.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from config.settings import WitnessSettings, load_settings
from crypto.attest.note import SignatureKind, parse_vkey
from crypto.attest.payload import prove_possession
from crypto.attest.statement import InfraKind, InfraPayload
from liaison.cli.console import SettingsOption, StateOption, command, given, say
from liaison.runtime.clock import SystemClock
from liaison.runtime.logs import configure_logs
from liaison.runtime.seeds import create_key, load_key

KEY, REQUEST = "witness.key", "witness-request.cbor"

app = typer.Typer(no_args_is_help=True, help="Run one side's witness.")


@app.command()
@command
async def init(
    state: Annotated[Path, typer.Option(help="A new folder.")],
    name: Annotated[str, typer.Option(help="The name with which it signs.")],
) -> None:
    """Make a witness: its key, and the request that its agency signs."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = create_key(state / KEY)
    request = state / REQUEST
    request.write_bytes(
        prove_possession(InfraPayload(InfraKind.WITNESS, key.verify_key, name), key)
    )
    say(f"request {request}")


@app.command("serve")
@command
async def serve_witness(
    state: StateOption = None,
    settings: SettingsOption = None,
    name: Annotated[str | None, typer.Option(help="The name with which it signs.")] = None,
    log: Annotated[str | None, typer.Option(help="The ledger to watch, as `broker init` said.")] = (
        None
    ),
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
) -> None:
    """Cosign what is consistent until interrupted; prints the address once it listens."""
    from liaison.runtime.web import Address, serve  # noqa: PLC0415 - see the module's docstring
    from liaison.witness import app as witness  # noqa: PLC0415

    configure_logs()
    chosen = load_settings(
        WitnessSettings,
        file=settings,
        environment=os.environ,
        given=given(state=state, name=name, log=log, host=host, port=port),
    )
    built = witness.build_app(
        witness.WitnessSettings(
            name=chosen.name,
            key=load_key(chosen.state / KEY),
            state=chosen.state,
            logs=(parse_vkey(chosen.log, SignatureKind.ED25519),),
            clock=SystemClock(),
        )
    )
    await serve(
        built,
        Address(chosen.host, chosen.port),
        ready=lambda port: say(f"http://{chosen.host}:{port}"),
    )
