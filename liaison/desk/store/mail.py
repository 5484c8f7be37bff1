"""What the store holds of messages: sent and received, receipted, proven, or set aside."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.attest.header import DeskId, MessageId
from crypto.attest.signing import KeyId
from crypto.seal.content import WITHIN_A_DESK, Lane, ThreadId
from liaison.desk.store.archive import draft_row, message_from, message_row, select_messages
from liaison.desk.store.carried import keep_carried
from liaison.desk.store.engine import Engine, set_fact
from liaison.desk.store.failures import keep_failure
from liaison.desk.store.files import keep_files
from liaison.desk.store.lanes import keep_resent, keep_sealed, keep_seen
from liaison.desk.store.named import keep_named
from liaison.desk.store.values import (
    Given,
    Keeping,
    Opening,
    StoredAck,
    StoredMessage,
    Waiting,
    WaitingKey,
    fields_of,
)
from liaison.desk.store.waiting import drop_stray_keys, keep_waiting_key
from liaison.desk.tables import (
    acks,
    asks,
    cases,
    colleagues,
    drafts,
    grants,
    learned,
    messages,
    openings,
    quarantine,
    waiting_keys,
)

#: A hostile peer cannot fill the disk with refused messages.
MOST_QUARANTINED = 1_000


class MailStore(Engine):
    """Messages with all that belongs to them."""

    async def message(self, mid: MessageId) -> StoredMessage | None:
        """Return the message of this id, if it is here."""
        found = await self._messages(messages.c.mid == mid)
        return found[0] if found else None

    async def messages_of(self, thread: ThreadId) -> list[StoredMessage]:
        """Return the messages of a case in the order in which they came to this desk."""
        return await self._messages(messages.c.thread == thread)

    async def outbox(self) -> list[StoredMessage]:
        """Return what the broker has neither taken nor refused, oldest first."""
        return await self._messages(_unsent())

    async def keep(
        self,
        message: StoredMessage,
        keeping: Keeping,
        *,
        sent_lanes: dict[DeskId, Lane] | None = None,
    ) -> None:
        """Keep a message with its places in our lanes and all that belongs to it: all or none."""

        def work(db: Connection) -> None:
            db.execute(insert(messages), [message_row(db, message)])
            keep_sealed(db, message.signer, message.mid, sent_lanes or {})
            keep_seen(db, message.signer, message.mid, keeping.seen)
            keep_named(db, message.mid, keeping)
            keep_resent(db, keeping.resent)
            keep_files(db, message.thread, keeping.files, keeping.parcel)
            keep_failure(db, keeping)
            _keep_with(db, message, keeping)

        await self.run(work)

    async def times_beside(self, position: int) -> tuple[int | None, int | None]:
        """Return when the messages were taken (ts) that stand next to ``position`` in the ledger.

        The one before and the one after, of those that are here; None where there is none.
        """
        taken = select(messages.c.taken_at)
        before = taken.where(messages.c.position < position).order_by(messages.c.position.desc())
        after = taken.where(messages.c.position > position).order_by(messages.c.position)
        return await self.run(lambda db: (db.scalar(before.limit(1)), db.scalar(after.limit(1))))

    async def mark_taken(self, mid: MessageId, took: bytes, *, position: int, at: int) -> None:
        """Keep the broker's receipt of a message that was here before: ours, or one carried."""
        change = update(messages).where(messages.c.mid == mid)
        await self.run(
            lambda db: db.execute(change.values(took=took, position=position, taken_at=at))
        )

    async def mark_refused(self, mid: MessageId, code: str) -> None:
        """Keep that the broker refused one of our messages, and why."""
        change = update(messages).where(messages.c.mid == mid).values(refused=code)
        await self.run(lambda db: db.execute(change))

    async def keep_ack(self, ack: StoredAck) -> None:
        """Keep a noted acknowledgement; the same one again changes nothing."""
        row = {name: getattr(ack, name) for name in acks.c.keys()}  # noqa: SIM118 - columns, no dict
        await self.run(lambda db: db.execute(upsert(acks).values(row).on_conflict_do_nothing()))

    async def unacknowledged(
        self, device: KeyId, what: int, kinds: Sequence[int]
    ) -> list[StoredMessage]:
        """Return what the broker gave us of these kinds and no acknowledgement by us was noted of.

        What a colleague's device has told us of was delivered to it, long before.
        """
        noted = select(acks.c.mid).where(acks.c.device == device, acks.c.what == what)
        told = select(learned.c.mid)
        return await self._messages(
            (messages.c.outgoing == 0)
            & (messages.c.record != b"")
            & messages.c.took.is_not(None)
            & messages.c.kind.in_(kinds)
            & messages.c.mid.not_in(noted)
            & messages.c.mid.not_in(told)
        )

    async def is_learned(self, mid: MessageId) -> bool:
        """Say whether a colleague's device has told us of this message."""
        query = select(learned.c.mid).where(learned.c.mid == mid)
        return await self.run(lambda db: db.scalar(query) is not None)

    async def taken(self) -> list[StoredMessage]:
        """Return every message of a case that the broker has taken, in the ledger's order."""
        is_of_a_case = messages.c.kind.not_in([int(kind) for kind in WITHIN_A_DESK])
        is_kept = messages.c.record != b""
        found = await self._messages(messages.c.took.is_not(None) & is_of_a_case & is_kept)
        return sorted(found, key=lambda message: message.position or 0)

    async def acks_of(self, mids: Iterable[MessageId]) -> list[StoredAck]:
        """Return the acknowledgements of these messages, in the ledger's order."""
        query = select(acks).where(acks.c.mid.in_(list(mids))).order_by(acks.c.position)
        return await self.run(lambda db: [StoredAck(**row) for row in db.execute(query).mappings()])

    async def openings_of(self, mids: Iterable[MessageId]) -> list[Opening]:
        """Return who has opened these messages, soonest first."""
        query = select(openings).where(openings.c.mid.in_(list(mids))).order_by(openings.c.at)
        return await self.run(lambda db: [Opening(**row) for row in db.execute(query).mappings()])

    async def unproven(self, size: int) -> tuple[list[StoredMessage], list[StoredAck]]:
        """Return what stands in the first ``size`` leaves and was not seen there yet."""
        found = await self._messages((messages.c.position < size) & messages.c.proven.is_(None))
        query = select(acks).where(acks.c.position < size, acks.c.proven.is_(None))
        noted = await self.run(
            lambda db: [StoredAck(**row) for row in db.execute(query).mappings()]
        )
        return found, noted

    async def mark_proven(self, size: int, checkpoint: bytes, positions: Sequence[int]) -> None:
        """Keep the checkpoint of ``size`` and that these leaves are contained in it."""

        def work(db: Connection) -> None:
            for table in (messages, acks):
                change = update(table).where(table.c.position.in_(positions))
                db.execute(change.values(proven=size))
            set_fact(db, "checkpoint", checkpoint)

        await self.run(work)

    async def waiting(self) -> Waiting:
        """Return how much has not come to rest."""

        def work(db: Connection) -> Waiting:
            unsent = _unsent()
            unproven = messages.c.took.is_not(None) & messages.c.proven.is_(None)
            return Waiting(
                unsent=db.scalar(select(func.count()).where(unsent)) or 0,
                unproven=(db.scalar(select(func.count()).where(unproven)) or 0)
                + (db.scalar(select(func.count()).where(acks.c.proven.is_(None))) or 0),
            )

        return await self.run(work)

    async def set_aside(
        self,
        eid: bytes,
        envelope: bytes,
        *,
        receipt: bytes = b"",
        code: str,
        at: int,
        waiting: WaitingKey | None = None,
    ) -> None:
        """Quarantine what failed a check, with the broker's receipt for it, and its key if given.

        The same again changes nothing; the oldest gives way when there are too many.
        """

        def work(db: Connection) -> None:
            row = {"eid": eid, "code": code, "at": at, "envelope": envelope, "receipt": receipt}
            db.execute(upsert(quarantine).values(row).on_conflict_do_nothing())
            newest = select(quarantine.c.number).order_by(quarantine.c.number.desc())
            kept = newest.limit(MOST_QUARANTINED).subquery()
            db.execute(delete(quarantine).where(quarantine.c.number.not_in(select(kept.c.number))))
            if waiting is not None:
                keep_waiting_key(db, eid, waiting)
            drop_stray_keys(db)

        await self.run(work)

    async def aside(self, codes: Sequence[str]) -> list[tuple[bytes, bytes]]:
        """Return envelope and receipt of what was set aside with one of these codes, keyless."""
        query = select(quarantine.c.envelope, quarantine.c.receipt).order_by(quarantine.c.number)
        has_key = quarantine.c.eid.in_(select(waiting_keys.c.eid))
        chosen = query.where(quarantine.c.code.in_(codes), ~has_key)
        return await self.run(lambda db: [(row[0], row[1]) for row in db.execute(chosen)])

    async def release_from_quarantine(self, eid: bytes) -> None:
        """Forget that this envelope failed: it has been taken after all."""

        def work(db: Connection) -> None:
            db.execute(delete(quarantine).where(quarantine.c.eid == eid))
            drop_stray_keys(db)

        await self.run(work)

    async def quarantined(self) -> list[tuple[bytes, str, int]]:
        """Return envelope id, code and time (ts) of what failed a check, oldest first."""
        query = select(quarantine.c.eid, quarantine.c.code, quarantine.c.at)
        return await self.run(
            lambda db: [tuple(row) for row in db.execute(query.order_by(quarantine.c.number))]
        )

    async def open_asks(self) -> list[StoredMessage]:
        """Return the questions that wait for one of our officers, oldest first."""
        waiting = select(asks.c.mid).where(asks.c.state == "open")
        return await self._messages(messages.c.mid.in_(waiting))

    async def questions(self) -> list[StoredMessage]:
        """Return the questions that came here, decided or not, of cases that are not erased."""
        kept = select(asks.c.mid).where(asks.c.state != "erased")
        return await self._messages(messages.c.mid.in_(kept))

    async def _messages(self, where: Any) -> list[StoredMessage]:  # noqa: ANN401 - an SQL condition
        query = select_messages().where(where)
        return await self.run(
            lambda db: [message_from(row) for row in db.execute(query).mappings()]
        )


def _unsent() -> Any:  # noqa: ANN401 - an SQL condition
    is_out = messages.c.outgoing == 1
    return is_out & messages.c.took.is_(None) & messages.c.refused.is_(None)


def _keep_case(db: Connection, thread: ThreadId, ref: str) -> None:
    last = db.scalar(select(func.max(cases.c.number))) or 0
    row = upsert(cases).values(thread=thread, ref=ref, number=last + 1)
    db.execute(row.on_conflict_do_nothing(index_elements=["thread"]))


def _keep_with(db: Connection, message: StoredMessage, keeping: Keeping) -> None:
    if keeping.ref is not None:
        _keep_case(db, message.thread, keeping.ref)
    if keeping.opening is not None:
        _keep_opening(db, Opening(*keeping.opening, message.mid))
    if keeping.ask:
        db.execute(insert(asks).values(mid=message.mid, state="open"))
    if keeping.draft is not None:
        db.execute(insert(drafts), [draft_row(db, replace(keeping.draft, ask=message.mid))])
    if keeping.answered is not None:
        row = draft_row(db, keeping.answered)
        db.execute(update(drafts).where(drafts.c.ask == keeping.answered.ask).values(row))
    if keeping.settled is not None:
        db.execute(update(drafts).where(drafts.c.ask == keeping.settled).values(state="sent"))
    if keeping.decided is not None:
        mid, state = keeping.decided
        db.execute(update(asks).where(asks.c.mid == mid).values(state=state))
    if keeping.given is not None:
        _keep_given(db, message, keeping.given)
    _keep_way(db, message, keeping)


def _keep_way(db: Connection, message: StoredMessage, keeping: Keeping) -> None:
    """Keep by which way a message came, if not by the mailbox."""
    if keeping.carried is not None:
        keep_carried(db, keeping.carried)
    if keeping.learned:
        db.execute(insert(learned).values(mid=message.mid))


def _keep_given(db: Connection, message: StoredMessage, given: Given) -> None:
    rows = [
        {"device": given.device, "window": window, "mid": message.mid}
        for window in given.windows or (message.mid,)
    ]
    given_again = upsert(grants).on_conflict_do_update(
        index_elements=["device", "window"], set_={"mid": message.mid}
    )
    db.execute(given_again, rows)
    if given.told:
        db.execute(update(colleagues).where(colleagues.c.device == given.device).values(told=1))


def _keep_opening(db: Connection, opening: Opening) -> None:
    db.execute(upsert(openings).values(fields_of(opening)).on_conflict_do_nothing())
