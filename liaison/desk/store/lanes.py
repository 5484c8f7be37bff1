"""What the store holds of lanes: who stands at which number, and which numbers are missing."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.header import DeskId, MessageId
from crypto.attest.signing import KeyId
from crypto.seal.content import Lane
from crypto.seal.lanes import Gap, Place, gap_before, without
from liaison.desk.store.engine import Engine
from liaison.desk.store.values import Missing, Seen
from liaison.desk.tables import gaps, messages, places, resent


class LaneStore(Engine):
    """The lanes of our own keys, of our colleagues' and of the other desks'."""

    async def lane_end(self, signer: KeyId, desk: DeskId) -> tuple[int, MessageId] | None:
        """Return count and id of the signer's last message to ``desk``."""
        return (await self.lane_ends([signer], desk)).get(signer)

    async def lane_ends(
        self, signers: Iterable[KeyId], desk: DeskId
    ) -> dict[KeyId, tuple[int, MessageId]]:
        """Return count and id of the last message of each signer to ``desk`` that is here."""
        here = places.c.desk == desk, places.c.void == 0
        query = (
            select(places.c.signer, func.max(places.c.seq), places.c.mid)
            .where(places.c.signer.in_(list(signers)), *here)
            .group_by(places.c.signer)
        )
        return await self.run(
            lambda db: {KeyId(kid): (seq, MessageId(mid)) for kid, seq, mid in db.execute(query)}
        )

    async def around(self, signer: KeyId, desk: DeskId, seq: int) -> dict[int, Place]:
        """Return what is known of a lane at this number and the two beside it."""
        return await self.places(signer, desk, Gap(seq - 1, seq + 1))

    async def places(self, signer: KeyId, desk: DeskId, among: Gap) -> dict[int, Place]:
        """Return what is known of a lane from one number to another, by number."""
        query = select(places.c.seq, places.c.mid, places.c.prev, places.c.void).where(
            places.c.signer == signer,
            places.c.desk == desk,
            places.c.seq.between(among.first, among.last),
        )
        return await self.run(
            lambda db: {
                row.seq: Place(
                    MessageId(row.mid),
                    None if row.prev is None else MessageId(row.prev),
                    is_void=bool(row.void),
                )
                for row in db.execute(query)
            }
        )

    async def first_taken(
        self, signer: KeyId, desk: DeskId, *, beyond: int, since: int, before: int
    ) -> int | None:
        """Return when the broker took (ts) the first of a lane's messages beyond a number.

        Of those that it took from ``since`` to ``before`` (ts); None where there is none.
        """
        query = (
            select(messages.c.taken_at)
            .join(places, places.c.mid == messages.c.mid)
            .where(*_is_lane(places, signer, desk), places.c.seq > beyond)
            .where(messages.c.taken_at >= since, messages.c.taken_at < before)
            .order_by(places.c.seq)
        )
        return await self.run(lambda db: db.scalar(query.limit(1)))

    async def is_sealed_here(self, mid: MessageId) -> bool:
        """Say whether this installation sealed the message."""
        query = select(places.c.mid).where(places.c.mid == mid, places.c.sealed_here == 1)
        return await self.run(lambda db: db.scalar(query.limit(1)) is not None)

    async def is_resent(self, mid: MessageId, desk: DeskId, *, since: int) -> bool:
        """Say whether a message was sent to ``desk`` again later than ``since`` (ts).

        From here or by a colleague's.
        """
        same = resent.c.mid == mid, resent.c.desk == desk
        query = select(resent.c.mid).where(*same, resent.c.at > since)
        return await self.run(lambda db: db.scalar(query) is not None)

    async def keep_place(self, signer: KeyId, mid: MessageId, seen: Iterable[Seen]) -> None:
        """Keep where a message stands whose words were refused: its number is not missing."""
        await self.run(lambda db: keep_seen(db, signer, mid, seen))

    async def notice_end(self, signer: KeyId, end: Seen) -> None:
        """Keep that a lane reaches ``end``: what is not here up to that number is missing."""
        beyond = replace(end, lane=Lane(end.lane.seq + 1, end.lane.prev))

        def work(db: Connection) -> None:
            _reopen(db, signer, end)
            _notice(db, signer, beyond)

        await self.run(work)

    async def void_places(self, desk: DeskId, most: int) -> list[tuple[KeyId, int, MessageId]]:
        """Return signer, number and id of messages to ``desk`` that the broker refused.

        The newest ``most`` of them.
        """
        query = (
            select(places.c.signer, places.c.seq, places.c.mid)
            .join(messages, messages.c.mid == places.c.mid)
            .where(places.c.desk == desk, messages.c.refused.is_not(None))
            .order_by(messages.c.number.desc())
            .limit(most)
        )
        return await self.run(
            lambda db: [(KeyId(kid), seq, MessageId(mid)) for kid, seq, mid in db.execute(query)]
        )

    async def keep_void(self, signer: KeyId, desk: DeskId, seq: int, mid: MessageId) -> bool:
        """Keep that the broker never took the message at this place; say whether it was missing.

        Where nothing is known to be missing nothing is closed: what comes there is yet to come.
        """
        is_missing = *_is_lane(gaps, signer, desk), gaps.c.first <= seq, gaps.c.last >= seq

        def work(db: Connection) -> bool:
            if db.scalar(select(gaps.c.first).where(*is_missing)) is None:
                return False
            _stand(db, signer, desk, seq, mid=mid, void=1)
            _fill(db, signer, desk, seq)
            return True

        return await self.run(work)

    async def missing(self) -> list[Missing]:
        """Return all numbers that are missing, those noticed first on top."""
        query = select(gaps).order_by(gaps.c.noticed, gaps.c.signer, gaps.c.first)
        return await self.run(lambda db: [Missing(**row) for row in db.execute(query).mappings()])

    async def mark_asked(self, asked: Iterable[Missing], at: int) -> None:
        """Keep that the desks were asked for these numbers at ``at`` (ts)."""

        def work(db: Connection) -> None:
            for gap in asked:
                found = gaps.c.signer == gap.signer, gaps.c.desk == gap.desk
                change = update(gaps).where(*found, gaps.c.first == gap.first)
                db.execute(change.values(asked=at))

        await self.run(work)


def keep_sealed(
    db: Connection, signer: KeyId, mid: MessageId, lanes: Mapping[DeskId, Lane]
) -> None:
    """Keep the places of a message that was sealed here, within a transaction."""
    for desk, lane in lanes.items():
        _stand(db, signer, desk, lane.seq, mid=mid, prev=lane.prev, sealed_here=1)


def keep_seen(db: Connection, signer: KeyId, mid: MessageId, seen: Iterable[Seen]) -> None:
    """Keep the places of a message that came here, and what is missing before it.

    A number that was missing is so no longer; numbers that are skipped are missing from now on, and
    so are those that were falsely said to be void.
    """
    for one in seen:
        if one.is_ours:
            _reopen(db, signer, one)
            _notice(db, signer, one)
        _stand(db, signer, one.desk, one.lane.seq, mid=mid, prev=one.lane.prev)
        _fill(db, signer, one.desk, one.lane.seq)


def keep_resent(db: Connection, sent_again: tuple[MessageId, DeskId, int] | None) -> None:
    """Keep which message is sent again, to whom, and when, within a transaction."""
    if sent_again is not None:
        mid, desk, at = sent_again
        same, kept = ["mid", "desk"], upsert(resent).values(mid=mid, desk=desk, at=at)
        later = {"at": func.max(resent.c.at, at)}
        db.execute(kept.on_conflict_do_update(index_elements=same, set_=later))


def _stand(
    db: Connection,
    signer: KeyId,
    desk: DeskId,
    seq: int,
    *,
    mid: MessageId,
    prev: MessageId | None = None,
    sealed_here: int = 0,
    void: int = 0,
) -> None:
    row = {"signer": signer, "desk": desk, "seq": seq, "mid": mid, "prev": prev}
    marks = {"sealed_here": sealed_here, "void": void}
    change = {"prev": prev}  # what was sealed here stays so
    db.execute(
        upsert(places)
        .values(row | marks)
        .on_conflict_do_update(index_elements=["signer", "desk", "seq"], set_=change)
    )


def _reopen(db: Connection, signer: KeyId, one: Seen) -> None:
    """Take the voids away that a message belies: what stands there has not come yet."""
    for seq in one.belied:
        here = *_is_lane(places, signer, one.desk), places.c.seq == seq, places.c.void == 1
        if db.execute(delete(places).where(*here)).rowcount:
            _keep_gap(db, Missing(signer, one.desk, seq, seq, one.peer, one.at))


def _notice(db: Connection, signer: KeyId, one: Seen) -> None:
    """Keep what is missing before a message, beyond all that is known or missing already."""
    highest = max(
        db.scalar(select(func.max(column)).where(*_is_lane(table, signer, one.desk))) or 0
        for table, column in ((places, places.c.seq), (gaps, gaps.c.last))
    )
    gap = gap_before(one.lane.seq, highest)
    if gap is not None:
        _keep_gap(db, Missing(signer, one.desk, gap.first, gap.last, one.peer, one.at))


def _is_lane(table: Table, signer: KeyId, desk: DeskId) -> tuple[ColumnElement[bool], ...]:
    return table.c.signer == signer, table.c.desk == desk


def _fill(db: Connection, signer: KeyId, desk: DeskId, seq: int) -> None:
    ours = gaps.c.signer == signer, gaps.c.desk == desk
    found = db.execute(
        select(gaps).where(*ours, gaps.c.first <= seq, gaps.c.last >= seq)
    ).mappings()
    for row in list(found):
        gap = Missing(**row)
        db.execute(delete(gaps).where(*ours, gaps.c.first == gap.first))
        for part in without(Gap(gap.first, gap.last), seq):
            _keep_gap(db, gap.narrowed(part))


def _keep_gap(db: Connection, gap: Missing) -> None:
    row = {name: getattr(gap, name) for name in Missing.__dataclass_fields__}
    db.execute(upsert(gaps).values(row).on_conflict_do_nothing())
