"""What the store holds for oversight: the sealed halves of each case's key, and each review."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.seal.content import ThreadId
from liaison.desk.store.engine import Engine
from liaison.desk.tables import case_keys, halves, reviews


@dataclass(frozen=True, slots=True)
class Review:
    """That two supervisors opened a case: when (ts), why (a code), and by which keys."""

    thread: ThreadId
    at: int
    reason: str
    first: bytes
    second: bytes
    signed: bytes


class OversightStore(Engine):
    """Halves and reviews."""

    async def halves(self) -> dict[ThreadId, bytes]:
        """Return the sealed halves of every case that has them."""
        query = select(halves.c.thread, halves.c.sealed)
        return await self.run(lambda db: {ThreadId(t): sealed for t, sealed in db.execute(query)})

    async def keep_halves(self, thread: ThreadId, sealed: bytes) -> None:
        """Keep the halves of a case in the place of older ones, while the case has its key."""

        def work(db: Connection) -> None:
            query = select(case_keys.c.thread).where(case_keys.c.thread == thread)
            if db.scalar(query) is not None:
                row = upsert(halves).values(thread=thread, sealed=sealed)
                change = {"sealed": sealed}
                db.execute(row.on_conflict_do_update(index_elements=["thread"], set_=change))

        await self.run(work)

    async def drop_halves(self) -> None:
        """Forget all halves: nobody oversees this archive any more."""
        await self.run(lambda db: db.execute(delete(halves)))

    async def keep_review(self, review: Review) -> None:
        """Keep that a case was reviewed, once; it is never forgotten, not even with its case."""
        row = {name: getattr(review, name) for name in Review.__dataclass_fields__}
        change = upsert(reviews).values(row).on_conflict_do_nothing(index_elements=["signed"])
        await self.run(lambda db: db.execute(change))

    async def reviews(self) -> list[Review]:
        """Return every review, oldest first."""
        columns = [reviews.c[name] for name in Review.__dataclass_fields__]
        query = select(*columns).order_by(reviews.c.number)
        return await self.run(lambda db: [Review(**row) for row in db.execute(query).mappings()])
