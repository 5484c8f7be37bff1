r"""Directory statements: who vouches for which key, as signed bytes.

Follows docs/spec/directory.md. A statement is the encoding of
``[what, agency, subject, serial, prev, payload]``; an entry is that statement with signatures over
``"liaison/1 dir\0" || statement``. Here are bytes and values only; whether a statement may stand
is decided in :mod:`crypto.attest.directory`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NewType, TypeVar

from crypto.attest import labels
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.hashing import digest
from crypto.attest.header import ID_BYTES, DeskId
from crypto.attest.signing import KEY_BYTES, SIGNATURE_BYTES, KeyId, SigningKey, VerifyKey, key_id

AgencyId = NewType("AgencyId", bytes)
_Owned = TypeVar("_Owned", "DevicePayload", "InfraPayload")

ENTRY_LIMIT = 65_536
WINDOW_KEY_BYTES = 1_216
#: The longest that a desk or key counts (s): thirteen months, and some days to begin ahead.
LONGEST_VALIDITY = 400 * 86_400
#: The longest that a window is open (s): one week.
LONGEST_WINDOW = 7 * 86_400
MAX_SIGNATURES = 8


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
class DeskPayload:
    """An office: who may enrol its keys, its slug and names, and when it exists (ts)."""

    registrars: tuple[VerifyKey, ...]
    slug: str
    names: tuple[str, str, str]
    not_before: int
    not_after: int
    escalates_to: DeskId | None
    broker: KeyId


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


Payload = RootPayload | DeskPayload | DevicePayload | tuple[Window, ...] | GrantKey | InfraPayload


def agency_id(root_payload: bytes) -> AgencyId:
    """Return the 16-byte id of the agency whose first root payload has these bytes."""
    return AgencyId(digest(labels.P_AGENCY, root_payload)[:ID_BYTES])


def encode_payload(payload: Payload, *, possession: bytes | None = None) -> bytes:
    """Return a payload's bytes; keys that prove possession carry that signature last."""
    match payload:
        case RootPayload(keys, threshold, country, names):
            value: list[Value] = [[key.raw for key in keys], threshold, country, list(names)]
        case DeskPayload():
            value = [
                [key.raw for key in payload.registrars],
                payload.slug,
                list(payload.names),
                payload.not_before,
                payload.not_after,
                payload.escalates_to,
                payload.broker,
            ]
        case DevicePayload():
            value = [
                payload.key.raw,
                payload.desk,
                int(payload.role),
                payload.pseudonym,
                payload.not_before,
                payload.not_after,
            ]
        case InfraPayload(kind, key, name):
            value = [int(kind), key.raw, name]
        case GrantKey(kid, public):
            value = [kid, public]
        case windows:
            value = [[w.kid, w.public, w.not_before, w.not_after] for w in windows]
    return encode(value if possession is None else [*value, possession])


def prove_possession(payload: DevicePayload | InfraPayload, key: SigningKey) -> bytes:
    """Return the payload's bytes with the proof that its key's holder asked for it."""
    return encode_payload(payload, possession=key.sign(labels.POSSESSION, encode_payload(payload)))


def decode_payload(statement: Statement) -> Payload:
    """Return the payload of ``statement``, possession verified where the kind has it.

    Raises:
        StatementError: the payload is not of its kind's form.
        SignatureError: a key is none, or the possession signature does not hold.
    """
    value = _decode(statement.payload)
    match statement.what, value:
        case What.ROOT, [list(keys), int(threshold), str(country), list(names)]:
            return RootPayload(_keys(keys), threshold, country, _names(names))
        case What.DESK, [list(keys), str(slug), list(names), int(nb), int(na), up, bytes(broker)]:
            _span(nb, na, LONGEST_VALIDITY)
            desk = None if up is None else DeskId(_id(up))
            return DeskPayload(_keys(keys), slug, _names(names), nb, na, desk, KeyId(_id(broker)))
        case What.DEVICE, [bytes(key), bytes(desk), int(role), str(name), int(nb), int(na), sig]:
            _span(nb, na, LONGEST_VALIDITY)
            payload = DevicePayload(VerifyKey(key), DeskId(_id(desk)), _role(role), name, nb, na)
            return _owned(payload, payload.key, sig)
        case What.WINDOWS, list(windows):
            return _distinct(tuple(_window(item) for item in windows))
        case What.GRANT_KEY, [bytes(kid), bytes(public)]:
            return GrantKey(_encryption_key(kid, public), public)
        case What.INFRA, [int(kind), bytes(key), str(name), sig]:
            infra = InfraPayload(_infra_kind(kind), VerifyKey(key), name)
            return _owned(infra, infra.key, sig)
    raise StatementError(f"the payload of a {statement.what.name} statement has another form")


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
    match _decode(raw):
        case [bytes(statement), list(signatures)] if 1 <= len(signatures) <= MAX_SIGNATURES:
            pairs = tuple(_signature(item) for item in signatures)
            kids = [kid for kid, _ in pairs]
            if kids != sorted(set(kids)):
                raise StatementError("signatures must be sorted by distinct key ids")
            return Entry(_statement(statement), pairs, raw)
    raise StatementError("expected [statement, [[kid, signature], ...]]")


def _statement(raw: bytes) -> Statement:
    match _decode(raw):
        case [int(what), bytes(agency), bytes(subject), int(serial), prev, bytes(payload)] if (
            prev is None or isinstance(prev, bytes)
        ):
            try:
                kind = What(what)
            except ValueError as e:
                raise StatementError(f"unknown kind of statement {what}") from e
            return Statement(kind, AgencyId(_id(agency)), _id(subject), serial, prev, payload, raw)
    raise StatementError("expected [what, agency, subject, serial, prev, payload]")


def _decode(raw: bytes) -> Value:
    try:
        return decode(raw, limit=ENTRY_LIMIT)
    except EncodingError as e:
        raise StatementError(f"{e.code}: {e}") from e


def _id(value: Value) -> bytes:
    if not isinstance(value, bytes) or len(value) != ID_BYTES:
        raise StatementError(f"an id has {ID_BYTES} bytes")
    return value


def _keys(items: list[Value]) -> tuple[VerifyKey, ...]:
    keys = tuple(VerifyKey(item) for item in items if isinstance(item, bytes))
    if len(set(keys)) != len(items) or not items:
        raise StatementError(f"expected distinct keys of {KEY_BYTES} bytes")
    return keys


def _names(items: list[Value]) -> tuple[str, str, str]:
    match items:
        case [str(vi), str(zh), str(en)]:
            return vi, zh, en
    raise StatementError("names are a list of three: vi, zh, en")


def _role(value: int) -> Role:
    try:
        return Role(value)
    except ValueError as e:
        raise StatementError(f"unknown role {value}") from e


def _infra_kind(value: int) -> InfraKind:
    try:
        return InfraKind(value)
    except ValueError as e:
        raise StatementError(f"unknown kind of infrastructure {value}") from e


def _owned(payload: _Owned, key: VerifyKey, signature: Value) -> _Owned:
    if not isinstance(signature, bytes):
        raise StatementError("the proof of possession is missing")
    key.verify(labels.POSSESSION, encode_payload(payload), signature)
    return payload


def _window(item: Value) -> Window:
    match item:
        case [bytes(kid), bytes(public), int(not_before), int(not_after)]:
            _span(not_before, not_after, LONGEST_WINDOW)
            return Window(_encryption_key(kid, public), public, not_before, not_after)
    raise StatementError("a window is [kid, public key, not before, not after]")


def _encryption_key(kid: bytes, public: bytes) -> KeyId:
    if kid != key_id(public) or len(public) != WINDOW_KEY_BYTES:
        raise StatementError(f"expected a key of {WINDOW_KEY_BYTES} bytes under its own id")
    return KeyId(kid)


def _distinct(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    if not windows or len({window.kid for window in windows}) != len(windows):
        raise StatementError("expected one or more windows with keys of their own")
    return windows


def _span(begins: int, ends: int, longest: int) -> None:
    if not begins < ends <= begins + longest:
        raise StatementError(f"from {begins} to {ends}; expected at most {longest} seconds")


def _signature(item: Value) -> tuple[KeyId, bytes]:
    match item:
        case [bytes(kid), bytes(signature)] if (
            len(kid) == ID_BYTES and len(signature) == SIGNATURE_BYTES
        ):
            return KeyId(kid), signature
    raise StatementError("a signature is [kid, signature]")
