"""The directories of succession: desks that follow others, and those that may not."""

from collections.abc import Iterator, Sequence

from crypto.attest.header import DeskId
from crypto.attest.signing import SigningKey
from crypto.attest.statement import SuccessionPayload, parse_entry, sign_entry
from crypto.seal.ceremony import name_desk, state_succession
from tests.support.world import HERE, MONDAY, THERE, Post, desk_payload, found, seed
from tests.vectors.directory_cases import DirectoryCase
from tests.vectors.revocation_cases import revoked

#: Another agency of the country of HERE.
OTHER = found("VN", "vn-other")
ROOTS = HERE.roots[:2]
BOTH = (*ROOTS, *OTHER.roots[:2])
PINS = (HERE.pin, THERE.pin, OTHER.pin)
BEGINS = MONDAY + 86_400


def desk_id(slug: str) -> DeskId:
    """Return the id of a further desk of HERE."""
    return DeskId(seed(f"{slug} desk")[:16])


def further(slug: str) -> bytes:
    """Return the entry that names a further desk of HERE."""
    payload = desk_payload(slug, HERE.registrar)
    return name_desk(HERE.agency, desk_id(slug), payload, signers=ROOTS)


WARDS = ("vn-ward-1", "vn-ward-2")
WARD, SECOND_WARD = map(desk_id, WARDS)
BEFORE = (
    *HERE.entries,
    *THERE.entries,
    *OTHER.entries,
    *map(further, WARDS),
)
THREADS = tuple(sorted(seed(f"thread {n}")[:16] for n in range(3)))


def succeeded(
    new: DeskId,
    signers: Sequence[SigningKey] = ROOTS,
    *,
    old: DeskId = HERE.desk,
    threads: tuple[bytes, ...] | None = None,
    post: Post = HERE,
    after: bytes | None = None,
) -> bytes:
    """Return the entry by which ``new`` follows ``old``, by default in all of HERE's desk."""
    statement = state_succession(
        post.agency,
        old,
        SuccessionPayload(new, BEGINS, threads),
        after=None if after is None else parse_entry(after).statement,
    )
    return sign_entry(statement, signers)


def succession_directories() -> Iterator[DirectoryCase]:
    """Yield directories with successions: those that stand, and those that are refused."""
    whole = succeeded(WARD)
    part = succeeded(WARD, threads=THREADS[:1])
    rest = succeeded(SECOND_WARD, after=part)
    stands: list[tuple[str, str, tuple[bytes, ...]]] = [
        ("a-desk-succeeded", "by a desk of its own agency", (whole,)),
        (
            "a-desk-succeeded-by-another-agencys",
            "two roots of each agency have signed",
            (succeeded(OTHER.desk, BOTH),),
        ),
        ("a-desk-split", "one thread to one desk, the rest to another", (part, rest)),
        (
            "a-desk-merged",
            "two desks have one successor",
            (whole, succeeded(WARD, old=SECOND_WARD)),
        ),
        (
            "a-successor-succeeded",
            "a desk follows one that followed another",
            (whole, succeeded(SECOND_WARD, old=WARD)),
        ),
        (
            "a-revoked-desk-succeeded",
            "a desk that was closed has a successor all the same",
            (revoked(HERE.desk, *ROOTS), whole),
        ),
    ]
    for name, comment, entries in stands:
        yield DirectoryCase(name, comment, "ok", (*BEFORE, *entries), PINS)
    for name, comment, code, entries in refused_successions():
        yield DirectoryCase(
            f"succession-{name}", comment, f"directory.{code}", (*BEFORE, *entries), PINS
        )


def refused_successions() -> Iterator[tuple[str, str, str, tuple[bytes, ...]]]:
    """Yield what does not stand: name, comment, code, and the entries after BEFORE."""
    denied, rebound = "not_authorised", "rebound"
    whole = succeeded(WARD)
    yield "by-one-root", "one of two", denied, (succeeded(WARD, ROOTS[:1]),)
    yield "by-the-registrar", "no root", denied, (succeeded(WARD, [HERE.registrar]),)
    yield "without-the-old-root", "taken", denied, (succeeded(OTHER.desk, OTHER.roots[:2]),)
    yield "without-the-new-root", "pushed upon", denied, (succeeded(OTHER.desk, ROOTS),)
    yield (
        "of-a-foreign-desk",
        "said to be ours, signed by both",
        denied,
        (succeeded(OTHER.desk, BOTH, post=OTHER),),
    )
    yield (
        "by-a-desk-of-another-country",
        "both roots agree, and it is not to be",
        denied,
        (succeeded(THERE.desk, (*ROOTS, *THERE.roots[:2])),),
    )
    unknown = DeskId(bytes(16))
    yield "by-nobody", "a desk that is not there", "unknown_desk", (succeeded(unknown),)
    yield "of-nobody", "a desk that is not there", "unknown_desk", (succeeded(WARD, old=unknown),)
    yield "by-itself", "a desk follows itself", rebound, (succeeded(HERE.desk),)
    circle = succeeded(HERE.desk, old=WARD)
    yield "in-a-circle", "a desk follows its successor", rebound, (whole, circle)
    again = succeeded(SECOND_WARD, after=whole)
    yield "of-all-twice", "two desks for all that is left", rebound, (whole, again)
    part = succeeded(WARD, threads=THREADS[:2])
    overlap = succeeded(SECOND_WARD, threads=THREADS[1:], after=part)
    yield "of-a-thread-twice", "one thread to two desks", rebound, (part, overlap)
    closed = revoked(WARD, *ROOTS)
    yield "by-a-revoked-desk", "a successor that is no more", "revoked", (closed, whole)
    for name, threads in (("none", ()), ("unsorted", THREADS[::-1])):
        yield f"of-threads-{name}", "out of form", "refused", (succeeded(WARD, threads=threads),)
