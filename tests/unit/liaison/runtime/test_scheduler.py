"""The waker runs on real time here: what it waits for is tens of milliseconds away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from structlog.testing import capture_logs

from liaison.runtime.clock import SystemClock
from liaison.runtime.scheduler import Sweep, Waker
from liaison.runtime.watchdog import LONGEST_SWEEP, STALE_AFTER, SWEEP_EVERY, SweepState

SOON = timedelta(milliseconds=60)
#: Longer than anything here takes, shorter than the sweep that comes by itself.
PATIENCE = 5.0


class HeldClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 8, tzinfo=UTC)
        self.wakes: list[Callable[[], None]] = []

    def now(self) -> datetime:
        return self.time

    def on_jump(self, wake: Callable[[], None]) -> None:
        self.wakes.append(wake)

    def jump(self, by: timedelta) -> None:
        self.time += by
        for wake in self.wakes:
            wake()


@asynccontextmanager
async def running(waker: Waker) -> AsyncIterator[Waker]:
    """Start ``waker`` and stop it at the end."""
    waker.start()
    try:
        yield waker
    finally:
        await waker.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds; fail when it does not come to hold."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - nothing tells when a sweep has run
            await asyncio.sleep(0.005)


def nothing_due(swept: list[datetime]) -> Sweep:
    """Return a sweep that notes when it ran and finds nothing due."""

    async def sweep(now: datetime) -> datetime | None:
        swept.append(now)
        return None

    return sweep


async def test_a_started_waker_sweeps_at_once() -> None:
    swept: list[datetime] = []
    async with running(Waker(nothing_due(swept), clock=SystemClock())):
        await until(lambda: len(swept) == 1)


async def test_nothing_is_swept_before_the_start() -> None:
    swept: list[datetime] = []
    waker = Waker(nothing_due(swept), clock=SystemClock())

    waker.wake()
    await asyncio.sleep(0.05)

    assert swept == []
    assert waker.is_stale()


async def test_a_sweep_comes_when_something_is_next_due() -> None:
    swept: list[datetime] = []
    due = SystemClock().now() + SOON

    async def sweep(now: datetime) -> datetime | None:
        swept.append(now)
        return due if now < due else None

    async with running(Waker(sweep, clock=SystemClock())) as waker:
        await until(lambda: bool(swept) and swept[-1] >= due)

        assert waker.next_at is None
        assert swept[-1] - due < timedelta(seconds=2)
        assert len(swept) <= 4  # at once, at the due time, and not in a loop between


async def test_a_sweep_that_fails_is_logged_and_the_next_one_runs() -> None:
    calls: list[datetime] = []

    async def sweep(now: datetime) -> datetime | None:
        calls.append(now)
        if len(calls) == 1:
            raise OSError("no words of a case here")
        return None

    with capture_logs() as logs:
        async with running(Waker(sweep, clock=SystemClock())) as waker:
            await until(lambda: len(calls) == 1)
            assert waker.is_stale()
            waker.wake()
            await until(lambda: len(calls) == 2 and not waker.is_stale())

    assert logs == [{"event": "sweep.failed", "log_level": "error", "error": "OSError"}]


async def test_two_sweeps_never_run_at_one_time_and_a_wake_meanwhile_is_not_lost() -> None:
    at_once: list[int] = []
    inside, go_on, sweeps = 0, asyncio.Event(), 0

    async def sweep(_: datetime) -> datetime | None:
        nonlocal inside, sweeps
        inside += 1
        at_once.append(inside)
        await go_on.wait()
        inside -= 1
        sweeps += 1
        return None

    async with running(Waker(sweep, clock=SystemClock())) as waker:
        await until(lambda: inside == 1)
        for _ in range(5):
            waker.wake()
            await asyncio.sleep(0.01)
        go_on.set()
        # The wakes came while the first was under way, so one more must follow it.
        await until(lambda: sweeps >= 2)

    assert set(at_once) == {1}


async def test_a_clock_that_jumps_wakes_the_sweep() -> None:
    clock, swept = HeldClock(), list[datetime]()
    async with running(Waker(nothing_due(swept), clock=clock)):
        await until(lambda: len(swept) == 1)
        clock.jump(timedelta(days=40))
        await until(lambda: len(swept) == 2)

    assert swept[1] - swept[0] == timedelta(days=40)


async def test_a_waker_that_has_not_swept_for_a_minute_is_stale() -> None:
    clock, swept = HeldClock(), list[datetime]()
    waker = Waker(nothing_due(swept), clock=clock)
    assert waker.is_stale()

    await waker.sweep()

    assert not waker.is_stale()
    clock.time += STALE_AFTER
    assert not waker.is_stale()
    clock.time += timedelta(seconds=1)
    assert waker.is_stale()
    assert timedelta(minutes=1) == STALE_AFTER == 4 * SWEEP_EVERY


async def test_a_sweep_by_hand_says_when_the_next_is_due() -> None:
    due = datetime(2026, 3, 2, 9, tzinfo=UTC)

    async def sweep(_: datetime) -> datetime | None:
        return due

    waker = Waker(sweep, clock=HeldClock())

    assert await waker.sweep() == due == waker.next_at


async def test_a_stopped_waker_sweeps_no_more() -> None:
    clock, swept = HeldClock(), list[datetime]()
    async with running(Waker(nothing_due(swept), clock=clock)):
        await until(lambda: len(swept) == 1)
    clock.jump(timedelta(days=1))
    await asyncio.sleep(0.05)

    assert len(swept) == 1


async def test_what_is_due_and_fails_is_not_tried_in_a_loop() -> None:
    """A database that is away must not be asked a thousand times a second."""
    clock, calls = HeldClock(), list[datetime]()

    async def sweep(now: datetime) -> datetime | None:
        calls.append(now)
        if len(calls) > 1:
            raise OSError
        return now

    with capture_logs():
        async with running(Waker(sweep, clock=clock)):
            await asyncio.sleep(0.3)

    assert len(calls) < 10


class Elapsed:
    """Seconds that go on by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, length: timedelta) -> None:
        self.seconds += length.total_seconds()


async def test_a_sweep_that_hangs_is_given_up_and_logged_and_the_next_one_runs() -> None:
    calls: list[datetime] = []

    async def sweep(now: datetime) -> datetime | None:
        calls.append(now)
        if len(calls) == 1:
            await asyncio.Event().wait()  # of which nobody knows
        return None

    with capture_logs() as logs:
        async with running(Waker(sweep, clock=SystemClock(), longest=SOON)) as waker:
            await until(lambda: waker.state is SweepState.FAILING)
            waker.wake()
            await until(lambda: len(calls) == 2 and waker.state is SweepState.WELL)

    assert logs == [{"event": "sweep.hung", "log_level": "error", "error": "TimeoutError"}]


async def test_a_sweep_that_does_not_let_itself_be_given_up_is_left_behind() -> None:
    elapsed, calls, let_go = Elapsed(), list[datetime](), asyncio.Event()

    async def sweep(now: datetime) -> datetime | None:
        calls.append(now)
        while len(calls) == 1 and not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue
        return None

    with capture_logs() as logs:
        waker = Waker(sweep, clock=SystemClock(), elapsed=elapsed)
        async with running(waker):
            await until(lambda: len(calls) == 1)
            elapsed.pass_by(LONGEST_SWEEP)
            assert waker.check() is SweepState.WELL  # it has a moment to end by itself
            elapsed.pass_by(SWEEP_EVERY + timedelta(seconds=1))
            assert waker.check() is SweepState.HUNG
            await until(lambda: len(calls) == 2 and waker.state is SweepState.WELL)
            let_go.set()

    assert {"event": "sweep.hung", "log_level": "error", "restarted": True} in logs


async def test_a_scheduler_that_stopped_for_good_is_noticed_and_sweeps_begin_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it looks like when APScheduler dies: it says that it runs, and nothing comes."""
    elapsed, swept = Elapsed(), list[datetime]()

    def die(_scheduler: AsyncIOScheduler) -> None:
        raise OSError("database is locked")

    with capture_logs() as logs:
        waker = Waker(nothing_due(swept), clock=SystemClock(), elapsed=elapsed)
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        async with running(waker):
            await until(lambda: len(swept) == 1)
            with monkeypatch.context() as dying:
                dying.setattr(AsyncIOScheduler, "_process_jobs", die)
                waker.wake()
                await asyncio.sleep(SOON.total_seconds())  # in which nothing comes
            assert len(swept) == 1
            elapsed.pass_by(STALE_AFTER)
            assert waker.check() is SweepState.WELL
            elapsed.pass_by(timedelta(seconds=1))

            assert waker.check() is SweepState.STOPPED
            await until(lambda: len(swept) == 2)
            assert waker.state is SweepState.WELL
            waker.wake()
            await until(lambda: len(swept) == 3)

    assert logs == [{"event": "sweep.stopped", "log_level": "error", "restarted": True}]


async def test_the_watchdog_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.runtime.scheduler.SWEEP_EVERY", SOON)
    elapsed, swept = Elapsed(), list[datetime]()

    async def sweep(now: datetime) -> datetime | None:
        swept.append(now)
        if len(swept) == 1:
            await asyncio.Event().wait()
        return None

    with capture_logs() as logs:
        async with running(Waker(sweep, clock=SystemClock(), elapsed=elapsed)) as waker:
            await until(lambda: len(swept) == 1)
            elapsed.pass_by(LONGEST_SWEEP + 2 * SWEEP_EVERY)
            await until(lambda: len(swept) > 1 and waker.state is SweepState.WELL)

    assert {"event": "sweep.hung", "log_level": "error", "restarted": True} in logs
