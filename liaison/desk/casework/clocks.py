"""What falls due by itself on a desk: steps of the ladder, the weekly windows, colleagues' keys.

One sweep does all that is due at a time and says when to look again; the database is the truth, and
a step of a ladder fires once whatever restarts. After a downtime only the highest step reached is
carried out; the ones before it are recorded as overtaken, and all of them say that they are late.
While the mailbox holds what waited, nobody is reminded. A system event never changes the state of a
case.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from crypto.attest.directory import DirectoryError
from crypto.attest.header import Header
from crypto.attest.note import NoteError
from crypto.seal.content import ThreadId
from liaison.desk.archive.oversight import Overseer
from liaison.desk.casework.cases import Casebook
from liaison.desk.casework.compose import Composer
from liaison.desk.keys.destruction import Destruction
from liaison.desk.keys.devices import Devices
from liaison.desk.keys.keyring import Keyring
from liaison.desk.line.backlog import Backlog
from liaison.desk.line.broker_client import BrokerRefusedError, Line, LineDownError
from liaison.desk.mail.peers import Peers
from liaison.desk.mail.refusals import Refusals
from liaison.desk.mail.resends import Resends
from liaison.desk.store import Notice, Reminder
from liaison.runtime.clock import timestamp
from liaison.runtime.watchdog import SWEEP_EVERY
from protocols.casework.clocks import CaseClock, next_wake, reached
from protocols.wire.api import FrameError
from protocols.wire.clock import ladder

#: A sweep is never this long after what it finds due, but for a time in which none ran.
LATE_AFTER = 2 * SWEEP_EVERY


@dataclass(slots=True)
class DeskSweep:
    """The sweep of one desk, as :class:`liaison.runtime.scheduler.Waker` runs it.

    ``changed`` is called when a rung was recorded.
    """

    casebook: Casebook
    keyring: Keyring
    devices: Devices
    destruction: Destruction
    composer: Composer
    resends: Resends
    peers: Peers
    refusals: Refusals
    line: Line
    backlog: Backlog
    overseer: Overseer
    changed: Callable[[], None]
    _recorded: set[tuple[object, ...]] = field(default_factory=set)

    async def __call__(self, now: datetime) -> datetime | None:
        """Do what is due by ``now`` and return when something is next due."""
        await self._keep_keys()
        await self.overseer.seal_due()
        await self.destruction.destroy_due()
        await self.composer.send_granted()
        wakes = [self.keyring.publication_due()]
        asked = await self.resends.keep_up(now, is_up=self.line.is_up)
        wakes += [] if asked is None else [asked]
        await self._keep_up_with_peers(now)
        told = await self.refusals.keep_up(now, is_up=self.line.is_up)
        wakes += [] if told is None else [told]
        for case in await self.casebook.every() if self.backlog.is_read else ():
            await self._remind(case.thread, case.clocks, now)
            wake = next_wake(case.clocks, now)
            wakes += [] if wake is None else [wake]
        return min((wake for wake in wakes if wake > now), default=None)

    async def _keep_keys(self) -> None:
        if not self.line.is_up:
            return
        try:
            await self.keyring.publish_when_due(self.line)
            await self.devices.keep_up(self.line)
        except (LineDownError, BrokerRefusedError, DirectoryError, FrameError) as e:
            structlog.get_logger().warning("keys.not_published", code=e.code)

    async def _keep_up_with_peers(self, now: datetime) -> None:
        try:
            await self.peers.keep_up(now, is_up=self.line.is_up)
        except (NoteError, DirectoryError) as e:
            # What others are told and seen of them waits; our own officers are reminded.
            structlog.get_logger().warning("peers.not_kept_up", code=e.code)

    async def _remind(self, thread: ThreadId, clocks: Iterable[CaseClock], now: datetime) -> None:
        found = [step for clock in clocks for step in _reminders(thread, clock, now)]
        steps = [step for step in found if _key(step) not in self._recorded]
        if not steps:
            return
        for fired in await self.casebook.store.keep_reminders(steps):
            if not fired.skipped:
                structlog.get_logger().info(
                    "clock.reminded",
                    thread=thread.hex()[:16],  # never its number: logs hold random ids only
                    clock=fired.clock,
                    rung=fired.level,
                    late=is_late(fired),
                )
        self.changed()
        self._recorded.update(map(_key, steps))


def is_late(reminder: Reminder) -> bool:
    """Say whether nobody could be reminded when it was due: this desk or the case was not there."""
    return reminder.fired - reminder.due > LATE_AFTER.total_seconds()


def is_late_notice(notice: Notice, about: Header) -> bool:
    """Say whether the broker said it long after it was due: it was not running then.

    ``about`` is the header of the message that began the clock.
    """
    due = [step.at for step in ladder(notice.due, about.priority) if step.code == notice.code]
    return any(notice.at - at > LATE_AFTER.total_seconds() for at in due)


def _key(reminder: Reminder) -> tuple[object, ...]:
    """Return what a rung is recorded once by."""
    return reminder.thread, reminder.clock, reminder.start, reminder.level


def _reminders(thread: ThreadId, clock: CaseClock, now: datetime) -> list[Reminder]:
    marks = reached(clock, now)
    return [
        Reminder(
            thread=thread,
            clock=clock.code,
            start=clock.start_mid,
            level=str(mark.level),
            due=timestamp(mark.at),
            fired=timestamp(now),
            skipped=mark is not marks[-1],
        )
        for mark in marks
    ]
