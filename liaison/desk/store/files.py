"""What the store holds of files: how to open each, shut under its case's key, and how far it came.

The ciphertext lies beside the store, by the name of its blob. A file that is to be sent belongs to
a *parcel* until the message that names it is sealed; a file of a message that came is fetched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.encoding import decode, encode
from crypto.seal.archive import ArchiveError, CaseKey, RecordKind, shut_in, take_out
from crypto.seal.attachment import Attachment, attachments_from_value
from crypto.seal.content import ThreadId
from liaison.desk.store.archive import UnreadableRecordError, case_key
from liaison.desk.store.engine import Engine
from liaison.desk.tables import case_keys, files, parcels

RECORD_LIMIT = 65_536


class FileState(StrEnum):
    """How far a file has come."""

    STAGED = "staged"  # sealed here; nobody has said that it shall go
    QUEUED = "queued"  # to be brought to the broker
    UP = "up"  # at the broker; its message is not sealed yet
    SENT = "sent"  # here and at the broker, named by a message of ours
    COMING = "coming"  # to be fetched
    CARRIED = "carried"  # whole here, checked, by hand; the broker has not been told
    HERE = "here"  # whole here, checked
    REFUSED = "refused"  # fetched, and failed a check


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a case; ``code`` says why it does not go on, or was refused."""

    blob: bytes
    thread: ThreadId
    state: FileState
    attachment: Attachment
    parcel: bytes | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """Files that wait to go with a note of ``officer``: its language and text."""

    parcel: bytes
    thread: ThreadId
    ref: str
    officer: str
    lang: str
    text: str
    at: int
    code: str | None = None


class FileStore(Engine):
    """The files of all cases."""

    async def stage_file(self, thread: ThreadId, attachment: Attachment) -> None:
        """Keep how to open a file that was sealed here."""
        await self.run(lambda db: _insert(db, thread, attachment, FileState.STAGED))

    async def queue_parcel(self, parcel: Parcel, blobs: Sequence[bytes]) -> int:
        """Keep that these staged files of its case shall go; return how many of them there are.

        Nothing is kept unless all are.
        """

        def work(db: Connection) -> int:
            chosen = (
                files.c.blob.in_(blobs)
                & (files.c.thread == parcel.thread)
                & (files.c.state == FileState.STAGED)
            )
            found = len(db.execute(select(files.c.blob).where(chosen)).all())
            if found == len(set(blobs)) and found:
                row = {"state": FileState.QUEUED, "parcel": parcel.parcel}
                db.execute(update(files).where(chosen).values(row))
                db.execute(insert(parcels), [_parcel_row(db, parcel)])
            return found

        return await self.run(work)

    async def file(self, thread: ThreadId, blob: bytes) -> StoredFile | None:
        """Return the file of this blob in a case, if the case has it."""
        found = await self._files(_one(thread, blob))
        return found[0] if found else None

    async def files_of(self, thread: ThreadId) -> list[StoredFile]:
        """Return the files of a case, oldest first."""
        return await self._files(files.c.thread == thread)

    async def files_of_blob(self, blob: bytes) -> list[StoredFile]:
        """Return the files of all cases that are this blob, oldest first."""
        return await self._files(files.c.blob == blob)

    async def files_to_carry(self) -> list[StoredFile]:
        """Return what is to be brought, fetched or told of, oldest first."""
        moving = [FileState.QUEUED, FileState.COMING, FileState.CARRIED]
        return await self._files(files.c.state.in_(moving))

    async def file_blobs(self) -> set[bytes]:
        """Return the blobs of all files."""
        return set(await self.run(lambda db: db.scalars(select(files.c.blob)).all()))

    async def set_file(
        self, thread: ThreadId, blob: bytes, state: FileState, code: str | None = None
    ) -> None:
        """Keep how far a file of a case has come, and why no further."""
        change = update(files).where(_one(thread, blob)).values(state=state, code=code)
        await self.run(lambda db: db.execute(change))

    async def forget_file(self, thread: ThreadId, blob: bytes) -> None:
        """Keep nothing more of a file of a case that is only staged."""
        gone = _one(thread, blob) & (files.c.state == FileState.STAGED)
        await self.run(lambda db: db.execute(delete(files).where(gone)))

    async def parcels(self) -> list[Parcel]:
        """Return every parcel that waits, oldest first."""
        query = select(parcels, case_keys.c.key).outerjoin_from(
            parcels, case_keys, parcels.c.thread == case_keys.c.thread
        )
        ordered = query.order_by(parcels.c.number)
        return await self.run(lambda db: [_parcel(row) for row in db.execute(ordered).mappings()])

    async def set_parcel(self, parcel: bytes, code: str | None) -> None:
        """Keep why a parcel does not go, or that it may be tried again."""
        change = update(parcels).where(parcels.c.parcel == parcel).values(code=code)
        await self.run(lambda db: db.execute(change))

    async def _files(self, where: Any) -> list[StoredFile]:  # noqa: ANN401 - an SQL condition
        query = select(files, case_keys.c.key).outerjoin_from(
            files, case_keys, files.c.thread == case_keys.c.thread
        )
        chosen = query.where(where).order_by(files.c.number)
        return await self.run(lambda db: [_file(row) for row in db.execute(chosen).mappings()])


def keep_files(
    db: Connection, thread: ThreadId, attachments: Sequence[Attachment], parcel: bytes | None
) -> None:
    """Keep a message's files with it: those of our ``parcel`` have gone, others are fetched."""
    if parcel is not None:
        gone = {"state": FileState.SENT, "parcel": None}
        db.execute(update(files).where(files.c.parcel == parcel).values(gone))
        db.execute(delete(parcels).where(parcels.c.parcel == parcel))
    for attachment in attachments:
        _insert(db, thread, attachment, FileState.COMING)


def _insert(db: Connection, thread: ThreadId, attachment: Attachment, state: FileState) -> None:
    plain = encode([attachment.value()])
    record = shut_in(case_key(db, thread), RecordKind.FILE, attachment.blob, plain)
    row = {"blob": attachment.blob, "thread": thread, "state": state, "record": record}
    place = [files.c.thread, files.c.blob]
    db.execute(upsert(files).values(row).on_conflict_do_nothing(index_elements=place))


def _one(thread: ThreadId, blob: bytes) -> ColumnElement[bool]:
    return and_(files.c.thread == thread, files.c.blob == blob)


def _file(row: RowMapping) -> StoredFile:
    plain = _taken_out(row, RecordKind.FILE, row["blob"])
    (attachment,) = attachments_from_value(decode(plain, limit=RECORD_LIMIT))
    return StoredFile(
        row["blob"],
        ThreadId(row["thread"]),
        FileState(row["state"]),
        attachment,
        row["parcel"],
        row["code"],
    )


def _parcel_row(db: Connection, parcel: Parcel) -> dict[str, Any]:
    plain = encode([parcel.lang, parcel.text])
    record = shut_in(case_key(db, parcel.thread), RecordKind.PARCEL, parcel.parcel, plain)
    row = {name: getattr(parcel, name) for name in ("parcel", "thread", "ref", "officer", "at")}
    return {**row, "record": record}


def _parcel(row: RowMapping) -> Parcel:
    match decode(_taken_out(row, RecordKind.PARCEL, row["parcel"]), limit=RECORD_LIMIT):
        case [str(lang), str(text)]:
            return Parcel(
                row["parcel"],
                ThreadId(row["thread"]),
                row["ref"],
                row["officer"],
                lang,
                text,
                row["at"],
                row["code"],
            )
    raise UnreadableRecordError("a parcel is kept as [language, text]")


def _taken_out(row: RowMapping, kind: RecordKind, name: bytes) -> bytes:
    try:
        return take_out(CaseKey(row["key"] or b""), kind, name, row["record"])
    except ArchiveError as e:
        raise UnreadableRecordError(f"{e.code}: {e}") from e
