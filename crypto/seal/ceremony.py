"""The ceremony: how an agency comes into the directory and names its desks, keys and brokers.

Follows docs/spec/directory.md, "Ceremony". A function returns a statement that waits for the
holders of a root's shares (:mod:`crypto.seal.drafts`), the bytes of one signed entry, or a request
that waits for a signature. Seeds are drawn by the caller, so that who holds which is decided where
the files are written.
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
    RevocationPayload,
    RootPayload,
    Statement,
    StatementError,
    SuccessionPayload,
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


def state_root(
    payload: RootPayload, *, agency: AgencyId | None = None, after: Statement | None = None
) -> Statement:
    """Return the statement of a root: an agency's first, or the one that follows ``after``."""
    raw = encode_payload(payload)
    if after is None or agency is None:
        agency = agency_id(raw)
    return make_statement(What.ROOT, agency=agency, subject=agency, payload=raw, after=after)


def state_desk(
    agency: AgencyId, desk: DeskId, payload: DeskPayload, *, after: Statement | None = None
) -> Statement:
    """Return the statement by which an agency names a desk, after its last one about it."""
    raw = encode_payload(payload)
    return make_statement(What.DESK, agency=agency, subject=desk, payload=raw, after=after)


def state_revocation(
    agency: AgencyId,
    subject: bytes,
    payload: RevocationPayload,
    *,
    after: Statement | None = None,
) -> Statement:
    """Return the statement that revokes a key, a desk or infrastructure.

    ``after`` is the subject's last revocation, if any: a later one corrects its day and reason.
    """
    raw = encode_payload(payload)
    return make_statement(What.REVOKE, agency=agency, subject=subject, payload=raw, after=after)


def state_succession(
    agency: AgencyId, old: DeskId, payload: SuccessionPayload, *, after: Statement | None = None
) -> Statement:
    """Return the statement by which another desk follows ``old``, after the last one about it.

    The roots of both desks sign it.
    """
    raw = encode_payload(payload)
    return make_statement(What.SUCCESSION, agency=agency, subject=old, payload=raw, after=after)


def state_infra(agency: AgencyId, request: bytes, *, after: Statement | None = None) -> Statement:
    """Return the statement by which an agency says that it relies on a broker or witness.

    ``request`` is what :func:`crypto.attest.statement.prove_possession` made on that machine.

    Raises:
        StatementError: it is no such request.
        SignatureError: the key has not proved possession.
    """
    unnamed = make_statement(What.INFRA, agency=agency, subject=b"", payload=request)
    payload = decode_payload(unnamed)
    if not isinstance(payload, InfraPayload):
        raise StatementError("expected the request of a broker or witness")
    subject = payload.key.kid
    return make_statement(What.INFRA, agency=agency, subject=subject, payload=request, after=after)


def found_agency(
    payload: RootPayload, signers: Sequence[SigningKey]
) -> tuple[AgencyId, bytes, bytes]:
    """Return the new agency's id, its root payload's bytes (to be pinned) and the root entry."""
    statement = state_root(payload)
    return statement.agency, statement.payload, sign_entry(statement, signers)


def name_desk(
    agency: AgencyId,
    desk: DeskId,
    payload: DeskPayload,
    *,
    signers: Sequence[SigningKey],
    after: Statement | None = None,
) -> bytes:
    """Return the entry by which the agency's root keys, all at hand, name a desk."""
    return sign_entry(state_desk(agency, desk, payload, after=after), signers)


def name_infra(agency: AgencyId, request: bytes, *, signers: Sequence[SigningKey]) -> bytes:
    """Return the entry of :func:`state_infra`, signed by root keys that are all at hand."""
    return sign_entry(state_infra(agency, request), signers)


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


def revoke(
    agency: AgencyId,
    subject: bytes,
    payload: RevocationPayload,
    *,
    signers: Sequence[SigningKey],
    after: Statement | None = None,
) -> bytes:
    """Return the entry by which a registrar revokes a key, or root keys a desk or infrastructure.

    ``after`` is as in :func:`state_revocation`.
    """
    return sign_entry(state_revocation(agency, subject, payload, after=after), signers)


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
