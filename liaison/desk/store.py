"""The desk's encrypted store: SQLCipher, one thread, one transaction a call.

SQLCipher has no asynchronous driver, so a dedicated thread owns the only connection and every call
is one transaction there: what a call writes is durable when it returns, or none of it is. The key
is the vault's master key; a file that it does not open is refused with its own code.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import sqlcipher3
from sqlalchemy import Connection, create_engine, delete, event, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from crypto.attest.header import DeskId, MessageId
from crypto.attest.signing import KeyId
from crypto.seal.content import Lane, ThreadId
from crypto.seal.windows import OwnWindow
from liaison.desk.tables import (
    TABLES,
    acks,
    asks,
    cases,
    cursors,
    directory,
    drafts,
    facts,
    lanes,
    messages,
    notices,
    openings,
    quarantine,
    reminders,
    windows,
)

T = TypeVar("T")

SCHEMA = b"1"
#: A hostile peer cannot fill the disk with refused messages.
MOST_QUARANTINED = 1_000


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


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the store holds it; ``taken_at`` (ts) and ``position`` are the ledger's."""

    mid: MessageId
    eid: bytes
    outgoing: bool
    src: DeskId
    thread: ThreadId
    kind: int
    signer: KeyId
    envelope: bytes
    content_key: bytes
    content: bytes
    took: bytes | None = None
    position: int | None = None
    taken_at: int | None = None
    refused: str | None = None
    proven: int | None = None


@dataclass(frozen=True, slots=True)
class StoredAck:
    """A device's acknowledgement as the broker noted it; ``at`` (ts) is the ledger's time."""

    mid: MessageId
    device: KeyId
    what: int
    ack: bytes
    noted: bytes
    position: int
    at: int
    proven: int | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """An officer's signed receipt that they opened a message."""

    mid: MessageId
    officer: KeyId
    at: int
    receipt: MessageId


@dataclass(frozen=True, slots=True)
class Draft:
    """A step of ours that waits for a second signature, by the question with which it was asked.

    ``addressee`` and ``asked`` are desks' slugs, ``form`` the encoded step. ``state`` is asked,
    granted, refused or sent; ``kid`` and ``signature`` are the second signer's.
    """

    ask: MessageId
    thread: ThreadId
    ref: str
    addressee: str
    officer: str
    purpose: str
    asked: str
    form: bytes
    state: str = "asked"
    kid: bytes | None = None
    signature: bytes | None = None
    reason: bytes | None = None


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept with a message in one transaction.

    ``ref`` names its case; ``opening`` is (message, officer, time) of an officer's receipt; an
    ``ask`` waits for one of our officers to decide; ``draft`` waits for the answer to this
    message; ``answered`` is a draft as the answer leaves it; ``settled`` is the question whose
    draft this message has sent, ``decided`` the question that it answers, and how.
    """

    ref: str | None = None
    opening: tuple[MessageId, KeyId, int] | None = None
    ask: bool = False
    draft: Draft | None = None
    answered: Draft | None = None
    settled: MessageId | None = None
    decided: tuple[MessageId, str] | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A step of a clock's ladder that was reached; ``skipped`` when a later one overtook it."""

    thread: ThreadId
    clock: str
    start: bytes
    level: str
    due: int
    fired: int
    skipped: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """What the broker's blind clock said; times are ts."""

    token: bytes
    code: int
    mid: bytes
    due: int
    at: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much has not come to rest: unsent messages, and entries not yet seen in the ledger."""

    unsent: int
    unproven: int


class Store:
    """One desk's store. Every method is one transaction."""

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
            found = _fact(db, "schema")
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
        return await self.run(lambda db: _fact(db, name))

    async def set_fact(self, name: str, value: bytes) -> None:
        """Keep the single value of this name."""
        await self.run(lambda db: _set_fact(db, name, value))

    async def directory_entries(self) -> list[bytes]:
        """Return the replica's entries, oldest first."""
        query = select(directory.c.entry).order_by(directory.c.position)
        return await self.run(lambda db: list(db.scalars(query)))

    async def add_directory_entries(self, first: int, entries: Sequence[bytes]) -> None:
        """Keep entries of the replica, the first at position ``first``."""
        rows = [{"position": first + i, "entry": entry} for i, entry in enumerate(entries)]
        await self.run(lambda db: db.execute(insert(directory), rows) if rows else None)

    async def own_windows(self) -> list[tuple[KeyId, bytes]]:
        """Return key id and seed of every window we hold."""
        query = select(windows.c.kid, windows.c.seed)
        return await self.run(lambda db: [(KeyId(kid), seed) for kid, seed in db.execute(query)])

    async def seed_for(self, begins: int) -> bytes | None:
        """Return the seed of the window that begins then (ts), if one was made."""
        query = select(windows.c.seed).where(windows.c.not_before == begins)
        return await self.run(lambda db: db.scalar(query.limit(1)))

    async def add_windows(self, made: Sequence[OwnWindow]) -> None:
        """Keep the seeds of new windows, before anyone can seal to them."""
        rows = [
            {
                "kid": own.window.kid,
                "seed": own.seed,
                "not_before": own.window.not_before,
                "not_after": own.window.not_after,
            }
            for own in made
        ]
        await self.run(lambda db: db.execute(insert(windows), rows) if rows else None)

    async def is_known(self, mid: MessageId) -> bool:
        """Say whether this message is stored already."""
        query = select(messages.c.mid).where(messages.c.mid == mid)
        return await self.run(lambda db: db.scalar(query) is not None)

    async def message(self, mid: MessageId) -> StoredMessage | None:
        """Return the message of this id, if it is here."""
        found = await self._messages(messages.c.mid == mid)
        return found[0] if found else None

    async def messages_of(self, thread: ThreadId) -> list[StoredMessage]:
        """Return the messages of a case in the order in which they came to this desk."""
        return await self._messages(messages.c.thread == thread)

    async def outbox(self) -> list[StoredMessage]:
        """Return what the broker has neither taken nor refused, oldest first."""
        return await self._messages(messages.c.took.is_(None) & messages.c.refused.is_(None))

    async def keep(
        self,
        message: StoredMessage,
        keeping: Keeping,
        *,
        sent_lanes: dict[DeskId, Lane] | None = None,
    ) -> None:
        """Keep a message with its place in our lanes and all that belongs to it: all or none."""

        def work(db: Connection) -> None:
            db.execute(insert(messages), [_row(message)])
            for desk, lane in (sent_lanes or {}).items():
                _keep_lane(db, message, desk, lane)
            _keep_with(db, message, keeping)

        await self.run(work)

    async def draft(self, ask: MessageId) -> Draft | None:
        """Return the draft that waits for the answer to this question, whatever its state."""
        found = await self._drafts(drafts.c.ask == ask)
        return found[0] if found else None

    async def drafts_of(self, thread: ThreadId) -> list[Draft]:
        """Return the drafts of a case, oldest first."""
        return await self._drafts(drafts.c.thread == thread)

    async def drafts_in(self, state: str) -> list[Draft]:
        """Return our drafts in this state, oldest first."""
        return await self._drafts(drafts.c.state == state)

    async def set_draft(self, ask: MessageId, **values: Any) -> None:  # noqa: ANN401 - columns
        """Change a draft's state, or the reason why it was not sent."""
        change = update(drafts).where(drafts.c.ask == ask).values(values)
        await self.run(lambda db: db.execute(change))

    async def open_asks(self) -> list[StoredMessage]:
        """Return the questions that wait for one of our officers, oldest first."""
        waiting = select(asks.c.mid).where(asks.c.state == "open")
        return await self._messages(messages.c.mid.in_(waiting))

    async def _drafts(self, where: Any) -> list[Draft]:  # noqa: ANN401 - an SQL condition
        query = select(drafts).where(where).order_by(drafts.c.number)
        return await self.run(
            lambda db: [
                Draft(**{name: row[name] for name in Draft.__dataclass_fields__})
                for row in db.execute(query).mappings()
            ]
        )

    async def mark_taken(self, mid: MessageId, took: bytes, *, position: int, at: int) -> None:
        """Keep the broker's receipt of one of our messages."""
        change = update(messages).where(messages.c.mid == mid)
        await self.run(
            lambda db: db.execute(change.values(took=took, position=position, taken_at=at))
        )

    async def mark_refused(self, mid: MessageId, code: str) -> None:
        """Keep that the broker refused one of our messages, and why."""
        change = update(messages).where(messages.c.mid == mid).values(refused=code)
        await self.run(lambda db: db.execute(change))

    async def lane_end(self, signer: KeyId, desk: DeskId) -> tuple[int, MessageId] | None:
        """Return count and id of the signer's last message to ``desk``."""
        query = select(lanes.c.seq, lanes.c.mid).where(
            lanes.c.signer == signer, lanes.c.desk == desk
        )
        row = await self.run(lambda db: db.execute(query).first())
        return None if row is None else (row.seq, MessageId(row.mid))

    async def keep_ack(self, ack: StoredAck) -> None:
        """Keep a noted acknowledgement; the same one again changes nothing."""
        row = {name: getattr(ack, name) for name in acks.c.keys()}  # noqa: SIM118 - columns, no dict
        await self.run(lambda db: db.execute(upsert(acks).values(row).on_conflict_do_nothing()))

    async def unacknowledged(
        self, device: KeyId, what: int, kinds: Sequence[int]
    ) -> list[StoredMessage]:
        """Return what came here of these kinds and of which no acknowledgement by us was noted."""
        noted = select(acks.c.mid).where(acks.c.device == device, acks.c.what == what)
        return await self._messages(
            (messages.c.outgoing == 0) & messages.c.kind.in_(kinds) & messages.c.mid.not_in(noted)
        )

    async def acks_of(self, mids: Iterable[MessageId]) -> list[StoredAck]:
        """Return the acknowledgements of these messages, in the ledger's order."""
        query = select(acks).where(acks.c.mid.in_(list(mids))).order_by(acks.c.position)
        return await self.run(lambda db: [StoredAck(**row) for row in db.execute(query).mappings()])

    async def openings_of(self, mids: Iterable[MessageId]) -> list[Opening]:
        """Return who has opened these messages, soonest first."""
        query = select(openings).where(openings.c.mid.in_(list(mids))).order_by(openings.c.at)
        return await self.run(lambda db: [Opening(**row) for row in db.execute(query).mappings()])

    async def threads(self) -> list[tuple[ThreadId, str]]:
        """Return every case's thread and reference, in the order in which they came."""
        query = select(cases.c.thread, cases.c.ref).order_by(cases.c.number)
        return await self.run(lambda db: [(ThreadId(t), ref) for t, ref in db.execute(query)])

    async def thread_of(self, ref: str) -> ThreadId | None:
        """Return the thread of the case with this reference, the first when two claim it."""
        query = select(cases.c.thread).where(cases.c.ref == ref).order_by(cases.c.number)
        found = await self.run(lambda db: db.scalar(query.limit(1)))
        return None if found is None else ThreadId(found)

    async def cases_numbered(self, prefix: str) -> int:
        """Return how many cases have a reference that begins with ``prefix``."""
        query = select(func.count()).where(cases.c.ref.startswith(prefix, autoescape=True))
        return await self.run(lambda db: db.scalar(query) or 0)

    async def set_aside(
        self, eid: bytes, envelope: bytes, *, receipt: bytes = b"", code: str, at: int
    ) -> None:
        """Quarantine what failed a check, with the broker's receipt for it.

        The same again changes nothing; the oldest gives way when there are too many.
        """

        def work(db: Connection) -> None:
            row = {"eid": eid, "code": code, "at": at, "envelope": envelope, "receipt": receipt}
            db.execute(upsert(quarantine).values(row).on_conflict_do_nothing())
            newest = select(quarantine.c.number).order_by(quarantine.c.number.desc())
            kept = newest.limit(MOST_QUARANTINED).subquery()
            db.execute(delete(quarantine).where(quarantine.c.number.not_in(select(kept.c.number))))

        await self.run(work)

    async def aside(self, codes: Sequence[str]) -> list[tuple[bytes, bytes]]:
        """Return envelope and receipt of what was set aside with one of these codes."""
        query = select(quarantine.c.envelope, quarantine.c.receipt).order_by(quarantine.c.number)
        chosen = query.where(quarantine.c.code.in_(codes))
        return await self.run(lambda db: [(row[0], row[1]) for row in db.execute(chosen)])

    async def release_from_quarantine(self, eid: bytes) -> None:
        """Forget that this envelope failed: it has been taken after all."""
        await self.run(lambda db: db.execute(delete(quarantine).where(quarantine.c.eid == eid)))

    async def quarantined(self) -> list[tuple[bytes, str, int]]:
        """Return envelope id, code and time (ts) of what failed a check, oldest first."""
        query = select(quarantine.c.eid, quarantine.c.code, quarantine.c.at)
        return await self.run(
            lambda db: [tuple(row) for row in db.execute(query.order_by(quarantine.c.number))]
        )

    async def cursor(self, lane: int) -> int:
        """Return up to where this lane of our mailbox has been dealt with."""
        query = select(cursors.c.seq).where(cursors.c.lane == lane)
        return await self.run(lambda db: db.scalar(query) or 0)

    async def move_cursor(self, lane: int, seq: int) -> None:
        """Keep that this lane has been dealt with up to ``seq``."""
        row = upsert(cursors).values(lane=lane, seq=seq)
        change = row.on_conflict_do_update(
            index_elements=["lane"], set_={"seq": func.max(cursors.c.seq, row.excluded.seq)}
        )
        await self.run(lambda db: db.execute(change))

    async def keep_reminders(self, reached: Sequence[Reminder]) -> list[Reminder]:
        """Keep steps of ladders; return those that were not kept before, so each fires once."""

        def work(db: Connection) -> list[Reminder]:
            return [
                reminder
                for reminder in reached
                if db.execute(
                    upsert(reminders)
                    .values({**_fields(reminder), "skipped": int(reminder.skipped)})
                    .on_conflict_do_nothing()
                ).rowcount
            ]

        return await self.run(work)

    async def reminders_of(self, thread: ThreadId) -> list[Reminder]:
        """Return the ladder steps that a case has reached, oldest first."""
        query = select(reminders).where(reminders.c.thread == thread).order_by(reminders.c.number)
        return await self.run(
            lambda db: [
                Reminder(
                    ThreadId(r.thread), r.clock, r.start, r.level, r.due, r.fired, bool(r.skipped)
                )
                for r in db.execute(query)
            ]
        )

    async def keep_notice(self, notice: Notice) -> None:
        """Keep what the broker's clock said; the same again changes nothing."""
        await self.run(
            lambda db: db.execute(upsert(notices).values(_fields(notice)).on_conflict_do_nothing())
        )

    async def notices_of(self, mids: Iterable[MessageId]) -> list[Notice]:
        """Return what the broker's clock said of clocks that these messages began."""
        query = select(notices).where(notices.c.mid.in_(list(mids))).order_by(notices.c.at)
        return await self.run(lambda db: [Notice(**row) for row in db.execute(query).mappings()])

    async def all_notices(self) -> list[Notice]:
        """Return all that the broker's clock said, of our cases and of others, soonest first."""
        query = select(notices).order_by(notices.c.at, notices.c.code)
        return await self.run(lambda db: [Notice(**row) for row in db.execute(query).mappings()])

    async def unproven(self, size: int) -> tuple[list[StoredMessage], list[StoredAck]]:
        """Return what stands in the first ``size`` leaves and was not seen there yet."""
        found = await self._messages((messages.c.position < size) & messages.c.proven.is_(None))
        query = select(acks).where(acks.c.position < size, acks.c.proven.is_(None))
        noted = await self.run(
            lambda db: [StoredAck(**row) for row in db.execute(query).mappings()]
        )
        return found, noted

    async def mark_proven(self, size: int, checkpoint: bytes, positions: Sequence[int]) -> None:
        """Keep the checkpoint of ``size`` and that these leaves are contained in it."""

        def work(db: Connection) -> None:
            for table in (messages, acks):
                change = update(table).where(table.c.position.in_(positions))
                db.execute(change.values(proven=size))
            _set_fact(db, "checkpoint", checkpoint)

        await self.run(work)

    async def waiting(self) -> Waiting:
        """Return how much has not come to rest."""

        def work(db: Connection) -> Waiting:
            unsent = messages.c.took.is_(None) & messages.c.refused.is_(None)
            unproven = messages.c.took.is_not(None) & messages.c.proven.is_(None)
            return Waiting(
                unsent=db.scalar(select(func.count()).where(unsent)) or 0,
                unproven=(db.scalar(select(func.count()).where(unproven)) or 0)
                + (db.scalar(select(func.count()).where(acks.c.proven.is_(None))) or 0),
            )

        return await self.run(work)

    async def _messages(self, where: Any) -> list[StoredMessage]:  # noqa: ANN401 - an SQL condition
        columns = [column for column in messages.c if column.name != "number"]
        query = select(*columns).where(where).order_by(messages.c.number)
        return await self.run(
            lambda db: [
                StoredMessage(**{**row, "outgoing": bool(row["outgoing"])})
                for row in db.execute(query).mappings()
            ]
        )

    def _connect(self) -> Any:  # noqa: ANN401 - the driver's own type
        connection = sqlcipher3.connect(self._path, check_same_thread=False, isolation_level=None)
        connection.execute(f"PRAGMA key=\"x'{self._key.hex()}'\"")
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _fact(db: Connection, name: str) -> bytes | None:
    return db.scalar(select(facts.c.value).where(facts.c.name == name))


def _set_fact(db: Connection, name: str, value: bytes) -> None:
    row = upsert(facts).values(name=name, value=value)
    db.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _row(message: StoredMessage) -> dict[str, Any]:
    return {**_fields(message), "outgoing": int(message.outgoing)}


def _fields(stored: StoredMessage | Reminder | Notice | Opening | Draft) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in type(stored).__dataclass_fields__}


def _keep_case(db: Connection, thread: ThreadId, ref: str) -> None:
    last = db.scalar(select(func.max(cases.c.number))) or 0
    row = upsert(cases).values(thread=thread, ref=ref, number=last + 1)
    db.execute(row.on_conflict_do_nothing(index_elements=["thread"]))


def _keep_lane(db: Connection, message: StoredMessage, desk: DeskId, lane: Lane) -> None:
    row = upsert(lanes).values(signer=message.signer, desk=desk, seq=lane.seq, mid=message.mid)
    db.execute(
        row.on_conflict_do_update(
            index_elements=["signer", "desk"], set_={"seq": lane.seq, "mid": message.mid}
        )
    )


def _keep_with(db: Connection, message: StoredMessage, keeping: Keeping) -> None:
    if keeping.ref is not None:
        _keep_case(db, message.thread, keeping.ref)
    if keeping.opening is not None:
        _keep_opening(db, Opening(*keeping.opening, message.mid))
    if keeping.ask:
        db.execute(insert(asks).values(mid=message.mid, state="open"))
    if keeping.draft is not None:
        db.execute(insert(drafts), [_fields(replace(keeping.draft, ask=message.mid))])
    if keeping.answered is not None:
        row = _fields(keeping.answered)
        db.execute(update(drafts).where(drafts.c.ask == keeping.answered.ask).values(row))
    if keeping.settled is not None:
        db.execute(update(drafts).where(drafts.c.ask == keeping.settled).values(state="sent"))
    if keeping.decided is not None:
        mid, state = keeping.decided
        db.execute(update(asks).where(asks.c.mid == mid).values(state=state))


def _keep_opening(db: Connection, opening: Opening) -> None:
    db.execute(upsert(openings).values(_fields(opening)).on_conflict_do_nothing())
