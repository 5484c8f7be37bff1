"""What of the store goes into a backup, read as it stood at one moment while the desk works on.

Every table is in exactly one of the two lists. What is left out is what must never exist twice:
seeds and private keys, and how far a mailbox was read by the device that has them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from crypto.attest.encoding import Value
from crypto.seal.backup import BackupKind
from liaison.desk.store.engine import Engine, StoreError
from liaison.desk.store.files import FileState
from liaison.desk.tables import (
    acks,
    alarms,
    asks,
    carried,
    carried_entries,
    carried_out,
    case_keys,
    cases,
    colleagues,
    cursors,
    destroyed,
    directory,
    disclosures,
    drafts,
    erasures,
    facts,
    failures,
    files,
    gaps,
    grant_keys,
    grants,
    halves,
    heads_ahead,
    heard,
    kept_forms,
    learned,
    messages,
    notices,
    openings,
    orphans,
    parcels,
    peers,
    places,
    quarantine,
    reminders,
    resent,
    reviews,
    shown,
    told,
    waiting_keys,
    windows,
)

BACKED_UP: Mapping[BackupKind, tuple[Table, ...]] = {
    BackupKind.ROWS: (
        facts,
        directory,
        destroyed,
        cases,
        erasures,
        heard,
        reviews,
        disclosures,
        messages,
        carried,
        carried_out,
        files,
        places,
        gaps,
        resent,
        orphans,
        heads_ahead,
        peers,
        shown,
        alarms,
        acks,
        failures,
        openings,
        reminders,
        notices,
        drafts,
        asks,
    ),
    BackupKind.CASE_KEYS: (case_keys, halves),
}
LEFT_OUT = (
    windows,
    grant_keys,
    colleagues,
    grants,
    learned,
    cursors,
    quarantine,
    kept_forms,
    carried_entries,
    parcels,
    told,
    waiting_keys,
)
#: Of the facts only these: the last checkpoint seen, and approvals given beforehand.
FACTS = ("checkpoint", "standing")
#: The fact that an installation was restored; it may begin windows when it is alone.
RESTORED = "restored"


class RestoredRowError(StoreError):
    """A backup holds a row that this store has no place for."""

    code = "backup.row"


class SnapshotStore(Engine):
    """Writing from a backup."""

    async def take_rows(self, rows: Sequence[Value]) -> None:
        """Keep rows of a backup, in one transaction.

        Raises:
            RestoredRowError: a row of no table, or of another form.
        """
        tables = {table.name: table for some in BACKED_UP.values() for table in some}
        found = [_row(row, tables) for row in rows]

        def work(db: Connection) -> None:
            for table, values in found:
                if (table is not directory and table is not facts) or (
                    table is facts and values["name"] in FACTS
                ):
                    db.execute(insert(table).values(values))

        await self.run(work)

    async def settle_restored(self, at: int) -> tuple[int, int]:
        """Make a restored store whole; return how many cases it has, and how many have no key.

        What has no key was erased since, or its key was not backed up: it is as if erased. Drafts
        that wait lost the key that would sign them. What came is not acknowledged again.
        """

        def work(db: Connection) -> tuple[int, int]:
            known = select(case_keys.c.thread)
            lost = db.scalar(select(func.count()).where(cases.c.thread.not_in(known))) or 0
            for table in (cases, drafts):
                db.execute(delete(table).where(table.c.thread.not_in(known)))
            bare = messages.c.thread.not_in(known)
            db.execute(delete(messages).where(bare & messages.c.took.is_(None)))
            db.execute(update(messages).where(bare).values(record=b""))
            # Their ciphertext was beside the lost store; the broker has what was sent.
            known_files = files.c.state.in_((FileState.SENT, FileState.CARRIED, FileState.HERE))
            db.execute(delete(files).where(files.c.thread.not_in(known) | ~known_files))
            db.execute(update(files).values(state=FileState.COMING, parcel=None))
            waiting = drafts.c.state.in_(("asked", "granted"))
            db.execute(update(drafts).where(waiting).values(state="failed"))
            came = select(messages.c.mid).where(messages.c.outgoing == 0)
            db.execute(insert(learned).from_select(["mid"], came))
            db.execute(insert(facts).values(name=RESTORED, value=at.to_bytes(8, "big")))
            return db.scalar(select(func.count()).select_from(cases)) or 0, lost

        return await self.run(work)


def rows_of(db: Connection, kind: BackupKind) -> Iterator[Value]:
    """Yield the rows that a backup of this kind holds, table by table."""
    for table in BACKED_UP[kind]:
        names = [column.name for column in table.columns]
        query = select(table)
        if table is facts:
            query = query.where(facts.c.name.in_(FACTS))
        for row in db.execute(query):
            yield [table.name, list(names), list(row)]


def _row(row: Value, tables: Mapping[str, Table]) -> tuple[Table, dict[str, Any]]:
    match row:
        case [str(name), list(names), list(values)] if name in tables and len(names) == len(values):
            table = tables[name]
            if set(names) == {column.name for column in table.columns}:
                return table, dict(zip(map(str, names), values, strict=True))
    raise RestoredRowError("expected a row of a table of this version's store")
