from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.checkpoint import Checkpoint, sign_checkpoint
from crypto.attest.note import NoteError
from crypto.attest.signing import SigningKey
from crypto.attest.submission import (
    PROOF_LINES_LIMIT,
    SUBMISSION_LIMIT,
    Submission,
    SubmissionError,
    parse_submission,
)

CHECKPOINT = Checkpoint("log.example/ledger", 7, bytes(32))
NOTE = sign_checkpoint(CHECKPOINT, SigningKey.from_seed(bytes(32)))
HASH = b64encode(bytes(32)).decode()

# The example of the specification.
EXAMPLE = (
    "old 20852014\n"
    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
    "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
    "\n"
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q"
    "1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V626"
    "7UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
)


def test_the_request_of_the_specification_reads_and_writes_the_same() -> None:
    found = parse_submission(EXAMPLE.encode())

    assert (found.old, len(found.proof), found.checkpoint().size) == (20852014, 4, 20852163)
    assert found.raw() == EXAMPLE.encode()


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_a_submission_reads_back(old: int, proof: list[bytes]) -> None:
    submission = Submission(old, tuple(proof), NOTE)

    assert parse_submission(submission.raw()) == submission
    assert submission.checkpoint() == CHECKPOINT


MALFORMED = {
    "nothing": b"",
    "no checkpoint": b"old 3\n\n",
    "no empty line": b"old 3\n" + NOTE,
    "no old size": b"\n\n" + NOTE,
    "another word": b"new 3\n\n" + NOTE,
    "a leading zero": b"old 03\n\n" + NOTE,
    "no number": b"old x\n\n" + NOTE,
    "two spaces": b"old  3\n\n" + NOTE,
    "a carriage return": b"old 3\r\n\n" + NOTE,
    "a hash too short": f"old 3\n{HASH[:-4]}\n\n".encode() + NOTE,
    "no base64": b"old 3\nhash\n\n" + NOTE,
    "not ASCII": "old 3\n—\n\n".encode() + NOTE,
    "too many hashes": ("old 3\n" + f"{HASH}\n" * (PROOF_LINES_LIMIT + 1) + "\n").encode() + NOTE,
    "unsigned": b"old 3\n\n" + CHECKPOINT.text().encode(),
    "no size in the checkpoint": b"old 3\n\n" + NOTE.replace(b"\n7\n", b"\nseven\n"),
    "too long": b"old 3\n\n" + NOTE + bytes(SUBMISSION_LIMIT),
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_submission_is_refused(raw: bytes) -> None:
    with pytest.raises(NoteError):
        parse_submission(raw)


def test_a_submission_out_of_form_has_its_own_code() -> None:
    with pytest.raises(SubmissionError) as caught:
        parse_submission(b"old 3")

    assert caught.value.code == "submission.malformed"


@given(st.data())
def test_a_submission_changed_anywhere_is_refused_or_read_as_it_stands(data: st.DataObject) -> None:
    whole = Submission(3, (bytes(32),), NOTE).raw()
    at = data.draw(st.integers(0, len(whole) - 1))
    raw = whole[:at] + data.draw(st.binary(max_size=3)) + whole[at + 1 :]

    try:
        submission = parse_submission(raw)
    except NoteError as e:
        assert e.code.partition(".")[2] == "malformed"  # noqa: PT017 - either outcome is right
    else:
        assert submission.raw() == raw
