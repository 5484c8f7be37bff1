"""The vectors of what devices of one desk give each other: grant keys, grants, histories."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from crypto.attest.encoding import Value
from crypto.attest.header import PriorityClass
from crypto.attest.payload import encode_payload
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import GrantKey, What, Window
from crypto.seal.content import Kind, Lane, ReaderRole, ThreadId
from crypto.seal.envelope import Outside
from crypto.seal.erasure import Erasure, sign_erasure
from crypto.seal.grants import Grant, grant_to_value
from crypto.seal.readers import Reader, with_readers
from crypto.seal.reviews import SignedReview, sign_review
from tests.support.forge import Forgery
from tests.support.world import (
    FIRSTS_GRANT_KEY,
    HERE,
    MONDAY,
    NOW,
    SECOND,
    SECONDS_GRANT_KEY,
    THERE,
    THIRD,
    Post,
    content,
    outside,
    own_grant_key,
    readers,
    second_device,
    seed,
)
from tests.vectors.directory_cases import DirectoryCase, entry, published
from tests.vectors.envelope_cases import EnvelopeCase

DIRECTORY = "a-second-device.txt"
ENTRIES = (*HERE.entries, *THERE.entries, *THIRD.entries, *second_device())
ENROLLED, FIRSTS, SECONDS = second_device()
OTHER = own_grant_key("other").key
CASE = ThreadId(seed("case")[:16])
#: That two officers erased a case, and that two supervisors opened one.
ERASED = sign_erasure(
    Erasure(HERE.desk, CASE, "QN-MC1-2026-0001", NOW, "ordered", "Law 1", 7),
    [HERE.officer, HERE.approver],
)
REVIEWED = sign_review(
    SignedReview(
        HERE.desk, CASE, NOW, "audit", KeyId(seed("first")[:16]), KeyId(seed("second")[:16])
    ),
    HERE.device,
)


def stated(
    key: GrantKey, *signers: SigningKey, subject: bytes = SECOND.kid, **about: bytes
) -> bytes:
    """Return an entry that states a grant key, by default the second device's first."""
    return entry(
        What.GRANT_KEY, encode_payload(key), signers or (SECOND,), subject=subject, **about
    )


def grant_directories() -> list[DirectoryCase]:
    """Return the directories with grant keys: those that stand, and those that are refused."""
    renewed = stated(OTHER, after=SECONDS)
    stands = [
        DirectoryCase(DIRECTORY.removesuffix(".txt"), "a desk with two devices", "ok", ENTRIES),
        DirectoryCase("a-grant-key-replaced", "a second grant key", "ok", (*ENTRIES, renewed)),
    ]
    return [
        *stands,
        *(
            DirectoryCase(f"grant-key-{name}", comment, f"directory.{code}", (*ENTRIES, last))
            for name, comment, code, last in refused_keys()
        ),
    ]


def refused_keys() -> Iterator[tuple[str, str, str, bytes]]:
    """Yield what is refused of grant keys."""
    denied = "not_authorised"
    yield (
        "by-the-registrar",
        "the registrar states it",
        denied,
        stated(OTHER, HERE.registrar, after=SECONDS),
    )
    yield (
        "by-a-colleague",
        "another device states it",
        denied,
        stated(OTHER, HERE.device, after=SECONDS),
    )
    yield (
        "of-an-officer",
        "an officer's",
        denied,
        stated(OTHER, HERE.officer, subject=HERE.officer.kid),
    )
    yield "of-nobody", "a device that is not there", denied, stated(OTHER, subject=bytes(16))
    yield (
        "under-a-foreign-agency",
        "said to be the counterpart's",
        denied,
        stated(OTHER, agency=THERE.agency),
    )
    yield (
        "again",
        "the one that counts stated once more",
        "rebound",
        stated(SECONDS_GRANT_KEY.key, after=SECONDS),
    )
    yield (
        "of-a-colleague",
        "the other device's own",
        "rebound",
        stated(FIRSTS_GRANT_KEY.key, after=SECONDS),
    )
    shared = GrantKey(HERE.window.kid, HERE.window.public)
    yield "that-is-a-window", "a window of the desk", "rebound", stated(shared, after=SECONDS)
    window = Window(OTHER.kid, OTHER.public, MONDAY, MONDAY + 1)
    as_window = replace(window, kid=SECONDS_GRANT_KEY.key.kid, public=SECONDS_GRANT_KEY.key.public)
    yield (
        "as-a-window",
        "published as a window",
        "rebound",
        published(as_window, after=HERE.entries[-1]),
    )
    yield (
        "id-of-another-key",
        "the id is another key's",
        "refused",
        stated(replace(OTHER, kid=HERE.window.kid), after=SECONDS),
    )
    yield (
        "too-short",
        "a key of 1,215 bytes",
        "refused",
        stated(replace(OTHER, public=OTHER.public[:-1]), after=SECONDS),
    )
    yield "out-of-turn", "it does not follow the last", "chain", stated(OTHER)


def given(
    *wrapped: Reader,
    kind: Kind = Kind.GRANT,
    form: Value = None,
    signer: SigningKey = HERE.device,
    dst: Sequence[Post] = (HERE,),
) -> Forgery:
    """Return a grant, or another ``form``, from the first device to the second, or what is none."""
    chosen = list(wrapped) or [Reader(SECONDS_GRANT_KEY.key, ReaderRole.DEVICE)]
    grant = Grant(tuple((own.window.kid, own.seed) for own in HERE.windows), ())
    to = tuple(sorted(post.desk for post in dst))
    lanes = {desk: Lane(1, None) for desk in to}
    said = replace(
        content(HERE, sender=signer), kind=kind, lanes=lanes, form=form or grant_to_value(grant)
    )
    around = Outside(HERE.desk, to, PriorityClass.ROUTINE, None, (), NOW + 86_400)
    return Forgery(with_readers(said, chosen), around, [r.window for r in chosen], signer)


def grant_envelopes() -> list[EnvelopeCase]:
    """Return the grants: one that opens, and those that are refused."""
    good = given()
    yours = Reader(SECONDS_GRANT_KEY.key, ReaderRole.DEVICE)
    cases = [
        ("grant", "windows' seeds for a colleague's device", "ok", good),
        ("grant-by-an-officer", "an officer gives seeds", "signer", given(signer=HERE.officer)),
        ("grant-to-two-desks", "it leaves the desk", "readers", given(dst=(HERE, THERE))),
        ("grant-to-another-desk", "for another desk's mailbox", "readers", given(dst=(THERE,))),
        (
            "grant-to-a-window",
            "wrapped to the desk's window too",
            "readers",
            given(yours, Reader(HERE.window, ReaderRole.DEVICE)),
        ),
        (
            "grant-as-to-a-desk",
            "a grant key in the role of a desk",
            "readers",
            given(Reader(SECONDS_GRANT_KEY.key, ReaderRole.DESK)),
        ),
        ("erasure", "what two officers erased", "ok", given(kind=Kind.ERASURE, form=[ERASED])),
        (
            "erasure-by-an-officer",
            "an officer tells of it, and no device",
            "signer",
            given(kind=Kind.ERASURE, form=[ERASED], signer=HERE.officer),
        ),
        (
            "erasure-to-another-desk",
            "it leaves the desk",
            "readers",
            given(kind=Kind.ERASURE, form=[ERASED], dst=(THERE,)),
        ),
        ("review", "whom a case was shown", "ok", given(kind=Kind.REVIEW, form=[REVIEWED])),
        (
            "review-by-an-officer",
            "an officer tells of it, and no device",
            "signer",
            given(kind=Kind.REVIEW, form=[REVIEWED], signer=HERE.officer),
        ),
        ("step-to-a-device", "an officer's step to a device", "readers", step(yours)),
    ]
    return [
        EnvelopeCase(
            name,
            comment,
            "ok" if code == "ok" else f"envelope.{code}",
            made.build(),
            HERE,
            says=made.content if code == "ok" else None,
            windows=(SECONDS_GRANT_KEY,),
            directory=DIRECTORY,
        )
        for name, comment, code, made in cases
    ]


def step(*also: Reader) -> Forgery:
    """Return a step to the counterpart that a device of our own is to read too."""
    wrapped = [*readers(THERE), *also]
    said = content(THERE, wrapped=wrapped)
    return Forgery(said, outside(THERE), [r.window for r in wrapped], HERE.officer)
