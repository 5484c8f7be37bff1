"""``liaison audit``: the supervisor's commands."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from config.settings import AuditSettings, load_settings
from liaison.audit.sources import LedgerCopy, fetch_ledger, read_copy, write_copy
from liaison.audit.verify import Verified, verify_ledger
from liaison.cli.console import (
    Exit,
    JsonOption,
    SettingsOption,
    command,
    given,
    print_json,
    say,
)
from liaison.runtime.pins import read_pins

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Check the ledger.")


@app.command()
@command
async def verify(
    ledger: Annotated[
        str | None, typer.Option(help="The broker's URL, or a folder with a copy.")
    ] = None,
    pins: Annotated[
        Path | None, typer.Option(help="The file of the fingerprints that two people typed.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Keep what was checked as a copy in this folder.")
    ] = None,
    settings: SettingsOption = None,
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Check every leaf and signature of a ledger, from the pinned roots up; exit 0 or 1."""
    chosen = load_settings(
        AuditSettings,
        file=settings,
        environment=os.environ,
        given=given(ledger=ledger, pins=pins),
    )
    fingerprints = [pin.digits for pin in read_pins(chosen.pins)]
    copy = await _read(chosen.ledger)
    verified = await asyncio.to_thread(verify_ledger, copy, fingerprints)
    if save is not None:
        write_copy(save, copy)
    if as_json:
        print_json(_view(verified))
    else:
        _tell(verified)
    return Exit.GOOD


async def _read(ledger: str) -> LedgerCopy:
    if ledger.startswith(("http://", "https://")):
        return await fetch_ledger(ledger)
    return await asyncio.to_thread(read_copy, Path(ledger))


def _view(verified: Verified) -> dict[str, object]:
    return {
        "verified": True,
        "size": verified.size,
        "checkpoint": verified.root.hex(),
        "cosignatures": [
            {"name": name, "at": at.isoformat()} for name, at in verified.cosignatures
        ],
    }


def _tell(verified: Verified) -> None:
    say(f"whole: {verified.size} leaves")
    say(f"root {verified.root.hex()}")
    for name, at in verified.cosignatures:
        say(f"cosigned by {name} at {at.isoformat()}")
