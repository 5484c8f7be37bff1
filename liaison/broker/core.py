"""What serving and enrolling have in common: the folder's lock, key, database, replica, writer.

A broker's folder has one process at a time: two writers would each believe in their own ledger. The
lock is the system's, so that a process that died holds nothing.
"""

import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from crypto.attest.encoding import EncodingError, decode
from crypto.attest.signing import SigningKey
from liaison.broker.batch import State
from liaison.broker.checkpoints import FILE_NAME
from liaison.broker.directory import Replica
from liaison.broker.errors import ForeignDatabaseError, NotInitialisedError, RunningError
from liaison.broker.ledger import check_history, log_key
from liaison.broker.settings import KEY_NAME
from liaison.broker.store import Store, open_store
from liaison.broker.writer import Writer
from liaison.runtime.clock import Clock
from liaison.runtime.seeds import load_key
from liaison.runtime.tasks import Tasks

LOCK_NAME = "broker.lock"
#: Keys of the table ``meta``.
KID, PINS = "kid", "pins"
META_LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class Core:
    """An open broker: its key, database, directory and running writer."""

    key: SigningKey
    store: Store
    replica: Replica
    writer: Writer


@asynccontextmanager
async def open_core(state: Path, database: str, *, clock: Clock) -> AsyncIterator[Core]:
    """Give the broker in the folder ``state``, its writer running; close it at the end.

    Raises:
        NotInitialisedError: ``init_broker`` has not made folder and database.
        RunningError: another process works on the folder.
        ForeignDatabaseError: the database belongs to another key.
        RegressedLedgerError: the ledger does not continue what was signed.
        SeedError: the key cannot be used.
    """
    if not (state / KEY_NAME).exists():
        raise NotInitialisedError(f"{KEY_NAME} expected in the broker's folder, not found")
    with locked(state):
        key = load_key(state / KEY_NAME)
        async with open_store(database) as store:
            replica = Replica(read_pins(await check_owner(store, key)))
            writer = _writer(key, store, replica, clock)
            await writer.load()
            await _check_past(state, store, key)
            working = Tasks().start(writer.work(), name="broker.writer")
            try:
                yield Core(key, store, replica, writer)
            finally:
                await writer.stop()
                await working


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the folder's lock; raise RunningError when another process holds it."""
    with (state / LOCK_NAME).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise RunningError("another process works on this broker's folder") from e
        yield


async def check_owner(store: Store, key: SigningKey) -> dict[str, bytes]:
    """Return what is kept about the database once it is seen to be that of ``key``.

    Raises:
        NotInitialisedError, ForeignDatabaseError: as their names say.
    """
    meta = dict(await store.meta())
    if KID not in meta:
        raise NotInitialisedError("the database belongs to no broker yet")
    if meta[KID] != key.kid:
        raise ForeignDatabaseError("the database belongs to a broker with another key")
    return meta


def read_pins(meta: dict[str, bytes]) -> frozenset[str]:
    """Return the fingerprints of roots that the operator has typed."""
    try:
        pins = decode(meta.get(PINS, b"\x80"), limit=META_LIMIT)
    except EncodingError as e:
        raise NotInitialisedError(f"the pinned fingerprints cannot be read: {e.code}") from e
    if not isinstance(pins, list):
        raise NotInitialisedError("the pinned fingerprints are no list")
    return frozenset(pin for pin in pins if isinstance(pin, str))


def _writer(key: SigningKey, store: Store, replica: Replica, clock: Clock) -> Writer:
    async def reload() -> State:
        replica.restore(await store.entries(0))
        return await store.state()

    return Writer(store, log=key.kid, clock=clock, reload=reload)


async def _check_past(state: Path, store: Store, key: SigningKey) -> None:
    last = await store.last_checkpoint(cosigned=False)
    file = state / FILE_NAME
    beside = file.read_bytes() if file.exists() else None
    await check_history(store, log_key(key.verify_key), [last.note if last else None, beside])
