from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, insert, select, text
from sqlalchemy.ext.asyncio import create_async_engine

KEPT = Table(
    "kept", MetaData(), Column("id", Integer, primary_key=True), Column("body", LargeBinary)
)


async def test_a_table_can_be_made_filled_and_read(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url)

    async with engine.begin() as connection:
        await connection.run_sync(KEPT.metadata.create_all)
        await connection.execute(insert(KEPT).values(id=1, body=b"\x00sealed"))
        rows = (await connection.execute(select(KEPT.c.body))).scalars().all()
    await engine.dispose()

    assert rows == [b"\x00sealed"]


async def test_each_test_gets_an_empty_database(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url)

    async with engine.connect() as connection:
        tables = text("select count(*) from pg_tables where schemaname = 'public'")
        count = (await connection.execute(tables)).scalar_one()
    await engine.dispose()

    assert count == 0
