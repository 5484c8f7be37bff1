"""``liaison broker``: the operator's commands.

Each imports the broker when it runs: `--help` need not pay half a second for it.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from config.load import find_corridor
from config.settings import BrokerSettings, load_settings
from crypto.attest.note import NamedKey, SignatureKind
from liaison.cli.console import SettingsOption, StateOption, command, given, say
from liaison.runtime.clock import SystemClock
from liaison.runtime.logs import configure_logs
from liaison.runtime.pins import read_pins
from liaison.runtime.seeds import load_key
from protocols.wire.api import parse_page

#: A ceremony's entries are few; the limit only keeps a wrong file from being read whole.
LARGEST_CEREMONY = 16 * 1024 * 1024

app = typer.Typer(no_args_is_help=True, help="Run the broker.")


def _settings(file: Path | None, **options: object) -> BrokerSettings:
    return load_settings(BrokerSettings, file=file, environment=os.environ, given=given(**options))


@app.command()
@command
async def init(state: StateOption = None, settings: SettingsOption = None) -> None:
    """Make a broker: its key, its database, and the request that both agencies sign."""
    from liaison.broker.admin import init_broker  # noqa: PLC0415 - see the module's docstring
    from liaison.broker.settings import KEY_NAME  # noqa: PLC0415

    chosen = _settings(settings, state=state)
    made = await init_broker(chosen.state, database_url=chosen.database_url)
    key = load_key(chosen.state / KEY_NAME).verify_key
    say(f"request {made.request}")
    say(f"log {NamedKey(made.name, key).vkey(SignatureKind.ED25519)}")


@app.command()
@command
async def enroll(
    entries: Annotated[Path, typer.Option(help="The entries that the ceremony made.")],
    pins: Annotated[Path, typer.Option(help="The fingerprints that two people typed.")],
    state: StateOption = None,
    settings: SettingsOption = None,
) -> None:
    """Take up the agencies that were founded, their desks and infrastructure."""
    from liaison.broker.admin import enroll_entries  # noqa: PLC0415 - see the module's docstring

    chosen = _settings(settings, state=state)
    size = await enroll_entries(
        chosen.state,
        parse_page(entries.read_bytes(), limit=LARGEST_CEREMONY),
        clock=SystemClock(),
        pins=[pin.digits for pin in read_pins(pins)],
        database_url=chosen.database_url,
    )
    say(f"directory {size}")


@app.command("serve")
@command
async def serve_broker(
    state: StateOption = None,
    settings: SettingsOption = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
    witness: Annotated[
        list[str] | None, typer.Option(help="NAME=URL of a witness, one for each agency.")
    ] = None,
) -> None:
    """Serve desks until interrupted; prints the address once it listens."""
    from liaison.broker import settings as broker  # noqa: PLC0415 - see the module's docstring
    from liaison.broker.app import build_app  # noqa: PLC0415
    from liaison.broker.witnesses import WitnessAddress  # noqa: PLC0415
    from liaison.runtime.web import Address, serve  # noqa: PLC0415

    configure_logs()
    named = [dict(zip(("name", "url"), w.split("=", 1), strict=False)) for w in witness or []]
    chosen = _settings(settings, state=state, host=host, port=port, witnesses=named or None)
    pairs = {(c.a, c.b) for c in find_corridor(chosen.corridor).channels}
    parts = broker.BrokerSettings(
        state=chosen.state,
        channels=frozenset(pairs | {(b, a) for a, b in pairs}),
        witnesses=tuple(WitnessAddress(w.name, w.url) for w in chosen.witnesses),
        database_url=chosen.database_url,
        blob_quota=chosen.attachments_mib << 20,
        disk_reserve=chosen.disk_reserve_mib << 20,
    )
    address = Address(chosen.host, chosen.port, chosen.tls_certificate, chosen.tls_key)
    scheme = "http" if chosen.tls_certificate is None else "https"
    if not chosen.witnesses:
        sys.stderr.write("no witness is set: nothing will be cosigned\n")
    await serve(
        build_app(parts, clock=SystemClock()),
        address,
        ready=lambda port: say(f"{scheme}://{chosen.host}:{port}"),
    )
