"""``liaison desk papers`` and ``recover``: two papers that together open a desk, and using them.

The papers are written to two files, which may be printers; two people hold them, and each types
their own, unseen by the other. Nobody alone opens anything.
"""

from pathlib import Path
from typing import Annotated

import typer

from config.load import bundled_corridor, load_catalogue
from crypto.attest.statement import Role
from crypto.seal.papers import LINES, print_half, read_half
from liaison.cli.console import (
    NewPassphraseOption,
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
from liaison.cli.desk.calling import folder_of
from liaison.cli.desk.officers import write_request
from liaison.cli.keys.requests import tell_requests
from liaison.runtime.clock import SystemClock
from liaison.runtime.seeds import write_private
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language

app = typer.Typer(no_args_is_help=True)


@app.command()
@command
async def papers(
    officer: OfficerOption,
    first: Annotated[Path, typer.Option(help="A new file, or a printer, for the first half.")],
    second: Annotated[Path, typer.Option(help="A new file, or a printer, for the second half.")],
    state: StateOption = None,
    settings: SettingsOption = None,
    passphrase_fd: PassphraseOption = None,
) -> None:
    """Make two papers that together open this desk when every passphrase is lost."""
    from liaison.desk.entrance.roster import papers_of  # noqa: PLC0415 - `--help` need not pay for it

    folder = folder_of(settings, state)
    passphrase = read_passphrase(passphrase_fd, f"Passphrase of {officer}")

    def write(*halves: bytes) -> None:
        for number, (file, half) in enumerate(zip((first, second), halves, strict=True), 1):
            write_paper(file, paper(half, number, "paper_title"))

    await papers_of(folder, officer, passphrase, write)
    say(f"half 1: {first}")
    say(f"half 2: {second}")


@app.command()
@command
async def recover(
    officer: OfficerOption,
    state: StateOption = None,
    settings: SettingsOption = None,
    first_fd: Annotated[
        int | None, typer.Option(help="Read the first half's lines from this descriptor.")
    ] = None,
    second_fd: Annotated[
        int | None, typer.Option(help="Read the second half's lines from this descriptor.")
    ] = None,
    new_passphrase_fd: NewPassphraseOption = None,
) -> None:
    """Give an officer a slot by both papers; they are spent with it."""
    from liaison.desk.entrance.admin import recover_for  # noqa: PLC0415

    folder = folder_of(settings, state)
    halves = (_read(first_fd, 1), _read(second_fd, 2))
    passphrase = read_new_passphrase(new_passphrase_fd, f"New passphrase of {officer}")
    request = await recover_for(
        folder, halves, officer, passphrase, role=Role.OFFICER, clock=SystemClock()
    )
    tell_requests({write_request(folder, officer, request): request})
    say("these papers are spent; `liaison desk papers` makes new ones")


def _read(descriptor: int | None, number: int) -> bytes:
    prompts = [f"Half {number}, line {line} of {LINES}" for line in range(1, LINES + 1)]
    return read_half(read_typed(descriptor, prompts), number)


def paper(half: bytes, number: int, title: str) -> str:
    """Return the paper's text: what it is and how it is kept in three languages, then its lines.

    ``title`` is the catalogue's code of what the paper is.
    """
    catalogue = Catalogue(load_catalogue(), bundled_corridor("quangninh-guangxi"))
    said = [
        catalogue.code("screen", code, lang).format(number=number)
        for lang in Language
        for code in (title, "paper_half", "paper_keep")
    ]
    return "\n".join([*said, "", *print_half(half, number), ""])


def write_paper(file: Path, text: str) -> None:
    """Write a paper where it is wanted: a new file of the user's own, or a device to print on."""
    if file.exists() and not file.is_file():
        file.write_text(text, encoding="utf-8")
    else:
        write_private(file, text.encode())
