"""The vectors of revocation: what stands and what does not, and the messages before and after."""

from collections.abc import Iterator
from dataclasses import replace

from crypto.attest.encoding import encode
from crypto.attest.payload import encode_payload
from crypto.attest.signing import SigningKey
from crypto.attest.statement import (
    Reason,
    RevocationPayload,
    Role,
    What,
    parse_entry,
)
from crypto.seal.ceremony import revoke
from crypto.seal.windows import WEEK
from tests.support.world import (
    BROKER,
    HERE,
    MONDAY,
    SECOND,
    THERE,
    Post,
    broker_entry,
    desk_payload,
    key_payload,
    own_grant_key,
    second_device,
    signing_key,
    window,
)
from tests.vectors.directory_cases import (
    WINDOWS,
    DirectoryCase,
    entry,
    key_entry,
    published,
)
from tests.vectors.envelope_cases import EnvelopeCase, opens, to
from tests.vectors.grant_cases import stated

ROOTS = HERE.roots[:2]
#: One who means well lost the computer on Monday at noon; it is revoked by Tuesday's entry.
LOST = RevocationPayload(MONDAY + 12 * 3_600, Reason.LOST)
#: The directory of the two desks, with the second device of HERE, before anything is revoked.
BEFORE = (*HERE.entries, *THERE.entries, *second_device(), broker_entry(HERE))


def revoked(
    subject: bytes,
    *signers: SigningKey,
    payload: RevocationPayload = LOST,
    post: Post = HERE,
    after: bytes | None = None,
) -> bytes:
    """Return an entry that revokes ``subject``, by default by the registrar of HERE."""
    return revoke(
        post.agency,
        subject,
        payload,
        signers=signers or (HERE.registrar,),
        after=None if after is None else parse_entry(after).statement,
    )


def revocation_directories() -> Iterator[DirectoryCase]:
    """Yield directories with revocations: those that stand, and those that are refused."""
    device, officer = revoked(HERE.device.kid), revoked(HERE.officer.kid)
    desk, broker = revoked(HERE.desk, *ROOTS), revoked(BROKER.kid, *ROOTS)
    corrected = replace(LOST, effective=MONDAY, reason=Reason.COMPROMISED)
    fresh = published(window("fresh").window, by=SECOND, after=WINDOWS)
    stands: list[tuple[str, str, tuple[bytes, ...]]] = [
        ("a-device-revoked", "by the registrar of its desk", (device,)),
        ("an-officer-revoked", "by the registrar of the desk", (officer,)),
        ("a-desk-revoked", "by two of its root keys", (desk,)),
        ("a-broker-revoked", "by two root keys of one of its agencies", (broker,)),
        (
            "a-revocation-corrected",
            "the same key once more, with another day and reason",
            (device, revoked(HERE.device.kid, payload=corrected, after=device)),
        ),
        ("a-window-after-a-revocation", "a device that is left publishes", (device, fresh)),
        (
            "a-key-revoked-at-a-revoked-desk",
            "a registrar may still revoke keys of a desk that is no more",
            (desk, device),
        ),
    ]
    for name, comment, entries in stands:
        yield DirectoryCase(name, comment, "ok", (*BEFORE, *entries))
    for name, comment, code, last in refused_revocations():
        yield DirectoryCase(f"revocation-{name}", comment, f"directory.{code}", (*BEFORE, last))
    for name, comment, code, entries in after_revocations():
        yield DirectoryCase(f"revoked-{name}", comment, f"directory.{code}", (*BEFORE, *entries))


def refused_revocations() -> Iterator[tuple[str, str, str, bytes]]:
    """Yield revocations that do not stand: name, comment, code and entry after BEFORE."""
    denied, unknown = "not_authorised", "unknown_subject"
    kid = HERE.device.kid
    yield "by-a-foreign-registrar", "the counterpart's", denied, revoked(kid, THERE.registrar)
    yield "by-the-device", "the key itself", denied, revoked(kid, HERE.device)
    yield "by-the-root", "a root speaks of desks, not of their keys", denied, revoked(kid, *ROOTS)
    yield (
        "under-a-foreign-agency",
        "our registrar signs, but it is said to be the counterpart's",
        "not_authorised",
        revoked(kid, post=THERE),
    )
    yield (
        "of-a-foreign-key",
        "the counterpart's roots speak of our key",
        unknown,
        revoked(kid, *THERE.roots, post=THERE),
    )
    yield (
        "of-a-foreign-desk",
        "the counterpart's roots speak of our desk",
        unknown,
        revoked(HERE.desk, *THERE.roots, post=THERE),
    )
    yield (
        "of-a-foreign-broker",
        "a broker on which only the other agency relies",
        unknown,
        revoked(BROKER.kid, *THERE.roots, post=THERE),
    )
    yield "of-nothing", "an id of nothing", unknown, revoked(bytes(16), *ROOTS)
    yield "of-a-desk-by-the-registrar", "no root", denied, revoked(HERE.desk)
    yield "of-a-desk-by-one-root", "one of two", denied, revoked(HERE.desk, HERE.roots[0])
    yield "of-a-broker-by-one-root", "one of two", denied, revoked(BROKER.kid, HERE.roots[0])
    for number in (0, 6):
        raw = encode([MONDAY, number])
        yield (
            f"for-reason-{number}",
            "a reason of no meaning",
            "refused",
            entry(What.REVOKE, raw, [HERE.registrar], subject=kid),
        )
    told = encode([MONDAY, 1, "sold by its officer"])
    yield (
        "with-a-story",
        "a text beside the number",
        "refused",
        entry(What.REVOKE, told, [HERE.registrar], subject=kid),
    )


def after_revocations() -> Iterator[tuple[str, str, str, tuple[bytes, ...]]]:
    """Yield what is refused once something was revoked."""
    device, desk = revoked(HERE.device.kid), revoked(HERE.desk, *ROOTS)
    broker = revoked(BROKER.kid, *ROOTS)
    fresh, key = window("fresh").window, own_grant_key("fresh").key
    longer = key_payload(HERE.device, HERE.desk, Role.DEVICE, "VN-D1", ends=MONDAY + 2 * WEEK)
    yield (
        "device-admitted-again",
        "the registrar admits a key that was revoked",
        "revoked",
        (device, key_entry(longer, HERE.device, after=HERE.entries[2])),
    )
    yield (
        "device-publishes",
        "a revoked device publishes a window",
        "not_authorised",
        (device, published(fresh, after=WINDOWS)),
    )
    granting = stated(key, HERE.device, subject=HERE.device.kid, after=second_device()[1])
    yield "device-states-a-grant-key", "a revoked device", "revoked", (device, granting)
    named_again = entry(
        What.DESK,
        encode_payload(desk_payload(HERE.slug, HERE.registrar)),
        HERE.roots[:2],
        after=HERE.entries[1],
    )
    yield "desk-named-again", "the root names it again", "revoked", (desk, named_again)
    new = key_payload(signing_key("new"), HERE.desk, Role.OFFICER, "VN-99")
    admitted = key_entry(new, signing_key("new"))
    yield "desk-admits", "a new officer of a revoked desk", "revoked", (desk, admitted)
    publishing = published(fresh, after=WINDOWS)
    yield "desk-publishes", "a window of a revoked desk", "revoked", (desk, publishing)
    yield "desk-grants", "a grant key of a revoked desk's device", "revoked", (desk, granting)
    named_broker = entry(
        What.INFRA,
        parse_entry(broker_entry(HERE)).statement.payload,
        HERE.roots[:2],
        subject=BROKER.kid,
        after=broker_entry(HERE),
    )
    yield "broker-named-again", "the root names it again", "revoked", (broker, named_broker)


#: Where the ledger's leaf of the revocation stands in the envelopes' vectors, and its number.
PLACE = 40
REVOKED = (*HERE.entries, *THERE.entries, revoked(HERE.officer.kid))
DESK_REVOKED = (*HERE.entries, *THERE.entries, revoked(HERE.desk, *ROOTS))


def revocation_envelopes() -> Iterator[EnvelopeCase]:
    """Yield messages of an officer or desk that was revoked, before and after."""
    for of, directory in (
        ("signer", "an-officer-revoked-at-work"),
        ("desk", "a-desk-revoked-at-work"),
    ):
        honest = opens(
            f"before-its-{of}s-revocation",
            "in the leaf before; that it arrives later takes nothing back",
            to(THERE),
        )
        placed = replace(honest, directory=f"{directory}.txt", place=(len(REVOKED), PLACE))
        yield replace(placed, index=PLACE - 1)
        refused = replace(placed, expect="envelope.signer", says=None)
        yield replace(
            refused,
            name=f"after-its-{of}s-revocation",
            comment="in the leaf after",
            index=PLACE + 1,
        )
        yield replace(
            refused,
            name=f"of-a-revoked-{of}-by-hand",
            comment="in no ledger: judged by all that is known",
        )
        yield replace(
            refused,
            name=f"of-a-revoked-{of}-not-placed",
            comment="where the revocation stands is not known yet",
            index=PLACE - 1,
            place=None,
        )


def revoked_at_work() -> Iterator[DirectoryCase]:
    """Yield the directories on which those envelopes stand."""
    yield DirectoryCase("an-officer-revoked-at-work", "on which envelopes stand", "ok", REVOKED)
    yield DirectoryCase("a-desk-revoked-at-work", "on which envelopes stand", "ok", DESK_REVOKED)
