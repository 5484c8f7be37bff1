"""What the store holds of carriage by hand: words that a file came, what was written, entries."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.header import MessageId
from crypto.attest.signing import KeyId
from crypto.seal.content import NEVER_RECEIPTED
from liaison.desk.store.archive import message_from, message_row, select_messages
from liaison.desk.store.engine import Engine
from liaison.desk.store.named import keep_ahead
from liaison.desk.store.values import Carried, HeadAhead, StoredMessage, fields_of
from liaison.desk.tables import acks, carried, carried_entries, carried_out, messages
from protocols.wire.receipt import AckWhat


class CarriedStore(Engine):
    """What came and went as files."""

    async def keep_carried(self, word: Carried) -> None:
        """Keep a device's word that a message came as a file; the same again changes nothing."""
        await self.run(lambda db: keep_carried(db, word))

    async def carried_at(self, mids: Iterable[MessageId]) -> dict[MessageId, int]:
        """Return when (ts) those of these messages that came as files were first had."""
        query = select(carried.c.mid, func.min(carried.c.at)).group_by(carried.c.mid)
        chosen = query.where(carried.c.mid.in_(list(mids)))
        return await self.run(lambda db: {MessageId(mid): at for mid, at in db.execute(chosen)})

    async def written_at(self, mids: Iterable[MessageId]) -> dict[MessageId, int]:
        """Return when (ts) those of these messages that were written to files last were."""
        query = select(carried_out.c.mid, func.max(carried_out.c.at)).group_by(carried_out.c.mid)
        chosen = query.where(carried_out.c.mid.in_(list(mids)))
        return await self.run(lambda db: {MessageId(mid): at for mid, at in db.execute(chosen)})

    async def carried_here(self, mid: MessageId, device: KeyId) -> int | None:
        """Return when (ts) a message came as a file by this device's word, if it gave one."""
        query = select(carried.c.at).where(carried.c.mid == mid, carried.c.device == device)
        return await self.run(lambda db: db.scalar(query))

    async def enter(
        self, message: StoredMessage, word: Carried | None, ahead: HeadAhead | None = None
    ) -> None:
        """Keep a message that came as a file as the ledger has it, with our word of these bytes.

        ``ahead`` is the head of the directory that it names, where that lies beyond ours.
        """

        def work(db: Connection) -> None:
            row = message_row(db, message)
            db.execute(update(messages).where(messages.c.mid == message.mid).values(row))
            if word is not None:
                is_ours = (carried.c.mid == word.mid) & (carried.c.device == word.device)
                db.execute(update(carried).where(is_ours).values(ack=word.ack))
            keep_ahead(db, ahead)

        await self.run(work)

    async def words_to_say(self, device: KeyId) -> list[bytes]:
        """Return this device's words of messages that the broker has taken since; none is noted."""
        taken = select(messages.c.mid).where(messages.c.took.is_not(None))
        query = select(carried.c.ack).where(
            carried.c.device == device,
            carried.c.mid.in_(taken),
            carried.c.mid.not_in(_noted(device)),
        )
        return await self.run(lambda db: list(db.scalars(query)))

    async def words_to_carry(self, device: KeyId, *, since: int) -> list[Carried]:
        """Return this device's words that the broker has not noted, given since then (ts)."""
        query = select(carried).where(
            carried.c.device == device,
            carried.c.at >= since,
            carried.c.mid.not_in(_noted(device)),
        )
        ordered = query.order_by(carried.c.at)
        return await self.run(lambda db: [Carried(**row) for row in db.execute(ordered).mappings()])

    async def unconfirmed(self) -> list[StoredMessage]:
        """Return what we wrote and no device of the addressed desk has said to have, oldest first.

        What nobody acknowledges, a receipt or a status, is not among them once the broker took it.
        """
        said = select(acks.c.mid).union(select(carried.c.mid))
        query = select_messages().where(
            (messages.c.outgoing == 1)
            & (messages.c.record != b"")
            & messages.c.refused.is_(None)
            & messages.c.mid.not_in(said)
            & (messages.c.took.is_(None) | messages.c.kind.not_in(list(map(int, NEVER_RECEIPTED))))
        )
        return await self.run(
            lambda db: [message_from(row) for row in db.execute(query).mappings()]
        )

    async def untaken(self) -> list[StoredMessage]:
        """Return what we wrote and the broker has not, oldest first, also what was had by hand."""
        query = select_messages().where(
            (messages.c.outgoing == 1)
            & (messages.c.record != b"")
            & messages.c.refused.is_(None)
            & messages.c.took.is_(None)
        )
        return await self.run(
            lambda db: [message_from(row) for row in db.execute(query).mappings()]
        )

    async def mark_written(self, items: Sequence[tuple[bytes, MessageId]], *, at: int) -> None:
        """Keep that these items, each with its message, were written to files at ``at`` (ts)."""
        rows = [{"item": item, "mid": mid, "at": at} for item, mid in items]
        row = upsert(carried_out)
        change = row.on_conflict_do_update(
            index_elements=["item"], set_={"at": func.max(carried_out.c.at, row.excluded.at)}
        )
        await self.run(lambda db: db.execute(change, rows) if rows else None)

    async def written(self) -> set[bytes]:
        """Return the hashes of the items that were written to files."""
        return await self.run(lambda db: set(db.scalars(select(carried_out.c.item))))

    async def carried_entries(self) -> list[bytes]:
        """Return the entries of the directory that came as files, oldest first."""
        query = select(carried_entries.c.entry).order_by(carried_entries.c.number)
        return await self.run(lambda db: list(db.scalars(query)))

    async def set_carried_entries(self, entries: Sequence[bytes]) -> None:
        """Keep exactly these entries that came as files."""
        rows = [{"entry": entry} for entry in entries]

        def work(db: Connection) -> None:
            db.execute(delete(carried_entries))
            if rows:
                db.execute(upsert(carried_entries), rows)

        await self.run(work)


def keep_carried(db: Connection, word: Carried) -> None:
    """Keep a device's word that a message came as a file, within a transaction."""
    db.execute(upsert(carried).values(fields_of(word)).on_conflict_do_nothing())


def _noted(device: KeyId) -> Select[Any]:
    return select(acks.c.mid).where(acks.c.device == device, acks.c.what == int(AckWhat.CARRIED))
