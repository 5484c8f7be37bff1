"""The signed erasure: whose word it must be, and that it says nothing of what was written."""

from dataclasses import replace

import pytest

from crypto.attest import labels
from crypto.attest.directory import Directory
from crypto.attest.encoding import Value, encode
from crypto.attest.signing import SigningKey
from crypto.attest.statement import Reason, RevocationPayload, Role
from crypto.seal.ceremony import grant_key, parse_request, request_key, revoke
from crypto.seal.content import ThreadId
from crypto.seal.erasure import (
    Erasure,
    ErasureSignersError,
    MalformedErasureError,
    erasures_from_value,
    sign_erasure,
    told_erasure,
    verify_erasure,
)
from tests.support.world import HERE, NOW, THERE, directory, key_payload, seed, signing_key

ERASURE = Erasure(
    HERE.desk, ThreadId(seed("thread")[:16]), "QN-MC1-2026-0001", NOW, "ordered", "Law 1", 7
)
#: A further officer, the approver's key on another computer, and a supervisor.
OTHER, AGAIN, SUPERVISOR = (signing_key(name) for name in ("another", "again", "supervisor"))
POSTS = ((OTHER, Role.OFFICER, "VN-08"), (AGAIN, Role.APPROVER, "VN-01"))
SENIOR = (SUPERVISOR, Role.SUPERVISOR, "VN-00")


def office() -> Directory:
    """Return the directory with the further keys of the first desk."""
    replica = directory()
    for key, role, name in (*POSTS, SENIOR):
        asked = request_key(HERE.agency, key_payload(key, HERE.desk, role, name), key)
        replica.append(grant_key(parse_request(asked), HERE.registrar, after=None))
    return replica


@pytest.mark.parametrize("senior", [HERE.approver, SUPERVISOR], ids=["approver", "supervisor"])
def test_two_officers_of_whom_one_is_senior_erase(senior: SigningKey) -> None:
    found = verify_erasure(sign_erasure(ERASURE, [HERE.officer, senior]), office())

    assert found.erasure == ERASURE
    assert set(found.officers) == {"VN-07", "VN-01" if senior is HERE.approver else "VN-00"}


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [HERE.approver],
        [HERE.approver, AGAIN],
        [HERE.officer, OTHER],
        [HERE.device, HERE.approver],
        [HERE.officer, THERE.approver],
        [HERE.officer, OTHER, SUPERVISOR],
        [HERE.officer, signing_key("nobody's")],
    ],
    ids=["nobody", "one", "one-twice", "no-senior", "device", "another-desk", "three", "stranger"],
)
def test_anybody_else_does_not(keys: list[SigningKey]) -> None:
    with pytest.raises(ErasureSignersError):
        verify_erasure(sign_erasure(ERASURE, keys), office())


@pytest.mark.parametrize(
    "keys",
    [[HERE.approver, AGAIN], [HERE.officer, OTHER], [HERE.device, HERE.approver]],
    ids=["one-twice", "no-senior", "device"],
)
def test_what_is_told_of_an_erasure_needs_the_same_two_persons(keys: list[SigningKey]) -> None:
    with pytest.raises(ErasureSignersError):
        told_erasure(sign_erasure(ERASURE, keys), office())


def test_two_officers_bind_the_desks_other_computers_after_they_have_left() -> None:
    raw, replica = sign_erasure(ERASURE, [HERE.officer, HERE.approver]), office()
    left = RevocationPayload(0, Reason.LEFT)
    replica.append(revoke(HERE.agency, HERE.officer.kid, left, signers=[HERE.registrar]))

    with pytest.raises(ErasureSignersError):
        verify_erasure(raw, replica)

    assert told_erasure(raw, replica).erasure == ERASURE


@pytest.mark.parametrize("value", [[], None, [b"none"], [[b"listed"]], b"bare"], ids=repr)
def test_what_tells_of_no_erasure_is_malformed(value: Value) -> None:
    with pytest.raises(MalformedErasureError):
        erasures_from_value(value)


def test_two_seniors_of_another_desk_do_not_erase_ours() -> None:
    theirs = sign_erasure(ERASURE, [THERE.officer, THERE.approver])

    with pytest.raises(ErasureSignersError):
        verify_erasure(theirs, office())


def test_a_signature_under_another_label_is_none() -> None:
    body, keys = ERASURE.encoded(), sorted([HERE.officer, HERE.approver], key=lambda key: key.kid)
    raw = encode([body, [[key.kid, key.sign(labels.STANDING, body)] for key in keys]])

    with pytest.raises(ErasureSignersError, match="signature"):
        verify_erasure(raw, office())


def test_a_signature_after_its_keys_time_is_none() -> None:
    late = replace(ERASURE, at=NOW + 800 * 86_400)

    with pytest.raises(ErasureSignersError, match="does not count"):
        verify_erasure(sign_erasure(late, [HERE.officer, HERE.approver]), office())


BODY = ERASURE.encoded()


@pytest.mark.parametrize(
    "value",
    [
        [],
        [BODY],
        [BODY, [[b"kid"]]],
        [BODY, [["kid", b"signature"]]],
        [BODY, [[b"b", b""], [b"a", b""]]],
        [BODY, [[b"a", b""], [b"a", b""]]],
        [encode([]), []],
        [encode([b"short", b"short", "", 0, "", "", 0]), []],
        [b"\xff", []],
    ],
    ids=str,
)
def test_what_has_not_the_form_is_malformed(value: Value) -> None:
    with pytest.raises(MalformedErasureError):
        verify_erasure(encode(value), office())


def test_what_is_no_encoding_is_malformed() -> None:
    with pytest.raises(MalformedErasureError):
        verify_erasure(b"\xff", office())
