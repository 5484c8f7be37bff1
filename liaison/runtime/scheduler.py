"""Wakes a sweep: often by itself, and exactly when something is next due.

The database is the truth about what is due; APScheduler only wakes the sweep that reads it. So its
jobs live in memory, coalesce, never overlap and are never dropped as misfired (its default of one
second would delete a job that fell due while the process was down). A watchdog knows when a sweep
last succeeded.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from liaison.runtime.clock import Clock

SWEEP_EVERY = timedelta(seconds=15)
#: A process whose sweep has not succeeded for this long is not ready.
STALE_AFTER = 4 * SWEEP_EVERY
LONGEST_NUDGE = timedelta(days=1)
#: One sweep runs and one waits for it; the one that waits will see whatever a third was woken for.
RUNNING_AND_WAITING = 2

#: Does all that is due by the given time; returns when something is next due, or None.
Sweep = Callable[[datetime], Awaitable[datetime | None]]


class Waker:
    """Runs one sweep every fifteen seconds, at each due time, and whenever it is woken."""

    def __init__(self, sweep: Sweep, *, clock: Clock) -> None:
        """Take the sweep and the clock that says what is due; nothing runs before ``start``."""
        self._sweep = sweep
        self._clock = clock
        self._running = asyncio.Lock()
        self._stopped = False
        self._scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={
                "coalesce": True,
                "max_instances": RUNNING_AND_WAITING,
                "misfire_grace_time": None,
            },
            timezone=UTC,
        )
        # A waking that finds one waiting is dropped by design; that is no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self.next_at: datetime | None = None
        self.last_success: datetime | None = None

    def start(self) -> None:
        """Begin to sweep; must be called inside the running loop."""
        self._scheduler.add_job(self.sweep, IntervalTrigger(seconds=SWEEP_EVERY.total_seconds()))
        self._scheduler.start()
        self._clock.on_jump(self.wake)
        self.wake()

    async def stop(self) -> None:
        """Sweep no more, once a running sweep has ended: it is never cut off in a transaction."""
        self._stopped = True
        self._scheduler.remove_all_jobs()
        async with self._running:
            self._scheduler.shutdown(wait=False)

    def wake(self) -> None:
        """Sweep soon: something may be due now."""
        if self._stopped:
            return
        self._scheduler.add_job(self.sweep, DateTrigger(), id="wake", replace_existing=True)

    async def sweep(self) -> datetime | None:
        """Sweep now, after any sweep that is running; return when something is next due.

        A sweep that fails is logged and tried again at the next waking; it never ends the waking.
        """
        async with self._running:
            if self._stopped:
                return None
            now = self._clock.now()
            try:
                self.next_at = await self._sweep(now)
                self.last_success = now
            except Exception as e:  # noqa: BLE001 - the outermost frame of the sweep: it must go on
                # What is due and fails would be tried without a pause; the next interval will do.
                structlog.get_logger().error("sweep.failed", error=type(e).__name__)
                return self.next_at
            self._nudge(now)
            return self.next_at

    def is_stale(self) -> bool:
        """Say whether no sweep has succeeded lately."""
        return self.last_success is None or self._clock.now() - self.last_success > STALE_AFTER

    def _nudge(self, now: datetime) -> None:
        if self.next_at is None or not self._scheduler.running:
            return
        wait = min(max(self.next_at - now, timedelta(0)), LONGEST_NUDGE)
        real_now = datetime.now(UTC)  # noqa: TID251 - APScheduler counts in the machine's time
        self._scheduler.add_job(
            self.sweep, DateTrigger(real_now + wait), id="nudge", replace_existing=True
        )
