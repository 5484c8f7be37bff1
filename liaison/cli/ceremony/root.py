"""``liaison keys root-new`` and ``registrar-new``: drawing a root, and a registrar's key.

A root is three shares of which any two speak for the agency. Each goes to a carrier of its own, and
no folder ever holds two. What is written beside them is a statement that nobody has signed yet.
"""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Annotated

import typer

from config.load import find_corridor
from config.schema import Agency, nearest
from crypto.attest.statement import RootPayload
from crypto.seal.ceremony import state_root
from crypto.seal.drafts import Draft
from liaison.cli.ceremony.files import read_root, write_new
from liaison.cli.console import JsonOption, command, print_json, say
from liaison.cli.wording import CORRIDOR, Wording
from liaison.runtime.seeds import create_key, write_private

SHARES, THRESHOLD = 3, 2
#: A registrar's public half lies beside the seed, to be carried to whoever writes the desks.
PUBLIC = ".pub"

CorridorOption = Annotated[str, typer.Option(help="A bundled corridor, or a folder.")]

app = typer.Typer(no_args_is_help=True)


class SameCarrierError(Exception):
    """Two shares of a root would lie in one place."""

    code = "ceremony.same_carrier"


class NumberOfSharesError(Exception):
    """A root has three shares."""

    code = "ceremony.shares"


class UnknownAgencyError(Exception):
    """The corridor has no such agency."""

    code = "ceremony.unknown_agency"


@app.command("root-new")
@command
async def root_new(
    agency: Annotated[str, typer.Option(help="The agency, as the corridor calls it.")],
    share: Annotated[
        list[Path], typer.Option(help="A new file for a share; three times, on three carriers.")
    ],
    out: Annotated[Path, typer.Option(help="A new file for the statement to be signed.")],
    after: Annotated[
        Path | None, typer.Option(help="The root entry that this one takes the place of.")
    ] = None,
    corridor: CorridorOption = CORRIDOR,
    *,
    as_json: JsonOption = False,
) -> None:
    """Draw an agency's root: three shares on three carriers, and the statement that two sign."""
    check_carriers(share)
    found = find_agency(corridor, agency)
    before = None if after is None else read_root(after)
    keys = [create_key(path) for path in share]
    payload = RootPayload(
        tuple(key.verify_key for key in keys),
        THRESHOLD,
        str(found.country),
        (found.names.vi, found.names.zh, found.names.en),
    )
    statement = state_root(
        payload,
        agency=None if before is None else before.agency,
        after=None if before is None else before.statement,
    )
    write_new(out, Draft(statement))
    if as_json:
        print_json({"statement": str(out), "shares": [str(path) for path in share]})
        return
    words = Wording.here()
    for number, path in enumerate(share, 1):
        say(f"share {number} {path}")
    say(f"statement {out}")
    for one, other in on_one_disk(share):
        say(words.say("one_disk", one=one, other=other))
    say(words.say("sign_next", threshold=THRESHOLD))


@app.command("registrar-new")
@command
async def registrar_new(
    out: Annotated[Path, typer.Option(help="A new file for the registrar's seed.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Draw a registrar's key; the public half is for the statements that name desks."""
    out.parent.mkdir(parents=True, exist_ok=True)
    key = create_key(out)
    public = out.with_suffix(PUBLIC)
    write_private(public, f"{key.verify_key.raw.hex()}\n".encode())
    if as_json:
        print_json({"seed": str(out), "public": str(public), "kid": key.kid.hex()})
        return
    say(f"registrar {public} {key.kid.hex()}")


def check_carriers(shares: Sequence[Path]) -> None:
    """Raise unless three shares go to three folders.

    Raises:
        NumberOfSharesError: not three.
        SameCarrierError: two would lie in one folder.
        OSError: a carrier is not there.
    """
    if len(shares) != SHARES:
        raise NumberOfSharesError(f"expected --share {SHARES} times, found {len(shares)}")
    folders = [path.parent.resolve(strict=True) for path in shares]
    if len(set(folders)) != SHARES:
        raise SameCarrierError(f"expected {SHARES} folders, found {len(set(folders))}")


def on_one_disk(shares: Sequence[Path]) -> list[tuple[int, int]]:
    """Return which shares (from 1) lie on one disk, in pairs: on trial that is usual."""
    disks = [path.stat().st_dev for path in shares]
    return [(a + 1, b + 1) for a, b in combinations(range(len(disks)), 2) if disks[a] == disks[b]]


def find_agency(corridor: str, slug: str) -> Agency:
    """Return the corridor's agency of this slug; raise UnknownAgencyError when there is none."""
    agencies = {agency.slug: agency for agency in find_corridor(corridor).agencies}
    if slug not in agencies:
        raise UnknownAgencyError(f"{slug!r}; {nearest(slug, list(agencies))}")
    return agencies[slug]
