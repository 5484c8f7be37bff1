"""Terms and what somebody who means ill can make of them: the algebra of Dolev and Yao.

Cryptography is ideal here: a ciphertext opens with its key and otherwise says nothing, a signature
is made with its key or not at all, a hash hides and collides with nothing. A term is a tuple whose
first item says what it is; whatever is no tuple is a name.
"""

from collections.abc import Iterable

Term = tuple["Term", ...] | str | frozenset[str]
Knowledge = frozenset[Term]


def pair(*items: Term) -> Term:
    """Return several terms as one; whoever has it has each."""
    return ("pair", *items)


def digest(term: Term) -> Term:
    """Return the hash of ``term``."""
    return ("hash", term)


def derive(key: Term, purpose: str) -> Term:
    """Return the key that ``key`` yields for a purpose."""
    return ("derived", key, purpose)


def encrypt(key: Term, plain: Term, aad: Term) -> Term:
    """Return ``plain`` under a symmetric key."""
    return ("encrypted", key, plain, aad)


def wrap(owner: str, plain: Term, info: Term, chance: str) -> Term:
    """Return ``plain`` for the window of ``owner``; by ``chance`` two wraps of a key differ."""
    return ("wrapped", owner, plain, info, chance)


def window(owner: str) -> Term:
    """Return the private half of a window."""
    return ("window", owner)


def signing(owner: str) -> Term:
    """Return the private half of a signing key."""
    return ("signing", owner)


def sign(owner: str, label: str, body: Term) -> Term:
    """Return the signature of ``owner`` over a body under a label."""
    return ("signed", owner, label, body)


def learn(heard: Iterable[Term]) -> Knowledge:
    """Return all that can be taken out of what was heard, again and again until nothing is new."""
    known = set(heard)
    while True:
        new = {inner for term in known for inner in _inside(term, known)} - known
        if not new:
            return frozenset(known)
        known |= new


def can_make(term: Term, known: Knowledge) -> bool:
    """Say whether ``term`` is known, is a name or list of names, or can be put together."""
    if term in known or not isinstance(term, tuple):
        return term in known or not _is_secret(term)
    match term:
        case ("window" | "signing", _):
            return False
        case ("signed", owner, _, body):
            return ("signing", owner) in known and can_make(body, known)
        case (_, *items):
            return all(can_make(item, known) for item in items)
    return False


def _is_secret(name: Term) -> bool:
    return isinstance(name, str) and name.startswith("secret ")


def _inside(term: Term, known: set[Term]) -> Iterable[Term]:
    match term:
        case ("pair", *items):
            yield from items
        case ("encrypted", key, plain, _) if can_make(key, frozenset(known)):
            yield plain
        case ("wrapped", owner, plain, _, _) if ("window", owner) in known:
            yield plain
