"""What the directory holds: agencies' roots, desks, signing keys, brokers, windows, revocations.

Follows docs/spec/directory.md. This is what can be asked of a directory; what may enter it is
decided in :mod:`crypto.attest.directory`, and nothing is entered otherwise.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from crypto.attest.hashing import DIGEST_BYTES
from crypto.attest.header import DeskId
from crypto.attest.refusals import (
    NotPinnedError,
    NoWindowError,
    RevokedError,
    UnknownDeskError,
    UnknownSignerError,
)
from crypto.attest.sealing_keys import SealingKeys
from crypto.attest.signing import KeyId
from crypto.attest.statement import (
    AgencyId,
    DeskPayload,
    DevicePayload,
    GrantKey,
    InfraKind,
    InfraPayload,
    Role,
    RootPayload,
    Statement,
    SuccessionPayload,
    What,
    Window,
)
from crypto.attest.succession import Successions
from crypto.attest.validity import Doubt, Revocation, Subject, Validity

GENESIS = bytes(DIGEST_BYTES)


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
    """A signing key as the directory holds it; ``doubts`` are what it was asked for brings up."""

    kid: KeyId
    agency: AgencyId
    payload: DevicePayload
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Infra:
    """A broker's or witness's key, and the agency that relies on it."""

    kid: KeyId
    agency: AgencyId
    payload: InfraPayload


@dataclass(slots=True)
class Register:
    """What all entries so far mean. ``pins`` are the fingerprints typed by two people."""

    pins: frozenset[str]
    head: Head = field(default=Head(0, GENESIS), init=False)
    #: The hash of the log after each entry: what others say of it is compared with this.
    _heads: list[bytes] = field(default_factory=lambda: [GENESIS], init=False)
    _roots: dict[AgencyId, RootPayload] = field(default_factory=dict, init=False)
    _digits: dict[AgencyId, str] = field(default_factory=dict, init=False)
    _desks: dict[DeskId, Desk] = field(default_factory=dict, init=False)
    _signers: dict[KeyId, Signer] = field(default_factory=dict, init=False)
    #: The same by desk: each statement about windows asks for the devices of one.
    _keys_of: dict[DeskId, dict[KeyId, Signer]] = field(default_factory=dict, init=False)
    _sealing: SealingKeys = field(default_factory=SealingKeys, init=False)
    _infra: dict[tuple[AgencyId, KeyId], Infra] = field(default_factory=dict, init=False)
    _successions: Successions = field(default_factory=Successions, init=False)
    #: What was said of each desk, oldest first: it is shown under its name of that time.
    _named: dict[DeskId, list[DeskPayload]] = field(default_factory=dict, init=False)
    #: Which desk has or had each slug: a name that was given away would change old letters.
    _slugs: dict[str, DeskId] = field(default_factory=dict, init=False)
    _validity: Validity = field(default_factory=Validity, init=False)
    _last: dict[tuple[What, AgencyId, bytes], Statement] = field(default_factory=dict, init=False)

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

    def agencies(self) -> list[AgencyId]:
        """Return every agency that has a root here, oldest first."""
        return list(self._roots)

    def is_confirmed(self, agency: AgencyId) -> bool:
        """Say whether the digits of the agency's root that counts now are among the pins.

        New roots stand by the old ones' signatures, and are doubted until people compared them.
        """
        return self._digits.get(agency) in self.pins

    def desks(self) -> Iterator[Desk]:
        """Yield every desk, oldest first."""
        yield from self._desks.values()

    def desk(self, desk: DeskId) -> Desk:
        """Return the desk of this id; raise UnknownDeskError when there is none."""
        if desk not in self._desks:
            raise UnknownDeskError("the directory has no desk of this id")
        return self._desks[desk]

    def desk_at(self, desk: DeskId, *, at: int) -> Desk:
        """Return the desk as it was named at ``at`` (ts), or first, where that is earlier.

        Raises:
            UnknownDeskError: no such desk.
        """
        known, payloads = self.desk(desk), self._named[desk]
        begun = [payload for payload in payloads if payload.not_before <= at]
        return replace(known, payload=begun[-1] if begun else payloads[0])

    def former_names(self, desk: DeskId) -> list[tuple[str, str, str]]:
        """Return the names that a desk had before those of now, each once, oldest first."""
        named = dict.fromkeys(payload.names for payload in self._named.get(desk, []))
        return [names for names in named if names != self.desk(desk).payload.names]

    def successor(self, desk: DeskId, *, at: int, thread: bytes | None = None) -> DeskId:
        """Return the desk that has the place of ``desk`` at ``at`` (ts): itself, while none has.

        Args:
            desk: the desk that is written to.
            at: when.
            thread: in which case; None for a new one.
        """
        return self._successions.successor(desk, at=at, thread=thread)

    def predecessors(self, desk: DeskId, *, at: int) -> list[DeskId]:
        """Return the desks whose place ``desk`` has, in part or whole, at ``at`` (ts)."""
        return self._successions.predecessors(desk, at=at)

    def before(self, desk: DeskId) -> list[DeskId]:
        """Return the desks whose place ``desk`` has or will have, whenever that begins."""
        return self._successions.before(desk)

    def heirs(self, desk: DeskId) -> list[DeskId]:
        """Return who follows ``desk`` in all that nobody else was given, from whatever day."""
        return self._successions.heirs(desk)

    def inherited(self, desk: DeskId) -> list[DeskId]:
        """Return the desks of which ``desk`` is an heir: their mail is for it to open."""
        return self._successions.inherited(desk)

    def names_of(self, desk: DeskId) -> set[str]:
        """Return every slug by which the desk, or one whose place it has, is or was called."""
        desks = {desk, *self.before(desk)}
        return {slug for slug, one in self._slugs.items() if one in desks}

    def successions(self, desk: DeskId) -> list[SuccessionPayload]:
        """Return who was named to follow a desk, from whatever day."""
        return self._successions.of(desk)

    def desk_named(self, slug: str) -> Desk:
        """Return the desk that is or was called so; raise UnknownDeskError when there is none."""
        if slug in self._slugs:
            return self._desks[self._slugs[slug]]
        known = ", ".join(desk.payload.slug for desk in self._desks.values()) or "none"
        raise UnknownDeskError(f"no desk {slug}; known: {known}")

    def signer(self, kid: KeyId, *, at: int, index: int | None = None) -> Signer:
        """Return the signer of this key id, who counts at ``at`` (ts) as does its desk.

        Args:
            kid: the key.
            at: the time at which it must count.
            index: the ledger's leaf of what it signed: a revocation further on takes nothing back.
                None is now, and any revocation that is known counts.

        Raises:
            UnknownSignerError: no such key, or it or its desk does not count at that time.
            RevokedError: it or its desk was revoked before.
        """
        signer = self.whose(kid)
        doubts = [
            doubt
            for subject in (key_of(signer), self._desk_of(signer))
            for doubt in self._validity.doubts(subject, at=at, index=index)
        ]
        if not self.is_confirmed(signer.agency):
            doubts.append(Doubt.UNCONFIRMED_ROOT)
        return replace(signer, doubts=tuple(dict.fromkeys(doubts))) if doubts else signer

    def whose(self, kid: KeyId) -> Signer:
        """Return whose key this is, whether or not it counts: for what was checked when it came.

        Raises:
            UnknownSignerError: no such key.
        """
        if kid not in self._signers:
            raise UnknownSignerError("the directory has no key of this id")
        return self._signers[kid]

    def signers(self, desk: DeskId, role: Role) -> list[Signer]:
        """Return the desk's keys of this role, oldest first, unless revoked."""
        return [
            s
            for s in self._keys_of.get(desk, {}).values()
            if s.payload.role is role and not self.is_revoked(s)
        ]

    def keys_of(self, desk: DeskId) -> list[Signer]:
        """Return every signing key of the desk, oldest first, revoked or not."""
        return [*self._keys_of.get(desk, {}).values()]

    def is_revoked(self, subject: "Desk | Signer") -> bool:
        """Say whether a desk was revoked, or a key or the desk that it is of."""
        if isinstance(subject, Desk):
            return self._validity.is_revoked((What.DESK, subject.agency, subject.id))
        subjects = (key_of(subject), self._desk_of(subject))
        return any(self._validity.is_revoked(one) for one in subjects)

    def revocations(self) -> list[Revocation]:
        """Return all revocations, in the order of their entries."""
        return self._validity.revocations()

    def unplaced(self) -> list[Revocation]:
        """Return the revocations of which it is not known where in the ledger they stand."""
        return [one for one in self.revocations() if not self._validity.is_placed(one.size)]

    def place(self, size: int, index: int) -> None:
        """Take note at which leaf of the ledger the entry number ``size`` stands.

        Until then nothing that the ledger holds is known to stand before a revocation.
        """
        self._validity.place(size, index)

    def share_places(self, other: "Register") -> None:
        """Know of the places of entries whatever ``other`` knows, now and later.

        ``other`` has the entries with which this one begins.
        """
        self._validity.share_places(other._validity)  # noqa: SLF001 - one of our own kind

    def window(self, kid: KeyId) -> tuple[DeskId, Window]:
        """Return the desk and window of this key id; raise NoWindowError when there is none."""
        return self._sealing.window(kid)

    def windows(self, desk: DeskId) -> list[Window]:
        """Return the desk's windows in order of their weeks, those of one week as published."""
        return self._sealing.windows(desk)

    def fresh_windows(self, desk: DeskId) -> list[Window]:
        """Return those of the desk's windows that no revoked key may open."""
        return self._sealing.fresh_windows(desk)

    def exposed_since(self, desk: DeskId) -> int:
        """Return the number of the entry that exposed the desk's windows last; 0 for none."""
        sizes = [
            one.size
            for one in self.revocations()
            if one.subject[0] is What.DEVICE
            and self._signers[KeyId(one.subject[2])].payload.desk == desk
        ]
        return max(sizes, default=0)

    def is_exposed(self, kid: KeyId) -> bool:
        """Say whether a key that was revoked may open this window."""
        return self._sealing.is_exposed(kid)

    def open_window(self, desk: DeskId, *, at: int, size: int | None = None) -> Window:
        """Return the window to seal to for the desk at ``at`` (ts), or its last when it is closed.

        Of those that no revoked key may open the one begun last, and only for want of one of them
        another (docs/spec/directory.md, "Windows").

        Args:
            desk: the desk that is written to.
            at: when.
            size: how many entries whoever chooses has seen; None for all.

        Raises:
            UnknownDeskError: no such desk.
            RevokedError: the desk was revoked.
            NoWindowError: the desk never published a window that had begun by then.
        """
        known = self.desk(desk)
        if self.is_revoked(known):
            raise RevokedError("the desk was revoked: nobody writes to it")
        window = self._sealing.open_window(desk, at=at, size=size)
        if window is None:
            raise NoWindowError(f"{known.payload.slug} has published no window yet")
        return window

    def latest_expiry(self, kids: Iterable[KeyId], *, at: int) -> int:
        """Return until when (ts) mail wrapped to these windows at ``at`` may wait to be fetched.

        Raises:
            NoWindowError: no window of such an id.
        """
        return self._sealing.latest_expiry(kids, at=at)

    def grant_key(self, device: KeyId) -> GrantKey:
        """Return the device's grant key that counts now.

        Raises:
            NoGrantKeyError: it has stated none.
            RevokedError: the device was revoked.
        """
        key = self._sealing.grant_key(device)
        if self.is_revoked(self._signers[device]):
            raise RevokedError("the device was revoked: nothing is given to it")
        return key

    def grantee(self, kid: KeyId) -> Signer:
        """Return the device whose grant key this is or was; raise NoGrantKeyError if it is none."""
        return self._signers[self._sealing.grantee(kid)]

    def infra(self, kind: InfraKind, *, agency: AgencyId | None = None) -> list[Infra]:
        """Return the brokers or witnesses that ``agency`` (or any) relies on, oldest first."""
        return [
            item
            for item in self._infra.values()
            if item.payload.kind is kind
            and agency in (None, item.agency)
            and not self._validity.is_revoked((What.INFRA, item.agency, item.kid))
        ]

    def _desk_of(self, signer: Signer) -> Subject:
        return What.DESK, signer.agency, signer.payload.desk


def key_of(signer: Signer) -> Subject:
    """Return under what the validity of a signing key is kept."""
    return What.DEVICE, signer.agency, signer.kid
