"""What a broker can offer as directory entries, as a seed decides: it has all of them, and one key.

It may repeat, alter and reorder what others have stated, and sign whatever it likes itself. Beside
each behaviour stand the codes under which every replica refuses the entry.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from crypto.attest.encoding import Value, encode
from crypto.attest.payload import encode_payload, prove_possession
from crypto.attest.signing import SIGNATURE_BYTES, SigningKey
from crypto.attest.statement import (
    InfraKind,
    InfraPayload,
    Role,
    RootPayload,
    What,
    make_statement,
    parse_entry,
    sign_entry,
)
from crypto.seal.ceremony import found_agency, publish_windows
from crypto.seal.windows import WEEK
from tests.support.chance import Chance
from tests.support.world import (
    BROKER,
    HERE,
    MONDAY,
    NOW,
    THERE,
    THIRD,
    Post,
    desk_payload,
    directory,
    key_payload,
    own_grant_key,
    signing_key,
    window,
)

REFUSED, CHAIN = "directory.refused", "directory.chain"
NOT_PINNED, NOT_AUTHORISED = "directory.not_pinned", "directory.not_authorised"
REBOUND = "directory.rebound"
KNOWN = directory()


@dataclass(frozen=True, slots=True)
class Hostile:
    """A broker that offers entries about the agency of ``post``."""

    chance: Chance
    post: Post

    @property
    def own(self) -> SigningKey:
        """Return a key that it has drawn."""
        return signing_key(f"the broker's {self.chance.seed}")

    def given(self) -> bytes:
        """Return what the desk's device has just stated and no replica has yet: its next window."""
        later = window(self.post.slug, MONDAY + (2 + self.chance.below(3)) * WEEK).window
        agency, desk, device = self.post.agency, self.post.desk, self.post.device
        after = KNOWN.last(What.WINDOWS, agency, desk)
        return publish_windows(agency, desk, [later], device=device, after=after)

    def offers(self, what: What, subject: bytes, payload: bytes) -> Iterator[bytes]:
        """Yield an entry signed by itself, and by itself in the name of those who may say it."""
        agency = self.post.agency
        after = KNOWN.last(what, agency, subject)
        said = make_statement(what, agency=agency, subject=subject, payload=payload, after=after)
        yield sign_entry(said, (self.chance.one_of((BROKER, self.own)),))
        may = {
            What.DEVICE: (self.post.registrar,),
            What.WINDOWS: (self.post.device,),
            What.GRANT_KEY: (self.post.device,),
        }.get(what, self.post.roots[:2])
        claimed: list[Value] = [
            [key.kid, self.own.sign(b"liaison/1 dir\0", said.raw)]
            for key in sorted(may, key=lambda key: key.kid)
        ]
        yield encode([said.raw, claimed])


def meet(seed: int) -> Hostile:
    """Return the broker of this seed."""
    chance = Chance(seed)
    return Hostile(chance, chance.one_of((HERE, THERE)))


def swaps_key(broker: Hostile) -> Iterator[bytes]:
    """State a window of its own for a desk, or a grant key for its device."""
    own = window(f"the broker's {broker.chance.seed}").window
    yield from broker.offers(What.WINDOWS, broker.post.desk, encode_payload((own,)))
    key = encode_payload(own_grant_key(f"the broker's {broker.chance.seed}").key)
    yield from broker.offers(What.GRANT_KEY, broker.post.device.kid, key)


def adds_device(broker: Hostile) -> Iterator[bytes]:
    """Admit a device or an officer of its own to a desk."""
    role = broker.chance.one_of((Role.DEVICE, Role.OFFICER, Role.APPROVER))
    payload = key_payload(broker.own, broker.post.desk, role, f"X-{broker.chance.below(90)}")
    possessed = prove_possession(payload, broker.own)
    yield from broker.offers(What.DEVICE, broker.own.kid, possessed)


def ends_key(broker: Hostile) -> Iterator[bytes]:
    """State that an officer's key, or a desk, has ended: nobody is to be believed any more."""
    post, ends = broker.post, NOW - 1 - broker.chance.below(3_600)
    officer = key_payload(post.officer, post.desk, Role.OFFICER, "VN-07", ends=ends)
    unproved = encode_payload(officer, possession=bytes(64))
    entry = next(broker.offers(What.DEVICE, post.officer.kid, unproved))
    yield entry
    desk = encode_payload(desk_payload(post.slug, post.registrar, ends=ends))
    yield from broker.offers(What.DESK, post.desk, desk)


def adds_desk(broker: Hostile) -> Iterator[bytes]:
    """Open a desk whose registrar it is, or make itself the registrar of one."""
    country = broker.post.slug[:2]
    payload = encode_payload(desk_payload(f"{country}-new", broker.own))
    yield from broker.offers(What.DESK, bytes(broker.own.kid), payload)
    taken = encode_payload(desk_payload(broker.post.slug, broker.own))
    yield from broker.offers(What.DESK, broker.post.desk, taken)


def replaces_root(broker: Hostile) -> Iterator[bytes]:
    """Give an agency another root, whose keys are its own."""
    keys = tuple(signing_key(f"the broker's root {broker.chance.seed} {n}") for n in range(3))
    root = RootPayload(tuple(key.verify_key for key in keys), 2, "VN", ("a", "b", "c"))
    payload, agency = encode_payload(root), broker.post.agency
    after = KNOWN.last(What.ROOT, agency, agency)
    said = make_statement(What.ROOT, agency=agency, subject=agency, payload=payload, after=after)
    yield sign_entry(said, keys[:2])
    yield from broker.offers(What.ROOT, agency, payload)


def founds_agency(broker: Hostile) -> Iterator[bytes]:
    """Found an agency of its own; nobody has pinned it."""
    keys = tuple(signing_key(f"the broker's root {broker.chance.seed} {n}") for n in range(3))
    names = ("a", "b", "c")
    root = RootPayload(tuple(key.verify_key for key in keys), 2, "VN", names)
    _, _, entry = found_agency(root, keys[:2])
    yield entry


def names_itself(broker: Hostile) -> Iterator[bytes]:
    """Name another broker or witness, that it may sign and cosign by itself."""
    kind = broker.chance.one_of(tuple(InfraKind))
    payload = InfraPayload(kind, broker.own.verify_key, "elsewhere.example/ledger")
    possessed = prove_possession(payload, broker.own)
    yield from broker.offers(What.INFRA, broker.own.kid, possessed)


def replays(broker: Hostile) -> Iterator[bytes]:
    """Offer an entry once more."""
    yield broker.chance.one_of(broker.post.entries)


def alters(broker: Hostile) -> Iterator[bytes]:
    """Turn a bit of what a device has just stated, or of its signature."""
    raw = broker.given()
    payload = parse_entry(raw).statement.payload
    spoilt = bytearray(payload)
    spoilt[broker.chance.below(len(spoilt))] ^= 1 << broker.chance.below(8)
    yield raw.replace(payload, bytes(spoilt))
    at = len(raw) - 1 - broker.chance.below(SIGNATURE_BYTES)
    yield raw[:at] + bytes([raw[at] ^ 1 << broker.chance.below(8)]) + raw[at + 1 :]


def moves(broker: Hostile) -> Iterator[bytes]:
    """Put a device's signature of what it has stated under something else in its name."""
    own = window(f"the broker's {broker.chance.seed}").window
    said = parse_entry(next(broker.offers(What.WINDOWS, broker.post.desk, encode_payload((own,)))))
    given = parse_entry(broker.given())
    yield encode([said.statement.raw, [list(pair) for pair in given.signatures]])


#: What it offers, and the codes under which that is refused at once by every replica.
BEHAVIOURS: Mapping[Callable[[Hostile], Iterator[bytes]], frozenset[str]] = {
    swaps_key: frozenset({NOT_AUTHORISED, REFUSED}),
    adds_device: frozenset({NOT_AUTHORISED, REFUSED}),
    ends_key: frozenset({NOT_AUTHORISED, REFUSED}),
    adds_desk: frozenset({NOT_AUTHORISED, REFUSED}),
    replaces_root: frozenset({NOT_AUTHORISED, REFUSED}),
    founds_agency: frozenset({NOT_PINNED}),
    names_itself: frozenset({NOT_AUTHORISED, REFUSED}),
    replays: frozenset({CHAIN}),
    alters: frozenset({REFUSED}),
    moves: frozenset({REFUSED}),
}


def forks(seed: int) -> tuple[list[bytes], list[bytes], int]:
    """Return two orders in which all entries stand, and how many entries they have in common.

    A broker cannot make an entry; it can show what agencies stated in another order to each desk.
    """
    chance = Chance(seed)
    one = _interleaved(chance)
    other = one
    while other == one:
        other = _interleaved(chance)
    same = (mine == theirs for mine, theirs in zip(one, other, strict=True))
    return one, other, next(place for place, is_same in enumerate(same) if not is_same)


def _interleaved(chance: Chance) -> list[bytes]:
    left = [[*post.entries] for post in (HERE, THERE, THIRD)]
    order = []
    while any(left):
        order.append(chance.one_of([queue for queue in left if queue]).pop(0))
    return order
