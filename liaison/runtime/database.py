"""Database engines: durable SQLite or PostgreSQL, asynchronous, through SQLAlchemy Core.

SQLite runs in WAL mode with ``synchronous=FULL``: a commit that was lost after its checkpoint was
signed would be a fork of the ledger. Its transactions begin IMMEDIATE, so two writers wait for one
another instead of failing half-way.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import MetaData, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
)


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
