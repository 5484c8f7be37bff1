"""The vault's file, and which officers have unlocked this desk.

The desk's master key opens the store; it is given by the first officer who unlocks. An officer's
own key is here only between unlocking and locking; the screen, not the receiving agent, ends with
it.
"""

from dataclasses import dataclass, field
from pathlib import Path

from crypto.attest.signing import SigningKey
from crypto.seal.primitives import KEY_BYTES, fresh
from crypto.seal.vault import Keys, add_slot, new_slot, open_slot, pack_vault, parse_vault
from liaison.runtime.seeds import write_private

VAULT = "vault"


class LockedError(Exception):
    """The officer has not unlocked this desk."""

    code = "desk.locked"


class NoVaultError(Exception):
    """The folder holds no desk."""

    code = "desk.no_vault"


def create_vault(state: Path, officer: str, passphrase: str) -> Keys:
    """Return the keys of a new vault in ``state`` with one officer's slot.

    Raises:
        VaultError: a weak passphrase.
        FileExistsError: the folder holds a vault already.
    """
    slot, keys = new_slot(officer, passphrase, master=fresh(KEY_BYTES))
    write_private(state / VAULT, pack_vault([slot]))
    return keys


def add_officer(state: Path, keys: Keys, officer: str, passphrase: str) -> Keys:
    """Return the keys of a further officer, whose slot the vault has from now on.

    Raises:
        VaultError: a weak passphrase, or the officer has a slot.
    """
    slot, added = new_slot(officer, passphrase, master=keys.master)
    slots = add_slot(parse_vault((state / VAULT).read_bytes()), slot)
    # The new file takes the old one's place in one act: a power cut leaves the one or the other.
    replacement = state / f"{VAULT}.new"
    replacement.unlink(missing_ok=True)
    write_private(replacement, pack_vault(slots))
    replacement.replace(state / VAULT)
    return added


def unlock_vault(state: Path, officer: str, passphrase: str) -> Keys:
    """Return what the officer's passphrase opens.

    Raises:
        NoVaultError: the folder holds no vault.
        VaultError: no such officer, a wrong passphrase, or a broken file.
    """
    try:
        raw = (state / VAULT).read_bytes()
    except FileNotFoundError as e:
        raise NoVaultError("this folder holds no desk; `liaison desk init` makes one") from e
    return open_slot(parse_vault(raw), officer, passphrase)


@dataclass(slots=True)
class Officers:
    """The officers who have unlocked this desk, with their signing keys."""

    state: Path
    _keys: dict[str, SigningKey] = field(default_factory=dict, repr=False)

    def admit(self, keys: Keys) -> None:
        """Hold the officer's key until the desk is locked."""
        self._keys[keys.officer] = SigningKey.from_seed(keys.seed)

    def unlock(self, officer: str, passphrase: str) -> None:
        """Open the officer's slot and hold their key; raises what :func:`unlock_vault` raises."""
        self.admit(unlock_vault(self.state, officer, passphrase))

    def lock(self) -> None:
        """Drop every officer's key."""
        self._keys.clear()

    def key(self, officer: str) -> SigningKey:
        """Return the officer's key; raise LockedError when they have not unlocked."""
        if officer not in self._keys:
            raise LockedError(f"{officer} has not unlocked this desk")
        return self._keys[officer]

    def present(self) -> list[str]:
        """Return who has unlocked, in the order of their pseudonyms."""
        return sorted(self._keys)
