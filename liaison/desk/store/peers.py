"""What the store holds of the desks we have a channel with: what was said to and heard of each."""

from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.header import DeskId
from liaison.desk.store.engine import Engine
from liaison.desk.store.values import Peer
from liaison.desk.tables import peers


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

    async def mark_heard(self, desk: DeskId, *, at: int, checkpoint: bytes | None) -> None:
        """Keep the newest status of ``desk``: its time (ts) and its checkpoint."""
        values = {"heard": at, "checkpoint": checkpoint}
        change = update(peers).where(peers.c.desk == desk).values(values)
        await self.run(lambda db: db.execute(change))

    async def mark_compared(self, desk: DeskId, checkpoint: bytes) -> None:
        """Keep that this checkpoint of ``desk`` was compared with ours."""
        same = (peers.c.desk == desk) & (peers.c.checkpoint == checkpoint)
        await self.run(lambda db: db.execute(update(peers).where(same).values(checkpoint=None)))
