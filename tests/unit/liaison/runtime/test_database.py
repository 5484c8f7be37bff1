import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from liaison.runtime.database import (
    Database,
    create_tables,
    open_database,
    open_engine,
    reading,
)

TABLES = MetaData()
ROWS = Table("row", TABLES, Column("id", Integer, primary_key=True), Column("value", Integer))


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """Yield an engine on a new SQLite file with one empty table."""
    made = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await create_tables(made, TABLES)
    yield made
    await made.dispose()


async def values(engine: AsyncEngine) -> list[int]:
    """Return what the table holds."""
    async with reading(engine) as connection:
        return list((await connection.execute(select(ROWS.c.value))).scalars())


@pytest.mark.parametrize(
    "pragma, expected",
    # 2 is FULL: a commit is on the disk before it is answered.
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
async def test_sqlite_is_durable_and_patient(
    engine: AsyncEngine, pragma: str, expected: str | int
) -> None:
    async with reading(engine) as connection:
        found = (await connection.execute(text(f"PRAGMA {pragma}"))).scalar_one()

    assert found == expected


async def test_tables_are_made_once(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(ROWS).values(value=7))

    await create_tables(engine, TABLES)

    assert await values(engine) == [7]


async def test_a_transaction_that_fails_leaves_nothing(engine: AsyncEngine) -> None:
    async def fail_half_way() -> None:
        async with engine.begin() as connection:
            await connection.execute(insert(ROWS).values(value=7))
            raise KeyError

    with pytest.raises(KeyError):
        await fail_half_way()
    assert await values(engine) == []


async def test_two_writers_wait_for_one_another_and_both_succeed(engine: AsyncEngine) -> None:
    """Each reads first and then writes: begun DEFERRED, one of them would fail half-way."""

    async def add() -> None:
        async with engine.begin() as connection:
            counted = len((await connection.execute(select(ROWS.c.id))).all())
            await connection.execute(insert(ROWS).values(value=counted))

    await asyncio.gather(*(add() for _ in range(10)))

    assert await values(engine) == list(range(10))


async def test_a_reader_is_not_kept_waiting_by_a_writer(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(ROWS).values(value=7))
        async with asyncio.timeout(5):  # half of what a lock would be waited for
            assert await values(engine) == []

    assert await values(engine) == [7]


async def test_a_reader_sees_one_state(engine: AsyncEngine) -> None:
    async with reading(engine) as connection:
        before = (await connection.execute(select(ROWS.c.value))).all()
        async with engine.begin() as writer:
            await writer.execute(insert(ROWS).values(value=7))
        after = (await connection.execute(select(ROWS.c.value))).all()

    assert before == after == []


async def test_foreign_keys_are_kept(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("CREATE TABLE child (parent INTEGER REFERENCES row (id) NOT NULL)")
        )

    async def add_orphan() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO child VALUES (1)"))

    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        await add_orphan()


async def test_postgresql_takes_the_same_tables(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    await create_tables(engine, TABLES)
    async with engine.begin() as connection:
        await connection.execute(insert(ROWS).values(value=7))

    assert await values(engine) == [7]
    await engine.dispose()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Yield a SQLite database with one empty table."""
    made = open_database(f"sqlite+aiosqlite:///{tmp_path / 'turns.db'}")
    async with made.transaction() as turn:
        await turn(TABLES.create_all)
    yield made
    await made.close()


def kept(connection: Connection) -> list[int]:
    """Return what the table holds, within a turn."""
    return list(connection.execute(select(ROWS.c.value)).scalars())


def add(connection: Connection) -> None:
    """Read, then write: begun DEFERRED, one of two such transactions would fail half-way."""
    connection.execute(insert(ROWS).values(value=len(kept(connection))))


def pragma(connection: Connection) -> list[str | int]:
    """Return how the connection is set up."""
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    return [connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names]


async def test_a_turn_that_writes_and_one_that_reads_are_durable_and_patient(
    database: Database,
) -> None:
    async with database.transaction() as turn:
        writing = await turn(pragma)

    assert writing == await database.read(pragma) == ["wal", 2, 1, 10_000]


async def test_turns_of_a_transaction_that_fails_leave_nothing(database: Database) -> None:
    async def fail_half_way() -> None:
        async with database.transaction() as turn:
            await turn(add)
            raise KeyError

    with pytest.raises(KeyError):
        await fail_half_way()
    assert await database.read(kept) == []


async def test_a_second_transaction_waits_between_the_turns_of_the_first(
    database: Database,
) -> None:
    async def add_in_turns() -> None:
        async with database.transaction() as turn:
            await turn(kept)
            await asyncio.sleep(0)
            await turn(add)

    async with asyncio.timeout(5):  # half of what the lock would be waited for
        await asyncio.gather(*(add_in_turns() for _ in range(5)))

    assert await database.read(kept) == list(range(5))


async def test_a_read_sees_what_is_committed_while_a_transaction_is_open(
    database: Database,
) -> None:
    async with database.transaction() as turn:
        await turn(add)
        async with asyncio.timeout(5):
            assert await database.read(kept) == []

    assert await database.read(kept) == [0]


async def test_closing_waits_for_what_was_begun(database: Database) -> None:
    reading_on = asyncio.gather(*(database.read(kept) for _ in range(20)))
    await asyncio.sleep(0)  # let each of them begin

    await database.close()

    assert await reading_on == [[]] * 20


async def test_postgresql_takes_the_same_turns(postgres_url: str) -> None:
    postgres = open_database(postgres_url)
    async with postgres.transaction() as turn:
        await turn(TABLES.create_all)
        await turn(add)

    assert await postgres.read(kept) == [0]
    await postgres.close()
