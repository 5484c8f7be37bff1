"""The primitives of suite 1, each behind one small function, and the self-test that guards them.

XChaCha20-Poly1305-IETF and Argon2id from libsodium (PyNaCl), HPKE base mode with X-Wing,
HKDF-SHA256 and ChaCha20-Poly1305 (RFC 9180; draft-connolly-cfrg-xwing-kem) from ``cryptography``.
The only place in the libraries that draws randomness is :func:`fresh`. A failure raises; nothing
falls back.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import shake_256

import nacl.bindings as sodium
import nacl.exceptions
import nacl.pwhash
import nacl.utils
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from crypto.attest.self_test import must_be, must_refuse
from crypto.attest.self_test import self_test as test_what_is_public
from crypto.attest.statement import WINDOW_KEY_BYTES

KEY_BYTES = 32
NONCE_BYTES = 24
STREAM_HEADER_BYTES = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
SALT_BYTES = 16
MLKEM_PUBLIC_BYTES = 1_184
MLKEM_SEED_BYTES = 64
#: What precedes the ciphertext in a wrap: an ML-KEM-768 ciphertext and an X25519 key.
ENCAPSULATION_BYTES = 1_120
#: How many public keys are kept parsed: parsing one costs a fifth of wrapping to it.
PARSED_KEYS = 256

_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


class PrimitiveError(Exception):
    """A primitive refused its input."""

    code = "primitive"


class DoesNotOpenError(PrimitiveError):
    """Ciphertext, key and context do not belong together."""

    code = "primitive.does_not_open"


@dataclass(frozen=True, slots=True)
class OpeningKey:
    """The private half of a window, kept as its 32-byte seed; never shown by ``repr``."""

    seed: bytes = field(repr=False)
    public: bytes
    _key: hpke.MLKEM768X25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> "OpeningKey":
        """Return the X-Wing key of a 32-byte ``seed``, expanded by SHAKE256 as its draft says."""
        if len(seed) != KEY_BYTES:
            raise PrimitiveError(f"a seed has {KEY_BYTES} bytes, not {len(seed)}")
        expanded = shake_256(seed).digest(MLKEM_SEED_BYTES + KEY_BYTES)
        post_quantum = MLKEM768PrivateKey.from_seed_bytes(expanded[:MLKEM_SEED_BYTES])
        classic = X25519PrivateKey.from_private_bytes(expanded[MLKEM_SEED_BYTES:])
        public = (
            post_quantum.public_key().public_bytes_raw() + classic.public_key().public_bytes_raw()
        )
        return cls(seed, public, hpke.MLKEM768X25519PrivateKey(post_quantum, classic))

    def unwrap(self, wrapped: bytes, *, info: bytes) -> bytes:
        """Return what was wrapped to this key; raise DoesNotOpenError otherwise."""
        try:
            return _SUITE.decrypt(wrapped, self._key, info)
        except (InvalidTag, ValueError) as e:
            raise DoesNotOpenError("the wrap does not open with this key") from e


@dataclass(frozen=True, slots=True)
class WrappingKey:
    """The public half of a window, parsed once."""

    public: bytes
    _key: hpke.MLKEM768X25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def from_public(cls, public: bytes) -> "WrappingKey":
        """Return the key in 1,216 bytes, ML-KEM-768 then X25519; raise PrimitiveError if none."""
        if len(public) != WINDOW_KEY_BYTES:
            raise PrimitiveError(f"{WINDOW_KEY_BYTES} bytes expected, {len(public)} found")
        try:
            return cls(public, _parsed(public))
        except ValueError as e:
            raise PrimitiveError("these bytes are no X-Wing key") from e

    def wrap(self, key: bytes, *, info: bytes) -> bytes:
        """Return ``key`` (32 bytes) wrapped in 1,168 bytes; PrimitiveError if it is weak."""
        try:
            return _SUITE.encrypt(key, self._key, info)
        except ValueError as e:
            raise PrimitiveError("nothing can be wrapped to this key: its order is small") from e


@lru_cache(maxsize=PARSED_KEYS)
def _parsed(public: bytes) -> hpke.MLKEM768X25519PublicKey:
    """Return the public key of these bytes. The same few windows are written to all week."""
    post_quantum = MLKEM768PublicKey.from_public_bytes(public[:MLKEM_PUBLIC_BYTES])
    classic = X25519PublicKey.from_public_bytes(public[MLKEM_PUBLIC_BYTES:])
    return hpke.MLKEM768X25519PublicKey(post_quantum, classic)


def fresh(size: int) -> bytes:
    """Return ``size`` random bytes from the operating system."""
    return nacl.utils.random(size)


def encrypt(key: bytes, nonce: bytes, plain: bytes, *, aad: bytes) -> bytes:
    """Return ``plain`` encrypted, 16 bytes longer (XChaCha20-Poly1305-IETF)."""
    return sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, aad, nonce, key)


def decrypt(key: bytes, nonce: bytes, sealed: bytes, *, aad: bytes) -> bytes:
    """Return what ``sealed`` holds; raise DoesNotOpenError when anything of it was altered."""
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, aad, nonce, key)
    except (nacl.exceptions.CryptoError, ValueError, TypeError) as e:
        raise DoesNotOpenError("the ciphertext does not open with this key") from e


class SecretStream:
    """One direction of libsodium's secretstream under a key (32 bytes) and header (24 bytes).

    The library draws the header itself when it begins to write; both directions derive the same
    state from it, so it is given here instead, and a stream can be made again from fixed seeds.
    """

    MESSAGE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
    FINAL = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL

    def __init__(self, key: bytes, header: bytes) -> None:
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(self._state, header, key)

    def push(self, plain: bytes, *, final: bool) -> bytes:
        """Return the next chunk of the stream, 17 bytes longer than ``plain``."""
        mark = self.FINAL if final else self.MESSAGE
        return sodium.crypto_secretstream_xchacha20poly1305_push(self._state, plain, None, mark)

    def pull(self, chunk: bytes) -> tuple[bytes, int]:
        """Return what the next chunk holds and its mark; raise DoesNotOpenError otherwise."""
        try:
            return sodium.crypto_secretstream_xchacha20poly1305_pull(self._state, chunk, None)
        except (nacl.exceptions.CryptoError, ValueError, TypeError, RuntimeError) as e:
            raise DoesNotOpenError("the chunk is not the next one of this stream") from e


def stretch(passphrase: bytes, salt: bytes) -> bytes:
    """Return the 32-byte key of a passphrase: Argon2id, MODERATE (3 passes, 256 MiB)."""
    return nacl.pwhash.argon2id.kdf(
        KEY_BYTES,
        passphrase,
        salt,
        opslimit=nacl.pwhash.argon2id.OPSLIMIT_MODERATE,
        memlimit=nacl.pwhash.argon2id.MEMLIMIT_MODERATE,
    )


def self_test() -> None:
    """Raise SelfTestError unless each primitive gives its known answer and refuses an altered one.

    The wheel's OpenSSL carries ML-KEM or does not; better to refuse at start than at the first
    message. Opening is tried against a fixed wrap too: two mistakes that cancel out in what one
    library seals and opens would not be seen otherwise.
    """
    test_what_is_public()
    _test_stretching()
    _test_aead()
    _test_stream()
    _test_wrap()


def _test_stretching() -> None:
    # Computed with another library: OpenSSL's Argon2id.
    stretched = nacl.pwhash.argon2id.kdf(
        KEY_BYTES, b"liaison self-test", bytes(range(SALT_BYTES)), opslimit=1, memlimit=8_192
    )
    must_be("Argon2id", stretched[:8] + stretched[-8:], "bee5347959216fbb291396d135c7ee86")


def _test_aead() -> None:
    # draft-irtf-cfrg-xchacha-03, appendix A.3.1: the ciphertext's first bytes, and its tag.
    plain = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
        b"future, sunscreen would be it."
    )
    aad = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    key, nonce = bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58))
    sealed = encrypt(key, nonce, plain, aad=aad)
    known = "bd6d179d3e83d43b" + "c0875924c1c7987947deafd8780acf49"
    must_be("XChaCha20-Poly1305", sealed[:8] + sealed[-16:], known)
    altered = sealed[:-1] + b"\0"
    must_refuse(
        lambda: decrypt(key, nonce, altered, aad=aad), "XChaCha20-Poly1305", DoesNotOpenError
    )


def _test_stream() -> None:
    # Computed with libsodium's C interface, which draws the header and so takes the other path.
    written = SecretStream(bytes(range(KEY_BYTES)), bytes(range(STREAM_HEADER_BYTES)))
    chunks = written.push(b"Liaison", final=False), written.push(b"", final=True)
    known = "7fd29ffb98310bdfa439a5c7283a325fa121dd83db0b88a2eba92aafc54bc17e4cd2a1f63898fa8f48"
    must_be("secretstream", b"".join(chunks), known)
    read = SecretStream(bytes(range(KEY_BYTES)), bytes(range(STREAM_HEADER_BYTES)))
    must_refuse(lambda: read.pull(chunks[1]), "secretstream", DoesNotOpenError)


def _test_wrap() -> None:
    # draft-connolly-cfrg-xwing-kem, appendix C, first vector: the seed, and both ends of its key.
    seed = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
    key = OpeningKey.from_seed(seed)
    must_be("X-Wing", key.public[:8] + key.public[-8:], "e2236b35a8c24b39c8cd049040ef6534")
    # Made with kyber-py. The encapsulation is hash output: ML-KEM rejects it, implicitly.
    drawn = shake_256(b"liaison self-test").digest(ENCAPSULATION_BYTES)
    sealed = bytes.fromhex("2cb3975b8cdce2ee32a3c326aa0be6ac91a858fd206514")
    must_be("HPKE", key.unwrap(drawn + sealed, info=b"self-test"), b"liaison".hex())
    wrapped = WrappingKey.from_public(key.public).wrap(seed, info=b"self-test")
    must_be("HPKE", key.unwrap(wrapped, info=b"self-test"), seed.hex())
    must_refuse(lambda: key.unwrap(wrapped, info=b"other"), "HPKE", DoesNotOpenError)
