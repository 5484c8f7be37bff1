"""The vault: what a passphrase opens on a desk's computer.

Follows docs/spec/vault.md. A vault holds one slot an officer; each slot opens, with that officer's
passphrase (Argon2id, 256 MiB), the desk's master key and that officer's own signing seed and
nothing else. The master key is wrapped to a key pair of the slot, so that a new one can be given to
every officer who stays without their passphrases. A tag under the master key covers all of it:
nobody who lacks that key adds a slot or changes one unseen. Nothing here reads or writes a file.
"""

import hmac
import unicodedata
from dataclasses import dataclass, field, replace

from crypto.attest import labels
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.hashing import DIGEST_BYTES, authenticate
from crypto.attest.statement import WINDOW_KEY_BYTES
from crypto.seal.primitives import (
    KEY_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    DoesNotOpenError,
    OpeningKey,
    PrimitiveError,
    WrappingKey,
    decrypt,
    encrypt,
    fresh,
    stretch,
)

VERSION = 2
VAULT_LIMIT = 262_144
SHORTEST_PASSPHRASE = 12


class VaultError(Exception):
    """A vault cannot be used."""

    code = "vault"


class MalformedVaultError(VaultError):
    """The bytes are no vault."""

    code = "vault.malformed"


class AlteredVaultError(VaultError):
    """Somebody who does not hold the desk's master key has changed the vault."""

    code = "vault.altered"


class WrongPassphraseError(VaultError):
    """The passphrase does not open this officer's slot."""

    code = "vault.wrong_passphrase"


class UnknownOfficerError(VaultError):
    """The vault has no slot for this officer."""

    code = "vault.unknown_officer"


class KnownOfficerError(VaultError):
    """The vault already has a slot for this officer."""

    code = "vault.known_officer"


class LastOfficerError(VaultError):
    """Without this officer nobody could open the vault any more."""

    code = "vault.last_officer"


class WrongPapersError(VaultError):
    """The two recovery papers do not open this vault."""

    code = "vault.wrong_papers"


class WeakPassphraseError(VaultError):
    """The passphrase is too short to protect a computer that may be stolen."""

    code = "vault.weak_passphrase"


@dataclass(frozen=True, slots=True)
class Slot:
    """One officer's part: who it is for (a pseudonym), what the passphrase opens, the wrap.

    ``box`` holds the officer's signing seed and the slot's opening seed; ``wrap`` holds the desk's
    master key, wrapped to ``public``.
    """

    officer: str
    salt: bytes
    nonce: bytes
    box: bytes
    public: bytes
    wrap: bytes


@dataclass(frozen=True, slots=True)
class Recovery:
    """The slot of the two papers: the master key, wrapped to what both together give."""

    public: bytes
    wrap: bytes


@dataclass(frozen=True, slots=True)
class Vault:
    """All slots, how often the vault was changed, and the tag over them."""

    generation: int
    slots: tuple[Slot, ...]
    recovery: Recovery | None = None
    tag: bytes = b""

    def officers(self) -> list[str]:
        """Return who has a slot, in the order in which they were given one."""
        return [slot.officer for slot in self.slots]


@dataclass(frozen=True, slots=True)
class Keys:
    """What an opened slot gives: the desk's master key, the officer's seeds, which vault it was."""

    officer: str
    master: bytes = field(repr=False)
    seed: bytes = field(repr=False)
    opening: bytes = field(repr=False)
    generation: int = 1


def new_vault(officer: str, passphrase: str, *, master: bytes) -> tuple[Vault, Keys]:
    """Return a vault with one officer's slot, and what it opens; raises as :func:`add_slot`."""
    return add_slot(Vault(0, ()), officer, passphrase, master=master)


def add_slot(vault: Vault, officer: str, passphrase: str, *, master: bytes) -> tuple[Vault, Keys]:
    """Return ``vault`` with a slot for ``officer`` and a fresh signing seed, and what it opens.

    Raises:
        WeakPassphraseError: fewer than twelve characters.
        KnownOfficerError: the officer has a slot.
    """
    if officer in vault.officers():
        raise KnownOfficerError(f"{officer} already has a slot in this vault")
    keys = Keys(officer, master, fresh(KEY_BYTES), fresh(KEY_BYTES), vault.generation + 1)
    slots = (*vault.slots, _locked(keys, passphrase))
    return _tagged(replace(vault, slots=slots), master), keys


def change_passphrase(vault: Vault, keys: Keys, passphrase: str) -> Vault:
    """Return ``vault`` with the slot of ``keys`` opening to ``passphrase`` and no other.

    Raises:
        WeakPassphraseError: fewer than twelve characters.
    """
    changed = _locked(keys, passphrase)
    slots = tuple(changed if slot.officer == keys.officer else slot for slot in vault.slots)
    return _tagged(replace(vault, slots=slots), keys.master)


def remove_slot(vault: Vault, officer: str, *, master: bytes) -> Vault:
    """Return ``vault`` without ``officer``, every other slot opening to a new ``master`` key.

    Only a vault that was opened may be given: its tag says that the slots' keys are the officers'.

    Raises:
        UnknownOfficerError: the vault has no such slot.
        LastOfficerError: no slot would be left.
    """
    _slot_of(vault, officer)
    if len(vault.slots) == 1:
        raise LastOfficerError(f"{officer} is the only officer who can open this vault")
    kept = tuple(
        replace(slot, wrap=_wrap(slot.public, master, _info(slot.officer)))
        for slot in vault.slots
        if slot.officer != officer
    )
    known = vault.recovery
    recovery = known and replace(known, wrap=_wrap(known.public, master, labels.RECOVERY))
    return _tagged(replace(vault, slots=kept, recovery=recovery), master)


def set_recovery(vault: Vault, seed: bytes | None, *, master: bytes) -> Vault:
    """Return ``vault`` opening to the recovery ``seed`` (32 bytes), or to no papers at all."""
    recovery = None
    if seed is not None:
        public = OpeningKey.from_seed(seed).public
        recovery = Recovery(public, _wrap(public, master, labels.RECOVERY))
    return _tagged(replace(vault, recovery=recovery), master)


def open_slot(vault: Vault, officer: str, passphrase: str) -> Keys:
    """Return what ``officer``'s passphrase opens.

    Raises:
        UnknownOfficerError: the vault has no such slot.
        WrongPassphraseError: the passphrase does not open it.
        AlteredVaultError: the vault is not as who held the master key left it.
    """
    slot = _slot_of(vault, officer)
    key = stretch(typed(passphrase), slot.salt)
    try:
        plain = decrypt(key, slot.nonce, slot.box, aad=officer.encode())
    except DoesNotOpenError as e:
        raise WrongPassphraseError(f"this is not the passphrase of {officer}") from e
    seed, opening = plain[:KEY_BYTES], plain[KEY_BYTES:]
    master = _unwrap(opening, slot.wrap, _info(officer))
    check_tag(vault, master)
    return Keys(officer, master, seed, opening, vault.generation)


def open_recovery(vault: Vault, seed: bytes) -> bytes:
    """Return the master key that the recovery ``seed`` of both papers opens.

    Raises:
        WrongPapersError: the papers are none of this vault's, or none were made.
        AlteredVaultError: the vault is not as who held the master key left it.
    """
    if vault.recovery is None or OpeningKey.from_seed(seed).public != vault.recovery.public:
        raise WrongPapersError("these papers are of another vault, or newer ones replaced them")
    master = _unwrap(seed, vault.recovery.wrap, labels.RECOVERY)
    check_tag(vault, master)
    return master


def pack_vault(vault: Vault) -> bytes:
    """Return the vault's bytes, as its file holds them."""
    return encode([*_body(vault), vault.tag])


def parse_vault(raw: bytes) -> Vault:
    """Return the vault in ``raw``; raise MalformedVaultError when it is none."""
    try:
        value = decode(raw, limit=VAULT_LIMIT)
    except EncodingError as e:
        raise MalformedVaultError(f"{e.code}: {e}") from e
    match value:
        case [int(version), int(generation), list(items), recovery, bytes(tag)] if (
            version == VERSION and len(tag) == DIGEST_BYTES
        ):
            slots = tuple(_slot(item) for item in items)
            return Vault(generation, slots, _recovery(recovery), tag)
    raise MalformedVaultError(f"expected a vault of version {VERSION}")


def _locked(keys: Keys, passphrase: str) -> Slot:
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise WeakPassphraseError(
            f"{len(passphrase)} characters; at least {SHORTEST_PASSPHRASE} are expected"
        )
    salt, nonce = fresh(SALT_BYTES), fresh(NONCE_BYTES)
    key = stretch(typed(passphrase), salt)
    box = encrypt(key, nonce, keys.seed + keys.opening, aad=keys.officer.encode())
    public = OpeningKey.from_seed(keys.opening).public
    wrap = _wrap(public, keys.master, _info(keys.officer))
    return Slot(keys.officer, salt, nonce, box, public, wrap)


def _tagged(vault: Vault, master: bytes) -> Vault:
    changed = replace(vault, generation=vault.generation + 1)
    return replace(changed, tag=_tag(changed, master))


def check_tag(vault: Vault, master: bytes) -> None:
    """Raise AlteredVaultError unless who holds ``master`` has left the vault as it is."""
    if not hmac.compare_digest(_tag(vault, master), vault.tag):
        raise AlteredVaultError("the vault is not as the desk's own officers left it")


def _tag(vault: Vault, master: bytes) -> bytes:
    return authenticate(master, labels.P_VAULT, encode(_body(vault)))


def _body(vault: Vault) -> list[Value]:
    slots: list[Value] = [
        [s.officer, s.salt, s.nonce, s.box, s.public, s.wrap] for s in vault.slots
    ]
    known = vault.recovery
    return [VERSION, vault.generation, slots, None if known is None else [known.public, known.wrap]]


def _info(officer: str) -> bytes:
    return labels.SLOT + officer.encode()


def _wrap(public: bytes, master: bytes, info: bytes) -> bytes:
    return WrappingKey.from_public(public).wrap(master, info=info)


def _unwrap(seed: bytes, wrap: bytes, info: bytes) -> bytes:
    try:
        return OpeningKey.from_seed(seed).unwrap(wrap, info=info)
    except PrimitiveError as e:
        raise AlteredVaultError("the desk's key in this slot was changed by others") from e


def typed(passphrase: str) -> bytes:
    """Return the bytes of a passphrase whatever the keyboard: Vietnamese ones compose or do not."""
    return unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")


def _slot_of(vault: Vault, officer: str) -> Slot:
    for slot in vault.slots:
        if slot.officer == officer:
            return slot
    known = ", ".join(vault.officers()) or "none"
    raise UnknownOfficerError(f"no slot for {officer} in this vault; it has: {known}")


def _slot(item: Value) -> Slot:
    match item:
        case [
            str(officer),
            bytes(salt),
            bytes(nonce),
            bytes(box),
            bytes(public),
            bytes(wrap),
        ] if len(salt) == SALT_BYTES and len(nonce) == NONCE_BYTES:
            return Slot(officer, salt, nonce, box, _public(public), wrap)
    raise MalformedVaultError("a slot is [officer, salt, nonce, box, public, wrap]")


def _recovery(item: Value) -> Recovery | None:
    match item:
        case None:
            return None
        case [bytes(public), bytes(wrap)]:
            return Recovery(_public(public), wrap)
    raise MalformedVaultError("a recovery slot is [public, wrap]")


def _public(key: bytes) -> bytes:
    if len(key) != WINDOW_KEY_BYTES:
        raise MalformedVaultError(f"a key of {WINDOW_KEY_BYTES} bytes expected, {len(key)} found")
    return key
