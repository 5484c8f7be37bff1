"""What the broker keeps: directory, ledger, messages, mailboxes, cursors and clocks.

Follows docs/spec/broker.md, "Storage". Nothing here can open a message: an envelope is stored as
the bytes that came. The desk stands in the primary key of everything that belongs to a mailbox, so
that a larger database can be split by it. All times are unix seconds.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
)

metadata = MetaData()


def _number(name: str, *, key: bool = False, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=optional, autoincrement=False)


def _bytes(name: str, *, key: bool = False, optional: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, primary_key=key, nullable=optional)


#: Which broker this database belongs to, and the fingerprints its operator has typed.
meta = Table("meta", metadata, Column("key", String, primary_key=True), _bytes("value"))

#: ``size`` counts the entries up to and with this one.
directory = Table("directory", metadata, _number("size", key=True), _bytes("entry"))

#: At which leaf of the ledger the directory's entry of this number stands.
places = Table("places", metadata, _number("size", key=True), _number("position"))

ledger_leaves = Table("ledger_leaves", metadata, _number("position", key=True), _bytes("leaf"))

#: Complete subtrees only, leaves' hashes (level 0) among them: they never change.
ledger_nodes = Table(
    "ledger_nodes",
    metadata,
    _number("level", key=True),
    _number("position", key=True),
    _bytes("hash"),
    CheckConstraint("length(hash) = 32", name="node_is_a_hash"),
)

#: ``cosigned`` is the note once every witness has signed below it.
checkpoints = Table(
    "checkpoints",
    metadata,
    _number("size", key=True),
    _bytes("note"),
    _bytes("cosigned", optional=True),
)

#: ``dst`` holds the ids of the addressed desks, one after the other; ``took`` the signed receipt.
messages = Table(
    "messages",
    metadata,
    _bytes("mid", key=True),
    _bytes("eid"),
    _bytes("src"),
    _bytes("dst"),
    _number("priority"),
    _number("position"),
    _number("taken_at"),
    _number("exp"),
    _bytes("took"),
    _bytes("envelope"),
)

#: An envelope's item has neither ``first`` nor ``second``: its message is found by ``mid``.
mailbox = Table(
    "mailbox",
    metadata,
    _bytes("desk", key=True),
    _number("lane", key=True),
    _number("seq", key=True),
    _number("item"),
    _bytes("mid"),
    _bytes("first", optional=True),
    _bytes("second", optional=True),
    _number("at"),
    _number("exp"),
)

#: The last number given out in a lane; a number is never given twice, whatever is deleted.
sequences = Table(
    "sequences",
    metadata,
    _bytes("desk", key=True),
    _number("lane", key=True),
    _number("last"),
)

cursors = Table(
    "cursors",
    metadata,
    _bytes("desk", key=True),
    _bytes("device", key=True),
    _number("lane", key=True),
    _number("seq"),
)

acks = Table(
    "acks",
    metadata,
    _bytes("mid", key=True),
    _bytes("device", key=True),
    _number("what", key=True),
    _number("position"),
)

#: ``step`` counts the steps of the ladder that were taken; ``next_at`` is none after the last.
clocks = Table(
    "clocks",
    metadata,
    _bytes("token", key=True),
    _bytes("mid"),
    _bytes("src"),
    _bytes("dst"),
    _number("priority"),
    _number("due"),
    _number("exp"),
    _number("step"),
    _number("next_at", optional=True),
    _number("stopped_at", optional=True),
)

#: Attachments that are whole here; their bytes lie in files (docs/spec/broker.md, "Blobs").
blobs = Table(
    "blobs",
    metadata,
    _bytes("desk", key=True),
    _bytes("blob", key=True),
    _number("size"),
    _number("at"),
)

#: Which messages name a desk's blob; ``dst`` holds ids one after the other.
blob_uses = Table(
    "blob_uses",
    metadata,
    _bytes("desk", key=True),
    _bytes("blob", key=True),
    _bytes("mid", key=True),
    _bytes("dst"),
    _number("exp"),
)

#: Which devices have said that they hold a desk's blob.
blob_holders = Table(
    "blob_holders",
    metadata,
    _bytes("desk", key=True),
    _bytes("blob", key=True),
    _bytes("device", key=True),
)
Index("blobs_by_name", blobs.c.blob)
Index("blob_uses_by_name", blob_uses.c.blob)

_running = clocks.c.stopped_at.is_(None)
Index("clocks_running", clocks.c.next_at, sqlite_where=_running, postgresql_where=_running)
