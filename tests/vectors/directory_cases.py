"""The directories of the vectors: entries of which the last stands or is refused, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from crypto.attest.directory import Directory
from crypto.attest.encoding import Value, encode
from crypto.attest.header import DeskId
from crypto.attest.payload import encode_payload, prove_possession
from crypto.attest.pin import fingerprint
from crypto.attest.signing import SigningKey
from crypto.attest.statement import (
    LONGEST_VALIDITY,
    LONGEST_WINDOW,
    DeskPayload,
    DevicePayload,
    InfraKind,
    InfraPayload,
    Role,
    RootPayload,
    Statement,
    What,
    Window,
    agency_id,
    make_statement,
    parse_entry,
    sign_entry,
)
from crypto.seal.ceremony import VALIDITY
from crypto.seal.windows import WEEK
from tests.support.world import (
    BROKER,
    HERE,
    MONDAY,
    NOW,
    THERE,
    THIRD,
    broker_entry,
    desk_payload,
    key_payload,
    seed,
    signing_key,
    window,
)

ROOT, DESK, DEVICE, OFFICER, APPROVER, WINDOWS = HERE.entries
#: An agency with a desk and a device: what most cases begin with.
FOUNDED = (ROOT, DESK, DEVICE)
BOTH = (*FOUNDED, *THERE.entries[:3])
NEW = signing_key("new")
OLD_ROOT = RootPayload(
    tuple(key.verify_key for key in HERE.roots), 2, "VN", ("VN (vi)", "VN (zh)", "VN (en)")
)
NEW_ROOTS = tuple(signing_key(f"new root {n}") for n in range(3))
NEW_ROOT = replace(OLD_ROOT, keys=tuple(key.verify_key for key in NEW_ROOTS))


@dataclass(frozen=True, slots=True)
class DirectoryCase:
    """Entries in order; with ``expect`` other than ``ok`` the last of them is refused."""

    name: str
    comment: str
    expect: str
    entries: tuple[bytes, ...]
    pins: tuple[str, ...] = (HERE.pin, THERE.pin, THIRD.pin)

    def text(self) -> str:
        """Return the vector's text."""
        stands = self.entries if self.expect == "ok" else self.entries[:-1]
        head = Directory.replay(self.pins, stands).head
        lines = [
            f"comment: {self.comment}",
            f"expect: {self.expect}",
            *(f"pin: {pin}" for pin in self.pins),
            *(f"entry: {entry.hex()}" for entry in self.entries),
            f"head: {head.size} {head.hash.hex()}",
        ]
        return "\n".join(lines) + "\n"


def entry(
    what: What,
    payload: bytes,
    signers: Sequence[SigningKey],
    *,
    subject: bytes = HERE.desk,
    agency: bytes = HERE.agency,
    after: bytes | None = None,
) -> bytes:
    """Return a signed entry, by default about the desk of the first agency."""
    return sign_entry(
        make_statement(
            what,
            agency=type(HERE.agency)(agency),
            subject=subject,
            payload=payload,
            after=None if after is None else parse_entry(after).statement,
        ),
        signers,
    )


def key_entry(
    payload: DevicePayload, key: SigningKey, *, by: SigningKey = HERE.registrar, **about: bytes
) -> bytes:
    """Return an entry that admits ``key`` with its proof of possession."""
    about.setdefault("subject", payload.key.kid)
    return entry(What.DEVICE, prove_possession(payload, key), [by], **about)


def published(
    *windows: Window, by: SigningKey = HERE.device, subject: bytes = HERE.desk, **about: bytes
) -> bytes:
    """Return an entry that publishes ``windows``."""
    return entry(What.WINDOWS, encode_payload(windows), [by], subject=subject, **about)


def named(payload: DeskPayload, signers: Sequence[SigningKey] = HERE.roots[:2]) -> bytes:
    """Return an entry that names a new desk of the first agency."""
    return entry(What.DESK, encode_payload(payload), signers, subject=seed(payload.slug)[:16])


def rotation(signers: Sequence[SigningKey], payload: RootPayload = NEW_ROOT) -> bytes:
    """Return an entry that gives the first agency new roots."""
    raw = encode_payload(payload)
    return entry(What.ROOT, raw, signers, subject=HERE.agency, after=ROOT)


def unsigned(statement: Statement, signatures: list[Value]) -> bytes:
    """Return an entry with these very signatures."""
    return encode([statement.raw, signatures])


def good() -> Iterator[DirectoryCase]:
    """Yield the directories that stand whole."""
    three = (*HERE.entries, *THERE.entries, *THIRD.entries)
    yield DirectoryCase("three-agencies", "three agencies with a desk each", "ok", three)
    yield DirectoryCase(
        "one-broker-for-two",
        "two agencies rely on one broker",
        "ok",
        (*FOUNDED, *THERE.entries[:2], broker_entry(HERE), broker_entry(THERE)),
    )
    new_desk = desk_payload(HERE.slug, HERE.registrar, begins=NOW, ends=NOW + VALIDITY)
    renewed = entry(What.DESK, encode_payload(new_desk), NEW_ROOTS[:2], after=DESK)
    yield DirectoryCase(
        "roots-renewed",
        "two of the old and two of the new roots sign the new ones, which then renew the desk",
        "ok",
        (*FOUNDED, rotation([*HERE.roots[:2], *NEW_ROOTS[:2]]), renewed),
    )
    promoted = key_payload(HERE.officer, HERE.desk, Role.SUPERVISOR, "VN-07")
    yield DirectoryCase(
        "an-officer-promoted",
        "the same key and pseudonym with another role of a person",
        "ok",
        (*FOUNDED, OFFICER, key_entry(promoted, HERE.officer, after=OFFICER)),
    )
    yield DirectoryCase(
        "a-window-published-again",
        "the same window in a later statement is no rebinding",
        "ok",
        (*FOUNDED, WINDOWS, published(HERE.window, after=WINDOWS)),
    )
    other = sign_entry(parse_entry(OFFICER).statement, [HERE.registrar, NEW])
    yield DirectoryCase(
        "a-signature-by-a-stranger",
        "a signature by a key that has no say is carried and counts for nothing",
        "ok",
        (*FOUNDED, other),
    )


def roots() -> Iterator[tuple[str, str, str, bytes]]:
    """Yield what is refused of a root: name, comment, code and entry after FOUNDED."""
    raw = encode_payload(OLD_ROOT)
    yield (
        "root-signed-by-one",
        "one of two signatures",
        "directory.not_authorised",
        rotation([*HERE.roots[:2], NEW_ROOTS[0]]),
    )
    yield (
        "root-without-the-old",
        "new roots that only themselves vouch for",
        "directory.not_authorised",
        rotation(NEW_ROOTS[:2]),
    )
    yield (
        "root-without-the-new",
        "the new keys have not signed",
        "directory.not_authorised",
        rotation(HERE.roots[:2]),
    )
    for threshold in (0, 4):
        payload = replace(NEW_ROOT, threshold=threshold)
        yield (
            f"root-threshold-{threshold}",
            f"a threshold of {threshold} with three keys",
            "directory.not_authorised",
            rotation([*HERE.roots, *NEW_ROOTS], payload),
        )
    yield (
        "root-that-moves-to-another-country",
        "new roots that call the agency one of another country, and could then name desks of it",
        "directory.not_authorised",
        rotation([*HERE.roots[:2], *NEW_ROOTS[:2]], replace(NEW_ROOT, country="CN")),
    )
    yield (
        "root-of-another-agency",
        "a root about an agency other than its own",
        "directory.not_authorised",
        entry(What.ROOT, raw, HERE.roots, subject=THERE.agency),
    )
    twice = encode([[NEW_ROOTS[0].verify_key.raw] * 2, 2, "VN", ["a", "b", "c"]])
    yield (
        "root-with-a-key-twice",
        "one key counted as two",
        "directory.refused",
        entry(What.ROOT, twice, HERE.roots, subject=HERE.agency, after=ROOT),
    )


def desks() -> Iterator[tuple[str, str, str, bytes]]:
    """Yield what is refused of a desk."""
    new = DeskId(seed("new desk")[:16])
    payload = encode_payload(desk_payload("vn-new", HERE.registrar))
    signers = HERE.roots[:2]
    yield (
        "desk-signed-by-one-root",
        "one of two signatures",
        "directory.not_authorised",
        entry(What.DESK, payload, signers[:1], subject=new),
    )
    yield (
        "desk-signed-by-foreign-roots",
        "the counterpart's roots name a desk of ours",
        "directory.not_authorised",
        entry(What.DESK, payload, THERE.roots, subject=new),
    )
    yield (
        "desk-of-an-agency-without-root",
        "an agency that nobody has founded",
        "directory.not_pinned",
        entry(What.DESK, payload, THIRD.roots, subject=new, agency=THIRD.agency),
    )
    yield (
        "desk-id-of-another-agency",
        "a foreign agency claims our desk's id",
        "directory.rebound",
        entry(What.DESK, payload, THERE.roots, agency=THERE.agency),
    )
    taken = encode_payload(desk_payload(HERE.slug, HERE.registrar))
    yield (
        "desk-name-of-another-desk",
        "a second desk is called as one that exists",
        "directory.rebound",
        entry(What.DESK, taken, HERE.roots, subject=new, agency=HERE.agency),
    )
    foreign = encode_payload(desk_payload("vn-quangninh", THERE.registrar))
    yield (
        "desk-name-of-another-country",
        "a foreign agency takes the name of a desk that our country has not founded yet",
        "directory.not_authorised",
        entry(What.DESK, foreign, THERE.roots, subject=new, agency=THERE.agency),
    )
    for name, ends in (("too-long", MONDAY + LONGEST_VALIDITY + 1), ("no-time", MONDAY)):
        spoilt = encode_payload(desk_payload("vn-new", HERE.registrar, ends=ends))
        yield (
            f"desk-{name}",
            f"a desk that counts for {ends - MONDAY} seconds",
            "directory.refused",
            entry(What.DESK, spoilt, signers, subject=new),
        )


def keys() -> Iterator[tuple[str, str, str, bytes]]:
    """Yield what is refused of a signing key."""
    payload = key_payload(NEW, HERE.desk, Role.OFFICER, "VN-99")
    yield (
        "key-signed-by-foreign-registrar",
        "the counterpart's registrar admits a key to our desk",
        "directory.not_authorised",
        key_entry(payload, NEW, by=THERE.registrar),
    )
    yield (
        "key-signed-by-a-root",
        "a root key is no registrar",
        "directory.not_authorised",
        key_entry(payload, NEW, by=HERE.roots[0]),
    )
    yield (
        "key-signed-by-itself",
        "a key that admits itself",
        "directory.not_authorised",
        key_entry(payload, NEW, by=NEW),
    )
    yield (
        "key-of-a-foreign-desk",
        "the counterpart speaks of our desk",
        "directory.not_authorised",
        key_entry(payload, NEW, by=THERE.registrar, agency=THERE.agency),
    )
    yield (
        "key-under-a-foreign-agency",
        "our registrar signs, but the statement is said to be the counterpart's",
        "directory.not_authorised",
        key_entry(payload, NEW, agency=THERE.agency),
    )
    yield (
        "key-of-an-unknown-desk",
        "a desk that nobody named",
        "directory.unknown_desk",
        key_entry(replace(payload, desk=DeskId(bytes(16))), NEW),
    )
    yield (
        "key-under-another-id",
        "the subject is not the key's id",
        "directory.rebound",
        key_entry(payload, NEW, subject=bytes(16)),
    )
    yield (
        "key-possessed-by-another",
        "the proof of possession is by another key",
        "directory.refused",
        key_entry(payload, HERE.officer),
    )
    yield (
        "key-without-possession",
        "no proof of possession",
        "directory.refused",
        entry(What.DEVICE, encode_payload(payload), [HERE.registrar], subject=NEW.kid),
    )
    yield (
        "key-too-long",
        "a key that counts for longer than thirteen months",
        "directory.refused",
        key_entry(replace(payload, not_after=MONDAY + LONGEST_VALIDITY + 1), NEW),
    )
    yield (
        "device-that-becomes-an-officer",
        "an installation's key given to a person",
        "directory.rebound",
        key_entry(
            key_payload(HERE.device, HERE.desk, Role.OFFICER, "VN-D1"), HERE.device, after=DEVICE
        ),
    )


def windows() -> Iterator[tuple[str, str, str, bytes]]:
    """Yield what is refused of windows."""
    fresh = window("fresh").window
    yield (
        "windows-by-a-foreign-device",
        "the counterpart's device publishes a window for our desk",
        "directory.not_authorised",
        published(fresh, by=THERE.device),
    )
    yield (
        "windows-by-the-registrar",
        "a registrar is no device",
        "directory.not_authorised",
        published(fresh, by=HERE.registrar),
    )
    yield (
        "windows-for-a-foreign-desk",
        "the counterpart speaks of our desk",
        "directory.not_authorised",
        published(fresh, by=THERE.device, agency=THERE.agency),
    )
    yield (
        "windows-under-a-foreign-agency",
        "our device signs, but the statement is said to be the counterpart's",
        "directory.not_authorised",
        published(fresh, agency=THERE.agency),
    )
    late = window("fresh", MONDAY + VALIDITY + 5 * WEEK).window
    yield (
        "windows-by-a-device-of-the-past",
        "a window that begins five weeks after the time of the device that publishes it",
        "directory.not_authorised",
        published(late),
    )
    for name, spoilt, comment in (
        ("id-of-another-key", replace(fresh, kid=HERE.window.kid), "the id is another key's"),
        ("key-too-short", replace(fresh, public=fresh.public[:-1]), "a key of 1,215 bytes"),
        (
            "too-long",
            replace(fresh, not_after=MONDAY + LONGEST_WINDOW + 1),
            "open for more than a week",
        ),
    ):
        yield f"window-{name}", comment, "directory.refused", published(spoilt)
    twice = (fresh, replace(fresh, not_before=MONDAY + 1))
    yield (
        "window-twice",
        "one key for two times in one statement",
        "directory.refused",
        published(*twice),
    )
    yield "windows-none", "an empty list", "directory.refused", published()


def infra() -> Iterator[tuple[str, str, str, bytes]]:
    """Yield what is refused of brokers and witnesses."""
    payload = InfraPayload(InfraKind.WITNESS, NEW.verify_key, "witness.example")
    owned = prove_possession(payload, NEW)
    yield (
        "infra-signed-by-one-root",
        "one of two signatures",
        "directory.not_authorised",
        entry(What.INFRA, owned, HERE.roots[:1], subject=NEW.kid),
    )
    yield (
        "infra-possessed-by-another",
        "the proof of possession is by another key",
        "directory.refused",
        entry(What.INFRA, prove_possession(payload, BROKER), HERE.roots, subject=NEW.kid),
    )
    device = InfraPayload(InfraKind.BROKER, HERE.device.verify_key, "broker.example/ledger")
    yield (
        "infra-that-is-a-device",
        "a desk's device as broker",
        "directory.rebound",
        entry(
            What.INFRA,
            prove_possession(device, HERE.device),
            HERE.roots,
            subject=HERE.device.kid,
        ),
    )
    yield (
        "infra-under-another-id",
        "the subject is not the key's id",
        "directory.rebound",
        entry(What.INFRA, owned, HERE.roots, subject=bytes(16)),
    )
    third = encode([3, NEW.verify_key.raw, "x", bytes(64)])
    yield (
        "infra-of-unknown-kind",
        "neither broker nor witness",
        "directory.refused",
        entry(What.INFRA, third, HERE.roots, subject=NEW.kid),
    )


def forms() -> Iterator[tuple[str, str, str, bytes]]:
    """Yield entries that are refused for their bytes, whatever they are about."""
    officer = parse_entry(OFFICER)
    statement, (kid, signature) = officer.statement, officer.signatures[0]
    good_pair: list[Value] = [kid, signature]
    bad = "directory.refused"
    yield "entry-unsigned", "no signature at all", bad, unsigned(statement, [])
    yield (
        "entry-signed-twice-by-one",
        "one key's signature counted twice",
        bad,
        unsigned(statement, [good_pair, good_pair]),
    )
    more = sorted([kid, NEW.kid], reverse=True)
    yield (
        "entry-signatures-unsorted",
        "signatures not in the order of their key ids",
        bad,
        unsigned(statement, [[name, signature] for name in more]),
    )
    yield (
        "entry-bad-signature",
        "a signature that does not hold",
        bad,
        unsigned(statement, [[kid, bytes(64)]]),
    )
    label = HERE.registrar.sign(b"liaison/1 own\0", statement.raw)
    yield (
        "entry-signed-under-another-label",
        "a signature made for a proof of possession",
        bad,
        unsigned(statement, [[kid, label]]),
    )
    yield "entry-with-a-byte-more", "trailing byte", bad, OFFICER + b"\0"
    unknown = encode([9, HERE.agency, HERE.desk, 1, None, b"\x80"])
    signed: list[Value] = [[kid, HERE.registrar.sign(b"liaison/1 dir\0", unknown)]]
    yield (
        "entry-of-unknown-kind",
        "a kind of statement that is not there yet",
        bad,
        encode([unknown, signed]),
    )
    yield "entry-again", "an entry that already stands", "directory.chain", DEVICE
    device = parse_entry(DEVICE).statement
    for name, comment, subject, serial, prev, said in (
        ("out-of-turn", "serial 2 of a new subject", HERE.officer.kid, 2, None, statement.payload),
        (
            "of-another-past",
            "a wrong hash of the last",
            HERE.device.kid,
            2,
            bytes(32),
            device.payload,
        ),
        ("of-no-past", "no hash of the last", HERE.device.kid, 2, None, device.payload),
    ):
        fields: list[Value] = [3, HERE.agency, subject, serial, prev, said]
        raw = encode(fields)
        again: list[Value] = [[kid, HERE.registrar.sign(b"liaison/1 dir\0", raw)]]
        yield f"entry-{name}", comment, "directory.chain", encode([raw, again])


def rebound() -> Iterator[DirectoryCase]:
    """Yield rebindings that need more than FOUNDED before them."""
    pseudonym = key_payload(HERE.officer, HERE.desk, Role.OFFICER, "VN-08")
    yield DirectoryCase(
        "key-with-another-pseudonym",
        "an officer's key given to another officer",
        "directory.rebound",
        (*FOUNDED, OFFICER, key_entry(pseudonym, HERE.officer, after=OFFICER)),
    )
    moved = key_payload(HERE.officer, THERE.desk, Role.OFFICER, "VN-07")
    yield DirectoryCase(
        "key-at-another-desk",
        "an officer's key at another desk",
        "directory.rebound",
        (
            *BOTH,
            OFFICER,
            key_entry(moved, HERE.officer, by=THERE.registrar, agency=THERE.agency),
        ),
    )
    yield DirectoryCase(
        "window-of-another-desk",
        "the counterpart publishes our window as its own",
        "directory.rebound",
        (
            *BOTH,
            WINDOWS,
            published(HERE.window, by=THERE.device, subject=THERE.desk, agency=THERE.agency),
        ),
    )
    yield DirectoryCase(
        "window-for-another-week",
        "a window's key used for a second week",
        "directory.rebound",
        (
            *FOUNDED,
            WINDOWS,
            published(replace(HERE.window, not_before=MONDAY + 1), by=HERE.device, after=WINDOWS),
        ),
    )
    namesake = InfraPayload(InfraKind.WITNESS, NEW.verify_key, "broker.example/ledger")
    yield DirectoryCase(
        "infra-with-anothers-name",
        "another key of the counterpart under the name of our broker",
        "directory.rebound",
        (
            *BOTH,
            broker_entry(HERE),
            entry(
                What.INFRA,
                prove_possession(namesake, NEW),
                THERE.roots,
                subject=NEW.kid,
                agency=THERE.agency,
            ),
        ),
    )
    renamed = InfraPayload(InfraKind.WITNESS, BROKER.verify_key, "broker.example/ledger")
    yield DirectoryCase(
        "infra-with-another-use",
        "the broker's key as a witness of the counterpart",
        "directory.rebound",
        (
            *BOTH,
            broker_entry(HERE),
            entry(
                What.INFRA,
                prove_possession(renamed, BROKER),
                THERE.roots,
                subject=BROKER.kid,
                agency=THERE.agency,
            ),
        ),
    )
    infra_key = key_payload(BROKER, HERE.desk, Role.DEVICE, "VN-D2")
    yield DirectoryCase(
        "key-that-is-a-broker",
        "the broker's key as a device of a desk",
        "directory.rebound",
        (*FOUNDED, broker_entry(HERE), key_entry(infra_key, BROKER)),
    )
    called = desk_payload("vn-renamed", HERE.registrar)
    taken = desk_payload(HERE.slug, HERE.registrar)
    yield DirectoryCase(
        "desk-name-of-a-renamed-desk",
        "a second desk is called as another was: old letters would change",
        "directory.rebound",
        (
            *FOUNDED,
            entry(What.DESK, encode_payload(called), HERE.roots[:2], after=DESK),
            entry(What.DESK, encode_payload(taken), HERE.roots[:2], subject=seed("taken")[:16]),
        ),
    )
    stale = entry(
        What.DESK,
        encode_payload(desk_payload("vn-new", HERE.registrar)),
        HERE.roots[:2],
        subject=DeskId(bytes(16)),
    )
    yield DirectoryCase(
        "desk-signed-by-old-roots",
        "roots that were replaced name a desk",
        "directory.not_authorised",
        (*FOUNDED, rotation([*HERE.roots[:2], *NEW_ROOTS[:2]]), stale),
    )


def first_roots() -> Iterator[DirectoryCase]:
    """Yield first entries that are refused."""
    yield DirectoryCase(
        "root-not-pinned", "a root that nobody typed in", "directory.not_pinned", (ROOT,), ()
    )
    raw = encode_payload(NEW_ROOT)
    other = entry(What.ROOT, raw, NEW_ROOTS[:2], subject=HERE.agency)
    yield DirectoryCase(
        "root-of-an-id-not-its-own",
        "a pinned root under another agency's id",
        "directory.rebound",
        (other,),
        (fingerprint(raw),),
    )
    own = agency_id(raw)
    few = entry(What.ROOT, raw, NEW_ROOTS[:1], subject=own, agency=own)
    yield DirectoryCase(
        "root-first-signed-by-one",
        "a pinned root that one of two has signed",
        "directory.not_authorised",
        (few,),
        (fingerprint(raw),),
    )


def directory_cases() -> list[DirectoryCase]:
    """Return every directory vector."""
    refused = [
        DirectoryCase(
            name, comment, code, (*(BOTH if code != "directory.not_pinned" else FOUNDED), last)
        )
        for source in (roots, desks, keys, windows, infra, forms)
        for name, comment, code, last in source()
    ]
    return [*good(), *first_roots(), *refused, *rebound()]
