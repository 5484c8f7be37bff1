"""The statements about blobs: read and written within a batch, and what is asked outside of any."""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select

from liaison.broker.blobs.state import Blob, BlobBatch, BlobHolder, BlobKey, BlobUse, FetchedBlobs
from liaison.broker.tables import blob_holders, blob_uses, blobs

_NAMED = and_(blob_uses.c.desk == blobs.c.desk, blob_uses.c.blob == blobs.c.blob)


def fetch_blobs(names: Collection[bytes], db: Connection) -> FetchedBlobs:
    """Return the rows of all blobs of these names (at most 16 a message)."""
    if not names:
        return FetchedBlobs()
    among = sorted(names)
    kept = [Blob(*row) for row in db.execute(select(blobs).where(blobs.c.blob.in_(among)))]
    uses = db.execute(select(blob_uses).where(blob_uses.c.blob.in_(among)))
    holders = db.execute(select(blob_holders).where(blob_holders.c.blob.in_(among)))
    return FetchedBlobs(
        {blob.key: blob for blob in kept},
        [BlobUse(*row) for row in uses],
        {BlobHolder(*row) for row in holders},
    )


def flush_blobs(batch: BlobBatch, db: Connection) -> None:
    """Write what a batch has collected about blobs."""
    for table, rows in (
        (blobs, batch.brought),
        (blob_uses, batch.named),
        (blob_holders, batch.held),
    ):
        if rows:
            db.execute(insert(table), [asdict(row) for row in rows])
    for desk, blob in batch.forgotten:
        for table in (blob_holders, blob_uses, blobs):
            db.execute(delete(table).where(table.c.desk == desk, table.c.blob == blob))


def find_blob(desk: bytes, blob: bytes, db: Connection) -> Blob | None:
    """Return a desk's blob if it is whole here."""
    row = db.execute(select(blobs).where(blobs.c.desk == desk, blobs.c.blob == blob)).first()
    return None if row is None else Blob(*row)


def uses_of(blob: bytes, db: Connection) -> list[BlobUse]:
    """Return what names a blob of this name."""
    return [BlobUse(*row) for row in db.execute(select(blob_uses).where(blob_uses.c.blob == blob))]


def stored_bytes(desk: bytes, db: Connection) -> int:
    """Return how many bytes of whole blobs a desk has here."""
    return int(db.scalar(select(func.sum(blobs.c.size)).where(blobs.c.desk == desk)) or 0)


def every_blob(db: Connection) -> set[BlobKey]:
    """Return all whole blobs."""
    return {(row.desk, row.blob) for row in db.execute(select(blobs.c.desk, blobs.c.blob))}


def expired_blobs(now: int, unnamed_before: int, db: Connection) -> list[BlobKey]:
    """Return the blobs whose last message has expired, and those that none has named in time."""
    alive = and_(_NAMED, blob_uses.c.exp > now)
    gone = or_(
        and_(exists().where(_NAMED), ~exists().where(alive)),
        and_(~exists().where(_NAMED), blobs.c.at <= unnamed_before),
    )
    return [(row.desk, row.blob) for row in db.execute(select(blobs).where(gone))]


def next_expiry(unnamed_for: int, db: Connection) -> int | None:
    """Return when (ts) the next of :func:`expired_blobs` is due, None if there is no blob."""
    lasts = select(func.max(blob_uses.c.exp).label("at")).group_by(
        blob_uses.c.desk, blob_uses.c.blob
    )
    unnamed = select(func.min(blobs.c.at)).where(~exists().where(_NAMED))
    last = db.scalar(select(func.min(lasts.subquery().c.at)))
    waiting = db.scalar(unnamed)
    due = [
        at for at in (last, None if waiting is None else waiting + unnamed_for) if at is not None
    ]
    return min(due, default=None)
