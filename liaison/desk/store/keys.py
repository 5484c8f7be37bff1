"""What the store holds of the directory, of our own keys, and of how far our mail was read."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.signing import KeyId
from crypto.seal.windows import OwnGrantKey, OwnWindow
from liaison.desk.store.engine import Engine
from liaison.desk.tables import cursors, destroyed, directory, grant_keys, windows


class KeyStore(Engine):
    """The replica's entries, the windows' seeds, the mailbox's cursors."""

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

    async def seed_for(self, begins: int, *, but: Sequence[KeyId]) -> bytes | None:
        """Return the seed of the window that begins then (ts), if one was made; none of ``but``."""
        ours = windows.c.kid.not_in(but)
        query = select(windows.c.seed).where(windows.c.not_before == begins, ours)
        return await self.run(lambda db: db.scalar(query.limit(1)))

    async def add_windows(self, made: Sequence[OwnWindow]) -> None:
        """Keep seeds of windows; those that are here stay, and none that was destroyed returns."""
        rows = [
            {
                "kid": own.window.kid,
                "seed": own.seed,
                "not_before": own.window.not_before,
                "not_after": own.window.not_after,
            }
            for own in made
        ]
        change = upsert(windows).on_conflict_do_nothing()

        def work(db: Connection) -> None:
            gone = set(db.scalars(select(destroyed.c.kid)))
            kept = [row for row in rows if row["kid"] not in gone]
            if kept:
                db.execute(change, kept)

        await self.run(work)

    async def grant_keys(self) -> list[tuple[KeyId, bytes]]:
        """Return key id and seed of our grant keys, the one that counts last."""
        query = select(grant_keys.c.kid, grant_keys.c.seed).order_by(grant_keys.c.number)
        return await self.run(lambda db: [(KeyId(kid), seed) for kid, seed in db.execute(query)])

    async def add_grant_key(self, made: OwnGrantKey) -> None:
        """Keep a new grant key, before anyone can seal to it."""
        row = {"kid": made.key.kid, "seed": made.seed}
        await self.run(lambda db: db.execute(insert(grant_keys), row))

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
