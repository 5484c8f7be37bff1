"""What the store holds of messages that failed: theirs that we set aside, ours that they did."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.header import DeskId, MessageId
from crypto.attest.signing import KeyId
from liaison.desk.store.engine import Engine
from liaison.desk.store.values import Aside, Failure, Keeping
from liaison.desk.tables import failures, quarantine, told


class FailureStore(Engine):
    """What was refused on either side."""

    async def failures_of(self, mids: Iterable[MessageId]) -> list[Failure]:
        """Return what other desks' computers have said against these messages, soonest first."""
        query = select(failures).where(failures.c.mid.in_(list(mids))).order_by(failures.c.at)
        return await self.run(
            lambda db: [
                Failure(
                    MessageId(row["mid"]),
                    KeyId(row["device"]),
                    row["outcome"],
                    row["code"],
                    row["at"],
                    MessageId(row["receipt"]),
                )
                for row in db.execute(query).mappings()
            ]
        )

    async def untold(self) -> list[Aside]:
        """Return what was set aside and of which nothing was told yet, oldest first."""
        names = [quarantine.c[name] for name in Aside.__dataclass_fields__]
        query = select(*names).where(quarantine.c.eid.not_in(select(told.c.eid)))
        return await self.run(
            lambda db: [
                Aside(**row) for row in db.execute(query.order_by(quarantine.c.number)).mappings()
            ]
        )

    async def told_since(self, desk: DeskId, at: int) -> int:
        """Return of how many messages ``desk`` was told since then (ts)."""
        query = select(func.count()).where(told.c.desk == desk, told.c.at >= at)
        return await self.run(lambda db: db.scalar(query) or 0)

    async def mark_told_of(self, eid: bytes, desk: DeskId | None, at: int) -> None:
        """Keep that of this envelope nothing more is told; ``desk`` was, if it is given."""
        await self.run(lambda db: _keep_told(db, eid, desk, at))


def keep_failure(db: Connection, keeping: Keeping) -> None:
    """Keep what failed with a message, within a transaction."""
    failure = keeping.failure
    if failure is not None:
        row = {name: getattr(failure, name) for name in Failure.__dataclass_fields__}
        db.execute(upsert(failures).values(row).on_conflict_do_nothing())
    if keeping.told is not None:
        _keep_told(db, *keeping.told)


def _keep_told(db: Connection, eid: bytes, desk: DeskId | None, at: int) -> None:
    db.execute(upsert(told).values(eid=eid, desk=desk, at=at).on_conflict_do_nothing())
