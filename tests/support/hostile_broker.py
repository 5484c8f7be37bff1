"""What a broker can make of an envelope with all that it holds, as a seed decides.

It holds every envelope, the whole directory and its own key; it signs what it pleases, and opens
nothing. Each behaviour turns what an honest desk gave it into what it hands on; beside it stand the
codes under which a desk must refuse that.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crypto.attest import labels
from crypto.attest.encoding import Value, encode
from crypto.attest.header import (
    ClockToken,
    DeskId,
    EnvelopeId,
    Header,
    MessageId,
    PriorityClass,
    Sealed,
    StartClock,
    envelope_id,
    message_id,
    parse_envelope,
)
from crypto.attest.signing import SigningKey, pack_signed
from crypto.seal.envelope import Outside, seal
from crypto.seal.readers import with_readers
from protocols.wire.receipt import Took
from tests.support.chance import Chance
from tests.support.forge import KEY, Forgery, wrap
from tests.support.world import (
    BROKER,
    HERE,
    MONDAY,
    NOW,
    THERE,
    THIRD,
    Post,
    content,
    outside,
    readers,
    window,
)

DAY = 86_400
#: A key and a window that the broker has drawn: nobody has put them into the directory.
STRANGER = SigningKey.from_seed(bytes(range(32)))
OWN_WINDOW = window("of the broker's own").window
MALFORMED, SUITE = "envelope.malformed", "envelope.suite"
BODY_HASH, NOT_FOR_US, NO_WINDOW = "envelope.body_hash", "envelope.not_for_us", "envelope.no_window"
WRAP, SIGBOX, SIGNER = "envelope.wrap", "envelope.sigbox", "envelope.signer"
SIGNATURE, FALSE_RECEIPT = "envelope.signature", "line.false_receipt"


@dataclass(frozen=True, slots=True)
class Honest:
    """An envelope as its sender gave it to the broker, the desks that may read it, what it says."""

    sealed: Sealed
    posts: tuple[Post, ...]
    said: bytes


@dataclass(frozen=True, slots=True)
class Handed:
    """What the broker hands to the desk of ``to``: bytes, and its receipt."""

    to: Post
    envelope: bytes
    took: bytes


@dataclass(frozen=True, slots=True)
class Hostile:
    """A broker with two messages of one officer, of two cases, to the same desks."""

    chance: Chance
    one: Honest
    other: Honest

    @property
    def victim(self) -> Post:
        """Return the last of the desks that may read the message."""
        return self.one.posts[-1]

    def parts(self) -> list[Value]:
        """Return the four parts of the message's envelope, to be changed."""
        sealed = self.one.sealed
        return [sealed.header_bytes, list[Value](sealed.wraps), sealed.sigbox, sealed.body]

    def hand(self, parts: Sequence[Value], *, to: Post | None = None) -> Handed:
        """Return an envelope of these parts, with the broker's receipt for these very bytes."""
        raw, header = encode(list(parts)), parts[0]
        assert isinstance(header, bytes)
        took = receipt(message_id(header), envelope_id(raw), self.chance.below(1_000))
        return Handed(to or self.victim, raw, took)

    def hand_with(self, part: int, changed: Value) -> Handed:
        """Return the message with one of its parts changed."""
        parts = self.parts()
        parts[part] = changed
        return self.hand(parts)

    def hand_under(self, change: Callable[[Header], Header]) -> Handed:
        """Return the message under a changed header."""
        return self.hand_with(0, change(self.one.sealed.header).encoded())

    def garbled(self, raw: bytes) -> bytes:
        """Return ``raw`` with one bit turned."""
        spoilt = bytearray(raw)
        spoilt[self.chance.below(len(raw))] ^= 1 << self.chance.below(8)
        return bytes(spoilt)

    def place(self) -> int:
        """Return the place of the victim's wrap."""
        return self.one.sealed.header.kids.index(self.victim.window.kid)

    def token(self) -> ClockToken:
        """Return a clock's token that no desk has drawn."""
        return ClockToken(self.chance.below(2**62).to_bytes(16))


def receipt(mid: MessageId, eid: EnvelopeId, index: int, *, at: int = NOW) -> bytes:
    """Return a receipt that the broker has signed."""
    return pack_signed(BROKER, labels.TOOK, Took(mid, eid, index, at, BROKER.kid).encoded())


def meet(seed: int) -> Hostile:
    """Return the broker of this seed, and what it has been given."""
    chance = Chance(seed)
    posts = chance.one_of(((THERE,), (THIRD,), (THERE, THIRD)))
    copy = chance.one_of((None, HERE))
    start = chance.one_of((None, StartClock(ClockToken(bytes([7]) * 16), NOW + 1_800)))
    stop = chance.one_of(((), (ClockToken(bytes([8]) * 16),)))
    priority = chance.one_of(tuple(PriorityClass))
    out = replace(outside(*posts), priority=priority, start=start, stop=stop)
    one, other = (_seal(chance, posts, copy, out) for _ in range(2))
    return Hostile(chance, one, other)


def _seal(chance: Chance, posts: tuple[Post, ...], copy: Post | None, out: Outside) -> Honest:
    wrapped = readers(*posts, copy=copy)
    text = f"canary {chance.below(2**60):x} " + "x" * chance.below(6_000)
    said = with_readers(replace(content(*posts), text=text), wrapped)
    raw = seal(said, out, readers=wrapped, signer=HERE.officer)
    return Honest(parse_envelope(raw), posts, said.encoded())


# ---- what it does


def swaps_key(broker: Hostile) -> Iterator[Handed]:
    """Put its own window in the place of the victim's, or wraps another key to the victim."""
    header, at = broker.one.sealed.header, broker.place()
    kids = (*header.kids[:at], OWN_WINDOW.kid, *header.kids[at + 1 :])
    yield broker.hand_under(lambda h: replace(h, kids=tuple(sorted(kids))))
    wraps = [*broker.one.sealed.wraps]
    wraps[at] = wrap(broker.victim.window, KEY, broker.one.sealed.mid)
    yield broker.hand_with(1, list[Value](wraps))


def adds_wrap(broker: Hostile) -> Iterator[Handed]:
    """Add a reader of its own, beside the header's readers or among them."""
    sealed = broker.one.sealed
    more = wrap(OWN_WINDOW, KEY, sealed.mid)
    yield broker.hand_with(1, [*sealed.wraps, more])
    kids = sorted((*sealed.header.kids, OWN_WINDOW.kid))
    wraps = [*sealed.wraps]
    wraps.insert(kids.index(OWN_WINDOW.kid), more)
    parts = broker.parts()
    parts[:2] = [replace(sealed.header, kids=tuple(kids)).encoded(), list[Value](wraps)]
    yield broker.hand(parts)


def drops_wrap(broker: Hostile) -> Iterator[Handed]:
    """Leave out a wrap, with its name in the header or without."""
    sealed, parts = broker.one.sealed, broker.parts()
    at = broker.chance.below(len(sealed.wraps))
    wraps: list[Value] = [*sealed.wraps[:at], *sealed.wraps[at + 1 :]]
    yield broker.hand_with(1, wraps)
    kids = sealed.header.kids[:at] + sealed.header.kids[at + 1 :]
    parts[:2] = [replace(sealed.header, kids=kids).encoded(), wraps]
    yield broker.hand(parts)


def garbles_wrap(broker: Hostile) -> Iterator[Handed]:
    """Turn a bit of the victim's wrap."""
    wraps = [*broker.one.sealed.wraps]
    wraps[broker.place()] = broker.garbled(wraps[broker.place()])
    yield broker.hand_with(1, list[Value](wraps))


def garbles_signature(broker: Hostile) -> Iterator[Handed]:
    """Turn a bit of the hidden signature."""
    yield broker.hand_with(2, broker.garbled(broker.one.sealed.sigbox))


def garbles_body(broker: Hostile) -> Iterator[Handed]:
    """Turn a bit of the body."""
    yield broker.hand_with(3, broker.garbled(broker.one.sealed.body))


def truncates(broker: Hostile) -> Iterator[Handed]:
    """Cut the body, to a padded size or to none."""
    body = broker.one.sealed.body
    yield broker.hand_with(3, body[: broker.chance.below(len(body))])
    yield broker.hand_with(3, body[:2_048] + body[-16:] if len(body) > 2_064 else body[::-1])


def rewraps(broker: Hostile) -> Iterator[Handed]:
    """Take the wraps of another message to the same readers."""
    yield broker.hand_with(1, list[Value](broker.other.sealed.wraps))


def crosses_cases(broker: Hostile) -> Iterator[Handed]:
    """Put signature or body of another case's message into this one, and name that body."""
    header, other = broker.one.sealed.header, broker.other.sealed
    yield broker.hand_with(2, other.sigbox)
    if other.body != broker.one.sealed.body:
        yield broker.hand_with(3, other.body)
    moved = replace(header, hct=other.header.hct, nonce=other.header.nonce)
    parts = broker.parts()
    parts[0], parts[3] = moved.encoded(), other.body
    yield broker.hand(parts)


def alters_due(broker: Hostile) -> Iterator[Handed]:
    """Make a clock run longer or shorter."""
    start = StartClock(broker.token(), NOW + 1 + broker.chance.below(DAY))
    yield broker.hand_under(lambda h: replace(h, start=start))


def alters_clock(broker: Hostile) -> Iterator[Handed]:
    """Have the message start no clock, or stop another one."""
    yield broker.hand_under(
        lambda h: replace(h, start=None if h.start else StartClock(broker.token(), NOW))
    )
    yield broker.hand_under(lambda h: replace(h, stop=(broker.token(),)))


def alters_class(broker: Hostile) -> Iterator[Handed]:
    """Make a rescue routine, or a routine message a rescue."""
    yield broker.hand_under(lambda h: replace(h, priority=PriorityClass((h.priority + 1) % 3)))


def alters_expiry(broker: Hostile) -> Iterator[Handed]:
    """Have it expire sooner or later."""
    yield broker.hand_under(lambda h: replace(h, exp=h.exp + 1 + broker.chance.below(DAY)))


def spoofs_source(broker: Hostile) -> Iterator[Handed]:
    """Say that it comes from another desk."""
    yield broker.hand_under(lambda h: replace(h, src=broker.victim.desk))


def redirects(broker: Hostile) -> Iterator[Handed]:
    """Hand it to a desk that is not addressed, or address that desk too."""
    stranger = DeskId(broker.token())
    yield broker.hand_under(lambda h: replace(h, dst=tuple(sorted((*h.dst, stranger)))))
    yield broker.hand_under(lambda h: replace(h, dst=(stranger,)))
    for post in {THERE, THIRD} - {*broker.one.posts}:
        yield broker.hand(broker.parts(), to=post)


def writes_itself(broker: Hostile) -> Iterator[Handed]:
    """Seal a message of its own in the sender's name: every window is public."""
    posts = broker.one.posts
    wrapped = readers(*posts)
    said = with_readers(content(*posts), wrapped)
    forged = Forgery(said, outside(*posts), [reader.window for reader in wrapped], STRANGER)
    mid = message_id(forged.header().encoded())
    for signer, hidden in (
        (STRANGER, None),
        (BROKER, None),
        (STRANGER, HERE.officer.kid + STRANGER.sign(labels.MESSAGE, mid)),
    ):
        raw = replace(forged, signer=signer, hidden=hidden).build()
        took = receipt(parse_envelope(raw).mid, envelope_id(raw), 0)
        yield Handed(broker.victim, raw, took)


def downgrades(broker: Hostile) -> Iterator[Handed]:
    """Claim another version or suite."""
    raw = broker.one.sealed.header_bytes
    place = 1 + broker.chance.below(2)
    yield broker.hand_with(0, raw[:place] + b"\x02" + raw[place + 1 :])


def forges_receipt(broker: Hostile) -> Iterator[Handed]:
    """Give a receipt for other bytes, or one that somebody else has signed, or none."""
    sealed, other = broker.one.sealed, broker.other.sealed
    honest = Took(sealed.mid, sealed.eid, 0, NOW, BROKER.kid).encoded()
    for took in (
        receipt(other.mid, other.eid, 0),
        receipt(sealed.mid, other.eid, 0),
        receipt(sealed.mid, sealed.eid, 0, at=2**50),
        pack_signed(STRANGER, labels.TOOK, honest),
        pack_signed(BROKER, labels.NOTED, honest),
        broker.garbled(receipt(sealed.mid, sealed.eid, 0)),
        b"",
    ):
        yield Handed(broker.victim, sealed.raw, took)


def misplaces_in_time(broker: Hostile) -> Iterator[Handed]:
    """Say that it came before its signer's key counted, or after."""
    sealed, away = broker.one.sealed, broker.chance.below(300 * DAY)
    for at in (MONDAY - 1 - away, MONDAY + 500 * DAY + away):
        yield Handed(broker.victim, sealed.raw, receipt(sealed.mid, sealed.eid, 0, at=at))


#: What it does to an envelope, and the codes under which that is refused at once.
BEHAVIOURS: Mapping[Callable[[Hostile], Iterator[Handed]], frozenset[str]] = {
    swaps_key: frozenset({NO_WINDOW, WRAP}),
    adds_wrap: frozenset({MALFORMED, WRAP}),
    drops_wrap: frozenset({MALFORMED, NO_WINDOW, WRAP}),
    garbles_wrap: frozenset({WRAP}),
    garbles_signature: frozenset({SIGBOX}),
    garbles_body: frozenset({BODY_HASH}),
    truncates: frozenset({MALFORMED, BODY_HASH}),
    rewraps: frozenset({WRAP}),
    crosses_cases: frozenset({SIGBOX, BODY_HASH, WRAP}),
    alters_due: frozenset({WRAP}),
    alters_clock: frozenset({WRAP}),
    alters_class: frozenset({WRAP}),
    alters_expiry: frozenset({WRAP}),
    spoofs_source: frozenset({WRAP}),
    redirects: frozenset({NOT_FOR_US, WRAP}),
    writes_itself: frozenset({SIGNER, SIGNATURE}),
    downgrades: frozenset({SUITE}),
    forges_receipt: frozenset({FALSE_RECEIPT}),
    misplaces_in_time: frozenset({SIGNER}),
}
