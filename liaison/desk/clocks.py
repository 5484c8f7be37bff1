"""What falls due by itself on a desk: steps of the ladder, the weekly windows, colleagues' keys.

One sweep does all that is due at a time and says when to look again; the database is the truth, and
a step of a ladder fires once whatever restarts. After a downtime only the highest step reached is
carried out; the ones before it are recorded as overtaken, and while the mailbox holds what waited,
nobody is reminded. A system event never changes the state of a case.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog

from crypto.attest.directory import DirectoryError
from liaison.desk.backlog import Backlog
from liaison.desk.broker_client import BrokerRefusedError, Line, LineDownError
from liaison.desk.cases import Case, Casebook
from liaison.desk.compose import Composer
from liaison.desk.devices import Devices
from liaison.desk.keyring import Keyring
from liaison.desk.store import Reminder
from liaison.runtime.clock import timestamp
from protocols.casework.clocks import CaseClock, next_wake, reached
from protocols.wire.api import FrameError


@dataclass(slots=True)
class DeskSweep:
    """The sweep of one desk, as :class:`liaison.runtime.scheduler.Waker` runs it."""

    casebook: Casebook
    keyring: Keyring
    devices: Devices
    composer: Composer
    line: Line
    backlog: Backlog

    async def __call__(self, now: datetime) -> datetime | None:
        """Do what is due by ``now`` and return when something is next due."""
        await self._keep_keys()
        await self.composer.send_granted()
        wakes = [self.keyring.publication_due()]
        for case in await self.casebook.every() if self.backlog.is_read else ():
            await self._remind(case, now)
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

    async def _remind(self, case: Case, now: datetime) -> None:
        steps = [reminder for clock in case.clocks for reminder in _reminders(case, clock, now)]
        thread = case.thread.hex()[:16]  # never its number: logs hold random ids only
        for fired in await self.casebook.store.keep_reminders(steps):
            if not fired.skipped:
                structlog.get_logger().info(
                    "clock.reminded",
                    thread=thread,
                    clock=fired.clock,
                    rung=fired.level,
                )


def _reminders(case: Case, clock: CaseClock, now: datetime) -> list[Reminder]:
    marks = reached(clock, now)
    return [
        Reminder(
            thread=case.thread,
            clock=clock.code,
            start=clock.start_mid,
            level=str(mark.level),
            due=timestamp(mark.at),
            fired=timestamp(now),
            skipped=mark is not marks[-1],
        )
        for mark in marks
    ]
