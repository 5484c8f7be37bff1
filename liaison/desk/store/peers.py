"""What the store holds of the desks we have a channel with: what was said to and heard of each."""

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.header import DeskId
from liaison.desk.store.engine import Engine
from liaison.desk.store.values import Peer, Shown
from liaison.desk.tables import peers, shown


class PeerStore(Engine):
    """The other desks, by id."""

    async def peers(self) -> dict[DeskId, Peer]:
        """Return every desk that we know to have a channel with."""
        query = select(peers)
        return await self.run(
            lambda db: {DeskId(row["desk"]): Peer(**row) for row in db.execute(query).mappings()}
        )

    async def add_peer(self, desk: DeskId, at: int) -> None:
        """Keep that we have a channel with ``desk`` since ``at`` (ts), as far as we know."""
        row = {"desk": desk, "since": at, "told": at}
        await self.run(lambda db: db.execute(upsert(peers).values(row).on_conflict_do_nothing()))

    async def mark_told(self, desk: DeskId, at: int) -> None:
        """Keep when our own status to ``desk`` was written (ts)."""
        change = update(peers).where(peers.c.desk == desk).values(told=at)
        await self.run(lambda db: db.execute(change))

    async def mark_heard(self, desk: DeskId, at: int) -> None:
        """Keep when the newest status of ``desk`` was written (ts)."""
        older = (peers.c.desk == desk) & (peers.c.heard.is_(None) | (peers.c.heard < at))
        await self.run(lambda db: db.execute(update(peers).where(older).values(heard=at)))

    async def keep_shown(self, seen: Shown) -> None:
        """Keep the checkpoint that a device has seen, until it is compared; the newest of each."""
        row = {name: getattr(seen, name) for name in Shown.__dataclass_fields__}
        keep = upsert(shown).values(row)
        newer = keep.on_conflict_do_update(
            index_elements=["device"], set_=row, where=shown.c.at < seen.at
        )
        await self.run(lambda db: db.execute(newer))

    async def shown(self) -> list[Shown]:
        """Return what is to be compared, what was said first on top."""
        query = select(shown).order_by(shown.c.at, shown.c.device)
        return await self.run(lambda db: [Shown(**row) for row in db.execute(query).mappings()])

    async def mark_compared(self, seen: Shown) -> None:
        """Keep that this was compared with ours."""
        same = (shown.c.device == seen.device) & (shown.c.checkpoint == seen.checkpoint)
        await self.run(lambda db: db.execute(delete(shown).where(same)))
