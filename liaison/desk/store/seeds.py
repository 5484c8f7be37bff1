"""What the store holds of seeds that end: since when each is followed, and which were destroyed."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.signing import KeyId
from liaison.desk.store.engine import Engine
from liaison.desk.store.values import HeldWindow
from liaison.desk.tables import destroyed, grant_keys, windows


class SeedStore(Engine):
    """The ends of windows and grant keys."""

    async def held_windows(self) -> list[HeldWindow]:
        """Return the windows whose seeds we hold, by their weeks."""
        columns = (windows.c.kid, windows.c.not_after, windows.c.followed)
        query = select(*columns).order_by(windows.c.not_after)
        return await self.run(
            lambda db: [HeldWindow(**row) for row in db.execute(query).mappings()]
        )

    async def replaced(self) -> dict[KeyId, int | None]:
        """Return of each grant key of ours when a later one was stated (ts), if one is."""
        query = select(grant_keys.c.kid, grant_keys.c.replaced).order_by(grant_keys.c.number)
        return await self.run(lambda db: {KeyId(kid): at for kid, at in db.execute(query)})

    async def note_followed(self, kids: Iterable[KeyId], at: int) -> None:
        """Keep since when these windows are followed; what was noted before stays."""
        some = windows.c.kid.in_(list(kids)) & windows.c.followed.is_(None)
        await self.run(lambda db: db.execute(update(windows).where(some).values(followed=at)))

    async def note_replaced(self, kids: Iterable[KeyId], at: int) -> None:
        """Keep since when these grant keys are replaced; what was noted before stays."""
        some = grant_keys.c.kid.in_(list(kids)) & grant_keys.c.replaced.is_(None)
        await self.run(lambda db: db.execute(update(grant_keys).where(some).values(replaced=at)))

    async def destroy_seeds(self, kids: Sequence[KeyId], at: int) -> None:
        """Destroy the seeds of these windows and grant keys, in the file and in its log."""

        def work(db: Connection) -> None:
            for table in (windows, grant_keys):
                db.execute(delete(table).where(table.c.kid.in_(kids)))
            rows = [{"kid": kid, "at": at} for kid in kids]
            db.execute(upsert(destroyed).on_conflict_do_nothing(), rows)

        await self.run(work)
        await self.cut_log()

    async def destroyed(self, kids: Iterable[KeyId]) -> set[KeyId]:
        """Return which of these keys' seeds were destroyed here."""
        query = select(destroyed.c.kid).where(destroyed.c.kid.in_(list(kids)))
        return await self.run(lambda db: {KeyId(kid) for kid in db.scalars(query)})
