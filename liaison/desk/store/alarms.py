"""What the store holds of alarms: raised once, settled by themselves, marked as seen."""

from sqlalchemy import ColumnElement, Connection, insert, select, update

from crypto.attest.signing import KeyId
from liaison.desk.store.engine import Engine
from liaison.desk.store.values import RaisedAlarm
from liaison.desk.tables import alarms


class AlarmStore(Engine):
    """The alarms of one installation; none is ever deleted."""

    async def raise_alarm(self, code: str, subject: str, *, about: str, at: int) -> bool:
        """Keep an alarm; say whether it is new. One that stands is not raised again, but told anew.

        Args:
            code: which alarm.
            subject: what it is about, so that the same is told from another.
            about: what an officer is told of it: desks, posts and numbers, never a name.
            at: the time (ts).
        """
        row = {"code": code, "subject": subject, "about": about, "raised": at}

        def work(db: Connection) -> bool:
            stands = select(alarms.c.number).where(_is(code, subject), alarms.c.settled.is_(None))
            number = db.scalar(stands)
            if number is not None:
                db.execute(update(alarms).where(alarms.c.number == number).values(about=about))
                return False
            db.execute(insert(alarms).values(row))
            return True

        return await self.run(work)

    async def settle_alarm(self, code: str, subject: str, at: int) -> bool:
        """Keep that what was raised has come right; say whether it stood until now."""
        change = update(alarms).where(_is(code, subject), alarms.c.settled.is_(None))
        return await self.run(lambda db: bool(db.execute(change.values(settled=at)).rowcount))

    async def alarms(self) -> list[RaisedAlarm]:
        """Return every alarm that was ever raised, the newest first."""
        query = select(alarms).order_by(alarms.c.number.desc())
        return await self.run(
            lambda db: [RaisedAlarm(**row) for row in db.execute(query).mappings()]
        )

    async def mark_seen(self, number: int, officer: KeyId, signature: bytes, at: int) -> bool:
        """Keep who has seen an alarm, once; say whether it was waiting to be seen."""
        change = (
            update(alarms)
            .where(alarms.c.number == number, alarms.c.seen.is_(None))
            .values(seen=at, officer=officer, signature=signature)
        )
        return await self.run(lambda db: bool(db.execute(change).rowcount))


def _is(code: str, subject: str) -> ColumnElement[bool]:
    return (alarms.c.code == code) & (alarms.c.subject == subject)
