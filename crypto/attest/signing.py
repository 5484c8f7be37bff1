"""Ed25519 signatures under a label, and the names of keys.

Follows RFC 8032 and docs/spec/envelope.md, "Labels": what is signed is always label || body, so a
signature given in one role is worthless in another. Only the C2SP formats, whose own text says what
they are, sign a plain message. Seeds come from outside: this package draws no randomness.
"""

from dataclasses import dataclass, field
from typing import NewType

import nacl.exceptions
import nacl.signing

from crypto.attest import labels
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.hashing import digest

KeyId = NewType("KeyId", bytes)

KEY_BYTES = 32
KEY_ID_BYTES = 16
SIGNATURE_BYTES = 64
#: The most bytes of a signed blob: a directory entry with eight windows and three signatures fits.
SIGNED_LIMIT = 65_536


class SignatureError(Exception):
    """A signature does not hold, or a key is not a key."""

    code = "signature"


class BadSignatureError(SignatureError):
    """The signature is not one by this key over this label and body."""

    code = "signature.bad"


class BadKeyError(SignatureError):
    """The bytes are no Ed25519 key."""

    code = "signature.key"


class BadSignedError(SignatureError):
    """The bytes are not ``[body, signature]``."""

    code = "signature.malformed"


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public Ed25519 key of 32 bytes; equal when its bytes are."""

    raw: bytes
    #: The key's 16-byte name: the first half of its hash, so it can never be rebound.
    kid: KeyId = field(init=False, repr=False, compare=False)
    _key: nacl.signing.VerifyKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Parse and name the key once; raise BadKeyError when ``raw`` is not 32 bytes."""
        if len(self.raw) != KEY_BYTES:
            raise BadKeyError(f"a key has {KEY_BYTES} bytes, not {len(self.raw)}")
        object.__setattr__(self, "_key", nacl.signing.VerifyKey(self.raw))
        object.__setattr__(self, "kid", key_id(self.raw))

    def verify(self, label: bytes, body: bytes, signature: bytes) -> None:
        """Raise BadSignatureError unless ``signature`` is this key's over ``label || body``."""
        self.verify_plain(label + body, signature)

    def verify_plain(self, message: bytes, signature: bytes) -> None:
        """Raise BadSignatureError unless ``signature`` is this key's over ``message``."""
        if len(signature) != SIGNATURE_BYTES:
            raise BadSignatureError(f"{SIGNATURE_BYTES} bytes expected, {len(signature)} found")
        try:
            self._key.verify(message, signature)
        except nacl.exceptions.BadSignatureError as e:
            raise BadSignatureError("the signature does not hold") from e


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private Ed25519 key; never shown by ``repr``."""

    _key: nacl.signing.SigningKey = field(repr=False)
    verify_key: VerifyKey

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """Return the key of a 32-byte ``seed``; raise BadKeyError on any other length."""
        if len(seed) != KEY_BYTES:
            raise BadKeyError(f"a seed has {KEY_BYTES} bytes, not {len(seed)}")
        key = nacl.signing.SigningKey(seed)
        return cls(key, VerifyKey(bytes(key.verify_key)))

    @property
    def kid(self) -> KeyId:
        """Return the 16-byte name of the public half."""
        return self.verify_key.kid

    def sign(self, label: bytes, body: bytes) -> bytes:
        """Return the 64-byte signature over ``label || body``."""
        return self.sign_plain(label + body)

    def sign_plain(self, message: bytes) -> bytes:
        """Return the 64-byte signature over ``message``: for the C2SP note formats only."""
        return bytes(self._key.sign(message).signature)


def key_id(raw: bytes) -> KeyId:
    """Return the 16-byte name of a public key given as bytes, of any kind."""
    return KeyId(digest(labels.P_KEY_ID, raw)[:KEY_ID_BYTES])


def pack_signed(key: SigningKey, label: bytes, body: bytes) -> bytes:
    """Return ``[body, signature]`` encoded, signed by ``key`` over ``label || body``."""
    return encode([body, key.sign(label, body)])


def split_signed(raw: bytes) -> tuple[bytes, bytes]:
    """Return ``(body, signature)``, not verified: only to learn who is said to have signed.

    Raises:
        BadSignedError: the bytes are not ``[body, signature]``.
    """
    try:
        value: Value = decode(raw, limit=SIGNED_LIMIT)
    except EncodingError as e:
        raise BadSignedError(f"not a signed body: {e.code}") from e
    match value:
        case [bytes(body), bytes(signature)]:
            return body, signature
    raise BadSignedError("expected [body, signature], both byte strings")


def open_signed(key: VerifyKey, label: bytes, raw: bytes) -> bytes:
    """Return the body of ``[body, signature]`` once ``key`` has signed it under ``label``.

    Raises:
        BadSignedError: the bytes are not ``[body, signature]``.
        BadSignatureError: the signature does not hold.
    """
    body, signature = split_signed(raw)
    key.verify(label, body, signature)
    return body
