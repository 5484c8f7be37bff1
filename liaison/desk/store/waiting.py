"""Messages that somebody told of, with their keys, and that cannot be judged yet.

A colleague's device, or who sends a message again, gives its content key. Where a message must wait
in quarantine, its key waits beside it: nothing else here may open it. The key goes with the row,
and with the case that the message names.
"""

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from liaison.desk.store.engine import Engine
from liaison.desk.store.values import ToldAside, WaitingKey
from liaison.desk.tables import quarantine, waiting_keys


class WaitingStore(Engine):
    """What was told of and waits."""

    async def told_aside(self) -> list[ToldAside]:
        """Return what waits with its key, in the order in which it was set aside."""
        query = (
            select(
                quarantine.c.envelope,
                quarantine.c.receipt,
                waiting_keys.c.key,
                waiting_keys.c.learned,
            )
            .join(waiting_keys, waiting_keys.c.eid == quarantine.c.eid)
            .order_by(quarantine.c.number)
        )
        return await self.run(
            lambda db: [
                ToldAside(row.envelope, row.receipt, row.key, learned=bool(row.learned))
                for row in db.execute(query)
            ]
        )


def keep_waiting_key(db: Connection, eid: bytes, waiting: WaitingKey) -> None:
    """Keep the key of what is in quarantine; the first one given stays."""
    row = {
        "eid": eid,
        "thread": waiting.thread,
        "key": waiting.key,
        "learned": int(waiting.learned),
    }
    db.execute(upsert(waiting_keys).values(row).on_conflict_do_nothing())


def drop_stray_keys(db: Connection) -> None:
    """Destroy the keys of what is in quarantine no more."""
    kept = select(quarantine.c.eid)
    db.execute(delete(waiting_keys).where(waiting_keys.c.eid.not_in(kept)))
