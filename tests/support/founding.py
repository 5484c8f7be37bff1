"""Founding an agency for a test: one way, for keys drawn anew and for keys from fixed seeds.

Whoever calls brings the keys; what is said and signed is the project's own ceremony.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.attest.header import DeskId
from crypto.attest.payload import prove_possession
from crypto.attest.pin import fingerprint
from crypto.attest.signing import SigningKey
from crypto.attest.statement import (
    AgencyId,
    DeskPayload,
    DevicePayload,
    InfraKind,
    InfraPayload,
    RootPayload,
)
from crypto.seal.ceremony import (
    found_agency,
    grant_key,
    name_desk,
    name_infra,
    parse_request,
    request_key,
)

THRESHOLD = 2


@dataclass(frozen=True, slots=True)
class Holders:
    """Who speaks for an agency: three shares of its root, of which two sign, and its registrar."""

    agency: AgencyId
    root_payload: bytes
    root_entry: bytes
    roots: tuple[SigningKey, ...]
    registrar: SigningKey

    @property
    def pin(self) -> str:
        """Return the digits of the agency's root."""
        return fingerprint(self.root_payload)

    def name(self, desk: DeskId, payload: DeskPayload) -> bytes:
        """Return the entry that names a desk."""
        return name_desk(self.agency, desk, payload, signers=self.roots[:THRESHOLD])

    def rely_on(self, kind: InfraKind, key: SigningKey, name: str) -> bytes:
        """Return the entry by which the agency relies on a broker or witness."""
        request = prove_possession(InfraPayload(kind, key.verify_key, name), key)
        return name_infra(self.agency, request, signers=self.roots[:THRESHOLD])

    def admit(self, payload: DevicePayload, key: SigningKey) -> bytes:
        """Return the entry by which the registrar admits a key that asked for it."""
        request = parse_request(request_key(self.agency, payload, key))
        return grant_key(request, self.registrar, after=None)


def found_holders(
    country: str, names: tuple[str, str, str], roots: Sequence[SigningKey], registrar: SigningKey
) -> Holders:
    """Return a new agency of ``country`` with these keys."""
    payload = RootPayload(tuple(key.verify_key for key in roots), THRESHOLD, country, names)
    agency, raw, entry = found_agency(payload, roots[:THRESHOLD])
    return Holders(agency, raw, entry, tuple(roots), registrar)
