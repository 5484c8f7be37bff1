import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest import labels
from crypto.attest.encoding import encode
from crypto.attest.hashing import digest
from crypto.attest.signing import (
    SIGNED_LIMIT,
    BadKeyError,
    BadSignatureError,
    BadSignedError,
    SignatureError,
    SigningKey,
    VerifyKey,
    key_id,
    open_signed,
    pack_signed,
    split_signed,
)
from tests.support.world import signing_key

KEY = signing_key("signer")
OTHER = signing_key("other signer")
BODY = b"what is said"


@pytest.mark.parametrize("offered", labels.SIGNING, ids=lambda label: f"as {label!r}")
@pytest.mark.parametrize("made", labels.SIGNING, ids=lambda label: f"made {label!r}")
def test_a_signature_under_one_label_is_refused_under_every_other(
    made: bytes, offered: bytes
) -> None:
    signature = KEY.sign(made, BODY)

    if made == offered:
        KEY.verify_key.verify(offered, BODY, signature)
    else:
        with pytest.raises(BadSignatureError):
            KEY.verify_key.verify(offered, BODY, signature)


def test_the_label_cannot_be_moved_into_the_body() -> None:
    """A body that begins as another label ends is still another message."""
    signature = KEY.sign(labels.ACK, BODY)

    for label in labels.SIGNING:
        for body in (BODY, labels.ACK + BODY):
            if (label, body) != (labels.ACK, BODY):
                with pytest.raises(BadSignatureError):
                    KEY.verify_key.verify(label, body, signature)


@given(st.binary(max_size=200))
def test_a_signature_holds_for_its_key_only(body: bytes) -> None:
    signature = KEY.sign(labels.TOOK, body)

    KEY.verify_key.verify(labels.TOOK, body, signature)
    with pytest.raises(BadSignatureError):
        OTHER.verify_key.verify(labels.TOOK, body, signature)


@pytest.mark.parametrize("bit", range(512))
def test_every_bit_of_a_signature_counts(bit: int) -> None:
    signature = bytearray(KEY.sign(labels.ACK, BODY))
    signature[bit // 8] ^= 1 << bit % 8

    with pytest.raises(BadSignatureError):
        KEY.verify_key.verify(labels.ACK, BODY, bytes(signature))


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(BadSignatureError, match=f"{size} found"):
        KEY.verify_key.verify(labels.ACK, BODY, bytes(size))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(BadKeyError, match=f"not {size}"):
        VerifyKey(bytes(size))
    with pytest.raises(BadKeyError, match=f"not {size}"):
        SigningKey.from_seed(bytes(size))


@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31)], ids=["order 4", "order 1"])
def test_a_key_of_small_order_signs_nothing(point: bytes) -> None:
    """Under such a key one signature would hold for many messages."""
    with pytest.raises(BadSignatureError):
        VerifyKey(point).verify(labels.ACK, BODY, point + bytes(32))


def test_a_key_is_named_by_the_first_half_of_its_hash() -> None:
    raw = KEY.verify_key.raw

    assert KEY.kid == KEY.verify_key.kid == key_id(raw) == digest(b"lz1-kid", raw)[:16]
    assert KEY.kid != OTHER.kid


def test_keys_are_equal_when_their_bytes_are() -> None:
    assert VerifyKey(KEY.verify_key.raw) == KEY.verify_key
    assert KEY.verify_key != OTHER.verify_key


def test_a_signing_key_does_not_show_its_seed() -> None:
    key = SigningKey.from_seed(b"\x5a" * 32)

    assert "ZZZZ" not in repr(key)
    assert "5a5a" not in repr(key)


@given(st.binary(max_size=300))
def test_a_signed_body_opens_for_its_key_and_label(body: bytes) -> None:
    raw = pack_signed(KEY, labels.LOGIN, body)

    assert open_signed(KEY.verify_key, labels.LOGIN, raw) == body
    assert split_signed(raw)[0] == body
    for key, label in ((OTHER, labels.LOGIN), (KEY, labels.ACK)):
        with pytest.raises(BadSignatureError):
            open_signed(key.verify_key, label, raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        encode([b"body"]),
        encode(["body", bytes(64)]),
        encode([b"body", bytes(64), 1]),
        encode(1),
        pack_signed(KEY, labels.ACK, b"") + b"\0",
        pack_signed(KEY, labels.ACK, bytes(SIGNED_LIMIT)),
    ],
    ids=["nothing", "no signature", "text", "three", "a number", "trailing", "too long"],
)
def test_what_is_no_signed_body_is_refused(raw: bytes) -> None:
    with pytest.raises(BadSignedError) as caught:
        open_signed(KEY.verify_key, labels.ACK, raw)

    assert caught.value.code == "signature.malformed"


@given(st.binary(max_size=120))
def test_any_bytes_offered_as_signed_raise_only_their_own_errors(raw: bytes) -> None:
    with pytest.raises(SignatureError):
        open_signed(KEY.verify_key, labels.ACK, raw)
