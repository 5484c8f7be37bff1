"""What messages have named and is not here: parents, and heads of the directory beyond ours."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.header import DeskId, MessageId
from liaison.desk.store.engine import Engine
from liaison.desk.store.values import HeadAhead, Keeping, Orphan
from liaison.desk.tables import acks, heads_ahead, messages, orphans


class NamedStore(Engine):
    """What was named and is waited for."""

    async def unknown_of(self, mids: Iterable[MessageId]) -> list[MessageId]:
        """Return which of these messages are not here, in the order of their ids."""
        wanted = sorted(mids)
        query = select(messages.c.mid).where(messages.c.mid.in_(wanted))
        known = await self.run(lambda db: set(db.scalars(query)))
        return [mid for mid in wanted if mid not in known]

    async def orphans(self) -> list[Orphan]:
        """Return the parents that are waited for, those noticed first on top."""
        query = select(orphans).order_by(orphans.c.noticed, orphans.c.parent)
        return await self.run(lambda db: [Orphan(**row) for row in db.execute(query).mappings()])

    async def mark_parents_asked(self, parents: Iterable[MessageId], at: int) -> None:
        """Keep that the desks were asked for these parents at ``at`` (ts), once more."""
        change = update(orphans).where(orphans.c.parent.in_(list(parents)))
        tried = change.values(asked=at, tries=orphans.c.tries + 1)
        await self.run(lambda db: db.execute(tried))

    async def give_up(self, tries: int, asked: int) -> list[Orphan]:
        """Return what was asked for ``tries`` times, by ``asked`` (ts), and wait for it no more."""
        vain = orphans.c.tries >= tries, orphans.c.asked <= asked

        def work(db: Connection) -> list[Orphan]:
            rows = db.execute(select(orphans).where(*vain)).mappings()
            found = [Orphan(**row) for row in rows]
            db.execute(delete(orphans).where(*vain))
            return found

        return await self.run(work)

    async def count_named(self, peer: DeskId) -> tuple[int, int]:
        """Return how many parents, and how many heads, that a desk has named are waited for."""
        parents = select(func.count(orphans.c.parent.distinct())).where(orphans.c.peer == peer)
        heads = select(func.count()).where(heads_ahead.c.peer == peer)
        return await self.run(lambda db: (db.scalar(parents) or 0, db.scalar(heads) or 0))

    async def heads_ahead(self) -> list[HeadAhead]:
        """Return the heads that lie beyond our replica, the smallest first."""
        query = select(heads_ahead).order_by(heads_ahead.c.size, heads_ahead.c.noticed)
        return await self.run(lambda db: [HeadAhead(**row) for row in db.execute(query).mappings()])

    async def leaves_before(self, index: int) -> int:
        """Return how many leaves before ``index`` are known to be no entries of the directory."""
        counts = [
            select(func.count()).where(table.c.position < index) for table in (messages, acks)
        ]
        return await self.run(lambda db: sum(db.scalar(count) or 0 for count in counts))

    async def drop_head(self, head: HeadAhead) -> None:
        """Forget a head that has been compared."""
        same = (heads_ahead.c.size == head.size) & (heads_ahead.c.hash == head.hash)
        await self.run(lambda db: db.execute(delete(heads_ahead).where(same)))


def keep_named(db: Connection, mid: MessageId, keeping: Keeping) -> None:
    """Keep what a message names and is not here; what waited for it does so no longer."""
    db.execute(delete(orphans).where(orphans.c.parent == mid))
    rows = [_row(orphan) for orphan in keeping.orphans]
    if rows:
        db.execute(upsert(orphans).on_conflict_do_nothing(), rows)
    keep_ahead(db, keeping.ahead)


def keep_ahead(db: Connection, ahead: HeadAhead | None) -> None:
    """Keep a head that a message names and that lies beyond our replica, within a transaction."""
    if ahead is not None:
        db.execute(upsert(heads_ahead).values(_row(ahead)).on_conflict_do_nothing())


def _row(value: Orphan | HeadAhead) -> dict[str, object]:
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__}
