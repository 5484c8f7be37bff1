"""The vault: what a passphrase opens on a desk's computer.

Follows docs/spec/vault.md. A vault holds one slot an officer; each slot opens, with that officer's
passphrase (Argon2id, 256 MiB), the desk's master key and that officer's own signing seed and
nothing else. The file is useless without a passphrase. Nothing here reads or writes a file.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.seal.primitives import (
    KEY_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    DoesNotOpenError,
    decrypt,
    encrypt,
    fresh,
    stretch,
)

VERSION = 1
VAULT_LIMIT = 65_536
SHORTEST_PASSPHRASE = 12


class VaultError(Exception):
    """A vault cannot be used."""

    code = "vault"


class MalformedVaultError(VaultError):
    """The bytes are no vault."""

    code = "vault.malformed"


class WrongPassphraseError(VaultError):
    """The passphrase does not open this officer's slot."""

    code = "vault.wrong_passphrase"


class UnknownOfficerError(VaultError):
    """The vault has no slot for this officer."""

    code = "vault.unknown_officer"


class KnownOfficerError(VaultError):
    """The vault already has a slot for this officer."""

    code = "vault.known_officer"


class WeakPassphraseError(VaultError):
    """The passphrase is too short to protect a computer that may be stolen."""

    code = "vault.weak_passphrase"


@dataclass(frozen=True, slots=True)
class Slot:
    """One officer's part of the vault: who it is for (a pseudonym), salt, nonce and the box."""

    officer: str
    salt: bytes
    nonce: bytes
    box: bytes


@dataclass(frozen=True, slots=True)
class Keys:
    """What an opened slot gives: the desk's master key and the officer's signing seed."""

    officer: str
    master: bytes = field(repr=False)
    seed: bytes = field(repr=False)


def new_slot(officer: str, passphrase: str, *, master: bytes) -> tuple[Slot, Keys]:
    """Return a slot for ``officer`` with a fresh signing seed, and what it opens.

    Raises:
        WeakPassphraseError: fewer than twelve characters.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise WeakPassphraseError(
            f"{len(passphrase)} characters; at least {SHORTEST_PASSPHRASE} are expected"
        )
    keys = Keys(officer, master, fresh(KEY_BYTES))
    salt, nonce = fresh(SALT_BYTES), fresh(NONCE_BYTES)
    key = stretch(_typed(passphrase), salt)
    box = encrypt(key, nonce, keys.master + keys.seed, aad=officer.encode())
    return Slot(officer, salt, nonce, box), keys


def add_slot(slots: Sequence[Slot], slot: Slot) -> tuple[Slot, ...]:
    """Return ``slots`` with ``slot``; raise KnownOfficerError when the officer has one already."""
    if any(known.officer == slot.officer for known in slots):
        raise KnownOfficerError(f"{slot.officer} already has a slot in this vault")
    return (*slots, slot)


def open_slot(slots: Sequence[Slot], officer: str, passphrase: str) -> Keys:
    """Return what ``officer``'s passphrase opens.

    Raises:
        UnknownOfficerError: the vault has no such slot.
        WrongPassphraseError: the passphrase does not open it.
    """
    slot = _slot_of(slots, officer)
    try:
        plain = decrypt(
            stretch(_typed(passphrase), slot.salt), slot.nonce, slot.box, aad=officer.encode()
        )
    except DoesNotOpenError as e:
        raise WrongPassphraseError(f"this is not the passphrase of {officer}") from e
    return Keys(officer, plain[:KEY_BYTES], plain[KEY_BYTES:])


def pack_vault(slots: Sequence[Slot]) -> bytes:
    """Return the vault's bytes, as its file holds them."""
    return encode([VERSION, [[s.officer, s.salt, s.nonce, s.box] for s in slots]])


def parse_vault(raw: bytes) -> tuple[Slot, ...]:
    """Return the slots of the vault in ``raw``; raise MalformedVaultError when it is none."""
    try:
        value = decode(raw, limit=VAULT_LIMIT)
    except EncodingError as e:
        raise MalformedVaultError(f"{e.code}: {e}") from e
    match value:
        case [int(version), list(items)] if version == VERSION:
            return tuple(_slot(item) for item in items)
    raise MalformedVaultError(f"expected a vault of version {VERSION}")


def _typed(passphrase: str) -> bytes:
    """Return the bytes of a passphrase whatever the keyboard: Vietnamese ones compose or do not."""
    return unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")


def _slot_of(slots: Sequence[Slot], officer: str) -> Slot:
    for slot in slots:
        if slot.officer == officer:
            return slot
    known = ", ".join(slot.officer for slot in slots) or "none"
    raise UnknownOfficerError(f"no slot for {officer} in this vault; it has: {known}")


def _slot(item: Value) -> Slot:
    match item:
        case [str(officer), bytes(salt), bytes(nonce), bytes(box)] if (
            len(salt) == SALT_BYTES and len(nonce) == NONCE_BYTES
        ):
            return Slot(officer, salt, nonce, box)
    raise MalformedVaultError("a slot is [officer, salt, nonce, box]")
