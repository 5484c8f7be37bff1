"""Who may open this desk: unlocking, and changes of the vault by the officers themselves.

Each change asks for a passphrase again, however long the officer has been here: a screen that was
left open changes nobody's keys. The store remembers the newest vault that it has seen, so an older
one that is put in its place opens nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from crypto.seal.vault import AlteredVaultError, Keys
from liaison.desk.entrance.folder import held
from liaison.desk.entrance.officers import Officers
from liaison.desk.entrance.vault import (
    make_papers,
    open_desk,
    read_vault,
    recover_vault,
    remove_officer,
    renew_passphrase,
)
from liaison.desk.store import Store, opens

STORE = "desk.sqlcipher"
#: The fact of the store that numbers the newest vault it has seen.
GENERATION = "vault"


@dataclass(slots=True)
class Roster:
    """The officers of a desk that runs, and its vault."""

    state: Path
    store: Store
    officers: Officers
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def unlock(self, officer: str, passphrase: str) -> str:
        """Hold the officer's key from now on and return a new session of theirs.

        Raises:
            NoVaultError, VaultError: the passphrase does not open the officer's slot, or the vault
                is not the one of this desk.
        """
        async with self._turn:
            return self.officers.admit(await self._open(officer, passphrase))

    async def keys_of(self, officer: str, passphrase: str) -> Keys:
        """Return what the passphrase opens, and hold none of it; raises as unlocking does."""
        async with self._turn:
            return await self._open(officer, passphrase)

    async def renew(self, officer: str, passphrase: str, new: str) -> None:
        """Let the officer's slot open to the ``new`` passphrase only; raises as unlocking does."""
        async with self._turn:
            await self._open(officer, passphrase)
            await asyncio.to_thread(renew_passphrase, self.state, officer, passphrase, new)
            await note_vault(self.state, self.store)

    async def remove(self, by: str, passphrase: str, officer: str) -> None:
        """Take ``officer`` out and give vault and store a new key.

        Args:
            by: the officer who does it.
            passphrase: theirs.
            officer: who is taken out.

        Raises:
            LogNotCutError: who is taken out is out, or nothing has changed; doing it again tells.
            VaultError, StoreError, VaultNotWrittenError: nothing has changed.
        """
        async with self._turn:
            await self._open(by, passphrase)
            await remove_officer(self.state, officer, self.store.rekey)
            self.officers.drop(officer)
            await note_vault(self.state, self.store)
            await self.store.cut_log()

    async def _open(self, officer: str, passphrase: str) -> Keys:
        file = partial(opens, self.state / STORE)
        keys = await open_desk(self.state, officer, passphrase, file)
        await check_vault(keys, self.store)
        return keys


async def check_vault(keys: Keys, store: Store) -> None:
    """Raise AlteredVaultError unless ``keys`` came from the newest vault of this store; note it."""
    newest = int.from_bytes(await store.fact(GENERATION) or b"", "big")
    if not store.opens_to(keys.master) or keys.generation < newest:
        raise AlteredVaultError(
            f"this vault (number {keys.generation}) is older than the desk's own (number {newest}):"
            " an old copy was put in its place"
        )
    if keys.generation > newest:
        await _note(store, keys.generation)


async def note_vault(state: Path, store: Store) -> None:
    """Have the store remember the vault in ``state`` as its newest, and who is in it.

    What an officer wrote and never sent goes with them.
    """
    vault = read_vault(state)
    await _note(store, vault.generation)
    await store.keep_forms_of(vault.officers())


@asynccontextmanager
async def unlocked(state: Path, officer: str, passphrase: str) -> AsyncIterator[Keys]:
    """Hold the folder of a desk and give what the passphrase opens.

    A removal that was cut short is finished, or taken back, before.

    Raises:
        NoVaultError, VaultError: it does not open.
        DeskBusyError: the desk runs, or another command has it open.
    """
    with held(state):
        yield await open_desk(state, officer, passphrase, partial(opens, state / STORE))


@asynccontextmanager
async def opened(state: Path, officer: str, passphrase: str) -> AsyncIterator[tuple[Store, Keys]]:
    """Give the store of a desk in ``state`` and what the passphrase opens; close it at the end.

    Raises:
        NoVaultError, VaultError, StoreError: it does not open.
        DeskBusyError: the desk runs, or another command has it open.
    """
    async with unlocked(state, officer, passphrase) as keys, _store_of(state, keys) as store:
        yield store, keys


@asynccontextmanager
async def recovered(
    state: Path, halves: tuple[bytes, bytes], officer: str, passphrase: str
) -> AsyncIterator[tuple[Store, Keys]]:
    """Give a desk like :func:`opened`, to an officer whom the two papers give a slot.

    The papers are spent with it.

    Raises:
        NoVaultError, VaultError, StoreError, DeskBusyError: nothing has changed.
    """
    with held(state):
        known = partial(opens, state / STORE)
        keys = await recover_vault(state, halves, officer, passphrase, known)
        async with _store_of(state, keys) as store:
            yield store, keys


@asynccontextmanager
async def _store_of(state: Path, keys: Keys) -> AsyncIterator[Store]:
    store = Store(state / STORE, keys.master)
    await store.open()
    try:
        await check_vault(keys, store)
        yield store
        await note_vault(state, store)
    finally:
        await store.close()


async def remove_from(state: Path, by: str, passphrase: str, officer: str) -> None:
    """Take ``officer`` out of a desk that does not run; raises what :meth:`Roster.remove` does."""
    async with opened(state, by, passphrase) as (store, _):
        await remove_officer(state, officer, store.rekey)
        await note_vault(state, store)
        await store.cut_log()


async def renew_at(state: Path, officer: str, passphrase: str, new: str) -> None:
    """Change an officer's passphrase at a desk that does not run; raises as :func:`opened` does."""
    async with opened(state, officer, passphrase):
        await asyncio.to_thread(renew_passphrase, state, officer, passphrase, new)


async def papers_of(
    state: Path, officer: str, passphrase: str, write: Callable[[bytes, bytes], None]
) -> None:
    """Make two halves that together open the desk's vault; older papers open it no more.

    ``write`` puts them on paper, before anything has changed.

    Raises:
        NoVaultError, VaultError, StoreError: it does not open.
    """
    async with opened(state, officer, passphrase) as (_, keys):
        make_papers(state, keys, write)


async def _note(store: Store, generation: int) -> None:
    await store.set_fact(GENERATION, generation.to_bytes(8, "big"))
