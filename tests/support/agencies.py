"""Agencies founded for a test, with the project's own ceremony: desks, devices, officers, windows.

A corridor of two countries at a given time: a local desk each that may write to the other, the desk
above each, to which it escalates, and a further Vietnamese desk without a channel. Keys are drawn
anew in each corridor; where the same keys are wanted in every run, use ``tests.support.world``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crypto.attest.directory import Directory, Head
from crypto.attest.header import ClockToken, DeskId, PriorityClass, StartClock
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import (
    AgencyId,
    DeskPayload,
    DevicePayload,
    InfraKind,
    Reason,
    RevocationPayload,
    Role,
    Window,
)
from crypto.seal.attachment import Attachment
from crypto.seal.ceremony import (
    VALIDITY,
    publish_windows,
    revoke,
)
from crypto.seal.content import Content, Kind, Lane, ReaderRole, ThreadId
from crypto.seal.envelope import Outside, seal
from crypto.seal.primitives import fresh
from crypto.seal.readers import Reader, with_readers
from crypto.seal.windows import OwnWindow, make_window, weeks_wanted
from tests.support.founding import Holders, found_holders

DAY = 86_400
MONGCAI, QUANGNINH, MONGCAI_2 = "vn-mongcai-1", "vn-quangninh", "vn-mongcai-2"
DONGXING, FANGCHENGGANG = "cn-dongxing", "cn-fangchenggang"
CHANNELS = frozenset({(MONGCAI, DONGXING), (DONGXING, MONGCAI)})


def draw_key() -> SigningKey:
    """Return a new signing key."""
    return SigningKey.from_seed(fresh(32))


@dataclass(slots=True)
class Office:
    """A desk with the keys of its people; its first device has published the windows."""

    id: DeskId
    slug: str
    agency: AgencyId
    devices: list[SigningKey]
    officer: SigningKey
    windows: list[OwnWindow]

    @property
    def device(self) -> SigningKey:
        """Return its first device's key."""
        return self.devices[0]

    @property
    def window(self) -> Window:
        """Return its window of this week."""
        return self.windows[0].window


@dataclass(slots=True)
class Founded:
    """An agency with those who speak for it, and the entries of all it has said."""

    held: Holders
    entries: list[bytes]
    offices: dict[str, Office] = field(default_factory=dict)

    @property
    def id(self) -> AgencyId:
        """Return the agency's id."""
        return self.held.agency

    @property
    def pin(self) -> str:
        """Return the digits of its root."""
        return self.held.pin

    @property
    def roots(self) -> tuple[SigningKey, ...]:
        """Return the shares of its root."""
        return self.held.roots

    @property
    def registrar(self) -> SigningKey:
        """Return its registrar's key."""
        return self.held.registrar

    def rely_on(self, kind: InfraKind, key: SigningKey, name: str) -> bytes:
        """Return the entry by which the agency relies on a broker or witness, added to its own."""
        entry = self.held.rely_on(kind, key, name)
        self.entries.append(entry)
        return entry

    def enrol(
        self, office: Office, role: Role, *, at: int, validity: int = VALIDITY
    ) -> tuple[SigningKey, bytes]:
        """Return a new key of ``role`` at ``office`` and its entry, valid from an hour before."""
        key = draw_key()
        pseudonym = f"{role.name}-{len(self.entries)}"
        begins = at - 3_600
        payload = DevicePayload(
            key.verify_key, office.id, role, pseudonym, begins, begins + validity
        )
        return key, self.held.admit(payload, key)

    def revoke(self, subject: bytes, *, at: int, reason: Reason = Reason.LOST) -> bytes:
        """Return the entry that revokes a key of the agency's, by its registrar."""
        payload = RevocationPayload(at, reason)
        return revoke(self.id, subject, payload, signers=[self.registrar])

    def close(self, office: Office, *, at: int) -> bytes:
        """Return the entry that revokes a whole office, by the root."""
        payload = RevocationPayload(at, Reason.CLOSED)
        return revoke(self.id, office.id, payload, signers=self.roots[1:])

    def open_office(
        self, slug: str, *, at: int, above: DeskId | None, broker: KeyId, devices: int
    ) -> Office:
        """Return a new office of the agency with its people and windows; entries are added."""
        desk = DeskId(fresh(16))
        payload = DeskPayload(
            (self.registrar.verify_key,),
            slug,
            (slug, slug, slug),
            at - DAY,
            at - DAY + VALIDITY,
            above,
            broker,
        )
        self.entries.append(self.held.name(desk, payload))
        office = Office(desk, slug, self.id, [], draw_key(), [])
        for _ in range(devices):
            key, entry = self.enrol(office, Role.DEVICE, at=at)
            office.devices.append(key)
            self.entries.append(entry)
        office.officer, entry = self.enrol(office, Role.OFFICER, at=at)
        office.windows = [make_window(begins) for begins in weeks_wanted(None, at=at)]
        windows = [own.window for own in office.windows]
        self.entries += [
            entry,
            publish_windows(self.id, desk, windows, device=office.device, after=None),
        ]
        self.offices[slug] = office
        return office


def found(country: str) -> Founded:
    """Return a new agency of ``country`` with a root of three keys, of which two must sign."""
    roots = [draw_key() for _ in range(3)]
    held = found_holders(country, (country, country, country), roots, draw_key())
    return Founded(held, [held.root_entry])


@dataclass(slots=True)
class Corridor:
    """Two agencies at the time ``at`` (ts), and what their desks write."""

    at: int
    vietnam: Founded
    china: Founded

    @property
    def pins(self) -> list[str]:
        """Return the fingerprints of both roots."""
        return [self.vietnam.pin, self.china.pin]

    @property
    def entries(self) -> list[bytes]:
        """Return all entries of both agencies, in an order in which they stand."""
        return [*self.vietnam.entries, *self.china.entries]

    @property
    def directory(self) -> Directory:
        """Return the directory of all entries."""
        return Directory.replay(self.pins, self.entries)

    def office(self, slug: str) -> Office:
        """Return the office of this slug."""
        return (self.vietnam.offices | self.china.offices)[slug]

    def seal(  # noqa: PLR0913 - each test changes one part of a message
        self,
        source: str = MONGCAI,
        to: Sequence[str] = (DONGXING,),
        *,
        priority: PriorityClass = PriorityClass.ROUTINE,
        start: StartClock | None = None,
        stop: Sequence[ClockToken] = (),
        exp: int | None = None,
        text: str = "chuyện mật",
        own_copy: bool = True,
        readers: Sequence[Reader] | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> bytes:
        """Return an envelope from one office to others; ``exp`` is a week from ``at`` by default.

        ``readers`` are the addressed offices' windows (and one's own) unless they are given.
        """
        src, dst = self.office(source), [self.office(slug) for slug in to]
        if readers is None:
            readers = [Reader(office.window, ReaderRole.DESK) for office in dst]
            readers += [Reader(src.window, ReaderRole.OWN_COPY)] if own_copy else []
        outside = Outside(
            src.id,
            tuple(sorted(office.id for office in dst)),
            priority,
            start,
            tuple(sorted(stop)),
            self.at + 7 * DAY if exp is None else exp,
        )
        step = step_of(src, outside, text=text, head=self.directory.head, at=self.at)
        content = with_readers(replace(step, attachments=attachments), readers)
        return seal(content, outside, readers=readers, signer=src.officer)


def seal_step(
    src: Office, outside: Outside, readers: Sequence[Reader], *, text: str, head: Head, at: int
) -> bytes:
    """Return the envelope of a first step with ``text``, sealed by the officer of ``src``."""
    content = step_of(src, outside, text=text, head=head, at=at)
    return seal(with_readers(content, readers), outside, readers=readers, signer=src.officer)


def step_of(src: Office, outside: Outside, *, text: str, head: Head, at: int) -> Content:
    """Return a first step with ``text`` by the officer of ``src``."""
    return Content(
        src.officer.kid,
        Kind.STEP,
        at,
        ThreadId(fresh(16)),
        {desk: Lane(1, None) for desk in outside.dst},
        (),
        head,
        "vi",
        "",
        text,
    )


def found_corridor(at: int, *, broker: KeyId, devices: int = 2) -> Corridor:
    """Return the corridor at ``at`` (ts), its desks served by ``broker``, with so many devices."""
    vietnam, china = found("VN"), found("CN")
    for agency, above, below in (
        (vietnam, QUANGNINH, (MONGCAI, MONGCAI_2)),
        (china, FANGCHENGGANG, (DONGXING,)),
    ):
        upper = agency.open_office(above, at=at, above=None, broker=broker, devices=1)
        for slug in below:
            agency.open_office(slug, at=at, above=upper.id, broker=broker, devices=devices)
    return Corridor(at, vietnam, china)
