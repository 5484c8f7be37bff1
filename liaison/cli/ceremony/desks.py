"""``liaison keys desk-cert`` and ``infra-cert``: what a root says of desks, brokers and witnesses.

Both write statements that nobody has signed yet, from the corridor that both sides agreed on: no
name is typed twice. A desk keeps its id when it is named again, and what it escalates to is written
by id.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from config.load import find_corridor
from config.schema import Desk, nearest
from crypto.attest.header import ID_BYTES, DeskId
from crypto.attest.payload import decode_payload
from crypto.attest.signing import SignatureError, VerifyKey, key_id
from crypto.attest.statement import (
    AgencyId,
    ArchiveKey,
    DeskPayload,
    InfraPayload,
    Oversight,
    Statement,
    StatementError,
    What,
)
from crypto.seal.ceremony import VALIDITY, state_desk, state_infra
from crypto.seal.drafts import Draft
from crypto.seal.primitives import PrimitiveError, WrappingKey, fresh
from liaison.cli.ceremony.files import Known, read_known, read_root, write_new
from liaison.cli.ceremony.root import CorridorOption
from liaison.cli.console import JsonOption, command, print_json, say
from liaison.cli.wording import CORRIDOR, Wording
from liaison.runtime.clock import SystemClock, timestamp

SUFFIX = ".stmt"
#: Certificates begin a day before the ceremony: clocks of two countries never quite agree.
EARLY = timedelta(days=1)

RootOption = Annotated[Path, typer.Option(help="The agency's root entry that counts now.")]
OutOption = Annotated[Path, typer.Option(help="A folder for the statements to be signed.")]
KnownOption = Annotated[
    list[Path] | None,
    typer.Option(help="Entries or statements that were made before; may be given several times."),
]

app = typer.Typer(no_args_is_help=True)


class RegistrarFileError(Exception):
    """The file holds no registrar's public key."""

    code = "ceremony.registrar"


class RequestFileError(Exception):
    """The file holds no request of a broker or witness."""

    code = "ceremony.request"


class UnknownDeskNameError(Exception):
    """The corridor has no such desk, or it is another agency's."""

    code = "ceremony.unknown_desk"


class PanelFileError(Exception):
    """The panels of oversight are not two, or a file holds no supervisor's public key."""

    code = "ceremony.panel"


class NoUpperDeskError(Exception):
    """The desk to which this one escalates has no id yet."""

    code = "ceremony.no_upper_desk"


@app.command("desk-cert")
@command
async def desk_cert(  # noqa: PLR0913, PLR0917 - a certificate says this much
    desks: Annotated[list[str], typer.Argument(help="Desks, as the corridor calls them.")],
    root: RootOption,
    registrar: Annotated[
        list[Path],
        typer.Option(help="A registrar's public key (.pub); may be given several times."),
    ],
    broker: Annotated[Path, typer.Option(help="The request that `broker init` made.")],
    out: OutOption,
    known: KnownOption = None,
    starts: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day (UTC).")
    ] = None,
    corridor: CorridorOption = CORRIDOR,
    first_panel: Annotated[
        list[Path] | None,
        typer.Option(help="A supervisor's public key; two at least. Else as it was before."),
    ] = None,
    second_panel: Annotated[
        list[Path] | None, typer.Option(help="The same for the second panel of oversight.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the statements by which an agency names its desks, for thirteen months."""
    held, before = read_root(root), read_known(known or [])
    chosen = find_desks(corridor, desks)
    ids = desk_ids(chosen, held.agency, before)
    begins = _begins(starts.date() if starts else None)
    keys, carrier = _registrars(registrar), read_request(broker).key.kid
    panels = _panels(first_panel or [], second_panel or [])
    made: dict[str, Draft] = {}
    for desk in chosen:
        last = before.last(What.DESK, held.agency, ids[desk.slug])
        payload = DeskPayload(
            keys,
            desk.slug,
            (desk.names.vi, desk.names.zh, desk.names.en),
            begins,
            begins + VALIDITY,
            _upper(desk, held.agency, ids, before),
            carrier,
            panels or _panels_before(last),
        )
        made[desk.slug] = Draft(state_desk(held.agency, ids[desk.slug], payload, after=last))
    _write_all(out, made, as_json=as_json)


@app.command("infra-cert")
@command
async def infra_cert(
    requests: Annotated[
        list[Path], typer.Argument(help="Requests that `broker init` or `witness init` made.")
    ],
    root: RootOption,
    out: OutOption,
    known: KnownOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the statements by which an agency relies on a broker or a witness."""
    held, before = read_root(root), read_known(known or [])
    made: dict[str, Draft] = {}
    for file in requests:
        payload = read_request(file)
        last = before.last(What.INFRA, held.agency, payload.key.kid)
        statement = state_infra(held.agency, file.read_bytes(), after=last)
        name = f"{payload.kind.name.lower()}-{payload.key.kid.hex()[:8]}"
        made[name] = Draft(statement)
    _write_all(out, made, as_json=as_json)


def _panels(first: Sequence[Path], second: Sequence[Path]) -> Oversight | None:
    """Return the panels of these public keys; raise PanelFileError unless both are given or none.

    Whether they are distinct and enough is the directory's to say.
    """
    if bool(first) != bool(second):
        raise PanelFileError("both panels of oversight expected, or neither; found one")
    if not first:
        return None
    return Oversight(tuple(map(_supervisor, first)), tuple(map(_supervisor, second)))


def _supervisor(file: Path) -> ArchiveKey:
    public = file.read_bytes()
    try:
        WrappingKey.from_public(public)
    except PrimitiveError as e:
        raise PanelFileError(f"{file}: expected a supervisor's public key: {e}") from e
    return ArchiveKey(key_id(public), public)


def _panels_before(last: Statement | None) -> Oversight | None:
    """Return the panels of the certificate that is renewed: they do not fall away by themselves."""
    payload = None if last is None else decode_payload(last)
    return payload.oversight if isinstance(payload, DeskPayload) else None


def find_desks(corridor: str, slugs: Sequence[str]) -> list[Desk]:
    """Return the corridor's desks of these slugs; raise UnknownDeskNameError if one is none."""
    desks = {desk.slug: desk for desk in find_corridor(corridor).desks}
    for slug in slugs:
        if slug not in desks:
            raise UnknownDeskNameError(f"{slug!r}; {nearest(slug, list(desks))}")
    return [desks[slug] for slug in dict.fromkeys(slugs)]


def desk_ids(desks: Sequence[Desk], agency: AgencyId, known: Known) -> dict[str, DeskId]:
    """Return each desk's id: the one it has, or a new one by chance."""
    return {desk.slug: known.desk(agency, desk.slug) or DeskId(fresh(ID_BYTES)) for desk in desks}


def read_request(file: Path) -> InfraPayload:
    """Return the request of a broker or witness in ``file``, possession verified.

    Raises:
        OSError: it cannot be read.
        RequestFileError: it holds none, or possession does not hold.
    """
    try:
        payload = decode_payload(state_infra(AgencyId(bytes(ID_BYTES)), file.read_bytes()))
    except (StatementError, SignatureError) as e:
        raise RequestFileError(f"{file}: {e}") from e
    if not isinstance(payload, InfraPayload):
        raise RequestFileError(f"{file}: expected the request of a broker or witness")
    return payload


def _begins(day: date | None) -> int:
    if day is None:
        return timestamp(SystemClock().now() - EARLY)
    return timestamp(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _upper(desk: Desk, agency: AgencyId, ids: dict[str, DeskId], known: Known) -> DeskId | None:
    if desk.escalates_to is None:
        return None
    found = ids.get(desk.escalates_to) or known.desk(agency, desk.escalates_to)
    if found is None:
        raise NoUpperDeskError(
            f"{desk.slug} escalates to {desk.escalates_to}: name it too, or give --known"
        )
    return found


def _registrars(files: Sequence[Path]) -> tuple[VerifyKey, ...]:
    keys = []
    for file in files:
        try:
            keys.append(VerifyKey(bytes.fromhex(file.read_text(encoding="ascii").strip())))
        except (ValueError, SignatureError) as e:
            raise RegistrarFileError(f"{file}: expected a key of 32 bytes in hex: {e}") from e
    return tuple(keys)


def _write_all(folder: Path, made: dict[str, Draft], *, as_json: bool) -> None:
    files = {folder / f"{name}{SUFFIX}": draft for name, draft in made.items()}
    for file, draft in files.items():
        write_new(file, draft)
    if as_json:
        print_json({"statements": [str(file) for file in files]})
        return
    for file in files:
        say(f"statement {file}")
    say(Wording.here().say("sign_next", threshold=2))
