"""A root that replaces another: it stands by the old one's word, and is doubted until compared."""

from crypto.attest.directory import Directory, Doubt
from crypto.attest.payload import encode_payload
from crypto.attest.pin import fingerprint
from crypto.attest.statement import What
from tests.support.world import HERE, NOW, THERE, desk_payload
from tests.vectors.directory_cases import BOTH, NEW_ROOT, NEW_ROOTS, OFFICER, entry, rotation

ROTATED = rotation([*HERE.roots[:2], *NEW_ROOTS[:2]])
DIGITS = fingerprint(encode_payload(NEW_ROOT))


def rotated(*pins: str) -> Directory:
    """Return the directory after HERE has new roots, with more pins."""
    return Directory.replay((HERE.pin, THERE.pin, *pins), (*BOTH, OFFICER, ROTATED))


def test_new_roots_are_doubted_until_their_digits_were_compared() -> None:
    directory = rotated()

    before = directory.signer(HERE.officer.kid, at=NOW).doubts
    directory.pins |= {DIGITS}
    after = directory.signer(HERE.officer.kid, at=NOW).doubts

    assert before == (Doubt.UNCONFIRMED_ROOT,)
    assert after == ()


def test_who_compared_the_new_digits_before_has_no_doubt() -> None:
    assert rotated(DIGITS).is_confirmed(HERE.agency)
    assert rotated(DIGITS).signer(HERE.officer.kid, at=NOW).doubts == ()


def test_the_other_agencys_signers_are_not_doubted_for_it() -> None:
    directory = rotated()

    assert not directory.is_confirmed(HERE.agency)
    assert directory.signer(THERE.device.kid, at=NOW).doubts == ()


def test_what_the_new_roots_say_stands_while_they_are_doubted() -> None:
    directory = rotated()
    renewed = desk_payload(HERE.slug, HERE.registrar, begins=NOW)

    directory.append(entry(What.DESK, encode_payload(renewed), NEW_ROOTS[:2], after=BOTH[1]))

    assert directory.desk_at(HERE.desk, at=NOW).payload.not_before == NOW
