"""Which cases have changed: noted by the database itself, so that no way of writing can forget it.

A case is computed from its messages, acknowledgements, openings, drafts and what was carried.
Triggers of the one connection note the case of each row that is written, in the transaction that
writes it; the note lives in memory and ends with the connection. Whoever keeps computed cases asks
what was touched.
"""

from sqlalchemy import Connection

from crypto.seal.content import ThreadId
from liaison.desk.store.engine import Engine

#: The case of a row of each table; ``{row}`` is the row as it was or is.
_CASES = {
    "messages": "SELECT {row}.thread AS thread",
    "drafts": "SELECT {row}.thread AS thread",
    "acks": "SELECT thread FROM main.messages WHERE mid = {row}.mid",
    "failures": "SELECT thread FROM main.messages WHERE mid = {row}.mid",
    "openings": "SELECT thread FROM main.messages WHERE mid = {row}.mid",
    "carried": "SELECT thread FROM main.messages WHERE mid = {row}.mid",
    "carried_out": "SELECT thread FROM main.messages WHERE mid = {row}.mid",
}
_EVENTS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def note_touched(db: Connection) -> None:
    """Begin to note, on this connection, the case of every row that is written from now on."""
    db.exec_driver_sql("CREATE TEMP TABLE touched (thread BLOB NOT NULL)")
    for table, found in _CASES.items():
        for event, rows in _EVENTS.items():
            noting = " ".join(
                f"INSERT INTO touched SELECT thread FROM ({found.format(row=row)})"  # noqa: S608
                " WHERE thread NOT IN (SELECT thread FROM touched);"
                for row in rows
            )
            db.exec_driver_sql(
                f"CREATE TEMP TRIGGER touched_{table}_{event}"
                f" AFTER {event} ON main.{table} BEGIN {noting} END"
            )


class TouchedStore(Engine):
    """What has changed since somebody last asked."""

    async def open(self) -> None:
        """Open the store, as :meth:`Engine.open` says, and note what is written from now on."""
        await super().open()
        await self.run(note_touched)

    def _begin_again(self, db: Connection) -> None:
        """Note again, and every case: what was noted went with the connection before."""
        note_touched(db)
        for table in ("messages", "drafts"):
            db.exec_driver_sql(f"INSERT INTO touched SELECT DISTINCT thread FROM main.{table}")  # noqa: S608

    async def take_touched(self) -> set[ThreadId]:
        """Return the cases written to since the last call; each is told once."""

        def work(db: Connection) -> set[ThreadId]:
            rows = db.exec_driver_sql("DELETE FROM touched RETURNING thread")
            return {ThreadId(thread) for (thread,) in rows}

        return await self.run(work)
