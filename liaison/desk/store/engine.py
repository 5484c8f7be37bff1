"""The engine of the desk's store: SQLCipher, one thread, one transaction a call.

SQLCipher has no asynchronous driver, so a dedicated thread owns the only connection and every call
is one transaction there: what a call writes is durable when it returns, or none of it is. The key
is the vault's master key; a file that it does not open is refused with its own code.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import sqlcipher3
from sqlalchemy import Connection, create_engine, event, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from liaison.desk.tables import TABLES, facts

T = TypeVar("T")

SCHEMA = b"3"
#: What is temporary is never on the disk.
MEMORY_ONLY = "temp_store=MEMORY"


class StoreError(Exception):
    """The store cannot be used."""

    code = "store"


class WrongKeyError(StoreError):
    """The key does not open this store, or the file is none."""

    code = "store.wrong_key"


class StoreFailedError(StoreError):
    """The database could not do what was asked (disk full, file gone); nothing of it is stored."""

    code = "store.failed"


class UnknownSchemaError(StoreError):
    """The store was written by another version."""

    code = "store.schema"


class Engine:
    """One encrypted file. Every method is one transaction."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Take the file and its 32-byte key; nothing is opened before :meth:`open`."""
        self._path, self._key = path, key
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._engine = create_engine(
            "sqlite://", creator=self._connect, module=sqlcipher3, poolclass=StaticPool
        )
        event.listen(self._engine, "begin", _begin_immediate)

    async def open(self) -> None:
        """Open the store, making its tables in a new one.

        Raises:
            WrongKeyError: the key does not open the file.
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
        except (StoreFailedError, sqlcipher3.DatabaseError) as e:
            await self.close()
            raise WrongKeyError("the key does not open this store") from e

    async def close(self) -> None:
        """Close the file and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown(wait=True)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns, done in one transaction on the store's thread.

        Raises:
            StoreFailedError: the database failed; the transaction was rolled back.
        """

        def transaction() -> T:
            try:
                with self._engine.begin() as db:
                    return work(db)
            except DBAPIError as e:
                raise StoreFailedError(f"the database failed: {type(e.orig).__name__}") from e

        return await asyncio.get_running_loop().run_in_executor(self._thread, transaction)

    async def fact(self, name: str) -> bytes | None:
        """Return the single value of this name, if there is one."""
        return await self.run(lambda db: find_fact(db, name))

    async def set_fact(self, name: str, value: bytes) -> None:
        """Keep the single value of this name."""
        await self.run(lambda db: set_fact(db, name, value))

    def _connect(self) -> Any:  # noqa: ANN401 - the driver's own type
        connection = sqlcipher3.connect(self._path, check_same_thread=False, isolation_level=None)
        connection.execute(f"PRAGMA key=\"x'{self._key.hex()}'\"")
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", MEMORY_ONLY):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def find_fact(db: Connection, name: str) -> bytes | None:
    """Return the single value of this name, within a transaction."""
    return db.scalar(select(facts.c.value).where(facts.c.name == name))


def set_fact(db: Connection, name: str, value: bytes) -> None:
    """Keep the single value of this name, within a transaction."""
    row = upsert(facts).values(name=name, value=value)
    db.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
