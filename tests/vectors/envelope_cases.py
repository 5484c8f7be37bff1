"""The envelopes of the vectors: what must open, and one for each field or check spoilt.

All stand on the directory ``three-agencies``. Every byte but the wraps is made from fixed seeds;
the wraps are random, because the library draws their randomness itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from crypto.attest import labels
from crypto.attest.directory import GRACE
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.header import PriorityClass, message_id, pack_envelope, parse_envelope
from crypto.attest.padding import LARGEST, pad
from crypto.seal.ceremony import VALIDITY
from crypto.seal.content import Content, Kind, ReaderRole
from crypto.seal.readers import Reader, with_readers
from crypto.seal.windows import OwnGrantKey, OwnWindow
from tests.support.forge import KEY, Forgery, countersign, hidden_in, sigbox, with_field
from tests.support.world import (
    HERE,
    MONDAY,
    NOW,
    THERE,
    THIRD,
    Post,
    content,
    outside,
    readers,
    seed,
    signing_key,
    window,
)
from tests.vectors.attachment_cases import file_of, sealed

DIRECTORY = "three-agencies.txt"


@dataclass(frozen=True, slots=True)
class EnvelopeCase:
    """An envelope as the desk of ``by``, holding ``windows``, finds it at ``at``."""

    name: str
    comment: str
    expect: str
    envelope: bytes
    by: Post = THERE
    at: int = NOW
    says: Content | None = None
    windows: tuple[OwnWindow | OwnGrantKey, ...] = field(default=())
    directory: str = DIRECTORY
    #: The message's leaf in the ledger, and that of the directory's entry of a number.
    index: int | None = None
    place: tuple[int, int] | None = None

    def text(self) -> str:
        """Return the vector's text."""
        lines = [
            f"comment: {self.comment}",
            f"expect: {self.expect}",
            f"directory: {self.directory}",
            f"desk: {self.by.desk.hex()}",
            f"at: {self.at}",
            *([] if self.index is None else [f"index: {self.index}"]),
            *([] if self.place is None else [f"place: {self.place[0]} {self.place[1]}"]),
            *(f"seed: {own.seed.hex()}" for own in self.windows or self.by.windows),
            f"envelope: {self.envelope.hex()}",
        ]
        if self.says is not None:
            sealed = parse_envelope(self.envelope)
            lines += [
                f"mid: {sealed.mid.hex()}",
                f"eid: {sealed.eid.hex()}",
                f"content: {self.says.encoded().hex()}",
            ]
        return "\n".join(lines) + "\n"


def to(*addressed: Post, copy: Post | None = None, sender: Post = HERE) -> Forgery:
    """Return an honest envelope in parts."""
    wrapped = readers(*addressed, copy=copy)
    return Forgery(
        content(*addressed, sender=sender.officer, wrapped=wrapped),
        outside(*addressed, src=sender),
        [reader.window for reader in wrapped],
        sender.officer,
    )


def opens(name: str, comment: str, made: Forgery, by: Post = THERE) -> EnvelopeCase:
    """Return the case of an envelope that must open."""
    return EnvelopeCase(name, comment, "ok", made.build(), by, says=made.content)


def good() -> Iterator[EnvelopeCase]:
    """Yield what must open."""
    yield opens("rescue-request", "a rescue request to one desk", to(THERE))
    yield opens("own-copy", "the sender's desk reads its own copy", to(THERE, copy=HERE), HERE)
    yield opens("two-desks", "one message to two desks, as the second reads it", to(THERE, THIRD))
    yield opens("to-itself", "a desk writes to itself", to(HERE), HERE)
    said = content(THERE)
    pair = countersign(said, outside(THERE), HERE.approver)
    seconded = said.with_countersignatures(pair)
    yield opens("approved", "with an approver's signature", replace(to(THERE), content=seconded))
    receipt = replace(said, sender=HERE.device.kid, kind=Kind.RECEIPT, form=None)
    by_device = replace(to(THERE), content=receipt, signer=HERE.device)
    yield opens("receipt-by-device", "a receipt, signed by a device; no form", by_device)
    routine = replace(outside(THERE), priority=PriorityClass.ROUTINE, start=None)
    yield opens("routine", "no clock, class routine", replace(to(THERE), outside=routine))
    carrying = replace(said, attachments=(sealed(file_of(1))[0], sealed(file_of(2))[0]))
    files = replace(to(THERE), content=carrying)
    yield opens("with-files", "a step with two files, whose blobs the header names", files)
    long = replace(said, text="x" * 1_900)
    yield opens("padded-to-4096", "a text over the smallest size", replace(to(THERE), content=long))


def header_values() -> list[tuple[str, int, Value, str]]:
    """Return what is put into which field of the header, and the code."""
    bad = "envelope.malformed"
    high, low = b"\2" * 16, b"\1" * 16
    return [
        ("version-2", 0, 2, "envelope.suite"),
        ("version-null", 0, None, bad),
        ("suite-2", 1, 2, "envelope.suite"),
        ("src-15-bytes", 2, bytes(15), bad),
        ("dst-empty", 3, [], bad),
        ("dst-unsorted", 3, [high, low], bad),
        ("dst-twice", 3, [THERE.desk, THERE.desk], bad),
        ("dst-nine", 3, [bytes([n]) * 16 for n in range(9)], bad),
        ("class-3", 4, 3, bad),
        ("kids-empty", 5, [], bad),
        ("kids-more-than-wraps", 5, [low, high], bad),
        ("start-without-due", 6, [low], bad),
        ("start-due-in-text", 6, [low, "soon"], bad),
        ("stop-unsorted", 7, [high, low], bad),
        ("stop-five", 7, [bytes([n]) * 16 for n in range(5)], bad),
        ("exp-null", 8, None, bad),
        ("blobs-16-bytes", 9, [low], bad),
        ("nonce-12-bytes", 10, bytes(12), bad),
        ("commit-16-bytes", 11, low, bad),
        ("hct-31-bytes", 12, bytes(31), bad),
        ("hct-of-another-body", 12, bytes(32), "envelope.body_hash"),
    ]


def headers() -> Iterator[EnvelopeCase]:
    """Yield honest signatures over headers out of form."""
    honest = to(THERE)
    raw = honest.header().encoded()
    for name, index, value, code in header_values():
        comment = f"header field {index} is spoilt: {name}"
        changed = honest.build_with(with_field(raw, index, value))
        yield EnvelopeCase(f"header-{name}", comment, code, changed)
    bad = "envelope.malformed"
    for name, comment, spoilt in (
        ("field-more", "fourteen fields", b"\x8e" + raw[1:] + b"\0"),
        ("not-shortest", "the version in two bytes", raw[:1] + b"\x18\x01" + raw[2:]),
        ("tagged", "a tag before the class", raw.replace(b"\x02\x81\x50", b"\xc1\x02\x81\x50", 1)),
        ("trailing", "a byte after the header", raw + b"\0"),
        ("too-long", "more than 4,096 bytes", raw + bytes(4_096)),
    ):
        yield EnvelopeCase(f"header-{name}", comment, bad, honest.build_with(spoilt))


def outsides() -> Iterator[EnvelopeCase]:
    """Yield envelopes that a broker spoilt without any key."""
    honest = parse_envelope(to(THERE, THIRD).build())
    h, w, s, b = honest.header_bytes, list(honest.wraps), honest.sigbox, honest.body
    first = to(THERE, THIRD)
    other = replace(first, outside=replace(first.outside, exp=NOW + 1)).build()
    bad = "envelope.malformed"
    cases: list[tuple[str, str, str, bytes]] = [
        ("wrap-dropped", "one wrap fewer than kids", bad, pack_envelope(h, w[:1], s, b)),
        ("wrap-added", "one wrap more than kids", bad, pack_envelope(h, [*w, w[0]], s, b)),
        ("wrap-short", "a wrap of 1,167 bytes", bad, pack_envelope(h, [w[0][:-1], w[1]], s, b)),
        ("sigbox-short", "a box of 95 bytes", bad, pack_envelope(h, w, s[:-1], b)),
        ("body-not-padded", "a body of 3,000 bytes", bad, pack_envelope(h, w, s, bytes(3_000))),
        ("body-swapped", "another body", "envelope.body_hash", pack_envelope(h, w, s, b[::-1])),
        ("part-more", "five parts", bad, encode([h, list[Value](w), s, b, b""])),
        ("trailing", "a byte after the envelope", bad, honest.raw + b"\0"),
        (
            "wraps-swapped",
            "wraps in another order",
            "envelope.wrap",
            pack_envelope(h, w[::-1], s, b),
        ),
        (
            "sigbox-of-another",
            "the box of another message of this sender",
            "envelope.sigbox",
            pack_envelope(h, w, parse_envelope(other).sigbox, b),
        ),
    ]
    for name, comment, code, raw in cases:
        yield EnvelopeCase(name, comment, code, raw)
    yield EnvelopeCase(
        "not-for-us", "another desk", "envelope.not_for_us", to(THERE).build(), THIRD
    )
    yield EnvelopeCase(
        "window-gone",
        "the seed of its window is destroyed",
        "envelope.no_window",
        to(THERE).build(),
        windows=THERE.windows[1:],
    )


def signers() -> Iterator[EnvelopeCase]:
    """Yield envelopes that somebody signed who may not, or not so."""
    honest, bad = to(THERE), "envelope.signer"
    sealed = parse_envelope(to(THERE, THIRD).build())
    own = THIRD.officer.kid + THIRD.officer.sign(labels.MESSAGE, sealed.mid)
    box = sigbox(KEY, sealed.mid, own)
    raw = pack_envelope(sealed.header_bytes, sealed.wraps, box, sealed.body)
    yield EnvelopeCase("signed-by-co-reader", "a co-reader's signature in the box", bad, raw)
    stranger = replace(honest, signer=signing_key("nobody")).build()
    yield EnvelopeCase("signed-by-stranger", "a key the directory does not know", bad, stranger)
    yield EnvelopeCase("signed-early", "before the key counts", bad, honest.build(), at=MONDAY - 1)
    after = MONDAY + VALIDITY
    in_grace = opens("signed-in-grace", "in the last second of a key's grace", honest)
    yield replace(in_grace, at=after + GRACE - 1)
    yield EnvelopeCase("signed-late", "after the grace", bad, honest.build(), at=after + GRACE)
    device = replace(honest.content, sender=HERE.device.kid)
    by_device = replace(honest, content=device, signer=HERE.device).build()
    yield EnvelopeCase("step-by-device", "a device signs a step", bad, by_device)
    kept = hidden_in(parse_envelope(honest.build()), KEY)
    moved = replace(honest, outside=replace(honest.outside, exp=NOW + 1), hidden=kept).build()
    yield EnvelopeCase(
        "signature-of-another", "the signature of another message", "envelope.signature", moved
    )
    mid = message_id(honest.header().encoded())
    label = replace(honest, hidden=HERE.officer.kid + HERE.officer.sign(labels.COUNTERSIGN, mid))
    yield EnvelopeCase(
        "signature-label", "a second signature's label", "envelope.signature", label.build()
    )
    name = replace(honest.content, sender=HERE.approver.kid)
    colleague = replace(honest, content=name).build()
    yield EnvelopeCase("in-anothers-name", "a colleague's name", "envelope.sender", colleague)
    other_key = replace(honest, wrapped_key=seed("another content key")).build()
    yield EnvelopeCase(
        "commitment", "a key other than the committed one", "envelope.wrap", other_key
    )


def bodies() -> Iterator[EnvelopeCase]:
    """Yield bodies that do not open or are not padded as they must."""
    honest = to(THERE)
    other = replace(honest, body_key=seed("another content key")).build()
    yield EnvelopeCase("body-key", "a body under another key", "envelope.body", other)
    padded = pad(honest.content.encoded())
    for name, comment, spoilt in (
        ("channel", "a one behind the text", padded[:-1] + b"\1"),
        ("larger", "a size larger than the text's", padded.ljust(4_096, b"\0")),
        ("length", "a length beyond the end", LARGEST.to_bytes(4, "big") + padded[4:]),
    ):
        raw = replace(honest, padded=spoilt).build()
        yield EnvelopeCase(f"padding-{name}", comment, "envelope.body", raw)


def _put(key: int, value: Value, fields: dict[int, Value]) -> None:
    fields[key] = value


def content_changes() -> dict[str, Callable[[dict[int, Value]], object]]:
    """Return what is done to a content's fields."""
    lane = THERE.desk
    lanes: dict[str, dict[bytes, Value]] = {
        "lane-0": {lane: [0, None]},
        "lane-1-after-another": {lane: [1, bytes(32)]},
        "lane-2-after-none": {lane: [2, None]},
        "lane-short-hash": {lane: [2, bytes(16)]},
    }
    numbered: dict[int, Value] = {1: [1, None]}
    bare: dict[int, Value] = {1: bytes(32)}
    return {
        **{name: partial(_put, 5, value) for name, value in lanes.items()},
        "no-sender": lambda c: c.pop(1),
        "sender-8-bytes": lambda c: c.__setitem__(1, bytes(8)),
        "kind-99": lambda c: c.__setitem__(2, 99),
        "created-in-text": lambda c: c.__setitem__(3, "now"),
        "thread-32-bytes": lambda c: c.__setitem__(4, bytes(32)),
        "lanes-by-number": lambda c: c.__setitem__(5, numbered),
        "parents-unsorted": lambda c: c.__setitem__(6, [b"\2" * 32, b"\1" * 32]),
        "parents-65": lambda c: c.__setitem__(6, [bytes([n]) * 32 for n in range(65)]),
        "dirhead-without-hash": lambda c: c.__setitem__(7, [1, b""]),
        "readers-none": lambda c: c.__setitem__(8, []),
        "reader-role-2": lambda c: c.__setitem__(8, [[THERE.window.kid, 2]]),
        "lang-null": lambda c: c.__setitem__(9, None),
        "text-in-bytes": lambda c: c.__setitem__(11, b"x"),
        "form-null": lambda c: c.__setitem__(12, None),
        "files-none": lambda c: c.__setitem__(13, []),
        "files-17": lambda c: c.__setitem__(
            13, [sealed(file_of(n + 1))[0].value() for n in range(17)]
        ),
        "file-twice": lambda c: c.__setitem__(13, [sealed(file_of(1))[0].value()] * 2),
        "file-out-of-form": lambda c: c.__setitem__(13, [bare]),
        "files-of-a-receipt": lambda c: c.update({2: 2, 13: [sealed(file_of(1))[0].value()]}),
        "field-14": lambda c: c.__setitem__(14, []),
        "second-signatures-none": lambda c: c.__setitem__(16, []),
        "second-signature-short": lambda c: c.__setitem__(16, [[bytes(16), bytes(63)]]),
    }


def contents() -> Iterator[EnvelopeCase]:
    """Yield contents out of form, honestly sealed and signed."""
    for name, change in content_changes().items():
        honest = to(THERE)
        value = decode(honest.content.encoded(), limit=LARGEST)
        fields: dict[int, Value] = {}
        if isinstance(value, dict):
            fields = {key: item for key, item in value.items() if isinstance(key, int)}
        change(fields)
        raw = honest.saying(encode(fields))
        yield EnvelopeCase(
            f"content-{name}", f"content out of form: {name}", "envelope.content", raw
        )


def parties() -> Iterator[EnvelopeCase]:
    """Yield readers other than those who may read, or are said to."""
    there, code = readers(THERE), "envelope.readers"
    next_week = THERE.windows[1].window
    third = THIRD.windows[1].window

    def case(name: str, comment: str, wrapped: Sequence[Reader], *addressed: Post) -> EnvelopeCase:
        made = to(*(addressed or (THERE,)))
        windows = [reader.window for reader in wrapped]
        said = with_readers(made.content, wrapped)
        raw = replace(made, content=said, windows=windows).build()
        return EnvelopeCase(f"readers-{name}", comment, code, raw, windows=THERE.windows[:1])

    hidden = replace(to(THERE), windows=[THERE.window, THIRD.window]).build()
    yield EnvelopeCase("readers-hidden", "a wrap that the content does not name", code, hidden)
    more = with_readers(content(THERE), readers(THERE, copy=HERE))
    named = replace(to(THERE), content=more).build()
    yield EnvelopeCase("readers-named-only", "a reader named without a wrap", code, named)
    yield case("no-party", "a desk that is not addressed", readers(THERE, THIRD))
    foreign = Reader(third, ReaderRole.OWN_COPY)
    yield case("copy-for-a-third", "an own copy for another desk", [*there, foreign])
    yield case(
        "source-as-desk", "the source in the role of an addressed desk", readers(THERE, HERE)
    )
    second = Reader(third, ReaderRole.DESK)
    both = [*readers(THERE, THIRD), second]
    yield case("two-windows", "two windows of a co-reader", both, THERE, THIRD)
    yield case("desk-without-window", "a desk that cannot read", there, THERE, THIRD)
    stray = Reader(window("stray").window, ReaderRole.OWN_COPY)
    yield case("unknown-window", "a window the directory does not know", [*there, stray])
    ours = [*there, Reader(next_week, ReaderRole.DESK)]
    said = with_readers(content(THERE), ours)
    raw = replace(to(THERE), content=said, windows=[r.window for r in ours]).build()
    yield EnvelopeCase("two-windows-of-ours", "two wraps for us", "envelope.no_window", raw)


def blobs() -> Iterator[EnvelopeCase]:
    """Yield headers that name other blobs than the files that were signed."""
    one = sealed(file_of(1))[0]
    carrying = replace(to(THERE), content=replace(content(THERE), attachments=(one,)))
    for name, comment, named in (
        ("dropped", "the header does not name the file's blob", ()),
        ("swapped", "the header names another blob", (bytes(32),)),
        ("added", "the header names one blob more", tuple(sorted((one.blob, bytes(32))))),
    ):
        yield EnvelopeCase(f"blobs-{name}", comment, "envelope.blobs", naming(carrying, named))
    extra = naming(to(THERE), (one.blob,))
    yield EnvelopeCase("blobs-without-files", "a blob, and no file", "envelope.blobs", extra)


def naming(honest: Forgery, named: tuple[bytes, ...]) -> bytes:
    """Return the envelope with these blobs in its header."""
    return replace(honest, change=lambda header: replace(header, blobs=named)).build()


def second_signatures() -> Iterator[EnvelopeCase]:
    """Yield second signatures that do not count."""
    said, code = content(THERE), "envelope.countersignature"
    approver = HERE.approver
    changed = replace(said, text="Another text than the approver saw.")
    for name, comment, pair in (
        ("own", "the sender's own", countersign(said, outside(THERE), HERE.officer)),
        ("device", "a device's", countersign(said, outside(THERE), HERE.device)),
        ("stranger", "an unknown key's", countersign(said, outside(THERE), signing_key("nobody"))),
        ("other-text", "over another text", countersign(changed, outside(THERE), approver)),
        ("other-desks", "for other desks", countersign(said, outside(THERE, THIRD), approver)),
    ):
        raw = replace(to(THERE), content=said.with_countersignatures(pair)).build()
        yield EnvelopeCase(f"second-{name}", f"a second signature: {comment}", code, raw)
    more = replace(said, attachments=(sealed(file_of(1))[0],))
    unseen = more.with_countersignatures(countersign(said, outside(THERE), approver))
    raw = replace(to(THERE), content=unseen).build()
    comment = "a second signature: over a text without the file that comes with it"
    yield EnvelopeCase("second-files-added", comment, code, raw)


def envelope_cases() -> list[EnvelopeCase]:
    """Return every envelope vector."""
    sources = (
        good,
        headers,
        outsides,
        signers,
        bodies,
        contents,
        parties,
        blobs,
        second_signatures,
    )
    return [case for source in sources for case in source()]
