"""The blind clock: tells both desks when a due time has passed, and later the desk above.

Follows docs/spec/broker.md, "Blind clock"; the ladder is ``protocols.wire.clock``'s. Each step is
taken once: the row says how many were taken, and changes in the same commit as notice and leaf.
After a time in which the broker was down only the highest step that was reached is taken; those
that were passed over stand in its leaf.
"""

from dataclasses import replace
from datetime import datetime
from functools import partial

from crypto.attest.header import DeskId, StartClock
from liaison.broker.batch import Batch, Clock, Mail, Message, Needs, Operation, desks_in, parties
from liaison.broker.directory import Replica
from liaison.broker.store import Store
from liaison.broker.writer import Writer
from liaison.runtime.clock import from_timestamp, timestamp
from protocols.wire.api import NoticeBody, notice_body
from protocols.wire.clock import LadderStep, ladder, reached
from protocols.wire.ledger_event import Event, EventKind
from protocols.wire.mailbox import ItemKind, NoticeCode, lane_of

#: The most clocks in one commit of the sweep; between two, messages are taken.
AT_ONCE = 200

_LEAF = {NoticeCode.DUE: EventKind.CLOCK_MISSED, NoticeCode.ESCALATED: EventKind.CLOCK_ESCALATED}


def new_clock(start: StartClock, message: Message) -> Clock:
    """Return the clock that ``message`` sets: no step taken, the first one next."""
    return Clock(
        token=start.token,
        mid=message.mid,
        src=message.src,
        dst=message.dst,
        priority=message.priority,
        due=start.due,
        exp=message.exp,
        step=0,
        next_at=_next_at(ladder(start.due, message.priority), 0),
        stopped_at=None,
    )


class Clocks:
    """Sweeps all clocks; ``sweep`` is what the waker runs."""

    def __init__(self, replica: Replica, *, store: Store, writer: Writer) -> None:
        """Take the directory (who escalates to whom), and where clocks are kept."""
        self._replica, self._store, self._writer = replica, store, writer

    async def sweep(self, now: datetime) -> datetime | None:
        """Take every step that is due at ``now``; return when the next one is, or None."""
        at = timestamp(now)
        while tokens := await self._store.due_clocks(at, limit=AT_ONCE):
            await self._writer.run(self.advance(tokens, at))
        following = await self._store.next_clock()
        return None if following is None else from_timestamp(following)

    def advance(self, tokens: list[bytes], now: int) -> Operation[None]:
        """Return the operation that takes what is due at ``now`` (ts) of these clocks, if still so.

        A clock that was stopped, or whose step was taken, since its token was read says nothing.
        """
        needs = Needs(tokens=frozenset(tokens))
        return Operation(needs, partial(self._advance, tokens, now))

    def _advance(self, tokens: list[bytes], now: int, batch: Batch) -> None:
        for token in tokens:
            clock = batch.clock(token)
            if clock is not None and clock.stopped_at is None:
                self._take_step(clock, now, batch)

    def _take_step(self, clock: Clock, now: int, batch: Batch) -> None:
        steps = ladder(clock.due, clock.priority)
        done = reached(steps, clock.step, now=now)
        if done == clock.step:
            return
        *passed, step = (found.code for found in steps[clock.step : done])
        batch.keep_clock(replace(clock, step=done, next_at=_next_at(steps, done)))
        batch.append(
            Event(
                _LEAF[step],
                batch.log,
                batch.now,
                objects=(clock.token, clock.mid),
                codes=(int(step), *map(int, passed)),
            )
        )
        body = notice_body(NoticeBody(int(step), clock.token, clock.mid, clock.due, batch.now))
        for desk in self._told(clock, step):
            mail = Mail(ItemKind.NOTICE, clock.mid, clock.exp, body, b"")
            batch.post(desk, lane_of(clock.priority), mail)

    def _told(self, clock: Clock, step: NoticeCode) -> list[bytes]:
        """Return the desks that hear of ``step``, each once."""
        desks = list(parties(clock.src, clock.dst))
        if step is NoticeCode.ESCALATED:
            addressed = map(DeskId, desks_in(clock.dst))
            desks += [above for desk in addressed if (above := self._above(desk))]
        return list(self._replica.mailboxes(desks))

    def _above(self, desk: DeskId) -> DeskId | None:
        above = self._replica.desk(desk).payload.escalates_to
        return above if above is not None and self._replica.knows(above) else None


def _next_at(steps: tuple[LadderStep, ...], done: int) -> int | None:
    return steps[done].at if done < len(steps) else None
