"""The directory: which agencies, desks, keys and windows exist, as a chain that anyone can check.

Follows docs/spec/directory.md. The log orders entries by hashing each onto the head before it; who
may say what is decided here, from roots that were pinned in person and from nothing else: root
(threshold of its keys) -> desk -> device -> windows. An entry that does not stand changes nothing.
Trust on first use does not exist: a root whose fingerprint is not among the pins is refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from crypto.attest import labels
from crypto.attest.hashing import DIGEST_BYTES, digest
from crypto.attest.header import DeskId
from crypto.attest.payload import decode_payload
from crypto.attest.pin import fingerprint
from crypto.attest.signing import KeyId, SignatureError, VerifyKey
from crypto.attest.statement import (
    AgencyId,
    DeskPayload,
    DevicePayload,
    Entry,
    GrantKey,
    InfraKind,
    InfraPayload,
    Role,
    RootPayload,
    Statement,
    StatementError,
    What,
    Window,
    agency_id,
    parse_entry,
)

GENESIS = bytes(DIGEST_BYTES)
#: Seeds are destroyed fourteen days after their week: nothing sealed to them may wait longer.
MAIL_WAITS = 14 * 86_400
#: What devices of one desk give each other may wait to be fetched for so long (s): five weeks.
GRANT_WAITS = 5 * 7 * 86_400
#: How long (s) before a window begins it may be published: no device whose time is over says more.
PUBLISHED_AHEAD = 5 * 7 * 86_400


class DirectoryError(Exception):
    """An entry may not stand in the directory, or what is asked for is not there."""

    code = "directory"


class NotPinnedError(DirectoryError):
    """A root whose fingerprint nobody has pinned."""

    code = "directory.not_pinned"


class NotAuthorisedError(DirectoryError):
    """The entry is not signed by those who may say this."""

    code = "directory.not_authorised"


class BrokenChainError(DirectoryError):
    """Serial or previous hash do not follow the subject's last statement."""

    code = "directory.chain"


class ReboundError(DirectoryError):
    """A key, desk or window id that already means something else."""

    code = "directory.rebound"


class RefusedEntryError(DirectoryError):
    """The entry's bytes, keys or signatures do not hold."""

    code = "directory.refused"


class UnknownDeskError(DirectoryError):
    """No desk of that id or slug."""

    code = "directory.unknown_desk"


class UnknownSignerError(DirectoryError):
    """No key of that id, or not one that counts at that time."""

    code = "directory.unknown_signer"


class NoWindowError(DirectoryError):
    """The desk has published no window that is open at that time."""

    code = "directory.no_window"


class NoGrantKeyError(DirectoryError):
    """No grant key of that id, or none of that device."""

    code = "directory.no_grant_key"


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries there are, and the 32-byte hash over all of them."""

    size: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk as the directory holds it."""

    id: DeskId
    agency: AgencyId
    payload: DeskPayload


@dataclass(frozen=True, slots=True)
class Signer:
    """A signing key as the directory holds it."""

    kid: KeyId
    agency: AgencyId
    payload: DevicePayload


@dataclass(frozen=True, slots=True)
class Infra:
    """A broker's or witness's key, and the agency that relies on it."""

    kid: KeyId
    agency: AgencyId
    payload: InfraPayload


@dataclass(slots=True)
class Directory:
    """All entries so far and what they mean. ``pins`` are the fingerprints typed by two people."""

    pins: frozenset[str]
    head: Head = field(default=Head(0, GENESIS), init=False)
    #: The hash of the log after each entry: what others say of it is compared with this.
    _heads: list[bytes] = field(default_factory=lambda: [GENESIS], init=False)
    _roots: dict[AgencyId, RootPayload] = field(default_factory=dict, init=False)
    _desks: dict[DeskId, Desk] = field(default_factory=dict, init=False)
    _signers: dict[KeyId, Signer] = field(default_factory=dict, init=False)
    _windows: dict[KeyId, tuple[DeskId, Window]] = field(default_factory=dict, init=False)
    #: The same by desk: a broker asks for each message, and windows of all desks are many.
    _windows_of: dict[DeskId, dict[KeyId, Window]] = field(default_factory=dict, init=False)
    #: Each device's grant key that counts now, and every one that ever did with its device.
    _grant_keys: dict[KeyId, GrantKey] = field(default_factory=dict, init=False)
    _granted_to: dict[KeyId, KeyId] = field(default_factory=dict, init=False)
    #: Supervisors' keys, of whatever desk: several desks of an agency may have the same panels.
    _archive_keys: set[KeyId] = field(default_factory=set, init=False)
    _infra: dict[tuple[AgencyId, KeyId], Infra] = field(default_factory=dict, init=False)
    #: When a desk or signing key counts: (not before, not after) of its statements, oldest first.
    _spans: dict[tuple[What, bytes], list[tuple[int, int]]] = field(
        default_factory=dict, init=False
    )
    _last: dict[tuple[What, AgencyId, bytes], Statement] = field(default_factory=dict, init=False)

    @classmethod
    def replay(cls, pins: Iterable[str], entries: Iterable[bytes]) -> "Directory":
        """Return the directory of ``entries`` in order; raises what ``append`` raises."""
        directory = cls(frozenset(pins))
        for raw in entries:
            directory.append(raw)
        return directory

    def append(self, raw: bytes) -> Entry:
        """Return the entry in ``raw`` once it stands; nothing changes when it does not.

        Raises:
            RefusedEntryError: bytes, keys or signatures do not hold.
            NotPinnedError, NotAuthorisedError, BrokenChainError, ReboundError: as their names say.
        """
        try:
            entry = parse_entry(raw)
            payload = decode_payload(entry.statement)
            self._check_chain(entry.statement)
            self._enter(entry, payload)
        except (StatementError, SignatureError) as e:
            raise RefusedEntryError(f"{e.code}: {e}") from e
        statement = entry.statement
        self._last[(statement.what, statement.agency, statement.subject)] = statement
        self.head = Head(self.head.size + 1, digest(labels.P_LOG, self.head.hash + raw))
        self._heads.append(self.head.hash)
        return entry

    def head_at(self, size: int) -> Head | None:
        """Return the head after the first ``size`` entries, or None while there are fewer."""
        return Head(size, self._heads[size]) if size < len(self._heads) else None

    def last(self, what: What, agency: AgencyId, subject: bytes) -> Statement | None:
        """Return the subject's last statement of this kind: the next one must follow it."""
        return self._last.get((what, agency, subject))

    def root(self, agency: AgencyId) -> RootPayload:
        """Return the agency's root; raise NotPinnedError when it has none here."""
        if agency not in self._roots:
            raise NotPinnedError("the agency has no pinned root here")
        return self._roots[agency]

    def desks(self) -> Iterator[Desk]:
        """Yield every desk, oldest first."""
        yield from self._desks.values()

    def desk(self, desk: DeskId) -> Desk:
        """Return the desk of this id; raise UnknownDeskError when there is none."""
        if desk not in self._desks:
            raise UnknownDeskError("the directory has no desk of this id")
        return self._desks[desk]

    def desk_named(self, slug: str) -> Desk:
        """Return the desk of this slug; raise UnknownDeskError when there is none."""
        for desk in self._desks.values():
            if desk.payload.slug == slug:
                return desk
        known = ", ".join(desk.payload.slug for desk in self._desks.values()) or "none"
        raise UnknownDeskError(f"no desk {slug}; known: {known}")

    def signer(self, kid: KeyId, *, at: int) -> Signer:
        """Return the signer of this key id, valid at ``at`` (ts) as is its desk.

        Of several statements about a key or desk, the last that had begun by then decides: one that
        prolongs it takes nothing back, and one that ends it sooner leaves what was signed before.

        Raises:
            UnknownSignerError: no such key, or it or its desk does not count at that time.
        """
        signer = self._signers.get(kid)
        if signer is None:
            raise UnknownSignerError("the directory has no key of this id")
        for what, subject in ((What.DEVICE, kid), (What.DESK, signer.payload.desk)):
            if not self._counts(what, subject, at):
                raise UnknownSignerError(f"the {what.name.lower()} does not count at {at}")
        return signer

    def whose(self, kid: KeyId) -> Signer:
        """Return whose key this is, whatever its validity; raise UnknownSignerError if nobody's."""
        if kid not in self._signers:
            raise UnknownSignerError("the directory has no key of this id")
        return self._signers[kid]

    def signers(self, desk: DeskId, role: Role) -> list[Signer]:
        """Return the desk's keys of this role, oldest first, whatever their validity."""
        return [
            s for s in self._signers.values() if s.payload.desk == desk and s.payload.role is role
        ]

    def window(self, kid: KeyId) -> tuple[DeskId, Window]:
        """Return the desk and window of this key id; raise NoWindowError when there is none."""
        if kid not in self._windows:
            raise NoWindowError("the directory has no window of this id")
        return self._windows[kid]

    def windows(self, desk: DeskId) -> list[Window]:
        """Return the desk's windows in order of their weeks."""
        found = self._windows_of.get(desk, {}).values()
        return sorted(found, key=lambda window: window.not_before)

    def open_window(self, desk: DeskId, *, at: int) -> Window:
        """Return the desk's window for the time ``at`` (ts), or its last when the office is closed.

        Raises:
            NoWindowError: the desk never published a window that had begun by then.
        """
        begun = [window for window in self.windows(desk) if window.not_before <= at]
        if not begun:
            raise NoWindowError(f"{self.desk(desk).payload.slug} has published no window yet")
        return begun[-1]

    def latest_expiry(self, kids: Iterable[KeyId], *, at: int) -> int:
        """Return until when (ts) mail wrapped to these windows at ``at`` may wait to be fetched.

        Fourteen days after the earliest of them ends. A desk's last window is kept in use past
        its week, so an office that was closed too long to publish can still be sent a rescue.

        Raises:
            NoWindowError: no window of such an id.
        """
        ends = []
        for kid in kids:
            desk, window = self.window(kid)
            is_last = window.not_after == self.windows(desk)[-1].not_after
            ends.append(max(window.not_after, at) if is_last else window.not_after)
        return min(ends) + MAIL_WAITS

    def grant_key(self, device: KeyId) -> GrantKey:
        """Return the device's grant key that counts now; raise NoGrantKeyError if it has none."""
        if device not in self._grant_keys:
            raise NoGrantKeyError("the device has stated no grant key")
        return self._grant_keys[device]

    def grantee(self, kid: KeyId) -> Signer:
        """Return the device whose grant key this is or was; raise NoGrantKeyError if it is none."""
        if kid not in self._granted_to:
            raise NoGrantKeyError("the directory has no grant key of this id")
        return self._signers[self._granted_to[kid]]

    def infra(self, kind: InfraKind, *, agency: AgencyId | None = None) -> list[Infra]:
        """Return the brokers or witnesses that ``agency`` (or any) relies on, oldest first."""
        return [
            item
            for item in self._infra.values()
            if item.payload.kind is kind and agency in (None, item.agency)
        ]

    def _counts(self, what: What, subject: bytes, at: int) -> bool:
        begun = [ends for begins, ends in self._spans.get((what, subject), []) if begins <= at]
        return bool(begun) and at < begun[-1]

    def _check_chain(self, statement: Statement) -> None:
        last = self.last(statement.what, statement.agency, statement.subject)
        expected = (1, None) if last is None else (last.serial + 1, last.digest)
        if (statement.serial, statement.prev) != expected:
            raise BrokenChainError(
                f"serial {statement.serial} does not follow the subject's last, {expected[0] - 1}"
            )

    def _enter(self, entry: Entry, payload: object) -> None:
        match payload:
            case RootPayload():
                self._enter_root(entry, payload)
            case DeskPayload():
                self._enter_desk(entry, payload)
            case DevicePayload():
                self._enter_signer(entry, payload)
            case GrantKey():
                self._enter_grant_key(entry, payload)
            case InfraPayload():
                self._enter_infra(entry, payload)
            case tuple():
                self._enter_windows(entry, payload)

    def _enter_root(self, entry: Entry, payload: RootPayload) -> None:
        statement = entry.statement
        if not 1 <= payload.threshold <= len(payload.keys):
            raise NotAuthorisedError("a root's threshold lies between one and its number of keys")
        if statement.subject != statement.agency:
            raise NotAuthorisedError("a root speaks of its own agency")
        if statement.serial == 1:
            if fingerprint(statement.payload) not in self.pins:
                raise NotPinnedError("this root's fingerprint is not among the pinned ones")
            if agency_id(statement.payload) != statement.agency:
                raise ReboundError("an agency's id is the hash of its first root")
        else:
            self._require_root(entry)
        _require(entry, payload.keys, payload.threshold)
        self._roots[statement.agency] = payload

    def _enter_desk(self, entry: Entry, payload: DeskPayload) -> None:
        desk_id = DeskId(entry.statement.subject)
        self._require_root(entry)
        known = self._desks.get(desk_id)
        if known is not None and known.agency != entry.statement.agency:
            raise ReboundError("this desk id belongs to another agency")
        country = self.root(entry.statement.agency).country.lower()
        if not payload.slug.startswith(f"{country}-"):
            raise NotAuthorisedError(f"a desk of this agency is called {country}-…")
        if any(d.payload.slug == payload.slug and d.id != desk_id for d in self.desks()):
            raise ReboundError(f"another desk is called {payload.slug}")
        supervisors = {key.kid for key in payload.oversight.keys} if payload.oversight else set()
        if any(kid in self._windows or kid in self._granted_to for kid in supervisors):
            raise ReboundError("a supervisor's key is a window's or a grant key")
        self._archive_keys |= supervisors
        self._desks[desk_id] = Desk(desk_id, entry.statement.agency, payload)
        self._note_span(entry.statement, payload)

    def _enter_signer(self, entry: Entry, payload: DevicePayload) -> None:
        desk = self._own_desk(entry, payload.desk)
        kid = _named_by(entry, payload.key)
        _require(entry, desk.payload.registrars, 1)
        known = self._signers.get(kid)
        if known is not None and _bearer(known.payload) != _bearer(payload):
            raise ReboundError("this key already signs at another desk, or for somebody else")
        if any(item.kid == kid for item in self._infra.values()):
            raise ReboundError("this key is already a broker's or witness's")
        self._signers[kid] = Signer(kid, entry.statement.agency, payload)
        self._note_span(entry.statement, payload)

    def _enter_windows(self, entry: Entry, windows: tuple[Window, ...]) -> None:
        desk = self._own_desk(entry, DeskId(entry.statement.subject))
        begins = max(window.not_before for window in windows)
        devices = [
            device
            for device in self.signers(desk.id, Role.DEVICE)
            if begins < device.payload.not_after + PUBLISHED_AHEAD
        ]
        _require(entry, tuple(device.payload.key for device in devices), 1)
        for window in windows:
            is_known = self._windows.get(window.kid, (desk.id, window)) != (desk.id, window)
            if is_known or window.kid in self._granted_to or window.kid in self._archive_keys:
                raise ReboundError("this window already belongs to another desk, week or use")
        self._windows.update({window.kid: (desk.id, window) for window in windows})
        self._windows_of.setdefault(desk.id, {}).update({w.kid: w for w in windows})

    def _enter_grant_key(self, entry: Entry, payload: GrantKey) -> None:
        device = self._signers.get(KeyId(entry.statement.subject))
        if device is None or device.payload.role is not Role.DEVICE:
            raise NotAuthorisedError("a grant key is a device's")
        if device.agency != entry.statement.agency:
            raise NotAuthorisedError("an agency speaks only of its own devices")
        _require(entry, (device.payload.key,), 1)
        stated = payload.kid in self._granted_to
        if stated or payload.kid in self._windows or payload.kid in self._archive_keys:
            raise ReboundError("this grant key was stated before, or has another use")
        self._grant_keys[device.kid] = payload
        self._granted_to[payload.kid] = device.kid

    def _enter_infra(self, entry: Entry, payload: InfraPayload) -> None:
        kid = _named_by(entry, payload.key)
        self._require_root(entry)
        agency = entry.statement.agency
        if kid in self._signers or any(
            item.kid == kid and item.payload != payload for item in self._infra.values()
        ):
            raise ReboundError("this key already has another use or name")
        self._infra[(agency, kid)] = Infra(kid, agency, payload)

    def _note_span(self, statement: Statement, payload: DeskPayload | DevicePayload) -> None:
        spans = self._spans.setdefault((statement.what, statement.subject), [])
        spans.append((payload.not_before, payload.not_after))

    def _own_desk(self, entry: Entry, desk_id: DeskId) -> Desk:
        desk = self.desk(desk_id)
        if desk.agency != entry.statement.agency:
            raise NotAuthorisedError("an agency speaks only of its own desks")
        return desk

    def _require_root(self, entry: Entry) -> None:
        root = self.root(entry.statement.agency)
        _require(entry, root.keys, root.threshold)


def _bearer(payload: DevicePayload) -> tuple[DeskId, str, bool]:
    """Return whose key it is; an officer may be promoted, and nobody turns into a device."""
    return payload.desk, payload.pseudonym, payload.role is Role.DEVICE


def _named_by(entry: Entry, key: VerifyKey) -> KeyId:
    if entry.statement.subject != key.kid:
        raise ReboundError("the subject is not the id of the key")
    return key.kid


def _require(entry: Entry, keys: tuple[VerifyKey, ...], threshold: int) -> None:
    """Raise unless at least ``threshold`` of ``keys`` signed; a signature that fails is refused."""
    by_kid = {key.kid: key for key in keys}
    found = 0
    for kid, signature in entry.signatures:
        if kid in by_kid:
            by_kid[kid].verify(labels.DIRECTORY, entry.statement.raw, signature)
            found += 1
    if found < threshold:
        raise NotAuthorisedError(f"{threshold} signatures of those who may say this; {found} found")
