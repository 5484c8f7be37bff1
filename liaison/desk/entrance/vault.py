"""The vault's file: made, opened, and changed so that a power cut leaves the old one or the new.

Removing an officer gives the desk a new master key, under which the store is written anew. Two
files cannot change in one act, so the new vault waits beside the old one until the store has
changed, which is one act of the database; whoever opens the desk next sees which of the two keys
opens the store, and finishes or takes back (:func:`open_desk`).

Whatever changes a vault here is called by who holds the folder
(:mod:`liaison.desk.entrance.folder`): a removal that still runs must not be taken for what is left
of one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from crypto.seal.papers import join, part
from crypto.seal.primitives import KEY_BYTES, fresh, self_test
from crypto.seal.vault import (
    AlteredVaultError,
    Keys,
    UnknownOfficerError,
    Vault,
    add_slot,
    change_passphrase,
    check_tag,
    new_vault,
    open_recovery,
    open_slot,
    pack_vault,
    parse_vault,
    remove_slot,
    set_recovery,
)
from liaison.desk.entrance.folder import RESTORING, DeskBusyError, HalfRestoredError, NoVaultError
from liaison.runtime.seeds import sync_folder, write_private

VAULT = "vault"
#: The vault of a desk whose store is about to get, or has got, a new key.
PENDING = "pending-vault"


class VaultNotWrittenError(Exception):
    """The disk did not take the vault's file; the one that was there is whole."""

    code = "desk.vault_not_written"


def create_vault(state: Path, officer: str, passphrase: str) -> Keys:
    """Return the keys of a new vault in ``state`` with one officer's slot.

    Raises:
        VaultError: a weak passphrase.
        HalfRestoredError: a restore was cut short here.
        FileExistsError: the folder holds a vault already.
    """
    self_test()
    _check_not_restoring(state)
    vault, keys = new_vault(officer, passphrase, master=fresh(KEY_BYTES))
    write_private(state / VAULT, pack_vault(vault))
    return keys


def read_vault(state: Path) -> Vault:
    """Return the vault in ``state``.

    Raises:
        HalfRestoredError: a restore was cut short before there was one.
        NoVaultError, MalformedVaultError: there is none.
        SelfTestError: a primitive is broken on this machine; no key is used on it.
    """
    self_test()
    try:
        return parse_vault((state / VAULT).read_bytes())
    except FileNotFoundError as e:
        _check_not_restoring(state)
        raise NoVaultError("this folder holds no desk; `liaison desk init` makes one") from e


def unlock_vault(state: Path, officer: str, passphrase: str) -> Keys:
    """Return what the officer's passphrase opens.

    Raises:
        NoVaultError: the folder holds no vault.
        VaultError: no such officer, a wrong passphrase, or a broken file.
    """
    return open_slot(read_vault(state), officer, passphrase)


def add_officer(state: Path, keys: Keys, officer: str, passphrase: str) -> Keys:
    """Return the keys of a further officer, whose slot the vault has from now on.

    Raises:
        VaultError: a weak passphrase, or the officer has a slot.
    """
    vault = read_vault(state)
    check_tag(vault, keys.master)
    with_slot, added = add_slot(vault, officer, passphrase, master=keys.master)
    _replace(state, vault, with_slot)
    return added


def renew_passphrase(state: Path, officer: str, passphrase: str, new: str) -> None:
    """Let the officer's slot open to the ``new`` passphrase and no longer to the old one.

    Raises:
        VaultError: the old one does not open it, or the new one is weak.
    """
    vault = read_vault(state)
    keys = open_slot(vault, officer, passphrase)
    _replace(state, vault, change_passphrase(vault, keys, new))


def make_papers(state: Path, keys: Keys, write: Callable[[bytes, bytes], None]) -> None:
    """Let the vault open to two new halves (32 bytes each), and no longer to older ones.

    ``write`` puts them on paper; only when it has, the vault changes.
    """
    vault, secret = read_vault(state), fresh(KEY_BYTES)
    check_tag(vault, keys.master)
    write(*part(secret))
    _replace(state, vault, set_recovery(vault, secret, master=keys.master))


async def recover_vault(
    state: Path,
    halves: tuple[bytes, bytes],
    officer: str,
    passphrase: str,
    opens: Callable[[bytes], Awaitable[bool]],
) -> Keys:
    """Return the keys of an officer who gets a slot by the two papers, which are spent with it.

    An officer who had one gets it anew, with a new signing key: the old one stays behind the
    forgotten passphrase. ``opens`` says whether the store opens to a key.

    Raises:
        VaultError: the papers are of another vault, the vault is none of this store's, or the
            passphrase is weak.
    """
    secret = join(*halves)
    await settle(state, lambda vault: open_recovery(vault, secret), opens)
    vault = read_vault(state)
    master = open_recovery(vault, secret)
    if not await opens(master):
        raise AlteredVaultError("this vault is not the one of the desk's store")
    others = tuple(slot for slot in vault.slots if slot.officer != officer)
    kept = Vault(vault.generation, others, vault.recovery)
    with_slot, keys = add_slot(kept, officer, passphrase, master=master)
    _replace(state, vault, set_recovery(with_slot, None, master=master))
    return keys


async def remove_officer(
    state: Path, officer: str, rekey: Callable[[bytes], Awaitable[None]]
) -> bytes:
    """Take an officer out and return the desk's new master key, to which the store has changed.

    The vault must have been opened just before (:func:`open_desk`): its tag then says that its
    slots are the officers', and nothing is left of an earlier removal. A kill at any point leaves
    vault and store of the old key, or of the new one.

    Args:
        state: the desk's folder.
        officer: who is taken out.
        rekey: lets the store open to the given key and no other, in one act.

    Raises:
        VaultError: no such officer, or the only one.
        DeskBusyError: another removal is under way or was cut short; nothing has changed.
        VaultNotWrittenError: the disk is full; nothing has changed.
        StoreError: the store could not be changed; everything is as it was.
    """
    master = fresh(KEY_BYTES)
    pending = state / PENDING
    following = pack_vault(remove_slot(read_vault(state), officer, master=master))
    if pending.exists():
        raise DeskBusyError("a removal has not ended: its vault still waits for the store")
    _write_whole(pending, following)
    sync_folder(state)
    await rekey(master)
    pending.replace(state / VAULT)
    return master


async def open_desk(
    state: Path, officer: str, passphrase: str, opens: Callable[[bytes], Awaitable[bool]]
) -> Keys:
    """Return what the passphrase opens, after finishing a removal that was cut short.

    Args:
        state: the desk's folder.
        officer: who opens it.
        passphrase: theirs.
        opens: says whether the store opens to a key.

    Raises:
        NoVaultError, VaultError: as :func:`unlock_vault`.
    """
    await settle(state, lambda vault: open_slot(vault, officer, passphrase).master, opens)
    # Argon2id takes its half second beside an agent's work, not in front of it.
    return await asyncio.to_thread(unlock_vault, state, officer, passphrase)


async def settle(
    state: Path, master_of: Callable[[Vault], bytes], opens: Callable[[bytes], Awaitable[bool]]
) -> None:
    """Let the vault be the one whose key opens the store, when a removal was cut short.

    Raises:
        VaultError: what opens the desk is in none of the two vaults, or in the wrong one.
    """
    pending = state / PENDING
    if not pending.exists():
        return
    try:
        is_done = await opens(master_of(parse_vault(pending.read_bytes())))
    except UnknownOfficerError:
        # Who was being removed still opens the desk if its store never changed.
        if not await opens(master_of(read_vault(state))):
            raise
        is_done = False
    if is_done:
        pending.replace(state / VAULT)
    else:
        pending.unlink()


def _check_not_restoring(state: Path) -> None:
    if (state / RESTORING).exists():
        raise HalfRestoredError("a restore was cut short here; `liaison desk restore` once more")


def _replace(state: Path, read: Vault, vault: Vault) -> None:
    if (state / VAULT).read_bytes() != pack_vault(read):
        raise DeskBusyError("the vault was changed by another program meanwhile")
    _write_whole(state / VAULT, pack_vault(vault))


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that takes its place in one act: a power cut leaves all of it or none."""
    replacement = path.with_name(f"{path.name}.new")
    replacement.unlink(missing_ok=True)
    try:
        write_private(replacement, content)
    except OSError as e:
        replacement.unlink(missing_ok=True)
        raise VaultNotWrittenError(f"{path.name}: {e.strerror}") from e
    replacement.replace(path)
