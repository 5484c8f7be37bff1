"""The only source of time for every process.

Applications ask the clock they were built with and nothing else, so that what they do at a given
time can be played. A clock may be moved only by whoever made it; a served process is always given
the system's.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Gives the time, and tells who asks when it jumps."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""

    def on_jump(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever the time was moved by more than its own passing."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's time, aware, UTC."""
        return datetime.now(UTC)

    def on_jump(self, wake: Callable[[], None]) -> None:
        """Never call ``wake``: sweeps run often enough to see the machine's clock being set."""


def timestamp(moment: datetime) -> int:
    """Return ``moment`` (aware) in whole unix seconds, as the wire carries times."""
    return int(moment.timestamp())


def from_timestamp(seconds: int) -> datetime:
    """Return the aware UTC time of whole unix ``seconds``."""
    return datetime.fromtimestamp(seconds, UTC)
