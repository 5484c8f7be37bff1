"""The signed review: by a computer of the desk, and about nothing but who, when, which and why."""

from dataclasses import replace

import pytest

from crypto.attest.encoding import Value, decode, encode
from crypto.attest.padding import LARGEST
from crypto.attest.signing import SigningKey
from crypto.attest.statement import Reason, RevocationPayload
from crypto.seal.ceremony import revoke
from crypto.seal.oversight import MalformedOversightError
from crypto.seal.reviews import (
    ReviewSignerError,
    reviews_from_value,
    sign_review,
    verify_review,
)
from tests.support.signed_kinds import REVIEWED
from tests.support.world import HERE, THERE, directory, signing_key


def test_a_review_is_the_word_of_the_computer_that_showed_the_case() -> None:
    raw = sign_review(REVIEWED, HERE.device)

    assert reviews_from_value([raw]) == [raw]
    assert verify_review(raw, directory()) == REVIEWED


@pytest.mark.parametrize(
    "key",
    [HERE.officer, HERE.approver, THERE.device, signing_key("nobody's")],
    ids=["officer", "approver", "another desk's", "nobody's"],
)
def test_nobody_else_says_that_a_case_was_reviewed(key: SigningKey) -> None:
    with pytest.raises(ReviewSignerError):
        verify_review(sign_review(REVIEWED, key), directory())


def test_an_altered_review_is_none() -> None:
    parts = decode(sign_review(REVIEWED, HERE.device), limit=LARGEST)
    assert isinstance(parts, list)

    with pytest.raises(ReviewSignerError):
        verify_review(encode([replace(REVIEWED, at=1).encoded(), *parts[1:]]), directory())


def test_what_a_computer_recorded_stays_when_it_is_revoked() -> None:
    replica, lost = directory(), RevocationPayload(0, Reason.LOST)
    replica.append(revoke(HERE.agency, HERE.device.kid, lost, signers=[HERE.registrar]))

    assert verify_review(sign_review(REVIEWED, HERE.device), replica) == REVIEWED


@pytest.mark.parametrize(
    "value",
    [[], None, [b"none"], [encode([b"", b"", b""])], [[b"listed"]], b"bare"],
    ids=["empty", "null", "no encoding", "no review", "listed", "bare"],
)
def test_what_tells_of_no_review_is_malformed(value: Value) -> None:
    with pytest.raises(MalformedOversightError):
        reviews_from_value(value)
