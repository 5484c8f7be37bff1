"""What the store holds of the archive: each case's key, and its messages and drafts shut under it.

A record and its key are written and read within one transaction of the caller's. The key of a case
is drawn when the first thing of it is kept.
"""

from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select

from crypto.seal.archive import (
    ArchiveError,
    CaseKey,
    KeptMessage,
    make_case_key,
    shut_in_draft,
    shut_in_message,
    take_out_draft,
    take_out_message,
)
from crypto.seal.content import ThreadId
from liaison.desk.store.engine import Engine, StoreError
from liaison.desk.store.values import Draft, StoredMessage, fields_of
from liaison.desk.tables import case_keys, drafts, erasures, messages

#: What of a message and of a draft stands in its record and in no column.
IN_MESSAGE = ("envelope", "content_key", "content")
IN_DRAFT = ("form", "reason")


class UnreadableRecordError(StoreError):
    """What is kept of a case does not open with the case's key."""

    code = "store.unreadable"


class ErasedError(StoreError):
    """Something was to be kept of a case that was erased: no key is ever drawn for it again."""

    code = "store.case_erased"


class ArchiveStore(Engine):
    """The keys of the cases."""

    async def case_keys(self) -> dict[ThreadId, CaseKey]:
        """Return the key of every case of which something is kept."""
        query = select(case_keys.c.thread, case_keys.c.key)
        return await self.run(
            lambda db: {ThreadId(thread): CaseKey(key) for thread, key in db.execute(query)}
        )


def case_key(db: Connection, thread: ThreadId) -> CaseKey:
    """Return the key of a case, drawn now if nothing of the case is kept yet.

    Raises:
        ErasedError: the case was erased.
    """
    found = db.scalar(select(case_keys.c.key).where(case_keys.c.thread == thread))
    if found is not None:
        return CaseKey(found)
    if db.scalar(select(erasures.c.at).where(erasures.c.thread == thread)) is not None:
        raise ErasedError("the case was erased: it has no key")
    made = make_case_key()
    db.execute(insert(case_keys).values(thread=thread, key=made.raw))
    return made


def message_row(db: Connection, message: StoredMessage) -> dict[str, Any]:
    """Return the row of a message, what was written shut under its case's key.

    What no key of ours opens is kept as it is: it was sealed to a colleague's device alone.
    """
    row = {name: value for name, value in fields_of(message).items() if name not in IN_MESSAGE}
    row["outgoing"] = int(message.outgoing)
    if not message.content_key:
        return {**row, "record": message.envelope}
    kept = KeptMessage(message.envelope, message.content_key, message.content)
    return {**row, "record": shut_in_message(case_key(db, message.thread), message.mid, kept)}


def select_messages() -> Select[Any]:
    """Return the query of all messages, oldest first, each with its case's key."""
    columns = [column for column in messages.c if column.name != "number"]
    query = select(*columns, case_keys.c.key)
    return _with_keys(query, messages).order_by(messages.c.number)


def message_from(row: RowMapping) -> StoredMessage:
    """Return the message of a row; raise UnreadableRecordError when it does not open."""
    fields = {name: row[name] for name in row if name not in ("record", "key")}
    fields["outgoing"] = bool(row["outgoing"])
    if row["key"] is None:
        return StoredMessage(**fields, envelope=row["record"], content_key=b"", content=b"")
    try:
        kept = take_out_message(CaseKey(row["key"]), row["mid"], row["record"])
    except ArchiveError as e:
        raise UnreadableRecordError(f"{e.code}: {e}") from e
    return StoredMessage(**fields, **{name: getattr(kept, name) for name in IN_MESSAGE})


def draft_row(db: Connection, draft: Draft) -> dict[str, Any]:
    """Return the row of a draft, what it says shut under its case's key."""
    row = {name: value for name, value in fields_of(draft).items() if name not in IN_DRAFT}
    key = case_key(db, draft.thread)
    return {**row, "record": shut_in_draft(key, draft.ask, draft.form, draft.reason)}


def select_drafts() -> Select[Any]:
    """Return the query of all drafts, oldest first, each with its case's key."""
    return _with_keys(select(drafts, case_keys.c.key), drafts).order_by(drafts.c.number)


def draft_from(row: RowMapping) -> Draft:
    """Return the draft of a row; raise UnreadableRecordError when it does not open."""
    try:
        form, reason = take_out_draft(CaseKey(row["key"] or b""), row["ask"], row["record"])
    except ArchiveError as e:
        raise UnreadableRecordError(f"{e.code}: {e}") from e
    names = [name for name in Draft.__dataclass_fields__ if name not in IN_DRAFT]
    return Draft(**{name: row[name] for name in names}, form=form, reason=reason)


def _with_keys(query: Select[Any], table: Any) -> Select[Any]:  # noqa: ANN401 - either table
    return query.outerjoin_from(table, case_keys, table.c.thread == case_keys.c.thread)
