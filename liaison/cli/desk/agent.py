"""``liaison desk init`` and ``serve``: making an installation of a desk, and running it.

Both import the desk when they run: `--help` need not pay half a second for it.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from config.load import find_corridor, load_catalogue
from liaison.cli.console import (
    OfficerOption,
    PassphraseOption,
    SettingsOption,
    StateOption,
    command,
    desk_settings,
    read_new_passphrase,
    read_passphrase,
    say,
)
from liaison.cli.desk.officers import RoleOption, read_role
from liaison.cli.keys.requests import tell_requests
from liaison.runtime.clock import SystemClock
from liaison.runtime.logs import configure_logs
from liaison.runtime.pins import read_pins

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def init(
    desk: Annotated[str, typer.Option(help="Which desk of the directory, such as vn-mongcai-1.")],
    officer: OfficerOption,
    pins: Annotated[Path, typer.Option(help="The fingerprints that two people typed.")],
    broker: Annotated[str, typer.Option(help="The broker's URL.")],
    state: Annotated[Path, typer.Option(help="A new folder.")],
    role: RoleOption = "officer",
    passphrase_fd: PassphraseOption = None,
) -> None:
    """Make an installation of a desk, and the requests that the registrar signs."""
    from aiohttp import ClientSession  # noqa: PLC0415 - see the module's docstring

    from liaison.desk.entrance.admin import init_desk  # noqa: PLC0415
    from liaison.desk.line.broker_client import fetch_directory  # noqa: PLC0415

    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with ClientSession() as session:
        entries = await fetch_directory(session, broker)
    made = await init_desk(
        state,
        slug=desk,
        pins=[pin.line for pin in read_pins(pins)],
        entries=entries,
        officer=officer,
        role=read_role(role),
        passphrase=read_new_passphrase(passphrase_fd, f"New passphrase of {officer}"),
        clock=SystemClock(),
    )
    files = {state / f"request-{n}.cbor": raw for n, raw in enumerate(made.requests, 1)}
    for path, request in files.items():
        path.write_bytes(request)
    tell_requests(files)


@app.command("serve")
@command
async def serve_desk(
    officer: OfficerOption,
    state: StateOption = None,
    settings: SettingsOption = None,
    broker: Annotated[str | None, typer.Option(help="The broker's URL.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
    passphrase_fd: PassphraseOption = None,
) -> None:
    """Unlock a desk and run it until interrupted; prints the address once it listens."""
    from liaison.desk.app import DeskParts, build_app  # noqa: PLC0415 - see the module's docstring
    from liaison.desk.client import ADDRESS  # noqa: PLC0415
    from liaison.desk.entrance.guard import make_token  # noqa: PLC0415
    from liaison.desk.entrance.roster import unlocked  # noqa: PLC0415
    from liaison.desk.web.session import SESSIONS  # noqa: PLC0415
    from liaison.runtime.web import Address, serve  # noqa: PLC0415

    configure_logs()
    chosen = desk_settings(settings, state=state, broker_url=broker, port=port)
    passphrase = read_passphrase(passphrase_fd, f"Passphrase of {officer}")
    async with unlocked(chosen.state, officer, passphrase) as keys:
        parts = DeskParts(
            state=chosen.state,
            broker_url=chosen.broker_url,
            keys=keys,
            corridor=find_corridor(chosen.corridor),
            catalogue=load_catalogue(),
            token=make_token(chosen.state),
            spool_out=chosen.spool_out,
            spool_in=chosen.spool_in,
            lock_after=timedelta(minutes=chosen.lock_after),
        )

        app = build_app(parts, clock=SystemClock())

        def ready(port: int) -> None:
            url = f"http://{chosen.host}:{port}"
            (chosen.state / ADDRESS).write_text(url + "\n")
            say(url)
            say(f"screen {url}{app[SESSIONS].launch_path()}")

        await serve(app, Address(chosen.host, chosen.port), ready=ready)
