"""Payloads of directory statements: what is said of an agency, a desk or a key, as bytes.

Follows docs/spec/directory.md, "Payloads". One form a kind; a key that proves possession carries
its own signature over the payload. Whether what is said may stand is decided in
:mod:`crypto.attest.directory`.
"""

from collections.abc import Callable
from typing import TypeVar

from crypto.attest import labels
from crypto.attest.encoding import Value, encode
from crypto.attest.header import DeskId
from crypto.attest.signing import KEY_BYTES, KeyId, SigningKey, VerifyKey, key_id
from crypto.attest.statement import (
    LONGEST_VALIDITY,
    LONGEST_WINDOW,
    MOST_THREADS,
    PANEL,
    WINDOW_KEY_BYTES,
    ArchiveKey,
    DeskPayload,
    DevicePayload,
    GrantKey,
    InfraKind,
    InfraPayload,
    Oversight,
    Payload,
    Reason,
    RevocationPayload,
    Role,
    RootPayload,
    Statement,
    StatementError,
    SuccessionPayload,
    What,
    Window,
    id16,
    read_value,
)

_Owned = TypeVar("_Owned", DevicePayload, InfraPayload)


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
                _panels(payload.oversight),
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
        case SuccessionPayload(new, begins, threads):
            value = [new, begins, None if threads is None else list(threads)]
        case RevocationPayload(effective, reason):
            value = [effective, int(reason)]
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
    found = _FORMS[statement.what](read_value(statement.payload))
    if found is None:
        raise StatementError(f"the payload of a {statement.what.name} statement has another form")
    return found


def _root(value: Value) -> RootPayload | None:
    match value:
        case [list(keys), int(threshold), str(country), list(names)]:
            return RootPayload(_keys(keys), threshold, country, _names(names))
    return None


def _desk(value: Value) -> DeskPayload | None:
    match value:
        case [list(keys), str(slug), list(names), int(nb), int(na), up, broker, panels]:
            _span(nb, na, LONGEST_VALIDITY)
            desk = None if up is None else DeskId(id16(up))
            relied_on, oversight = KeyId(id16(broker)), _oversight(panels)
            return DeskPayload(_keys(keys), slug, _names(names), nb, na, desk, relied_on, oversight)
    return None


def _device(value: Value) -> DevicePayload | None:
    match value:
        case [bytes(key), bytes(desk), int(role), str(name), int(nb), int(na), sig]:
            _span(nb, na, LONGEST_VALIDITY)
            payload = DevicePayload(VerifyKey(key), DeskId(id16(desk)), _role(role), name, nb, na)
            return _owned(payload, payload.key, sig)
    return None


def _windows(value: Value) -> tuple[Window, ...] | None:
    return _distinct(tuple(map(_window, value))) if isinstance(value, list) else None


def _grant_key(value: Value) -> GrantKey | None:
    match value:
        case [bytes(kid), bytes(public)]:
            return GrantKey(_encryption_key(kid, public), public)
    return None


def _revocation(value: Value) -> RevocationPayload | None:
    match value:
        case [int(effective), int(reason)]:
            return RevocationPayload(effective, _reason(reason))
    return None


def _succession(value: Value) -> SuccessionPayload | None:
    match value:
        case [bytes(new), int(begins), None]:
            return SuccessionPayload(DeskId(id16(new)), begins, None)
        case [bytes(new), int(begins), list(threads)]:
            given = tuple(id16(thread) for thread in threads)
            if not 1 <= len(given) <= MOST_THREADS or list(given) != sorted(set(given)):
                raise StatementError(f"1 to {MOST_THREADS} threads, sorted and distinct")
            return SuccessionPayload(DeskId(id16(new)), begins, given)
    return None


def _infra(value: Value) -> InfraPayload | None:
    match value:
        case [int(kind), bytes(key), str(name), sig]:
            infra = InfraPayload(_infra_kind(kind), VerifyKey(key), name)
            return _owned(infra, infra.key, sig)
    return None


def _keys(items: list[Value]) -> tuple[VerifyKey, ...]:
    keys = tuple(VerifyKey(item) for item in items if isinstance(item, bytes))
    if len(set(keys)) != len(items) or not items:
        raise StatementError(f"expected distinct keys of {KEY_BYTES} bytes")
    return keys


def _panels(oversight: Oversight | None) -> Value:
    if oversight is None:
        return None
    return [[[key.kid, key.public] for key in p] for p in (oversight.first, oversight.second)]


def _oversight(value: Value) -> Oversight | None:
    match value:
        case None:
            return None
        case [list(first), list(second)]:
            panels = Oversight(_panel(first), _panel(second))
            if len({key.kid for key in panels.keys}) != len(panels.keys):
                raise StatementError("a supervisor's key stands once, in one panel")
            return panels
    raise StatementError("oversight is none, or two panels of supervisors' keys")


def _panel(items: list[Value]) -> tuple[ArchiveKey, ...]:
    if len(items) not in PANEL:
        raise StatementError(f"{PANEL[0]} to {PANEL[-1]} keys a panel expected, {len(items)} found")
    return tuple(_archive_key(item) for item in items)


def _archive_key(item: Value) -> ArchiveKey:
    match item:
        case [bytes(kid), bytes(public)]:
            return ArchiveKey(_encryption_key(kid, public), public)
    raise StatementError("a supervisor's key is [kid, public key]")


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


def _reason(value: int) -> Reason:
    try:
        return Reason(value)
    except ValueError as e:
        raise StatementError(f"unknown reason {value}") from e


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


#: What reads each kind's payload; None is another form than the kind's.
_FORMS: dict[What, Callable[[Value], Payload | None]] = {
    What.ROOT: _root,
    What.DESK: _desk,
    What.DEVICE: _device,
    What.WINDOWS: _windows,
    What.GRANT_KEY: _grant_key,
    What.REVOKE: _revocation,
    What.SUCCESSION: _succession,
    What.INFRA: _infra,
}
