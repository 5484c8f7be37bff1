"""What the store holds of the desk's other installations: who was admitted, and what each has."""

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.signing import KeyId
from liaison.desk.store.engine import Engine
from liaison.desk.tables import colleagues, grants, messages


class ColleagueStore(Engine):
    """The devices admitted here, and what they were given."""

    async def colleagues(self) -> dict[KeyId, bool]:
        """Return the admitted devices, and of each whether it was told what happened before."""
        query = select(colleagues.c.device, colleagues.c.told)
        return await self.run(
            lambda db: {KeyId(device): bool(told) for device, told in db.execute(query)}
        )

    async def add_colleague(self, device: KeyId) -> None:
        """Keep that a device is admitted; it is told (again) what happened before."""
        row = upsert(colleagues).values(device=device, told=0)
        change = row.on_conflict_do_update(index_elements=["device"], set_={"told": 0})
        await self.run(lambda db: db.execute(change))

    async def introduce(self, devices: list[KeyId]) -> None:
        """Keep that an admitted device counts these as colleagues; it tells them what happened."""
        rows = [{"device": device, "told": 1} for device in devices]
        change = upsert(colleagues).on_conflict_do_nothing()
        await self.run(lambda db: db.execute(change, rows) if rows else None)

    async def granted(self, device: KeyId) -> set[KeyId]:
        """Return the windows whose seeds this device was given, or is being given."""
        query = select(grants.c.window).where(grants.c.device == device)
        return await self.run(lambda db: {KeyId(kid) for kid in db.scalars(query)})

    async def given_since(self, device: KeyId, since: int) -> set[KeyId]:
        """Return what this device was given since then (ts), or is being given."""
        known = grants.outerjoin(messages, grants.c.mid == messages.c.mid)
        is_recent = messages.c.taken_at.is_(None) | (messages.c.taken_at >= since)
        query = select(grants.c.window).select_from(known)
        query = query.where(grants.c.device == device, is_recent)
        return await self.run(lambda db: {KeyId(kid) for kid in db.scalars(query)})

    async def take_back_refused(self) -> None:
        """Forget what was to be given and the broker refused: it is given once more."""

        def work(db: Connection) -> None:
            refused = select(messages.c.mid).where(messages.c.refused.is_not(None))
            is_lost = grants.c.mid.in_(refused)
            untold = select(grants.c.device).where(is_lost, grants.c.window == grants.c.mid)
            db.execute(update(colleagues).where(colleagues.c.device.in_(untold)).values(told=0))
            db.execute(delete(grants).where(is_lost))

        await self.run(work)
