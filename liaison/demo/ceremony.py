"""The scripted ceremony: agencies, their witnesses and desks, founded in one go on one machine.

For demo and trial only: in earnest the root shares never meet on one computer. It makes what the
real ceremony makes, through the same functions, and nothing more: three root shares an agency
(threshold two), a registrar's key, the directory's first entries, and the fingerprints that two
people would type.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from config.schema import Corridor, Names
from crypto.attest.header import DeskId
from crypto.attest.payload import decode_payload
from crypto.attest.pin import fingerprint
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import (
    AgencyId,
    DeskPayload,
    InfraKind,
    InfraPayload,
    RootPayload,
    What,
    make_statement,
)
from crypto.seal.ceremony import VALIDITY, found_agency, name_desk, name_infra
from crypto.seal.primitives import fresh
from liaison.runtime.clock import timestamp
from liaison.runtime.seeds import create_key
from protocols.wire.api import encode_page

SHARES, THRESHOLD = 3, 2
DESK_ID_BYTES = 16
PINS, ENTRIES = "pins.txt", "entries"
#: Certificates begin a day before the ceremony: clocks of two countries never quite agree.
EARLY = timedelta(days=1)


class CeremonyError(Exception):
    """What the ceremony was given does not fit together."""

    code = "ceremony"


@dataclass(slots=True)
class Founded:
    """What the ceremony made: entries in order, pins, and the registrar of each desk's agency."""

    entries: list[bytes] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    registrars: dict[str, SigningKey] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Agency:
    id: AgencyId
    signers: Sequence[SigningKey]
    registrar: SigningKey


def hold_ceremony(
    folder: Path,
    corridor: Corridor,
    *,
    broker: bytes,
    witnesses: Mapping[str, bytes],
    at: datetime,
) -> Founded:
    """Found every agency of ``corridor`` with all its desks and return what was made.

    Args:
        folder: where the seeds are written (mode 0600), a folder an agency; must be new.
        corridor: agencies and desks.
        broker: the broker's request (payload with proof of possession).
        witnesses: each agency's witness's request, by the agency's slug.
        at: when the certificates are signed.

    Raises:
        CeremonyError: an agency without a witness, or a request that is none.
    """
    founded = Founded()
    kid = _infra(broker, InfraKind.BROKER).key.kid
    agencies: dict[str, _Agency] = {}
    for agency in corridor.agencies:
        if agency.slug not in witnesses:
            raise CeremonyError(f"{agency.slug} has no witness: its side would see nothing")
        home = folder / agency.slug
        home.mkdir(parents=True, mode=0o700)
        made = _found(home, agency.names, str(agency.country), founded)
        agencies[agency.slug] = made
        for raw in (broker, witnesses[agency.slug]):
            entry = name_infra(made.id, raw, signers=made.signers)
            founded.entries.append(entry)
    _name_desks(corridor, agencies, kid, at, founded)
    (folder / PINS).write_text("\n".join(founded.pins) + "\n", encoding="ascii")
    (folder / ENTRIES).write_bytes(encode_page(founded.entries))
    return founded


def _found(home: Path, names: Names, country: str, founded: Founded) -> _Agency:
    shares = [create_key(home / f"root-{number}.seed") for number in range(1, SHARES + 1)]
    registrar = create_key(home / "registrar.seed")
    payload = RootPayload(
        tuple(share.verify_key for share in shares), THRESHOLD, country, _texts(names)
    )
    signers = shares[:THRESHOLD]
    agency, raw, entry = found_agency(payload, signers)
    founded.entries.append(entry)
    founded.pins.append(fingerprint(raw))
    return _Agency(agency, signers, registrar)


def _name_desks(
    corridor: Corridor,
    agencies: Mapping[str, _Agency],
    broker: KeyId,
    at: datetime,
    founded: Founded,
) -> None:
    ids = {desk.slug: DeskId(fresh(DESK_ID_BYTES)) for desk in corridor.desks}
    begins = timestamp(at - EARLY)
    for desk in corridor.desks:
        agency = agencies[desk.agency]
        payload = DeskPayload(
            registrars=(agency.registrar.verify_key,),
            slug=desk.slug,
            names=_texts(desk.names),
            not_before=begins,
            not_after=begins + VALIDITY,
            escalates_to=None if desk.escalates_to is None else ids[desk.escalates_to],
            broker=broker,
        )
        entry = name_desk(agency.id, ids[desk.slug], payload, signers=agency.signers)
        founded.entries.append(entry)
        founded.registrars[desk.slug] = agency.registrar


def _infra(request: bytes, kind: InfraKind | None = None) -> InfraPayload:
    statement = make_statement(What.INFRA, agency=AgencyId(bytes(16)), subject=b"", payload=request)
    payload = decode_payload(statement)
    if not isinstance(payload, InfraPayload) or kind not in (None, payload.kind):
        raise CeremonyError("expected the request of a broker or witness")
    return payload


def _texts(names: Names) -> tuple[str, str, str]:
    return names.vi, names.zh, names.en
