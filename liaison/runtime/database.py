"""Databases: durable SQLite or PostgreSQL through SQLAlchemy Core, without holding up the loop.

SQLite runs in WAL mode with ``synchronous=FULL``: a commit that was lost after its checkpoint was
signed would be a fork of the ledger. Its transactions begin IMMEDIATE, so two writers wait for one
another instead of failing half-way.

A turn of SQLite's asynchronous driver costs more than a small statement. A :class:`Database` is
therefore given functions over a synchronous connection, each with all the statements that belong
together: on SQLite each runs in a thread, in one turn; on PostgreSQL the same function runs over
the asynchronous driver.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
)

T = TypeVar("T")
Work = Callable[[Connection], T]


class Turns(Protocol):
    """An open transaction; each call is a turn within it."""

    async def __call__(self, work: Work[T], /) -> T:
        """Return what ``work`` returns."""


class Database(Protocol):
    """An open database. Errors of SQLAlchemy come out of all that it does."""

    @property
    def dialect(self) -> str:
        """Return "sqlite" or "postgresql"."""

    def transaction(self) -> AbstractAsyncContextManager[Turns]:
        """Give a transaction that writes; commit at the end, forget all on an error."""

    async def read(self, work: Work[T]) -> T:
        """Return what ``work`` returns; it sees one state and takes no lock on SQLite."""

    async def close(self) -> None:
        """Close the database, once what was begun has ended."""


def open_database(url: str) -> Database:
    """Return the database at ``url`` (``sqlite+aiosqlite:///…`` or ``postgresql+asyncpg://…``)."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return _Postgres(create_async_engine(url))
    engine = create_engine(parsed.set(drivername="sqlite"))
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return _Sqlite(engine)


class _Sqlite:
    """SQLite: one thread writes, another reads beside it."""

    dialect = "sqlite"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database.write")
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database.read")
        # A second transaction in the one thread would wait for the lock that the first one holds.
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Turns]:
        run = asyncio.get_running_loop().run_in_executor
        async with self._writing:
            connection = self._engine.connect()

            async def turn(work: Work[T], /) -> T:
                return await run(self._writer, work, connection)

            try:
                yield turn
                await run(self._writer, connection.commit)
            finally:
                await run(self._writer, connection.close)

    async def read(self, work: Work[T]) -> T:
        def reading() -> T:
            with self._engine.connect() as connection:
                return work(connection.execution_options(liaison_read_only=True))

        return await asyncio.get_running_loop().run_in_executor(self._reader, reading)

    async def close(self) -> None:
        for thread in (self._reader, self._writer):
            await asyncio.to_thread(thread.shutdown)
        self._engine.dispose()


class _Postgres:
    """PostgreSQL over its asynchronous driver."""

    dialect = "postgresql"

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Turns]:
        async with self._engine.begin() as connection:
            yield connection.run_sync

    async def read(self, work: Work[T]) -> T:
        async with reading(self._engine) as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()


def open_engine(url: str) -> AsyncEngine:
    """Return an engine for ``url`` (``sqlite+aiosqlite:///…`` or ``postgresql+asyncpg://…``)."""
    engine = create_async_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _configure_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


async def create_tables(engine: AsyncEngine, tables: MetaData) -> None:
    """Create those of ``tables`` that are not there yet."""
    async with engine.begin() as connection:
        await connection.run_sync(tables.create_all)


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Give a connection that sees one state of the database and takes no lock on SQLite."""
    async with engine.connect() as connection:
        await connection.execution_options(liaison_read_only=True)
        yield connection


def _configure_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401 - driver's own types
    # The driver must not begin transactions by itself; _begin_immediate does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_immediate(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's sync connection
    read_only = connection.get_execution_options().get("liaison_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
