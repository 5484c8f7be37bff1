import pytest

from crypto.attest.directory import Directory, DirectoryError
from crypto.attest.encoding import Value, decode, encode
from crypto.attest.pin import fingerprint
from crypto.attest.signing import BadSignatureError
from crypto.attest.statement import (
    ENTRY_LIMIT,
    RootPayload,
    StatementError,
    SuccessionPayload,
    parse_entry,
)
from crypto.seal.ceremony import name_desk, state_desk, state_root, state_succession
from crypto.seal.drafts import (
    Draft,
    ForeignShareError,
    NoRootError,
    SignedTwiceError,
    UnfinishedError,
    finish,
    missing,
    parse_draft,
    roots_for,
    sign_draft,
)
from tests.support.world import HERE, MONDAY, THERE, desk_payload, signing_key
from tests.vectors.succession_cases import OTHER, WARD

SHARES = tuple(signing_key(f"share {number}") for number in range(3))
NEW_SHARES = tuple(signing_key(f"new share {number}") for number in range(3))
NAMES = ("Cơ quan", "机关", "Agency")
ROOT = RootPayload(tuple(key.verify_key for key in SHARES), 2, "VN", NAMES)
NEW_ROOT = RootPayload(tuple(key.verify_key for key in NEW_SHARES), 2, "VN", NAMES)
FIRST = state_root(ROOT)
LATER = state_root(NEW_ROOT, agency=FIRST.agency, after=FIRST)
DESK = state_desk(HERE.agency, HERE.desk, desk_payload(HERE.slug, HERE.registrar))
HERE_ROOT = RootPayload(
    tuple(key.verify_key for key in HERE.roots), 2, "VN", ("VN (vi)", "VN (zh)", "VN (en)")
)


def signed(draft: Draft, *shares: int) -> Draft:
    """Return the first root's draft signed by these shares, carried as a file in between."""
    for number in shares:
        draft = sign_draft(parse_draft(draft.raw), SHARES[number], [ROOT])
    return draft


def test_two_of_three_sign_in_any_order_and_the_draft_is_the_entry() -> None:
    one, other = signed(Draft(FIRST), 0, 2), signed(Draft(FIRST), 2, 0)

    entry = finish(one, [ROOT])

    assert entry == other.raw
    assert Directory.replay([fingerprint(FIRST.payload)], [entry]).root(FIRST.agency) == ROOT


def test_signing_step_by_step_makes_the_bytes_that_signing_at_once_makes() -> None:
    draft = Draft(DESK)
    for share in (HERE.roots[2], HERE.roots[0]):
        draft = sign_draft(draft, share, roots_for(DESK, HERE_ROOT))
    payload = desk_payload(HERE.slug, HERE.registrar)

    assert draft.raw == name_desk(
        HERE.agency, HERE.desk, payload, signers=[HERE.roots[0], HERE.roots[2]]
    )


def test_one_signature_is_too_few() -> None:
    draft = signed(Draft(FIRST), 1)

    assert missing(draft, [ROOT]) == 1
    with pytest.raises(UnfinishedError):
        finish(draft, [ROOT])
    with pytest.raises(DirectoryError):
        Directory.replay([fingerprint(FIRST.payload)], [draft.raw])


def test_nobody_signs_twice() -> None:
    with pytest.raises(SignedTwiceError):
        signed(Draft(FIRST), 1, 1)


def test_a_key_without_a_say_does_not_sign() -> None:
    with pytest.raises(ForeignShareError):
        sign_draft(Draft(FIRST), THERE.roots[0], [ROOT])


def test_a_draft_that_a_foreign_key_has_signed_is_refused() -> None:
    foreign = sign_draft(Draft(FIRST), NEW_SHARES[0], [NEW_ROOT])

    with pytest.raises(ForeignShareError):
        sign_draft(foreign, SHARES[0], [ROOT])


def test_nobody_signs_beside_a_signature_that_does_not_hold() -> None:
    draft = signed(Draft(FIRST), 0)
    [(kid, signature)] = draft.signatures
    damaged = Draft(FIRST, ((kid, bytes([signature[0] ^ 1]) + signature[1:]),))

    with pytest.raises(BadSignatureError):
        sign_draft(damaged, SHARES[1], [ROOT])
    with pytest.raises(BadSignatureError):
        missing(damaged, [ROOT])


def test_a_new_root_takes_the_threshold_of_both() -> None:
    roots = roots_for(LATER, ROOT)
    draft = Draft(LATER)
    for share in (SHARES[0], SHARES[1], NEW_SHARES[0]):
        draft = sign_draft(draft, share, roots)

    assert missing(draft, roots) == 1
    draft = sign_draft(draft, NEW_SHARES[2], roots)
    assert missing(draft, roots) == 0
    entries = [signed(Draft(FIRST), 0, 1).raw, finish(draft, roots)]
    directory = Directory.replay([fingerprint(FIRST.payload)], entries)
    assert directory.root(FIRST.agency) == NEW_ROOT


def test_a_succession_between_two_agencies_takes_the_threshold_of_each() -> None:
    given = SuccessionPayload(OTHER.desk, MONDAY, None)
    statement = state_succession(HERE.agency, HERE.desk, given)
    other = RootPayload(tuple(key.verify_key for key in OTHER.roots), 2, "VN", NAMES)
    roots, draft = roots_for(statement, HERE_ROOT, other), Draft(statement)
    lacking = [missing(draft, roots)]

    for share in (OTHER.roots[0], OTHER.roots[1], HERE.roots[2], HERE.roots[0]):
        draft = sign_draft(parse_draft(draft.raw), share, roots)
        lacking.append(missing(draft, roots))

    assert lacking == [4, 3, 2, 1, 0]
    entries = [*HERE.entries, *OTHER.entries, finish(draft, roots)]
    directory = Directory.replay([HERE.pin, OTHER.pin], entries)
    assert directory.successor(HERE.desk, at=MONDAY) == OTHER.desk


def test_a_succession_within_one_agency_takes_its_threshold_once() -> None:
    statement = state_succession(HERE.agency, HERE.desk, SuccessionPayload(WARD, MONDAY, None))

    assert roots_for(statement, HERE_ROOT, HERE_ROOT) == (HERE_ROOT,)


def test_a_succession_is_not_signed_without_the_root_of_the_desk_that_follows() -> None:
    statement = state_succession(HERE.agency, HERE.desk, SuccessionPayload(WARD, MONDAY, None))

    with pytest.raises(NoRootError):
        roots_for(statement, HERE_ROOT)


def test_a_statement_that_a_registrar_signs_is_not_for_a_root() -> None:
    device = parse_entry(HERE.entries[2]).statement

    with pytest.raises(StatementError):
        roots_for(device, HERE_ROOT)


def test_whose_signatures_count_is_not_guessed() -> None:
    with pytest.raises(NoRootError):
        roots_for(DESK, None)


@pytest.mark.parametrize("other", [b"", b"\x00", encode(["no", "draft"]), encode([FIRST.raw, 1])])
def test_other_bytes_are_no_draft(other: bytes) -> None:
    with pytest.raises(StatementError):
        parse_draft(other)


def test_a_draft_that_nobody_has_signed_is_no_entry() -> None:
    value: Value = decode(Draft(FIRST).raw, limit=ENTRY_LIMIT)

    assert value == [FIRST.raw, []]
    with pytest.raises(StatementError):
        parse_entry(Draft(FIRST).raw)
