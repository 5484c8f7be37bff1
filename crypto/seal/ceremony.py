"""The ceremony: how an agency comes into the directory and names its desks, keys and brokers.

Follows docs/spec/directory.md, "Ceremony". Each function returns the bytes of one signed entry, or
a request that waits for a signature. Seeds are drawn by the caller through
:func:`crypto.seal.primitives.fresh`, so that who holds which is decided where the files are
written.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.header import ID_BYTES, DeskId
from crypto.attest.payload import decode_payload, encode_payload, prove_possession
from crypto.attest.signing import SigningKey
from crypto.attest.statement import (
    ENTRY_LIMIT,
    AgencyId,
    DeskPayload,
    DevicePayload,
    GrantKey,
    InfraPayload,
    RootPayload,
    Statement,
    StatementError,
    What,
    Window,
    agency_id,
    make_statement,
    sign_entry,
)

#: Months of validity in days: thirteen months, rounded up (envelope-and-trust, "Life of keys").
VALIDITY = 396 * 86_400


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What a device or officer asks the registrar to sign; its key has proved possession."""

    agency: AgencyId
    payload: DevicePayload
    payload_bytes: bytes


def found_agency(
    payload: RootPayload, signers: Sequence[SigningKey]
) -> tuple[AgencyId, bytes, bytes]:
    """Return the new agency's id, its root payload's bytes (to be pinned) and the root entry."""
    raw = encode_payload(payload)
    agency = agency_id(raw)
    statement = make_statement(What.ROOT, agency=agency, subject=agency, payload=raw)
    return agency, raw, sign_entry(statement, signers)


def name_desk(
    agency: AgencyId,
    desk: DeskId,
    payload: DeskPayload,
    *,
    signers: Sequence[SigningKey],
    after: Statement | None = None,
) -> bytes:
    """Return the entry by which the agency's root keys name a desk."""
    raw = encode_payload(payload)
    return sign_entry(
        make_statement(What.DESK, agency=agency, subject=desk, payload=raw, after=after), signers
    )


def name_infra(
    agency: AgencyId, payload: InfraPayload, possession: bytes, *, signers: Sequence[SigningKey]
) -> bytes:
    """Return the entry by which an agency says that it relies on this broker or witness.

    ``possession`` is what :func:`crypto.attest.statement.prove_possession` made on that machine.
    """
    statement = make_statement(
        What.INFRA, agency=agency, subject=payload.key.kid, payload=possession
    )
    return sign_entry(statement, signers)


def request_key(agency: AgencyId, payload: DevicePayload, key: SigningKey) -> bytes:
    """Return the request by which ``key``'s holder asks the registrar for an entry."""
    return encode([agency, prove_possession(payload, key)])


def parse_request(raw: bytes) -> KeyRequest:
    """Return the request in ``raw``, possession verified.

    Raises:
        StatementError: the bytes are no request.
        SignatureError: the key has not proved possession.
    """
    try:
        value: Value = decode(raw, limit=ENTRY_LIMIT)
    except EncodingError as e:
        raise StatementError(f"{e.code}: {e}") from e
    match value:
        case [bytes(agency), bytes(payload_bytes)] if len(agency) == ID_BYTES:
            statement = make_statement(
                What.DEVICE, agency=AgencyId(agency), subject=b"", payload=payload_bytes
            )
            payload = decode_payload(statement)
            if isinstance(payload, DevicePayload):
                return KeyRequest(AgencyId(agency), payload, payload_bytes)
    raise StatementError("expected a request: [agency, payload with proof of possession]")


def grant_key(request: KeyRequest, registrar: SigningKey, *, after: Statement | None) -> bytes:
    """Return the entry by which the registrar admits the requested key."""
    statement = make_statement(
        What.DEVICE,
        agency=request.agency,
        subject=request.payload.key.kid,
        payload=request.payload_bytes,
        after=after,
    )
    return sign_entry(statement, [registrar])


def publish_windows(
    agency: AgencyId,
    desk: DeskId,
    windows: Sequence[Window],
    *,
    device: SigningKey,
    after: Statement | None,
) -> bytes:
    """Return the entry by which a desk's device publishes windows, after its last one."""
    statement = make_statement(
        What.WINDOWS,
        agency=agency,
        subject=desk,
        payload=encode_payload(tuple(windows)),
        after=after,
    )
    return sign_entry(statement, [device])


def state_grant_key(
    agency: AgencyId, grant_key: GrantKey, *, device: SigningKey, after: Statement | None
) -> bytes:
    """Return the entry by which a device states its grant key, after its last one."""
    statement = make_statement(
        What.GRANT_KEY,
        agency=agency,
        subject=device.kid,
        payload=encode_payload(grant_key),
        after=after,
    )
    return sign_entry(statement, [device])
