"""The broker's database: a batch in one transaction, and what is read outside of any.

The unit of change is a batch (see ``batch.py``): its rows are fetched with one query a table,
written with one statement a table, and committed together. The same code runs on SQLite and on
PostgreSQL. One process only may write; ``admin.py`` keeps the folder's lock.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from crypto.attest.tree import Coordinate, Frontier, MissingNodeError, TreeHead, root_nodes
from liaison.broker import tables
from liaison.broker.batch import (
    Batch,
    Checkpointed,
    Clock,
    Fetched,
    Item,
    Mail,
    MailKey,
    Message,
    Needs,
    State,
)
from liaison.broker.blobs.rows import fetch_blobs, flush_blobs
from liaison.broker.errors import RegressedLedgerError, StoreError
from liaison.runtime.database import Database, Turns, open_database
from protocols.wire.mailbox import ItemKind, MailLane

T = TypeVar("T")

#: The most values in one IN list; SQLite allows 32,766 parameters a statement.
CHUNK = 1_000

_MESSAGE = [tables.messages.c[field.name] for field in fields(Message)]


class Transaction:
    """One transaction that writes."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    async def fetch(self, needs: Needs) -> Fetched:
        """Return the rows that operations with these needs have to see."""
        return await self._turns(partial(_fetch, needs))

    async def flush(self, batch: Batch) -> None:
        """Write all that ``batch`` has collected."""
        await self._turns(partial(_flush, batch))

    async def set_meta(self, key: str, value: bytes) -> None:
        """Keep ``value`` under ``key``, in place of an older one."""
        await self._turns(partial(_upsert, tables.meta, [(key, value)]))


class Store:
    """The broker's database. Made by ``open_store``. What reads raises StoreError without one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Give a transaction that writes; commit at the end, forget all on an error."""
        async with self._database.transaction() as turns:
            yield Transaction(turns)

    async def check(self) -> None:
        """Return when the database answers."""
        await self._rows(select(func.count()).select_from(tables.meta))

    async def state(self) -> State:
        """Return what the writer keeps in memory, from the stored rows.

        Raises:
            RegressedLedgerError: a complete subtree of the stored leaves is missing.
        """
        leaves, entries = tables.ledger_leaves, tables.directory
        last = (await self._rows(select(func.max(leaves.c.position))))[0][0]
        size = 0 if last is None else last + 1
        try:
            frontier = Frontier.of(size, await self.nodes(root_nodes(size)))
        except MissingNodeError as e:
            raise RegressedLedgerError(f"the ledger of {size} leaves is not whole: {e}") from e
        sequences = await self._rows(select(tables.sequences))
        stated = (await self._rows(select(func.max(entries.c.size))))[0][0]
        return State(
            frontier=frontier,
            sequences={(row.desk, MailLane(row.lane)): row.last for row in sequences},
            directory=stated or 0,
        )

    async def head(self, size: int) -> TreeHead:
        """Return the head of the stored ledger's first ``size`` leaves.

        Raises:
            MissingNodeError: there are not as many.
        """
        return Frontier.of(size, await self.nodes(root_nodes(size))).head()

    async def nodes(self, wanted: Sequence[Coordinate]) -> dict[Coordinate, bytes]:
        """Return those of the ``wanted`` complete subtrees that are stored, in one query."""
        nodes = tables.ledger_nodes
        if not wanted:
            return {}
        each = (and_(nodes.c.level == n.level, nodes.c.position == n.position) for n in wanted)
        rows = await self._rows(select(nodes).where(or_(*each)))
        return {Coordinate(row.level, row.position): row.hash for row in rows}

    async def leaves(self, begin: int, end: int) -> list[bytes]:
        """Return the leaves from position ``begin`` up to, and without, ``end``."""
        leaves = tables.ledger_leaves
        query = select(leaves.c.leaf).where(leaves.c.position.between(begin, end - 1))
        return [row.leaf for row in await self._rows(query.order_by(leaves.c.position))]

    async def entries(self, after: int, *, limit: int | None = None) -> list[bytes]:
        """Return the directory's entries after the first ``after``, at most ``limit``."""
        entries = tables.directory
        query = select(entries.c.entry).where(entries.c.size > after).order_by(entries.c.size)
        return [row.entry for row in await self._rows(query.limit(limit))]

    async def place(self, size: int) -> int | None:
        """Return the ledger's leaf of the directory's entry number ``size``, or None."""
        places = tables.places
        rows = await self._rows(select(places.c.position).where(places.c.size == size))
        return rows[0].position if rows else None

    async def items(self, key: MailKey, *, after: int, limit: int) -> list[Item]:
        """Return what waits in a lane of a desk's mailbox after number ``after``, oldest first."""
        mailbox, messages = tables.mailbox, tables.messages
        desk, lane = key
        query = (
            select(
                mailbox.c.seq,
                mailbox.c.item,
                func.coalesce(mailbox.c.first, messages.c.envelope),
                func.coalesce(mailbox.c.second, messages.c.took),
            )
            .outerjoin_from(mailbox, messages, mailbox.c.mid == messages.c.mid)
            .where(mailbox.c.desk == desk, mailbox.c.lane == lane, mailbox.c.seq > after)
            .order_by(mailbox.c.seq)
            .limit(limit)
        )
        return [Item(seq, ItemKind(kind), *parts) for seq, kind, *parts in await self._rows(query)]

    async def due_clocks(self, now: int, *, limit: int) -> list[bytes]:
        """Return the tokens of running clocks whose next step is due at ``now`` (ts)."""
        clocks = tables.clocks
        query = select(clocks.c.token).where(clocks.c.stopped_at.is_(None), clocks.c.next_at <= now)
        rows = await self._rows(query.order_by(clocks.c.next_at).limit(limit))
        return [row.token for row in rows]

    async def next_clock(self) -> int | None:
        """Return when (ts) the next step of any running clock is due; None if there is none."""
        clocks = tables.clocks
        query = select(func.min(clocks.c.next_at)).where(clocks.c.stopped_at.is_(None))
        found: int | None = (await self._rows(query))[0][0]
        return found

    async def last_checkpoint(self, *, cosigned: bool) -> Checkpointed | None:
        """Return the newest checkpoint, or the newest that every witness has cosigned."""
        checkpoints = tables.checkpoints
        query = select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)
        if cosigned:
            query = query.where(checkpoints.c.cosigned.is_not(None))
        rows = await self._rows(query)
        return Checkpointed(*rows[0]) if rows else None

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Return what ``question`` reads; its statements stand with what they are about."""
        return await self._awaited(question)

    async def meta(self) -> Mapping[str, bytes]:
        """Return all that is kept about this database; empty before ``init``."""
        return {row.key: row.value for row in await self._rows(select(tables.meta))}

    async def close(self) -> None:
        """Let every statement that was begun end, then close the database."""
        await asyncio.gather(*self._reading, return_exceptions=True)
        await self._database.close()

    async def _rows(self, query: Select[Any]) -> Sequence[Any]:
        """Return the rows of ``query``."""
        return await self._awaited(partial(_rows, query))

    async def _awaited(self, question: Callable[[Connection], T]) -> T:
        """Return what ``question`` reads.

        The caller may be cancelled, the statement is not: a driver that is stopped in the middle of
        one may keep its connection, and the lock with it.
        """
        reading_on = asyncio.get_running_loop().create_task(self._read(question))
        self._reading.add(reading_on)
        reading_on.add_done_callback(self._reading.discard)
        return await asyncio.shield(reading_on)

    async def _read(self, question: Callable[[Connection], T]) -> T:
        try:
            return await self._database.read(question)
        except (SQLAlchemyError, OSError) as e:  # asyncpg lets OSError through
            raise StoreError(f"the database does not answer: {type(e).__name__}") from e


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """Give the database at ``url``, its tables made at first use; close it at the end."""
    database = open_database(url)
    store = Store(database)
    try:
        async with database.transaction() as turns:
            await turns(tables.metadata.create_all)
        yield store
    finally:
        await store.close()


def _fetch(needs: Needs, db: Connection) -> Fetched:
    messages, acks, clocks, cursors = tables.messages, tables.acks, tables.clocks, tables.cursors
    taken = _among(db, select(*_MESSAGE), messages.c.mid, needs.mids)
    noted = _among(db, select(acks), acks.c.mid, needs.mids)
    kept = _among(db, select(clocks), clocks.c.token, needs.tokens)
    moved = _among(db, select(cursors), cursors.c.device, needs.devices)
    return Fetched(
        messages={row.mid: Message(*row) for row in taken},
        clocks={row.token: Clock(*row) for row in kept},
        acks={(row.mid, row.device, row.what) for row in noted},
        cursors={(row.desk, row.device, MailLane(row.lane)): row.seq for row in moved},
        blobs=fetch_blobs(needs.blobs, db),
        waiting=_waiting(needs.desks, db),
    )


def _waiting(desks: Collection[bytes], db: Connection) -> list[tuple[MailKey, Mail]]:
    """Return what lies in the mailboxes of these desks, in the order of its numbers."""
    mailbox = tables.mailbox
    columns = (mailbox.c.item, mailbox.c.mid, mailbox.c.exp, mailbox.c.first, mailbox.c.second)
    query = select(mailbox.c.desk, mailbox.c.lane, *columns).order_by(mailbox.c.lane, mailbox.c.seq)
    rows = _among(db, query, mailbox.c.desk, desks)
    return [
        ((desk, MailLane(lane)), Mail(ItemKind(kind), *rest)) for desk, lane, kind, *rest in rows
    ]


def _flush(batch: Batch, db: Connection) -> None:
    _insert(tables.ledger_leaves, batch.leaves, db)
    _insert(tables.ledger_nodes, [(*node.coordinate, node.digest) for node in batch.nodes], db)
    _insert(tables.directory, batch.entries, db)
    _insert(tables.places, batch.places, db)
    _insert(tables.messages, [(*_values(message), raw) for message, raw in batch.messages], db)
    _insert(
        tables.mailbox,
        [
            (*key, seq, mail.item, mail.mid, mail.first, mail.second, batch.now, mail.exp)
            for key, seq, mail in batch.mail
        ],
        db,
    )
    _insert(tables.acks, [(*key, position) for key, position in batch.acks], db)
    _upsert(tables.sequences, [(*key, n) for key, n in batch.sequences.items()], db)
    _upsert(tables.cursors, [(*key, n) for key, n in batch.cursors.items()], db)
    _upsert(tables.clocks, [_values(clock) for clock in batch.clocks.values()], db)
    _upsert(tables.checkpoints, [_values(c) for c in batch.checkpoints], db)
    flush_blobs(batch.blobs, db)


def _rows(query: Select[Any], db: Connection) -> Sequence[Any]:
    return db.execute(query).all()


def _among(
    db: Connection, query: Select[Any], column: ColumnElement[bytes], values: Collection[bytes]
) -> list[Any]:
    rows: list[Any] = []
    wanted = sorted(values)
    for begin in range(0, len(wanted), CHUNK):
        part = wanted[begin : begin + CHUNK]
        rows += db.execute(query.where(column.in_(part))).all()
    return rows


def _insert(table: Table, rows: Iterable[Sequence[object]], db: Connection) -> None:
    values = _named(table, rows)
    if values:
        db.execute(insert(table), values)


def _upsert(table: Table, rows: Iterable[Sequence[object]], db: Connection) -> None:
    values = _named(table, rows)
    if values:
        dialect = postgresql if db.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(table)
        fresh = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
        keys = [*table.primary_key]
        db.execute(statement.on_conflict_do_update(index_elements=keys, set_=fresh), values)


def _values(row: Any) -> tuple[object, ...]:  # noqa: ANN401 - any of the batch's row classes
    return tuple(getattr(row, field.name) for field in fields(row))


def _named(table: Table, rows: Iterable[Sequence[object]]) -> list[dict[str, object]]:
    names = table.columns.keys()
    return [dict(zip(names, row, strict=True)) for row in rows]
