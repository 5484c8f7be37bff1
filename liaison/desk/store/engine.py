"""The engine of the desk's store: SQLCipher, one thread, one transaction a call.

SQLCipher has no asynchronous driver, so a dedicated thread owns the only connection and every call
is one transaction there: what a call writes is durable when it returns, or none of it is. The key
is the vault's master key; a file that it does not open is refused with its own code.

A plain SQLite takes the same statements and keeps everything in clear, so a library that names no
cipher is refused before it touches a file, and a file that opens without a key when it is opened.
"""

import asyncio
import hmac
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from liaison.desk.tables import TABLES, facts

try:
    import sqlcipher3 as driver
except ImportError:
    # Told when a store is opened, with a code: an import that fails tells an officer nothing.
    driver = None

T = TypeVar("T")

SCHEMA = b"9"
#: What is temporary is never on the disk.
MEMORY_ONLY = "temp_store=MEMORY"
#: What is deleted is overwritten where it lay.
OVERWRITE = "secure_delete=ON"
#: Free bytes that are left on the disk when the store is written anew: the rest of the desk works.
SPARE = 4 << 20


class StoreError(Exception):
    """The store cannot be used."""

    code = "store"


class WrongKeyError(StoreError):
    """The key does not open this store, or the file is none."""

    code = "store.wrong_key"


class StoreFailedError(StoreError):
    """The database could not do what was asked (disk full, file gone); nothing of it is stored."""

    code = "store.failed"


class NoRoomError(StoreError):
    """There is no room on the disk to write the store anew; nothing of it was begun."""

    code = "store.no_room"


class LogNotCutError(StoreError):
    """What was deleted lies in the log yet: another program reads the store at this moment."""

    code = "store.log_not_cut"


class NoCipherError(StoreError):
    """The database library does not encrypt: nothing may be stored with it."""

    code = "store.no_cipher"


class InClearError(StoreError):
    """The store can be read without a key."""

    code = "store.in_clear"


class UnknownSchemaError(StoreError):
    """The store was written by another version."""

    code = "store.schema"


class Engine:
    """One encrypted file. Every method is one transaction."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Take the file and its 32-byte key; nothing is opened before :meth:`open`.

        Raises:
            NoCipherError: the library does not encrypt.
        """
        check_cipher()
        self._path, self._key = path, key
        #: While somebody reads apart the log cannot be cut, nor the key be replaced.
        self._log_turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._engine = create_engine(
            "sqlite://", creator=self._connect, module=driver, poolclass=StaticPool
        )
        event.listen(self._engine, "begin", _begin_immediate)

    async def open(self) -> None:
        """Open the store, making its tables in a new one.

        Raises:
            WrongKeyError: the key does not open the file.
            StoreFailedError: the disk is full, or the file cannot be reached.
            LogNotCutError: its log cannot be written into it.
            InClearError: the file opens without a key too.
            UnknownSchemaError: another version wrote it.
        """

        def prepare(db: Connection) -> None:
            TABLES.create_all(db)
            db.execute(upsert(facts).values(name="schema", value=SCHEMA).on_conflict_do_nothing())
            found = find_fact(db, "schema")
            if found != SCHEMA:
                raise UnknownSchemaError(f"schema {SCHEMA.decode()} expected, another found")

        try:
            await self.run(prepare)
        except StoreFailedError as e:
            await self.close()
            if _is_operational(e):
                raise
            raise WrongKeyError("the key does not open this store") from e
        if await self._on_thread(lambda: _can_read(self._path, None)):
            await self.close()
            raise InClearError("this store opens without a key; expected one that is encrypted")
        try:
            # What a kill has kept from being cut.
            await self.cut_log()
        except StoreError:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the file and end the thread."""
        await self._on_thread(self._engine.dispose)
        self._thread.shutdown(wait=True)

    def opens_to(self, key: bytes) -> bool:
        """Say whether this store, once open, opens to ``key``."""
        return hmac.compare_digest(key, self._key)

    async def rekey(self, key: bytes) -> None:
        """Let the store open to ``key`` (32 bytes) from now on and no longer to the one it had.

        One transaction of the database: a kill leaves it under the one key or under the other.
        What was written under the old key goes with the next :meth:`cut_log`.

        Raises:
            LogNotCutError: somebody else reads the file; the key is the old one.
            NoRoomError: the disk has no room for the store a second time; the key is the old one.
            StoreFailedError: the database failed; the key is the old one.
        """

        def write_anew() -> None:
            self._truncate_log()
            _check_room(self._path)
            try:
                with self._engine.connect() as db:
                    raw: Any = db.connection.driver_connection
                    raw.execute(f"PRAGMA rekey=\"x'{key.hex()}'\"")
            finally:
                # The answer does not say whether it was done (it is "ok" on a full disk too), and a
                # connection that could not do it reads nothing any more: the file tells.
                self._engine.dispose()
                is_done = _can_read(self._path, key)
                self._key = key if is_done else self._key
                with self._engine.begin() as db:
                    self._begin_again(db)
            if not is_done:
                raise StoreFailedError("the store could not be written anew; its key is the old")

        async with self._log_turn:
            await self._on_thread(lambda: _told(write_anew))

    def _begin_again(self, db: Connection) -> None:
        """Begin on a new connection what lives no longer than a connection does."""

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns, done in one transaction on the store's thread.

        Raises:
            StoreFailedError: the database failed; the transaction was rolled back.
        """

        def transaction() -> T:
            with self._engine.begin() as db:
                return work(db)

        return await self._on_thread(lambda: _told(transaction))

    async def read_apart(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` makes of the store as it stands now, on a thread of its own.

        The store goes on being written; its log is not cut meanwhile.

        Raises:
            StoreFailedError: the database failed.
        """

        def read() -> T:
            apart = create_engine(
                "sqlite://", creator=self._connect, module=driver, poolclass=NullPool
            )
            event.listen(apart, "begin", lambda db: db.exec_driver_sql("BEGIN"))
            with apart.begin() as db:
                return work(db)

        async with self._log_turn:
            return await asyncio.to_thread(lambda: _told(read))

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def fact(self, name: str) -> bytes | None:
        """Return the single value of this name, if there is one."""
        return await self.run(lambda db: find_fact(db, name))

    async def set_fact(self, name: str, value: bytes) -> None:
        """Keep the single value of this name."""
        await self.run(lambda db: set_fact(db, name, value))

    async def cut_log(self) -> None:
        """Write the log of the last transactions into the file, and cut it to nothing.

        Raises:
            LogNotCutError: somebody else reads the file; what was committed stays committed.
            StoreFailedError: the database failed; what was committed stays committed.
        """
        async with self._log_turn:
            await self._on_thread(lambda: _told(self._truncate_log))

    def _truncate_log(self) -> None:
        """Cut the log; the driver waits some seconds for who reads."""
        with self._engine.connect() as db:
            raw: Any = db.connection.driver_connection
            is_busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if is_busy:
            raise LogNotCutError("the log cannot be cut while another reads the store")

    def _connect(self) -> Any:  # noqa: ANN401 - the driver's own type
        connection = driver.connect(self._path, check_same_thread=False, isolation_level=None)
        _give_key(connection, self._key)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            MEMORY_ONLY,
            OVERWRITE,
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def check_cipher() -> None:
    """Raise NoCipherError unless the library is SQLCipher: any other keeps all of it in clear."""
    if driver is None:
        raise NoCipherError("sqlcipher3 is not installed; nothing is stored without it")
    with closing(driver.connect(":memory:")) as connection:
        if connection.execute("PRAGMA cipher_version").fetchone() is None:
            raise NoCipherError("the installed sqlcipher3 names no cipher: it is a plain SQLite")


async def opens(path: Path, key: bytes) -> bool:
    """Say whether the store in ``path`` opens to ``key``; raise NoCipherError without SQLCipher."""
    check_cipher()
    return await asyncio.to_thread(_can_read, path, key)


def _can_read(path: Path, key: bytes | None) -> bool:
    with closing(driver.connect(path)) as connection:
        # A key that does not open it is an answer here, and no error to write about.
        connection.execute("PRAGMA cipher_log_level=NONE")
        if key is not None:
            _give_key(connection, key)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except driver.DatabaseError:
            return False
    return True


def _check_room(path: Path) -> None:
    """Raise NoRoomError unless the log can hold every page of the store a second time."""
    wanted, free = path.stat().st_size * 21 // 20 + SPARE, shutil.disk_usage(path.parent).free
    if free < wanted:
        raise NoRoomError(f"{wanted >> 20} MiB free on the disk expected, {free >> 20} MiB found")


def _told(work: Callable[[], T]) -> T:
    """Return what ``work`` returns; raise StoreFailedError when the database fails."""
    try:
        return work()
    except DBAPIError as e:
        raise StoreFailedError(f"the database failed: {type(e.orig).__name__}") from e
    except driver.DatabaseError as e:
        raise StoreFailedError(f"the database failed: {type(e).__name__}") from e


def _is_operational(error: StoreFailedError) -> bool:
    """Say whether the system failed the database: of a wrong key it says that this is none."""
    cause = error.__cause__
    found = cause.orig if isinstance(cause, DBAPIError) else cause
    return isinstance(found, driver.OperationalError)


def _give_key(connection: Any, key: bytes) -> None:  # noqa: ANN401 - the driver's own type
    connection.execute(f"PRAGMA key=\"x'{key.hex()}'\"")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def find_fact(db: Connection, name: str) -> bytes | None:
    """Return the single value of this name, within a transaction."""
    return db.scalar(select(facts.c.value).where(facts.c.name == name))


def set_fact(db: Connection, name: str, value: bytes) -> None:
    """Keep the single value of this name, within a transaction."""
    row = upsert(facts).values(name=name, value=value)
    db.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
