"""Making a case unreadable: its key and all that carries it go in one transaction, a stub stays.

What is deleted is overwritten in the file (``secure_delete``), and the log of the last transactions
is written into the file and cut to nothing: of the pages that held the key none is left in either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.header import EnvelopeError, MessageId, parse_envelope
from crypto.attest.signing import KeyId
from crypto.seal.content import ThreadId
from liaison.desk.store.engine import Engine
from liaison.desk.store.forms import forget_forms
from liaison.desk.tables import (
    asks,
    case_keys,
    cases,
    drafts,
    erasures,
    failures,
    files,
    halves,
    heard,
    messages,
    notices,
    openings,
    parcels,
    quarantine,
    reminders,
    waiting_keys,
)

#: What goes whole with its case, by its thread; and by the ids of its messages.
BY_THREAD = (case_keys, halves, drafts, reminders, cases, files, parcels, waiting_keys)
BY_MESSAGE = (openings, failures, notices)
#: Why what had not been sent never will be.
GONE = "inbox.case_erased"


@dataclass(frozen=True, slots=True)
class Stub:
    """What stays of an erased case; ``statement`` is what two officers have signed."""

    thread: ThreadId
    ref: str
    at: int
    statement: bytes


class ErasureStore(Engine):
    """The cases that were erased."""

    async def erase(self, stub: Stub) -> None:
        """Destroy the key of the stub's case and all that carries the case; keep the stub."""

        def work(db: Connection) -> None:
            mids = list(db.scalars(select(messages.c.mid).where(messages.c.thread == stub.thread)))
            _destroy(db, stub.thread, stub.ref, mids)
            row = {"thread": stub.thread, "ref": stub.ref, "at": stub.at}
            db.execute(insert(erasures), [{**row, "statement": stub.statement}])

        await self.run(work)
        await self.cut_log()

    async def erased(self) -> list[Stub]:
        """Return what stays of every erased case, oldest first."""
        return await self._stubs()

    async def erased_as(self, ref: str) -> Stub | None:
        """Return what stays of the erased case of this number, if one was."""
        found = await self._stubs(erasures.c.ref == ref)
        return found[-1] if found else None

    async def is_erased(self, thread: ThreadId) -> bool:
        """Say whether the case of this thread was erased."""
        query = select(func.count()).where(erasures.c.thread == thread)
        return await self.run(lambda db: bool(db.scalar(query)))

    async def note_heard(self, subject: bytes, device: KeyId, at: int) -> None:
        """Keep that another computer of the desk has told of this, and when it first did."""
        row = upsert(heard).values(subject=subject, device=device, at=at)
        await self.run(lambda db: db.execute(row.on_conflict_do_nothing()))

    async def heard(self) -> dict[tuple[bytes, KeyId], int]:
        """Return of what (an erased case's thread, a review's name) who has told, and when (ts)."""
        query = select(heard)
        return await self.run(
            lambda db: {(subject, KeyId(device)): at for subject, device, at in db.execute(query)}
        )

    async def _stubs(self, *where: Any) -> list[Stub]:  # noqa: ANN401 - SQL conditions
        query = select(erasures).where(*where).order_by(erasures.c.at)
        return await self.run(lambda db: [Stub(**row) for row in db.execute(query).mappings()])


def _destroy(db: Connection, thread: ThreadId, ref: str, mids: Sequence[MessageId]) -> None:
    last = select(func.max(messages.c.taken_at)).where(messages.c.thread == thread)
    forget_forms(db, [ref], mids, db.scalar(last) or 0)
    for table in BY_THREAD:
        db.execute(delete(table).where(table.c.thread == thread))
    for table in BY_MESSAGE:
        db.execute(delete(table).where(table.c.mid.in_(mids)))
    # The ids stay: what was here once is never taken for new.
    its = messages.c.thread == thread
    db.execute(update(messages).where(its).values(record=b""))
    # Another computer's officers did not wait for what this one had not sent yet.
    unsent = its & (messages.c.outgoing == 1) & messages.c.took.is_(None)
    db.execute(update(messages).where(unsent & messages.c.refused.is_(None)).values(refused=GONE))
    db.execute(update(asks).where(asks.c.mid.in_(mids)).values(state="erased"))
    rows = db.execute(select(quarantine.c.number, quarantine.c.envelope)).all()
    aside = [number for number, envelope in rows if _names(envelope) in set(mids)]
    db.execute(delete(quarantine).where(quarantine.c.number.in_(aside)))


def _names(envelope: bytes) -> MessageId | None:
    """Return the id of the message that these bytes are, or None when they are no envelope."""
    try:
        return parse_envelope(envelope).mid
    except EnvelopeError:
        return None
