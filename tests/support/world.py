"""Three agencies with a desk each, founded from fixed seeds: the same keys in every run.

Everything here is made with the project's own ceremony; only the seeds, which a ceremony draws, are
derived from names, so that vectors can be made again.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from crypto.attest.directory import Directory
from crypto.attest.encoding import Value
from crypto.attest.header import ClockToken, DeskId, PriorityClass, StartClock
from crypto.attest.payload import prove_possession
from crypto.attest.pin import fingerprint
from crypto.attest.signing import KeyId, SigningKey, key_id
from crypto.attest.statement import (
    AgencyId,
    ArchiveKey,
    DeskPayload,
    DevicePayload,
    GrantKey,
    InfraKind,
    InfraPayload,
    Oversight,
    Role,
    Window,
)
from crypto.seal.ceremony import (
    VALIDITY,
    grant_key,
    name_infra,
    parse_request,
    publish_windows,
    request_key,
    state_grant_key,
)
from crypto.seal.content import Content, Kind, Lane, ReaderRole, ThreadId
from crypto.seal.envelope import Outside
from crypto.seal.primitives import OpeningKey
from crypto.seal.readers import Reader, with_readers
from crypto.seal.windows import WEEK, OwnGrantKey, OwnWindow
from tests.support.founding import found_holders

#: Monday 2 March 2026, 08:00 UTC; the week began eight hours before.
NOW = 1_772_438_400
MONDAY = NOW - 8 * 3_600


def seed(name: str) -> bytes:
    """Return the 32 bytes that stand for a drawn seed of this name."""
    return sha256(f"liaison test {name}".encode()).digest()


def signing_key(name: str) -> SigningKey:
    """Return the signing key of this name."""
    return SigningKey.from_seed(seed(name))


def window(name: str, begins: int = MONDAY) -> OwnWindow:
    """Return the window of this name for the week that begins at ``begins`` (ts)."""
    secret = seed(f"window {name} {begins}")
    public = OpeningKey.from_seed(secret).public
    return OwnWindow(Window(key_id(public), public, begins, begins + WEEK), secret)


def own_grant_key(name: str) -> OwnGrantKey:
    """Return the grant key of this name."""
    secret = seed(f"grant key {name}")
    public = OpeningKey.from_seed(secret).public
    return OwnGrantKey(GrantKey(key_id(public), public), secret)


def archive_key(name: str) -> ArchiveKey:
    """Return the archive key of the supervisor of this name."""
    public = OpeningKey.from_seed(seed(f"archive key {name}")).public
    return ArchiveKey(key_id(public), public)


def oversight(name: str) -> Oversight:
    """Return two panels of two supervisors each."""
    keys = [archive_key(f"{name} {n}") for n in range(4)]
    return Oversight(tuple(keys[:2]), tuple(keys[2:]))


BROKER = signing_key("broker")


@dataclass(frozen=True, slots=True)
class Post:
    """One agency and its desk: every key that its people hold, and the entries that say so."""

    agency: AgencyId
    desk: DeskId
    slug: str
    root_payload: bytes
    roots: tuple[SigningKey, ...]
    registrar: SigningKey
    device: SigningKey
    officer: SigningKey
    approver: SigningKey
    windows: tuple[OwnWindow, ...]
    entries: tuple[bytes, ...]

    @property
    def pin(self) -> str:
        """Return the digits of the agency's root."""
        return fingerprint(self.root_payload)

    @property
    def window(self) -> Window:
        """Return the desk's window for this week."""
        return self.windows[0].window

    @property
    def opening(self) -> dict[KeyId, OpeningKey]:
        """Return the windows that the desk can open, by key id."""
        return {own.window.kid: OpeningKey.from_seed(own.seed) for own in self.windows}


def desk_payload(
    slug: str,
    registrar: SigningKey,
    *,
    begins: int = MONDAY,
    ends: int = MONDAY + VALIDITY,
    panels: Oversight | None = None,
) -> DeskPayload:
    """Return what a root says of a desk."""
    names = (f"{slug} (vi)", f"{slug} (zh)", f"{slug} (en)")
    return DeskPayload((registrar.verify_key,), slug, names, begins, ends, None, BROKER.kid, panels)


def key_payload(
    key: SigningKey,
    desk: DeskId,
    role: Role,
    pseudonym: str,
    *,
    begins: int = MONDAY,
    ends: int = MONDAY + VALIDITY,
) -> DevicePayload:
    """Return what a registrar says of a signing key."""
    return DevicePayload(key.verify_key, desk, role, pseudonym, begins, ends)


@cache
def found(country: str, slug: str) -> Post:
    """Return a new agency of ``country`` with the desk ``slug``, enrolled and with two windows."""
    registrar = signing_key(f"{slug} registrar")
    names = (f"{country} (vi)", f"{country} (zh)", f"{country} (en)")
    roots = [signing_key(f"{slug} root {n}") for n in range(3)]
    held = found_holders(country, names, roots, registrar)
    desk = DeskId(seed(f"{slug} desk")[:16])
    device, officer, approver = (
        signing_key(f"{slug} {who}") for who in ("device", "officer", "approver")
    )
    entries = [
        held.root_entry,
        held.name(desk, desk_payload(slug, registrar)),
        *(
            held.admit(key_payload(key, desk, role, name), key)
            for key, role, name in (
                (device, Role.DEVICE, f"{country}-D1"),
                (officer, Role.OFFICER, f"{country}-07"),
                (approver, Role.APPROVER, f"{country}-01"),
            )
        ),
    ]
    windows = (window(slug), window(slug, MONDAY + WEEK))
    published = [own.window for own in windows]
    entries.append(publish_windows(held.agency, desk, published, device=device, after=None))
    return Post(
        held.agency,
        desk,
        slug,
        held.root_payload,
        held.roots,
        registrar,
        device,
        officer,
        approver,
        windows,
        tuple(entries),
    )


HERE = found("VN", "vn-mongcai-1")
THERE = found("CN", "cn-dongxing")
THIRD = found("LA", "la-third")


#: A second device of the first agency's desk, and the grant keys that each of its devices states.
SECOND = signing_key(f"{HERE.slug} second device")
FIRSTS_GRANT_KEY, SECONDS_GRANT_KEY = own_grant_key("first"), own_grant_key("second")


def second_device() -> tuple[bytes, ...]:
    """Return the entries that admit the second device and state both devices' grant keys."""
    payload = key_payload(SECOND, HERE.desk, Role.DEVICE, "VN-D2")
    request = parse_request(request_key(HERE.agency, payload, SECOND))
    return (
        grant_key(request, HERE.registrar, after=None),
        state_grant_key(HERE.agency, FIRSTS_GRANT_KEY.key, device=HERE.device, after=None),
        state_grant_key(HERE.agency, SECONDS_GRANT_KEY.key, device=SECOND, after=None),
    )


def broker_entry(post: Post) -> bytes:
    """Return the entry by which the agency of ``post`` relies on the broker."""
    payload = InfraPayload(InfraKind.BROKER, BROKER.verify_key, "broker.example/ledger")
    return name_infra(post.agency, prove_possession(payload, BROKER), signers=post.roots[:2])


def directory(*posts: Post) -> Directory:
    """Return the directory of ``posts``, by default of all three, each root pinned."""
    chosen = posts or (HERE, THERE, THIRD)
    entries = (entry for post in chosen for entry in post.entries)
    return Directory.replay((post.pin for post in chosen), entries)


def readers(*addressed: Post, copy: Post | None = None) -> list[Reader]:
    """Return a reader for each addressed desk, and one for the sender's own copy."""
    own = [] if copy is None else [Reader(copy.window, ReaderRole.OWN_COPY)]
    return [*(Reader(post.window, ReaderRole.DESK) for post in addressed), *own]


def outside(*addressed: Post, src: Post = HERE) -> Outside:
    """Return the outside of a rescue message from ``src`` with a clock of half an hour."""
    return Outside(
        src=src.desk,
        dst=tuple(sorted(post.desk for post in addressed)),
        priority=PriorityClass.RESCUE,
        start=StartClock(ClockToken(seed("clock")[:16]), NOW + 1_800),
        stop=(),
        exp=NOW + 14 * 86_400,
    )


#: What casework might say; this floor carries it unread.
PERSON: dict[str, Value] = {"ref": "P1", "age": 17}
FORM: dict[str, Value] = {"act": "request", "urgent": True, "persons": [PERSON]}


def content(
    *addressed: Post, sender: SigningKey = HERE.officer, wrapped: list[Reader] | None = None
) -> Content:
    """Return a first step to ``addressed``, for ``wrapped`` (by default a reader for each)."""
    step = Content(
        sender=sender.kid,
        kind=Kind.STEP,
        created=NOW,
        thread=ThreadId(seed("thread")[:16]),
        lanes={post.desk: Lane(1, None) for post in addressed},
        parents=(),
        dirhead=directory().head,
        lang="vi",
        subject="Yêu cầu giải cứu",
        text="Hai mươi hai người, lần cuối thấy ở Đông Hưng.",
        form=FORM,
    )
    return with_readers(step, wrapped or readers(*addressed))
