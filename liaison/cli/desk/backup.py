"""``liaison desk backup-papers``, ``backup``, ``verify-backup`` and ``restore``.

A backup needs no secret, so that it can be made by a timer at night. What opens it is on two
papers, which two people type when a desk is restored; never in an argument or the environment.
"""

from pathlib import Path
from typing import Annotated

import typer
from aiohttp import ClientSession

from crypto.seal.papers import LINES, join, read_half
from liaison.cli.console import (
    OfficerOption,
    PassphraseOption,
    SettingsOption,
    StateOption,
    command,
    read_new_passphrase,
    read_passphrase,
    read_typed,
    say,
)
from liaison.cli.desk.calling import ask_desk, folder_of
from liaison.cli.desk.officers import RoleOption, read_role
from liaison.cli.desk.recovery import paper, write_paper
from liaison.cli.keys.requests import tell_requests
from liaison.runtime.clock import SystemClock, from_timestamp
from liaison.runtime.pins import read_pins
from protocols.casework.moments import iso

app = typer.Typer(no_args_is_help=True)

BackupArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]
PinsOption = Annotated[Path, typer.Option(help="The fingerprints that two people typed.")]
BrokerOption = Annotated[str, typer.Option(help="The broker's URL.")]
PapersOption = Annotated[
    int | None, typer.Option(help="Read the lines of both halves from this descriptor.")
]


@app.command("backup-papers")
@command
async def backup_papers(
    officer: OfficerOption,
    first: Annotated[Path, typer.Option(help="A new file, or a printer, for the first half.")],
    second: Annotated[Path, typer.Option(help="A new file, or a printer, for the second half.")],
    state: StateOption = None,
    settings: SettingsOption = None,
    passphrase_fd: PassphraseOption = None,
) -> None:
    """Make two papers that together open this desk's backups from now on."""
    from liaison.desk.archive import backup  # noqa: PLC0415 - `--help` need not pay for it

    passphrase = read_passphrase(passphrase_fd, f"Passphrase of {officer}")

    def write(*halves: bytes) -> None:
        for number, (file, half) in enumerate(zip((first, second), halves, strict=True), 1):
            write_paper(file, paper(half, number, "paper_backup_title"))

    await backup.backup_papers(folder_of(settings, state), officer, passphrase, write)
    say(f"half 1: {first}")
    say(f"half 2: {second}")


@app.command("backup")
@command
async def make_backup(
    file: BackupArgument, state: StateOption = None, settings: SettingsOption = None
) -> None:
    """Write a backup of the running desk to a new file, and the cases' keys beside it."""
    path = str(file.resolve())
    made = await ask_desk(settings, state, lambda desk: desk.post("/api/backup", path=path))
    say(f"{file}: {made['rows']} rows, {made['size']} bytes")
    if made["removed"]:
        say(f"{made['removed']} older files of case keys removed")


@app.command("verify-backup")
@command
async def verify_backup(
    file: BackupArgument,
    pins: PinsOption,
    broker: BrokerOption,
    papers_fd: PapersOption = None,
    *,
    opening: Annotated[
        bool, typer.Option("--open", help="Open every row too; asks for both papers.")
    ] = False,
) -> None:
    """Check that a backup is whole and a desk's; with its papers, that it opens."""
    from liaison.desk.archive.restore import check_backup  # noqa: PLC0415

    seed = _seed(papers_fd) if opening else None
    found = await check_backup(file, await _entries(broker), _lines(pins), seed)
    said = f"{found.slug}, {found.kind}, made {iso(from_timestamp(found.made_at))}"
    say(said if found.rows is None else f"{said}, {found.rows} rows open")


@app.command()
@command
async def restore(
    file: BackupArgument,
    officer: OfficerOption,
    pins: PinsOption,
    broker: BrokerOption,
    state: Annotated[Path, typer.Option(help="A new folder.")],
    role: RoleOption = "officer",
    papers_fd: PapersOption = None,
    passphrase_fd: PassphraseOption = None,
) -> None:
    """Make a new installation from a backup, and the requests that the registrar signs."""
    from liaison.desk.archive.backup import keys_beside  # noqa: PLC0415
    from liaison.desk.archive.restore import Officer, Sources, restore_desk  # noqa: PLC0415

    seed = _seed(papers_fd)
    passphrase = read_new_passphrase(passphrase_fd, f"New passphrase of {officer}")
    entries = await _entries(broker)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    restored = await restore_desk(
        state,
        Sources(file, keys_beside(file), _lines(pins), entries),
        seed,
        Officer(officer, read_role(role), passphrase),
        SystemClock(),
    )
    say(f"{restored.slug}: {restored.cases} cases as of {iso(from_timestamp(restored.made_at))}")
    if restored.without_key:
        say(f"{restored.without_key} cases have no key: erased since, or not backed up")
    tell_requests(restored.requests)


def _seed(descriptor: int | None) -> bytes:
    """Return what both papers give, as they are typed, unseen, or come from a descriptor."""
    prompts = [
        f"Half {number}, line {line} of {LINES}"
        for number in (1, 2)
        for line in range(1, LINES + 1)
    ]
    lines = read_typed(descriptor, prompts)
    return join(read_half(lines[:LINES], 1), read_half(lines[LINES:], 2))


async def _entries(broker: str) -> list[bytes]:
    from liaison.desk.line.broker_client import fetch_directory  # noqa: PLC0415

    async with ClientSession() as session:
        return await fetch_directory(session, broker)


def _lines(pins: Path) -> list[str]:
    return [pin.line for pin in read_pins(pins)]
