import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from liaison.runtime.database import create_tables, open_engine, reading

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
