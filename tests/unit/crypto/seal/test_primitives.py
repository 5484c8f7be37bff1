from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.pwhash import argon2id

from crypto.attest import self_test as attested
from crypto.attest.self_test import SelfTestError
from crypto.attest.signing import SigningKey
from crypto.seal import primitives
from crypto.seal.primitives import (
    DoesNotOpenError,
    OpeningKey,
    PrimitiveError,
    WrappingKey,
    decrypt,
    encrypt,
    fresh,
    self_test,
    stretch,
)
from tests.support.world import seed

KEY = OpeningKey.from_seed(seed("primitives"))


def test_the_primitives_of_this_machine_pass_their_self_test() -> None:
    self_test()


def other_aead(key: bytes, nonce: bytes, plain: bytes, *, aad: bytes) -> bytes:
    return encrypt(key, nonce[::-1], plain, aad=aad)


def unchecked(_key: bytes, _nonce: bytes, sealed: bytes, *, aad: bytes) -> bytes:  # noqa: ARG001
    return sealed[:-16]


def other_hash(person: bytes, content: bytes) -> bytes:
    return seed(f"{person!r} {content!r}")


def other_key(_secret: bytes) -> OpeningKey:
    return KEY


def opens_all(_self: OpeningKey, wrapped: bytes, *, info: bytes) -> bytes:  # noqa: ARG001
    return b"liaison" if len(wrapped) == 1_143 else bytes.fromhex("7f") * 32


def any_context(self: OpeningKey, wrapped: bytes, *, info: bytes) -> bytes:  # noqa: ARG001
    return UNWRAP(self, wrapped, info=b"self-test")


def other_signature(_self: SigningKey, message: bytes) -> bytes:
    return seed("signature") + message.ljust(32, b"\0")


UNWRAP = OpeningKey.unwrap

#: What is broken, where it stands, and the wrong function put there.
BROKEN: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "an AEAD that computes something else": (primitives, "encrypt", other_aead),
    "an AEAD that checks no tag": (primitives, "decrypt", unchecked),
    "a hash that is another": (attested, "digest", other_hash),
    "a key derivation that is another": (attested, "derive", other_hash),
    "keys that do not come from their seed": (OpeningKey, "from_seed", other_key),
    "a wrap that opens to anything": (OpeningKey, "unwrap", opens_all),
    "a wrap whose context does not count": (OpeningKey, "unwrap", any_context),
    "signatures that are none": (SigningKey, "sign_plain", other_signature),
    "a stretching that is another": (
        argon2id,
        "kdf",
        lambda size, *_, **__: bytes(size),
    ),
}


@pytest.mark.parametrize("where, name, wrong", BROKEN.values(), ids=BROKEN.keys())
def test_nothing_starts_with_a_broken_primitive(
    where: object, name: str, wrong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wrong function is the fault injected: a library that was built badly."""
    monkeypatch.setattr(where, name, wrong)

    with pytest.raises(SelfTestError) as caught:
        self_test()

    assert caught.value.code == "primitive.self_test"


@given(plain=st.binary(max_size=300), aad=st.binary(max_size=40))
def test_what_is_encrypted_decrypts(plain: bytes, aad: bytes) -> None:
    sealed = encrypt(seed("key"), seed("nonce")[:24], plain, aad=aad)

    assert len(sealed) == len(plain) + 16
    assert decrypt(seed("key"), seed("nonce")[:24], sealed, aad=aad) == plain


@pytest.mark.parametrize(
    "key, nonce, sealed, aad",
    [
        (seed("other"), bytes(24), None, b"aad"),
        (seed("key"), bytes(23) + b"\1", None, b"aad"),
        (seed("key"), bytes(24), None, b"other"),
        (seed("key"), bytes(24), b"", b"aad"),
        (seed("key"), bytes(24), bytes(15), b"aad"),
        (b"short", bytes(24), None, b"aad"),
        (seed("key"), b"short", None, b"aad"),
    ],
    ids=["key", "nonce", "aad", "nothing", "no tag", "short key", "short nonce"],
)
def test_a_ciphertext_out_of_its_context_does_not_open(
    key: bytes, nonce: bytes, sealed: bytes | None, aad: bytes
) -> None:
    whole = encrypt(seed("key"), bytes(24), b"plain", aad=b"aad")

    with pytest.raises(DoesNotOpenError):
        decrypt(key, nonce, whole if sealed is None else sealed, aad=aad)


def test_a_wrap_opens_for_its_key_and_context_only() -> None:
    wrapped = WrappingKey.from_public(KEY.public).wrap(seed("cek"), info=b"here")

    assert len(wrapped) == 1_168
    assert KEY.unwrap(wrapped, info=b"here") == seed("cek")
    for key, info in ((KEY, b"there"), (OpeningKey.from_seed(seed("other")), b"here")):
        with pytest.raises(DoesNotOpenError):
            key.unwrap(wrapped, info=info)


@pytest.mark.parametrize("size", [0, 1, 1_119, 1_120, 1_135, 1_136, 1_168, 5_000])
def test_bytes_of_any_length_are_refused_as_a_wrap(size: int) -> None:
    with pytest.raises(DoesNotOpenError):
        KEY.unwrap(bytes(size), info=b"")


def test_two_wraps_of_one_key_differ() -> None:
    wrapping = WrappingKey.from_public(KEY.public)

    assert wrapping.wrap(seed("cek"), info=b"") != wrapping.wrap(seed("cek"), info=b"")


@pytest.mark.parametrize(
    "public",
    [b"", KEY.public[:-1], KEY.public + b"\0", b"\xff" * 1_216],
    ids=["nothing", "short", "long", "coefficients over the modulus"],
)
def test_bytes_that_are_no_window_key_are_refused(public: bytes) -> None:
    with pytest.raises(PrimitiveError):
        WrappingKey.from_public(public)


@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31)], ids=["zero", "one"])
def test_nothing_is_wrapped_to_a_point_of_small_order(point: bytes) -> None:
    weak = WrappingKey.from_public(KEY.public[:1_184] + point)

    with pytest.raises(PrimitiveError, match="small"):
        weak.wrap(seed("cek"), info=b"")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_seed_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(PrimitiveError, match=f"not {size}"):
        OpeningKey.from_seed(bytes(size))


def test_an_opening_key_does_not_show_its_seed() -> None:
    shown = repr(KEY)

    assert KEY.seed.hex() not in shown
    assert repr(KEY.seed) not in shown


def test_fresh_bytes_are_of_the_size_and_never_twice_the_same() -> None:
    drawn = {fresh(32) for _ in range(100)}

    assert len(drawn) == 100
    assert {len(secret) for secret in drawn} == {32}


def test_a_passphrase_stretches_by_its_salt() -> None:
    first, second = (stretch(b"correct horse", bytes([n]) * 16) for n in range(2))

    assert first != second
    assert len(first) == 32
