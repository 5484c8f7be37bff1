"""A bounded search for what a broker and one dishonest desk can have an honest desk believe.

Three desks: A and B keep to the rules; C and the broker are one, who knows C's keys, and (where a
device was robbed) A's device's. A has written to C, to B and C, and to B alone. The search puts
envelopes together from everything that can be taken out of these or made anew, and offers each to
B. What it finds is an attack; that it finds none is no proof (docs/soundness.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from tests.soundness.design import (
    DESK_OF,
    RECEIPT,
    STEP,
    Content,
    Design,
    Envelope,
    Header,
    Sent,
    box_aad,
    label,
    open_at,
    seal,
    wrap_info,
)
from tests.soundness.terms import (
    Knowledge,
    Term,
    can_make,
    derive,
    digest,
    encrypt,
    learn,
    pair,
    sign,
    signing,
    window,
    wrap,
)

B, C = frozenset({"B"}), frozenset({"C"})
BOTH = B | C
SECRET = "secret text to B alone"
#: What A's officer has sent, each under a key of its own.
HONEST = {
    "secret key of one": Sent("A", C, C, Content("a", STEP, "to C", C)),
    "secret key of two": Sent("A", BOTH, BOTH, Content("a", STEP, "to both", BOTH)),
    "secret key of three": Sent("A", B, B, Content("a", STEP, SECRET, B)),
}
DEVICE = "device of a"
OWN_KEY = "a key of the broker's"


@dataclass(frozen=True)
class Found:
    """The attacks by name, each with its first example; what B has taken; how many were tried."""

    attacks: dict[str, str]
    taken: frozenset[Sent]
    tried: int


def search(design: Design, *, robbed: bool = False) -> Found:
    """Return what the search finds against ``design``; ``robbed``: A's device is theirs too."""
    sent = {key: seal(said, key, design, chance=key) for key, said in _sealed(design).items()}
    known = _known([*sent.values()], robbed=robbed)
    attacks, tried = dict[str, str](), 0
    if can_make(SECRET, known):
        attacks["secrecy"] = "the broker reads what A has written to B alone"
    accepted: dict[Sent, set[Term]] = {}
    for envelope in _envelopes([*sent.values()], known, design):
        tried += 1
        taken = open_at("B", envelope, design)
        if taken is not None:
            attacks = _judge(taken, robbed=robbed) | attacks
            mid, by_name = envelope.header.mid(design), design.remembers_message_not_bytes
            accepted.setdefault(taken, set()).add(mid if by_name else envelope.term())
    again = (names for taken, names in accepted.items() if taken in HONEST.values())
    if any(len(names) > 1 or not design.remembers for names in again):
        attacks["replay"] = "B takes one message twice"
    return Found(attacks, frozenset(accepted), tried)


def _sealed(design: Design) -> dict[str, Sent]:
    """Return what A seals: to windows of the directory, or to those that the broker names."""
    if design.takes_windows_from_directory:
        return HONEST
    alone = Sent("A", B, C, Content("a", STEP, SECRET, C))
    return HONEST | {"secret key of three": alone}


def _known(sent: list[Envelope], *, robbed: bool) -> Knowledge:
    """Return what broker and C know together: all envelopes, and their own keys."""
    heard: list[Term] = [window("C"), signing("c"), OWN_KEY, *([signing(DEVICE)] if robbed else [])]
    for envelope in sent:
        heard += [envelope.sigbox, envelope.body, *(wrapped for _, wrapped in envelope.wraps)]
    return learn(heard)


def _judge(taken: Sent, *, robbed: bool) -> dict[str, str]:
    """Return the attack that lies in B's believing ``taken``, if any."""
    said = taken.content
    by_c = (taken.src, said.sender) == ("C", "c")
    by_device = robbed and (taken.src, said.sender, said.kind) == ("A", DEVICE, RECEIPT)
    if taken in HONEST.values():
        return {}
    if by_c or by_device:
        is_hidden = taken.kids != said.readers
        return {"hidden reader": f"B believes {_told(taken)}"} if is_hidden else {}
    meant = [sent for sent in HONEST.values() if sent.content == said]
    if not meant:
        return {"forgery": f"B believes {_told(taken)}"}
    if "B" not in meant[0].dst:
        return {"forwarding": f"B believes {_told(taken)}"}
    is_same = (taken.src, taken.dst) == (meant[0].src, meant[0].dst)
    return {"other readers" if is_same else "other desks": f"B believes {_told(taken)}"}


def _told(taken: Sent) -> str:
    said = taken.content
    return (
        f"{said.sender} of {taken.src} to have written the {said.kind} {said.text!r} to "
        f"{_listed(taken.dst)}, for {_listed(said.readers)} to read, as {_listed(taken.kids)} can"
    )


def _listed(names: frozenset[str]) -> str:
    return " and ".join(sorted(names))


def _envelopes(sent: list[Envelope], known: Knowledge, design: Design) -> Iterator[Envelope]:
    """Yield what can be offered to B: A's parts as they are, and parts made with a known key."""
    keys = [key for key in (*HONEST, OWN_KEY) if can_make(key, known)]
    bodies = [envelope.body for envelope in sent]
    for src, dst, kids in product(("A", "C"), (B, BOTH), (B, BOTH)):
        for part, box, wraps, body in product(sent, sent, sent, bodies):
            header = Header(src, dst, kids, part.header.commit, digest(body))
            yield Envelope(header, wraps.wraps, box.sigbox, body)
        for key in keys:
            made = [encrypt(derive(key, "body"), said.term(), "") for said in _contents(known)]
            for body in (*bodies, *made):
                header = Header(src, dst, kids, derive(key, "commit"), digest(body))
                yield from _around(header, key, body, known, design)


def _around(
    header: Header, key: Term, body: Term, known: Knowledge, design: Design
) -> Iterator[Envelope]:
    """Yield envelopes under a key that the broker knows, with every signature that it has."""
    mid = header.mid(design)
    wraps = tuple(
        (kid, wrap(kid, key, wrap_info(mid, kid, design), "chance")) for kid in sorted(header.kids)
    )
    for signer, signature in product(DESK_OF, _signatures(mid, known, design)):
        box = encrypt(derive(key, "sig"), pair(signer, signature), box_aad(mid, design))
        yield Envelope(header, wraps, box, body)


def _signatures(mid: Term, known: Knowledge, design: Design) -> list[Term]:
    """Return every signature that was heard, can be made, or is given by a device for a nonce."""
    heard = {term for term in known if isinstance(term, tuple) and term[0] == "signed"}
    made = {sign(who, label(design, "msg"), mid) for who in DESK_OF if signing(who) in known}
    by_device = {sign(DEVICE, label(design, "login"), mid)}
    return sorted(heard | made | by_device | {"no signature"}, key=repr)


def _contents(known: Knowledge) -> Iterator[Content]:
    """Yield all that the broker and C can have somebody say."""
    texts = [text for text in ("to C", "to both", "made up", SECRET) if can_make(text, known)]
    for who, kind, text, readers in product(DESK_OF, (STEP, RECEIPT), texts, (B, BOTH)):
        yield Content(who, kind, text, readers)
