"""The witness's memory, in one SQLite file: read and changed under one writer's lock.

Checking what is held and recording what is cosigned happen in one transaction that locks the file
from its beginning, or two requests could each be consistent and together roll the log back
(C2SP tlog-witness, "add-checkpoint"). A commit is on the disk before it returns.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from crypto.attest.checkpoint import Checkpoint
from crypto.attest.tree import TreeHead
from liaison.runtime.clock import from_timestamp, timestamp
from liaison.runtime.database import create_tables, open_engine, reading
from liaison.witness.tables import evidence, latest, metadata

FILE_NAME = "witness.sqlite"


@dataclass(frozen=True, slots=True)
class Held:
    """The newest checkpoint cosigned of a log: its head, and the note as it was answered."""

    head: TreeHead
    note: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signed checkpoint refused with ``code`` at ``at``, and the note held then, if any."""

    checkpoint: Checkpoint
    code: str
    note: bytes
    held: bytes | None
    at: datetime


class Transaction:
    """The witness's memory while nobody else may change it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def held(self, origin: str) -> Held | None:
        """Return the newest checkpoint cosigned of the log ``origin``; None if there is none."""
        return await _held(self._connection, origin)

    async def record(self, checkpoint: Checkpoint, note: bytes) -> None:
        """Hold ``checkpoint``, cosigned in ``note``, as the newest of its log."""
        row = {"size": checkpoint.size, "root": checkpoint.root, "note": note}
        await self._connection.execute(
            insert(latest)
            .values(origin=checkpoint.origin, **row)
            .on_conflict_do_update(index_elements=[latest.c.origin], set_=row)
        )

    async def keep(self, found: Evidence) -> None:
        """Keep ``found``, unless the same head was refused before."""
        await self._connection.execute(
            insert(evidence)
            .values(
                origin=found.checkpoint.origin,
                size=found.checkpoint.size,
                root=found.checkpoint.root,
                code=found.code,
                note=found.note,
                held=found.held,
                at=timestamp(found.at),
            )
            .on_conflict_do_nothing()
        )


class Store:
    """The witness's memory. Made by ``open_store``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Give the memory under its writer's lock; commit at the end, forget all on an error."""
        async with self._engine.begin() as connection:
            yield Transaction(connection)

    async def held(self, origin: str) -> Held | None:
        """Return the newest checkpoint cosigned of the log ``origin``; None if there is none."""
        async with reading(self._engine) as connection:
            return await _held(connection, origin)

    async def evidence(self) -> list[Evidence]:
        """Return all signed checkpoints that were refused as inconsistent, oldest first."""
        async with reading(self._engine) as connection:
            rows = await connection.execute(select(evidence).order_by(evidence.c.id))
            return [
                Evidence(
                    Checkpoint(row.origin, row.size, row.root),
                    row.code,
                    row.note,
                    row.held,
                    from_timestamp(row.at),
                )
                for row in rows
            ]


@asynccontextmanager
async def open_store(state: Path) -> AsyncIterator[Store]:
    """Give the memory in the folder ``state``, made at first use; close it at the end."""
    engine = open_engine(f"sqlite+aiosqlite:///{state / FILE_NAME}")
    try:
        await create_tables(engine, metadata)
        yield Store(engine)
    finally:
        await engine.dispose()


async def _held(connection: AsyncConnection, origin: str) -> Held | None:
    found = await connection.execute(select(latest).where(latest.c.origin == origin))
    row = found.one_or_none()
    return None if row is None else Held(TreeHead(row.size, row.root), row.note)
