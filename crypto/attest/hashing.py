"""Hashes with a person: BLAKE2b-256, keyed and not (RFC 7693, 2.8; docs/spec/envelope.md)."""

from hashlib import blake2b

DIGEST_BYTES = 32


def digest(person: bytes, content: bytes) -> bytes:
    """Return the 32-byte hash of ``content`` under ``person`` (at most 16 bytes)."""
    return blake2b(content, digest_size=DIGEST_BYTES, person=person).digest()


def derive(key: bytes, person: bytes) -> bytes:
    """Return the 32-byte key that ``key`` (16 to 64 bytes) yields for the purpose ``person``."""
    return blake2b(key=key, digest_size=DIGEST_BYTES, person=person).digest()


def authenticate(key: bytes, person: bytes, content: bytes) -> bytes:
    """Return the 32-byte tag by which who holds ``key`` (16 to 64 bytes) knows ``content``."""
    return blake2b(content, key=key, digest_size=DIGEST_BYTES, person=person).digest()
