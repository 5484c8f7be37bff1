"""Published vectors of other people, through the functions that the project calls."""

import json
from hashlib import sha3_256, shake_256
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from kyber_py.ml_kem import ML_KEM_768

from crypto.attest.signing import SignatureError, VerifyKey
from crypto.seal.primitives import DoesNotOpenError, OpeningKey, WrappingKey, decrypt, encrypt
from tests.support.vectors import wycheproof
from tests.support.world import seed

X_WING = 0x647A
HPKE_VECTORS = Path(cryptography_vectors.__file__).parent / "HPKE" / "hpke-pq-test-vectors.json"


def raw(vector: dict[str, Any], name: str) -> bytes:
    """Return a field of a vector."""
    return bytes.fromhex(vector[name])


def disagreements(name: str, accepts: Any, size: int) -> list[int]:  # noqa: ANN401 - JSON
    """Return the vectors on which ``accepts(group, vector)`` and the publisher disagree."""
    groups = wycheproof(name)["testGroups"]
    vectors = [(group, vector) for group in groups for vector in group["tests"]]
    assert len(vectors) == size  # none was left out
    return [
        vector["tcId"]
        for group, vector in vectors
        if accepts(group, vector) != (vector["result"] == "valid")
    ]


def test_ed25519_holds_where_wycheproof_says_so_and_nowhere_else() -> None:
    def accepts(group: dict[str, Any], vector: dict[str, Any]) -> bool:
        try:
            key = VerifyKey(bytes.fromhex(group["publicKey"]["pk"]))
            key.verify_plain(raw(vector, "msg"), raw(vector, "sig"))
        except SignatureError:
            return False
        return True

    assert disagreements("ed25519_test.json", accepts, 151) == []


def test_xchacha20_poly1305_opens_where_wycheproof_says_so_and_nowhere_else() -> None:
    def accepts(_: dict[str, Any], vector: dict[str, Any]) -> bool:
        key, nonce, aad = (raw(vector, name) for name in ("key", "iv", "aad"))
        sealed = raw(vector, "ct") + raw(vector, "tag")
        try:
            plain = decrypt(key, nonce, sealed, aad=aad)
        except DoesNotOpenError:
            return False
        return plain == raw(vector, "msg") and encrypt(key, nonce, plain, aad=aad) == sealed

    assert disagreements("xchacha20_poly1305_test.json", accepts, 315) == []


def test_x25519_agrees_with_wycheproof() -> None:
    """Through the library that carries the wrap; what it refuses gives the all-zero secret."""
    groups = wycheproof("x25519_test.json")["testGroups"]
    vectors = [vector for group in groups for vector in group["tests"]]
    for vector in vectors:
        private = X25519PrivateKey.from_private_bytes(raw(vector, "private"))
        try:
            shared = private.exchange(X25519PublicKey.from_public_bytes(raw(vector, "public")))
        except ValueError:
            shared = bytes(32)

        assert shared == raw(vector, "shared"), vector["tcId"]
    assert len(vectors) == 518


def test_ml_kem_decapsulates_where_wycheproof_says_so() -> None:
    def accepts(_: dict[str, Any], vector: dict[str, Any]) -> bool:
        try:
            key = MLKEM768PrivateKey.from_seed_bytes(raw(vector, "seed"))
            shared = key.decapsulate(raw(vector, "c"))
        except (ValueError, InvalidTag):
            return False
        if "ek" in vector:
            assert key.public_key().public_bytes_raw() == raw(vector, "ek")
        return shared == raw(vector, "K")

    assert disagreements("mlkem_768_test.json", accepts, 193) == []


def test_ml_kem_refuses_the_public_keys_that_wycheproof_calls_invalid() -> None:
    def accepts(_: dict[str, Any], vector: dict[str, Any]) -> bool:
        try:
            MLKEM768PublicKey.from_public_bytes(raw(vector, "ek"))
        except ValueError:
            return False
        return True

    assert disagreements("mlkem_768_encaps_test.json", accepts, 265) == []


def x_wing_vectors() -> list[dict[str, Any]]:
    """Return the published HPKE vectors of X-Wing."""
    vectors: list[dict[str, Any]] = json.loads(HPKE_VECTORS.read_text(encoding="utf-8"))
    return [vector for vector in vectors if vector["kem_id"] == X_WING]


@pytest.mark.parametrize("vector", x_wing_vectors(), ids=lambda v: f"kdf{v['kdf_id']}")
def test_a_window_has_the_public_key_of_the_published_seed(vector: dict[str, Any]) -> None:
    assert OpeningKey.from_seed(raw(vector, "skRm")).public == raw(vector, "pkRm")


def combine(seed_: bytes, encapsulation: bytes) -> bytes:
    """Return X-Wing's shared secret, computed with kyber-py and a plain X25519 ladder's library."""
    expanded = shake_256(seed_).digest(96)
    _, decapsulating = ML_KEM_768.key_derive(expanded[:64])
    classic = X25519PrivateKey.from_private_bytes(expanded[64:])
    point = encapsulation[1_088:]
    return sha3_256(
        ML_KEM_768.decaps(decapsulating, encapsulation[:1_088])
        + classic.exchange(X25519PublicKey.from_public_bytes(point))
        + point
        + classic.public_key().public_bytes_raw()
        + b"\\.//^\\"
    ).digest()


@pytest.mark.parametrize("vector", x_wing_vectors(), ids=lambda v: f"kdf{v['kdf_id']}")
def test_the_published_encapsulation_gives_the_published_secret(vector: dict[str, Any]) -> None:
    """The oracle that the next test relies on is right itself."""
    assert combine(raw(vector, "skRm"), raw(vector, "enc")) == raw(vector, "shared_secret")


def test_kyber_py_derives_the_key_that_a_window_publishes() -> None:
    for n in range(5):
        expanded = shake_256(seed(f"oracle {n}")).digest(96)
        encapsulating, _ = ML_KEM_768.key_derive(expanded[:64])

        assert OpeningKey.from_seed(seed(f"oracle {n}")).public[:1_184] == encapsulating


def test_kyber_py_opens_what_a_window_was_sent() -> None:
    """ML-KEM's half of a wrap decapsulates to one secret in both; a mistake gives another."""
    secret = seed("oracle")
    wrapped = WrappingKey.from_public(OpeningKey.from_seed(secret).public).wrap(bytes(32), info=b"")
    expanded = shake_256(secret).digest(64)
    _, decapsulating = ML_KEM_768.key_derive(expanded)

    ours = MLKEM768PrivateKey.from_seed_bytes(expanded).decapsulate(wrapped[:1_088])

    assert ML_KEM_768.decaps(decapsulating, wrapped[:1_088]) == ours
