"""The archive's records: which key opens which, and what an altered one comes to."""

from pathlib import Path

import nacl.bindings as sodium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.encoding import decode
from crypto.seal.archive import (
    ArchiveError,
    CaseKey,
    KeptMessage,
    RecordKind,
    WrongCaseKeyError,
    make_case_key,
    shut_in,
    shut_in_draft,
    shut_in_message,
    take_out,
    take_out_draft,
    take_out_message,
)
from tests.support.world import seed
from tests.vectors.generate import FOLDER
from tests.vectors.test_vectors import fields, named

KEY = CaseKey(seed("case"))
MESSAGE = KeptMessage(b"envelope", seed("content key"), b"content")
VECTORS = sorted((FOLDER / "archive").glob("*.txt"))


@pytest.mark.parametrize("path", VECTORS, ids=named)
def test_a_record_opens_or_is_refused_under_its_code(path: Path) -> None:
    vector = fields(path)
    key, mid, record = (bytes.fromhex(vector[name][0]) for name in ("key", "mid", "record"))

    try:
        kept = take_out_message(CaseKey(key), mid, record)
    except ArchiveError as e:
        assert [e.code] == vector["expect"]  # noqa: PT017 - either outcome is a vector's
    else:
        parts = (kept.envelope, kept.content_key, kept.content)
        assert vector["expect"] == ["ok"]
        assert [part.hex() for part in parts] == vector["part"]


def test_the_specified_bytes_open_without_our_code_for_records() -> None:
    vector = fields(FOLDER / "archive" / "message.txt")
    key, mid, record = (bytes.fromhex(vector[name][0]) for name in ("key", "mid", "record"))

    plain = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        record[24:], b"liaison/1 kept\0\x01" + mid, record[:24], key
    )

    parts = decode(plain, limit=1_000)
    assert parts == [bytes.fromhex(part) for part in vector["part"]]


@given(st.binary(max_size=300), st.binary(max_size=40), st.sampled_from(RecordKind))
def test_what_was_shut_in_comes_out(plain: bytes, name: bytes, kind: RecordKind) -> None:
    assert take_out(KEY, kind, name, shut_in(KEY, kind, name, plain)) == plain


def test_a_record_of_one_kind_does_not_open_as_another() -> None:
    draft = shut_in(KEY, RecordKind.DRAFT, b"name", b"form")

    with pytest.raises(WrongCaseKeyError):
        take_out(KEY, RecordKind.MESSAGE, b"name", draft)


def test_a_draft_comes_out_with_its_reason_or_without() -> None:
    refused, asked = shut_in_draft(KEY, b"a", b"form", b"why"), shut_in_draft(KEY, b"a", b"", None)

    assert take_out_draft(KEY, b"a", refused) == (b"form", b"why")
    assert take_out_draft(KEY, b"a", asked) == (b"", None)


def test_a_draft_with_a_reason_that_is_no_bytes_is_malformed() -> None:
    record = shut_in(KEY, RecordKind.DRAFT, b"a", b"\x82\x40\x00")

    with pytest.raises(ArchiveError, match=r"\[form, reason\]"):
        take_out_draft(KEY, b"a", record)


def test_what_is_no_encoding_is_malformed() -> None:
    record = shut_in(KEY, RecordKind.MESSAGE, b"a", b"\xff")

    with pytest.raises(ArchiveError, match="encoding"):
        take_out_message(KEY, b"a", record)


def test_every_bit_of_a_record_counts() -> None:
    record = shut_in_message(KEY, b"mid", MESSAGE)

    for bit in range(8 * len(record)):
        altered = bytearray(record)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(WrongCaseKeyError):
            take_out_message(KEY, b"mid", bytes(altered))


def test_no_two_cases_have_one_key_and_no_two_records_one_nonce() -> None:
    keys = {make_case_key().raw for _ in range(100)}
    nonces = {shut_in_message(KEY, b"mid", MESSAGE)[:24] for _ in range(100)}

    assert (len(keys), {len(key) for key in keys}) == (100, {32})
    assert len(nonces) == 100


def test_a_key_and_a_message_do_not_show_themselves() -> None:
    shown = repr(KEY) + repr(MESSAGE)

    assert not any(repr(part)[2:-1] in shown for part in (KEY.raw, b"content", MESSAGE.content_key))
