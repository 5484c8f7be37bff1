"""The directory: which agencies, desks, keys and windows exist, as a chain that anyone can check.

Follows docs/spec/directory.md. The log orders entries by hashing each onto the head before it; who
may say what is decided here, from roots that were pinned in person and from nothing else: root
(threshold of its keys) -> desk -> device -> windows. An entry that does not stand changes nothing.
Trust on first use does not exist: a root whose fingerprint is not among the pins is refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.hashing import digest
from crypto.attest.header import DeskId
from crypto.attest.payload import decode_payload
from crypto.attest.pin import fingerprint
from crypto.attest.refusals import (
    BrokenChainError,
    DirectoryError,
    NoGrantKeyError,
    NotAuthorisedError,
    NotPinnedError,
    NoWindowError,
    ReboundError,
    RefusedEntryError,
    RevokedError,
    UnknownDeskError,
    UnknownSignerError,
    UnknownSubjectError,
)
from crypto.attest.register import GENESIS, Desk, Head, Infra, Register, Signer
from crypto.attest.sealing_keys import MAIL_WAITS
from crypto.attest.signing import KeyId, SignatureError, VerifyKey
from crypto.attest.statement import (
    DeskPayload,
    DevicePayload,
    Entry,
    GrantKey,
    InfraKind,
    InfraPayload,
    RevocationPayload,
    Role,
    RootPayload,
    Statement,
    StatementError,
    SuccessionPayload,
    What,
    Window,
    agency_id,
    parse_entry,
)
from crypto.attest.validity import GRACE, Doubt, Revocation

__all__ = [
    "GENESIS",
    "GRACE",
    "GRANT_WAITS",
    "MAIL_WAITS",
    "BrokenChainError",
    "Desk",
    "Directory",
    "DirectoryError",
    "Doubt",
    "Head",
    "Infra",
    "NoGrantKeyError",
    "NoWindowError",
    "NotAuthorisedError",
    "NotPinnedError",
    "ReboundError",
    "RefusedEntryError",
    "Revocation",
    "RevokedError",
    "Signer",
    "UnknownDeskError",
    "UnknownSignerError",
    "UnknownSubjectError",
]

#: What devices of one desk give each other may wait to be fetched for so long (s): five weeks.
GRANT_WAITS = 5 * 7 * 86_400
#: How long (s) before a window begins it may be published: no device whose time is over says more.
PUBLISHED_AHEAD = 5 * 7 * 86_400


@dataclass(slots=True)
class Directory(Register):
    """All entries so far and what they mean; it grows by what stands and by nothing else."""

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
            NotPinnedError, NotAuthorisedError, BrokenChainError, ReboundError, RevokedError,
            UnknownDeskError, UnknownSubjectError: as their names say.
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
            case RevocationPayload():
                self._enter_revocation(entry, payload)
            case SuccessionPayload():
                self._enter_succession(entry, payload)
            case tuple():
                self._enter_windows(entry, payload)

    def _enter_root(self, entry: Entry, payload: RootPayload) -> None:
        statement = entry.statement
        if not 1 <= payload.threshold <= len(payload.keys):
            raise NotAuthorisedError("a root's threshold lies between one and its number of keys")
        if statement.subject != statement.agency:
            raise NotAuthorisedError("a root speaks of its own agency")
        digits = fingerprint(statement.payload)
        if statement.serial == 1:
            if digits not in self.pins:
                raise NotPinnedError("this root's fingerprint is not among the pinned ones")
            if agency_id(statement.payload) != statement.agency:
                raise ReboundError("an agency's id is the hash of its first root")
        else:
            self._require_root(entry)
            if payload.country != self.root(statement.agency).country:
                raise NotAuthorisedError("an agency stays in the country that it was founded in")
        _require(entry, payload.keys, payload.threshold)
        self._roots[statement.agency] = payload
        self._digits[statement.agency] = digits

    def _enter_desk(self, entry: Entry, payload: DeskPayload) -> None:
        desk_id = DeskId(entry.statement.subject)
        self._require_root(entry)
        self._require_standing(entry.statement)
        known = self._desks.get(desk_id)
        if known is not None and known.agency != entry.statement.agency:
            raise ReboundError("this desk id belongs to another agency")
        country = self.root(entry.statement.agency).country.lower()
        if not payload.slug.startswith(f"{country}-"):
            raise NotAuthorisedError(f"a desk of this agency is called {country}-…")
        if self._slugs.get(payload.slug, desk_id) != desk_id:
            raise ReboundError(f"another desk is or was called {payload.slug}")
        self._sealing.add_oversight(payload.oversight)
        self._desks[desk_id] = Desk(desk_id, entry.statement.agency, payload)
        self._named.setdefault(desk_id, []).append(payload)
        self._slugs[payload.slug] = desk_id
        self._note_span(entry.statement, payload)

    def _enter_signer(self, entry: Entry, payload: DevicePayload) -> None:
        desk = self._own_desk(entry, payload.desk)
        kid = _named_by(entry, payload.key)
        _require(entry, desk.payload.registrars, 1)
        self._require_standing(entry.statement)
        known = self._signers.get(kid)
        if known is not None and _bearer(known.payload) != _bearer(payload):
            raise ReboundError("this key already signs at another desk, or for somebody else")
        if any(item.kid == kid for item in self._infra.values()):
            raise ReboundError("this key is already a broker's or witness's")
        signer = Signer(kid, entry.statement.agency, payload)
        self._signers[kid] = signer
        self._keys_of.setdefault(desk.id, {})[kid] = signer
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
        self._sealing.add_windows(desk.id, windows, self.head.size + 1)

    def _enter_grant_key(self, entry: Entry, payload: GrantKey) -> None:
        device = self._signers.get(KeyId(entry.statement.subject))
        if device is None or device.payload.role is not Role.DEVICE:
            raise NotAuthorisedError("a grant key is a device's")
        if device.agency != entry.statement.agency:
            raise NotAuthorisedError("an agency speaks only of its own devices")
        _require(entry, (device.payload.key,), 1)
        if self.is_revoked(device):
            raise RevokedError("the device was revoked")
        self._sealing.add_grant_key(device.kid, payload)

    def _enter_infra(self, entry: Entry, payload: InfraPayload) -> None:
        kid = _named_by(entry, payload.key)
        self._require_root(entry)
        self._require_standing(entry.statement)
        agency = entry.statement.agency
        if kid in self._signers or any(
            item.kid == kid and item.payload != payload for item in self._infra.values()
        ):
            raise ReboundError("this key already has another use or name")
        named = (item for kind in InfraKind for item in self.infra(kind))
        if any(item.payload.name == payload.name and item.kid != kid for item in named):
            raise ReboundError(f"another key bears the name {payload.name}")
        self._infra[(agency, kid)] = Infra(kid, agency, payload)

    def _enter_revocation(self, entry: Entry, payload: RevocationPayload) -> None:
        agency, subject = entry.statement.agency, entry.statement.subject
        signer = self._signers.get(KeyId(subject))
        if signer is not None and signer.agency == agency:
            desk = self.desk(signer.payload.desk)
            _require(entry, desk.payload.registrars, 1)
            for one in (desk.id, *self.inherited(desk.id)):
                self._sealing.expose(one)
            self._revoke(What.DEVICE, entry, payload)
            return
        self._require_root(entry)
        named = self._desks.get(DeskId(subject))
        if named is not None and named.agency == agency:
            self._revoke(What.DESK, entry, payload)
        elif (agency, KeyId(subject)) in self._infra:
            self._revoke(What.INFRA, entry, payload)
        else:
            raise UnknownSubjectError("the agency has no key or desk of this id to revoke")

    def _enter_succession(self, entry: Entry, payload: SuccessionPayload) -> None:
        """Enter a successor: the roots of both desks must have said it."""
        old, new = self.desk(DeskId(entry.statement.subject)), self.desk(payload.new)
        if old.agency != entry.statement.agency:
            raise NotAuthorisedError("an agency gives away only its own desks")
        self._require_root(entry)
        accepting = self.root(new.agency)
        _require(entry, accepting.keys, accepting.threshold)
        if accepting.country != self.root(old.agency).country:
            raise NotAuthorisedError("a desk is not followed by one of another country")
        if self.is_revoked(new):
            raise RevokedError("the successor was revoked")
        self._successions.enter(old.id, payload)

    def _revoke(self, what: What, entry: Entry, payload: RevocationPayload) -> None:
        subject = (what, entry.statement.agency, entry.statement.subject)
        self._validity.revoke(Revocation(subject, payload, self.head.size + 1))

    def _note_span(self, statement: Statement, payload: DeskPayload | DevicePayload) -> None:
        subject = (statement.what, statement.agency, statement.subject)
        self._validity.note_span(subject, payload.not_before, payload.not_after)

    def _require_standing(self, statement: Statement) -> None:
        """Raise RevokedError for a subject that was revoked: it is never named again."""
        if self._validity.is_revoked((statement.what, statement.agency, statement.subject)):
            raise RevokedError("what was revoked is never named again")

    def _own_desk(self, entry: Entry, desk_id: DeskId) -> Desk:
        desk = self.desk(desk_id)
        if desk.agency != entry.statement.agency:
            raise NotAuthorisedError("an agency speaks only of its own desks")
        if self.is_revoked(desk):
            raise RevokedError("the desk was revoked")
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
