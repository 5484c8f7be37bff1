"""Locking by itself: who was idle for too long is locked out, and the screens are told.

The officers themselves say who is here (:mod:`liaison.desk.entrance.officers`), and nobody who was
idle too long is; what is done here is what must happen without anybody asking.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from liaison.desk.entrance.officers import Officers

#: Seconds between two looks: so much later than due a screen may be told.
LOOK = 5.0


@dataclass(slots=True)
class IdleWatch:
    """Looks who has gone; ``locked`` is awaited after officers were locked out."""

    officers: Officers
    locked: Callable[[], Awaitable[None]]
    _were: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        """Tell when somebody who was here at the last look is here no more."""
        here = set(self.officers.present())
        gone, self._were = self._were - here, here
        if gone:
            await self.locked()
