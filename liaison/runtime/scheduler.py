"""Wakes a sweep: often by itself, and exactly when something is next due.

The database is the truth about what is due; APScheduler only wakes the sweep that reads it. So its
jobs live in memory, coalesce, never overlap and are never dropped as misfired (its default of one
second would delete a job that fell due while the process was down). It can stop for good while it
says that it runs; so a watchdog that does not depend on it looks at the sweeps themselves, logs
what it finds by a stable code, and starts them anew.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers import SchedulerNotRunningError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from liaison.runtime.clock import Clock
from liaison.runtime.watchdog import LONGEST_SWEEP, STALE_AFTER, SWEEP_EVERY, SweepState, Watch

LONGEST_NUDGE = timedelta(days=1)
#: One sweep runs and one waits for it; the one that waits will see whatever a third was woken for.
RUNNING_AND_WAITING = 2

#: Does all that is due by the given time; returns when something is next due, or None.
Sweep = Callable[[datetime], Awaitable[datetime | None]]


class Waker:
    """Runs one sweep every fifteen seconds, at each due time, and whenever it is woken."""

    def __init__(
        self,
        sweep: Sweep,
        *,
        clock: Clock,
        longest: timedelta = LONGEST_SWEEP,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the sweep and the clocks; nothing runs before ``start``.

        Args:
            sweep: what is to be done.
            clock: says what is due.
            longest: a sweep that takes longer is given up.
            elapsed: seconds of a clock that only goes on, for the watchdog.
        """
        self._sweep = sweep
        self._clock = clock
        self._longest = longest
        self._elapsed = elapsed
        self._watch = Watch(elapsed())
        self._watching: asyncio.Task[None] | None = None
        self._running = asyncio.Lock()
        self._stopped = False
        self._scheduler = _new_scheduler()
        self.next_at: datetime | None = None
        self.last_success: datetime | None = None

    def start(self) -> None:
        """Begin to sweep and to watch; must be called inside the running loop."""
        self._clock.on_jump(self.wake)
        self._begin()
        self._watching = asyncio.get_running_loop().create_task(self._keep_watch(), name="watchdog")

    async def stop(self) -> None:
        """Sweep no more, once a running sweep has ended: it is never cut off in a transaction."""
        self._stopped = True
        if self._watching is not None:
            self._watching.cancel()
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

        A sweep that fails or takes too long is logged and tried again at the next waking; it never
        ends the waking.
        """
        async with self._running:
            if self._stopped:
                return None
            now, failed = self._clock.now(), True
            self._watch.begin(self._elapsed())
            limit = asyncio.timeout(self._longest.total_seconds())
            try:
                async with limit:
                    self.next_at = await self._sweep(now)
                self.last_success, failed = now, False
            except Exception as e:  # noqa: BLE001 - the outermost frame of the sweep: it must go on
                # What is due and fails would be tried without a pause; the next interval will do.
                code = "sweep.hung" if limit.expired() else "sweep.failed"
                structlog.get_logger().error(code, error=type(e).__name__)
                return self.next_at
            finally:
                self._watch.end(self._elapsed(), failed=failed)
            self._nudge(now)
            return self.next_at

    @property
    def state(self) -> SweepState:
        """Return how the sweeps stand."""
        return self._watch.state(self._elapsed())

    def is_stale(self) -> bool:
        """Say whether no sweep has succeeded lately."""
        return self.last_success is None or self._clock.now() - self.last_success > STALE_AFTER

    def check(self) -> SweepState:
        """Return how the sweeps stand; begin anew, and log it, if they have hung or stopped."""
        state = self.state
        if state in (SweepState.HUNG, SweepState.STOPPED) and not self._stopped:
            structlog.get_logger().error(f"sweep.{state}", restarted=True)
            # Whatever hangs keeps the old lock. Two sweeps at one time do nothing twice.
            self._running = asyncio.Lock()
            self._watch.expect(self._elapsed())
            with contextlib.suppress(SchedulerNotRunningError):
                self._scheduler.shutdown(wait=False)
            self._scheduler = _new_scheduler()
            self._begin()
        return state

    async def _keep_watch(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY.total_seconds())
            self.check()

    def _begin(self) -> None:
        self._scheduler.add_job(self.sweep, IntervalTrigger(seconds=SWEEP_EVERY.total_seconds()))
        self._scheduler.start()
        self.wake()

    def _nudge(self, now: datetime) -> None:
        if self.next_at is None or not self._scheduler.running:
            return
        wait = min(max(self.next_at - now, timedelta(0)), LONGEST_NUDGE)
        real_now = datetime.now(UTC)  # noqa: TID251 - APScheduler counts in the machine's time
        self._scheduler.add_job(
            self.sweep, DateTrigger(real_now + wait), id="nudge", replace_existing=True
        )


def _new_scheduler() -> AsyncIOScheduler:
    # A waking that finds one waiting is dropped by design; that is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return AsyncIOScheduler(
        jobstores={"default": MemoryJobStore()},
        executors={"default": AsyncIOExecutor()},
        job_defaults={
            "coalesce": True,
            "max_instances": RUNNING_AND_WAITING,
            "misfire_grace_time": None,
        },
        timezone=UTC,
    )
