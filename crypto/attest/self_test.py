"""The self-test of what everybody signs and hashes with: nothing may start on a broken primitive.

A library that was built badly is refused before a key is used with it. The desk's own primitives
are tried in :mod:`crypto.seal.primitives`, and these with them.
"""

from collections.abc import Callable

from crypto.attest import labels
from crypto.attest.hashing import derive, digest
from crypto.attest.signing import BadSignatureError, SigningKey


class SelfTestError(Exception):
    """A primitive does not compute what its specification says: nothing may start."""

    code = "primitive.self_test"


def self_test() -> None:
    """Raise SelfTestError unless signatures and hashes give their known answers."""
    _test_signature()
    _test_hashes()


def must_be(name: str, found: bytes, known: str) -> None:
    """Raise SelfTestError unless ``found`` is the ``known`` answer, in hexadecimal digits."""
    if found != bytes.fromhex(known):
        raise SelfTestError(f"{name} does not give its known answer")


def must_refuse(attempt: Callable[[], object], name: str, *refusals: type[Exception]) -> None:
    """Raise SelfTestError unless ``attempt`` is refused with one of ``refusals``."""
    try:
        attempt()
    except refusals:
        return
    raise SelfTestError(f"{name} took what was altered")


def _test_signature() -> None:
    # RFC 8032 section 7.1, test 1: the seed, and both ends of the signature over nothing.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = SigningKey.from_seed(seed)
    signature = key.sign_plain(b"")
    must_be("Ed25519", signature[:8] + signature[-8:], "e5564300c360ac72655141438e7a100b")
    key.verify_key.verify_plain(b"", signature)
    must_refuse(lambda: key.verify_key.verify_plain(b"\0", signature), "Ed25519", BadSignatureError)


def _test_hashes() -> None:
    # Computed with another library: libsodium's BLAKE2b.
    named = digest(labels.P_MESSAGE_ID, b"abc") + derive(bytes(range(32)), labels.P_BODY_KEY)
    must_be("BLAKE2b", named[:8] + named[-8:], "ed1fc516eb189181cfe0164e6f91c6b8")
