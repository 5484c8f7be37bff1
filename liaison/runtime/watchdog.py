"""Whether sweeps are kept up: what can be said of them from when they began and how they ended.

Pure: times come in, in seconds of a clock that only goes on (the machine's, not the calendar's, so
that setting the time neither hides a stopped sweep nor invents one). Who restarts what has stopped
is :mod:`liaison.runtime.scheduler`.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

SWEEP_EVERY = timedelta(seconds=15)
#: A process whose sweep has not succeeded for this long is not ready.
STALE_AFTER = 4 * SWEEP_EVERY
#: No sweep takes so long; one that does waits for something that does not come, and is given up.
LONGEST_SWEEP = timedelta(minutes=1)


class SweepState(StrEnum):
    """How the sweeps stand. The words are stable: status, logs and tests rely on them."""

    WELL = "well"
    #: The last one ended with an error; the next waking tries again.
    FAILING = "failing"
    #: One is under way for longer than any takes.
    HUNG = "hung"
    #: None is under way and none has ended for longer than any pause between two.
    STOPPED = "stopped"


@dataclass(slots=True)
class Watch:
    """When sweeps began and ended; ``since`` is when they were first expected."""

    since: float
    began: float | None = None
    ended: float | None = None
    failed: bool = False

    def begin(self, now: float) -> None:
        """Take note that a sweep begins."""
        self.began = now

    def end(self, now: float, *, failed: bool) -> None:
        """Take note that the sweep has ended, and how."""
        self.began, self.ended, self.failed = None, now, failed

    def expect(self, now: float) -> None:
        """Forget a sweep that was given up, and allow the next one its time from ``now`` on."""
        self.began, self.since, self.ended = None, now, None

    def state(self, now: float) -> SweepState:
        """Return how the sweeps stand at ``now``."""
        if self.began is not None:
            # A moment more than the sweep is allowed: it is to be ended by itself first.
            is_hung = now - self.began > (LONGEST_SWEEP + SWEEP_EVERY).total_seconds()
            return SweepState.HUNG if is_hung else self._last()
        last = self.since if self.ended is None else self.ended
        if now - last > STALE_AFTER.total_seconds():
            return SweepState.STOPPED
        return self._last()

    def _last(self) -> SweepState:
        return SweepState.FAILING if self.failed else SweepState.WELL
