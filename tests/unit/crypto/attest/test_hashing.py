from hashlib import blake2b

import nacl.encoding
import nacl.hash
import pytest

from crypto.attest import labels
from crypto.attest.hashing import derive, digest

PERSONS = [value for name, value in vars(labels).items() if name.startswith("P_")]


@pytest.mark.parametrize("person", PERSONS, ids=lambda person: person.decode())
def test_libsodium_computes_the_same(person: bytes) -> None:
    """Another implementation of RFC 7693 with its personalisation."""
    raw = nacl.encoding.RawEncoder
    key = bytes(range(32))

    assert digest(person, b"abc") == nacl.hash.blake2b(b"abc", 32, person=person, encoder=raw)
    assert derive(key, person) == nacl.hash.blake2b(b"", 32, key=key, person=person, encoder=raw)


def test_no_two_purposes_share_a_person_or_a_label() -> None:
    signed = [*labels.SIGNING, labels.WRAP]

    assert len(set(PERSONS)) == len(PERSONS)
    assert len(set(signed)) == len(signed)
    assert all(0 < len(person) <= 16 for person in PERSONS)


def test_no_label_begins_another() -> None:
    """Each ends with the only zero byte in it, so label || body can be read in one way."""
    assert all(label.index(b"\0") == len(label) - 1 for label in [*labels.SIGNING, labels.WRAP])


def test_a_hash_without_person_is_another() -> None:
    assert digest(labels.P_MESSAGE_ID, b"") != blake2b(b"", digest_size=32).digest()


def test_a_person_of_seventeen_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="person"):
        digest(bytes(17), b"")
