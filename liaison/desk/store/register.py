"""What the store holds of cases: numbers, drafts, reminders, and what the broker's clock said."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.header import MessageId
from crypto.seal.content import ThreadId
from liaison.desk.store.archive import draft_from, select_drafts
from liaison.desk.store.engine import Engine
from liaison.desk.store.values import Draft, Notice, Reminder, fields_of
from liaison.desk.tables import cases, drafts, erasures, notices, reminders


class Register(Engine):
    """The desk's cases by number, and what was reached in them."""

    async def threads(self) -> list[tuple[ThreadId, str]]:
        """Return every case's thread and reference, in the order in which they came."""
        query = select(cases.c.thread, cases.c.ref).order_by(cases.c.number)
        return await self.run(lambda db: [(ThreadId(t), ref) for t, ref in db.execute(query)])

    async def thread_of(self, ref: str) -> ThreadId | None:
        """Return the thread of the case with this reference, the first when two claim it."""
        query = select(cases.c.thread).where(cases.c.ref == ref).order_by(cases.c.number)
        found = await self.run(lambda db: db.scalar(query.limit(1)))
        return None if found is None else ThreadId(found)

    async def refs(self, prefix: str) -> list[str]:
        """Return the references of all cases that begin with ``prefix``, erased ones too."""
        queries = [
            select(table.c.ref).where(table.c.ref.startswith(prefix, autoescape=True))
            for table in (cases, erasures)
        ]
        return await self.run(lambda db: [ref for query in queries for ref in db.scalars(query)])

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

    async def set_draft_state(self, ask: MessageId, state: str) -> None:
        """Change a draft's state."""
        change = update(drafts).where(drafts.c.ask == ask).values(state=state)
        await self.run(lambda db: db.execute(change))

    async def _drafts(self, where: Any) -> list[Draft]:  # noqa: ANN401 - an SQL condition
        query = select_drafts().where(where)
        return await self.run(lambda db: [draft_from(row) for row in db.execute(query).mappings()])

    async def keep_reminders(self, reached: Sequence[Reminder]) -> list[Reminder]:
        """Keep steps of ladders; return those that were not kept before, so each fires once."""

        def work(db: Connection) -> list[Reminder]:
            return [
                reminder
                for reminder in reached
                if db.execute(
                    upsert(reminders)
                    .values({**fields_of(reminder), "skipped": int(reminder.skipped)})
                    .on_conflict_do_nothing()
                ).rowcount
            ]

        return await self.run(work) if reached else []

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
            lambda db: db.execute(
                upsert(notices).values(fields_of(notice)).on_conflict_do_nothing()
            )
        )

    async def notices_of(self, mids: Iterable[MessageId]) -> list[Notice]:
        """Return what the broker's clock said of clocks that these messages began."""
        query = select(notices).where(notices.c.mid.in_(list(mids))).order_by(notices.c.at)
        return await self.run(lambda db: [Notice(**row) for row in db.execute(query).mappings()])

    async def all_notices(self) -> list[Notice]:
        """Return all that the broker's clock said, of our cases and of others, soonest first."""
        query = select(notices).order_by(notices.c.at, notices.c.code)
        return await self.run(lambda db: [Notice(**row) for row in db.execute(query).mappings()])
