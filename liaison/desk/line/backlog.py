"""What lies in the mailbox from before the line came up: until it is read, nobody is reminded.

A computer that was off learns in one go what happened meanwhile. The counterpart's answer may lie
in what has not come yet, and an alarm about an answer that is there teaches officers to overlook
alarms. With the line down there is nothing to wait for: then what is due by what we know is due.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Backlog:
    """How many items are still to come; None before the line was tried the first time."""

    _left: int | None = None

    @property
    def is_read(self) -> bool:
        """Say whether what was waiting has been dealt with, or cannot be had now."""
        return self._left == 0

    def begins(self, waiting: int) -> None:
        """Note that the line is up and so many items wait."""
        self._left = waiting

    def ends_with_one(self) -> bool:
        """Note that an item has been dealt with; say whether it was the last that waited."""
        if not self._left:
            return False
        self._left -= 1
        return self.is_read

    def cannot_be_had(self) -> None:
        """Note that the line is down."""
        self._left = 0
