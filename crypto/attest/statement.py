r"""Directory statements: who vouches for which key, as signed bytes.

Follows docs/spec/directory.md. A statement is the encoding of
``[what, agency, subject, serial, prev, payload]``; an entry is that statement with signatures over
``"liaison/1 dir\0" || statement``. Here are bytes and values only; whether a statement may stand
is decided in :mod:`crypto.attest.directory`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NewType

from crypto.attest import labels
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.hashing import digest
from crypto.attest.header import ID_BYTES, DeskId
from crypto.attest.signing import SIGNATURE_BYTES, KeyId, SigningKey, VerifyKey

AgencyId = NewType("AgencyId", bytes)

ENTRY_LIMIT = 65_536
WINDOW_KEY_BYTES = 1_216
#: The longest that a desk or key counts (s): thirteen months, and some days to begin ahead.
LONGEST_VALIDITY = 400 * 86_400
#: The longest that a window is open (s): one week.
LONGEST_WINDOW = 7 * 86_400
MAX_SIGNATURES = 8
#: How many supervisors a panel of oversight has: two at least, so a lost token ends nothing, and
#: as many at most as leave the entry well below its limit.
PANEL = range(2, 9)
#: The most threads that one succession gives; more are given in further ones.
MOST_THREADS = 2_000


class StatementError(Exception):
    """A directory entry is not of the specified form."""

    code = "directory.malformed"


class What(IntEnum):
    """What a statement is about."""

    ROOT = 1
    DESK = 2
    DEVICE = 3
    WINDOWS = 4
    GRANT_KEY = 5
    REVOKE = 6
    SUCCESSION = 7
    INFRA = 8


class Role(IntEnum):
    """What a signing key may do: an installation's own key, or an officer's on it."""

    DEVICE = 1
    OFFICER = 2
    APPROVER = 3
    SUPERVISOR = 4


class InfraKind(IntEnum):
    """Whose key an infrastructure statement names."""

    BROKER = 1
    WITNESS = 2


class Reason(IntEnum):
    """Why a key or desk is revoked; a number, so that nobody's story stands in the directory."""

    LOST = 1
    COMPROMISED = 2
    LEFT = 3
    REPLACED = 4
    CLOSED = 5


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its fields, its very bytes and its payload's bytes as signed."""

    what: What
    agency: AgencyId
    subject: bytes
    serial: int
    prev: bytes | None
    payload: bytes
    raw: bytes

    @property
    def digest(self) -> bytes:
        """Return the 32-byte hash by which the subject's next statement names this one."""
        return digest(labels.P_STATEMENT, self.raw)


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement with its signatures by distinct keys; ``raw`` are its very bytes."""

    statement: Statement
    signatures: tuple[tuple[KeyId, bytes], ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class RootPayload:
    """The root keys of an agency, how many must sign, its country and names (vi, zh, en)."""

    keys: tuple[VerifyKey, ...]
    threshold: int
    country: str
    names: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ArchiveKey:
    """A supervisor's key to an archive: X-Wing, 1,216 bytes."""

    kid: KeyId
    public: bytes


@dataclass(frozen=True, slots=True)
class Oversight:
    """Two panels of supervisors: one of each together opens a case of the desk's archive."""

    first: tuple[ArchiveKey, ...]
    second: tuple[ArchiveKey, ...]

    @property
    def keys(self) -> tuple[ArchiveKey, ...]:
        """Return the keys of both panels."""
        return (*self.first, *self.second)


@dataclass(frozen=True, slots=True)
class DeskPayload:
    """An office: who may enrol its keys, its slug and names, and when it exists (ts).

    ``oversight`` tells the counterpart who can open the desk's archive; None while nobody can.
    """

    registrars: tuple[VerifyKey, ...]
    slug: str
    names: tuple[str, str, str]
    not_before: int
    not_after: int
    escalates_to: DeskId | None
    broker: KeyId
    oversight: Oversight | None = None


@dataclass(frozen=True, slots=True)
class DevicePayload:
    """A signing key at a desk: its role, the pseudonym it signs under, and when it counts (ts)."""

    key: VerifyKey
    desk: DeskId
    role: Role
    pseudonym: str
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class Window:
    """A desk's encryption key for a week: X-Wing public key of 1,216 bytes; times are ts."""

    kid: KeyId
    public: bytes
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True)
class GrantKey:
    """A device's encryption key, to which its colleagues give seeds; X-Wing, 1,216 bytes."""

    kid: KeyId
    public: bytes


@dataclass(frozen=True, slots=True)
class InfraPayload:
    """The key of a broker or witness that an agency relies on, and its name in signed notes."""

    kind: InfraKind
    key: VerifyKey
    name: str


@dataclass(frozen=True, slots=True)
class RevocationPayload:
    """That the subject counts no more: since when it was not to be trusted (ts), and why."""

    effective: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class SuccessionPayload:
    """That a desk follows the subject from a day on (ts), in these threads (16 bytes each).

    ``threads`` is None for all that no other successor was given.
    """

    new: DeskId
    begins: int
    threads: tuple[bytes, ...] | None


Payload = (
    RootPayload
    | DeskPayload
    | DevicePayload
    | tuple[Window, ...]
    | GrantKey
    | InfraPayload
    | RevocationPayload
    | SuccessionPayload
)


def agency_id(root_payload: bytes) -> AgencyId:
    """Return the 16-byte id of the agency whose first root payload has these bytes."""
    return AgencyId(digest(labels.P_AGENCY, root_payload)[:ID_BYTES])


def make_statement(
    what: What,
    *,
    agency: AgencyId,
    subject: bytes,
    payload: bytes,
    after: Statement | None = None,
) -> Statement:
    """Return the statement that follows ``after`` (the subject's last one of this kind), if any."""
    serial = 1 if after is None else after.serial + 1
    prev = None if after is None else after.digest
    raw = encode([int(what), agency, subject, serial, prev, payload])
    return Statement(what, agency, subject, serial, prev, payload, raw)


def sign_entry(statement: Statement, signers: Sequence[SigningKey]) -> bytes:
    """Return the entry of ``statement``, signed by each of ``signers``, in order of their ids."""
    signatures: list[Value] = [
        [key.kid, key.sign(labels.DIRECTORY, statement.raw)]
        for key in sorted(signers, key=lambda key: key.kid)
    ]
    return encode([statement.raw, signatures])


def parse_entry(raw: bytes) -> Entry:
    """Return the entry in ``raw``; signatures are not verified yet.

    Raises:
        StatementError: encoding, types, or signatures not sorted by distinct key ids.
    """
    match read_value(raw):
        case [bytes(statement), list(signatures)] if 1 <= len(signatures) <= MAX_SIGNATURES:
            pairs = tuple(_signature(item) for item in signatures)
            kids = [kid for kid, _ in pairs]
            if kids != sorted(set(kids)):
                raise StatementError("signatures must be sorted by distinct key ids")
            return Entry(parse_statement(statement), pairs, raw)
    raise StatementError("expected [statement, [[kid, signature], ...]]")


def parse_statement(raw: bytes) -> Statement:
    """Return the statement in ``raw``; raise StatementError when the bytes are none."""
    match read_value(raw):
        case [int(what), bytes(agency), bytes(subject), int(serial), prev, bytes(payload)] if (
            prev is None or isinstance(prev, bytes)
        ):
            try:
                kind = What(what)
            except ValueError as e:
                raise StatementError(f"unknown kind of statement {what}") from e
            return Statement(
                kind, AgencyId(id16(agency)), id16(subject), serial, prev, payload, raw
            )
    raise StatementError("expected [what, agency, subject, serial, prev, payload]")


def read_value(raw: bytes) -> Value:
    """Return the value that ``raw`` encodes; raise StatementError when it is none."""
    try:
        return decode(raw, limit=ENTRY_LIMIT)
    except EncodingError as e:
        raise StatementError(f"{e.code}: {e}") from e


def id16(value: Value) -> bytes:
    """Return ``value`` if it is an id of 16 bytes; raise StatementError when it is none."""
    if not isinstance(value, bytes) or len(value) != ID_BYTES:
        raise StatementError(f"an id has {ID_BYTES} bytes")
    return value


def _signature(item: Value) -> tuple[KeyId, bytes]:
    match item:
        case [bytes(kid), bytes(signature)] if (
            len(kid) == ID_BYTES and len(signature) == SIGNATURE_BYTES
        ):
            return KeyId(kid), signature
    raise StatementError("a signature is [kid, signature]")
