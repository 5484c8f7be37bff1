"""Following the broker: directory and ledger as they grow, beside the mail and never before it.

Proving what the ledger holds takes several questions and answers; a rescue that arrives meanwhile
is shown at once. What cannot be followed is logged by its code and tried again at the next growth.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from crypto.attest.directory import DirectoryError
from liaison.desk.broker_client import BrokerRefusedError, Line, LineDownError
from liaison.desk.directory import Replica
from liaison.desk.inbox import Inbox
from liaison.desk.proof import Prover
from liaison.desk.store import StoreError
from protocols.wire import api

#: Seconds until what failed with the line up is tried again.
PAUSE = 1.0


@dataclass(slots=True)
class Follower:
    """Brings replica and proofs up to what the broker last said it has.

    ``grown`` is called when the directory has more than before; ``awake`` has it look again.
    """

    replica: Replica
    prover: Prover
    inbox: Inbox
    line: Line
    grown: Callable[[], None]
    awake: asyncio.Event
    _last: api.Grew = field(default_factory=lambda: api.Grew(0, 0))

    def grew(self, frame: api.Grew) -> None:
        """Take note of how much there is; the work is done by :meth:`run`."""
        self._last = frame
        self.awake.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self.awake.wait()
            self.awake.clear()
            # A directory that cannot be followed does not keep the ledger from being proven.
            await self._try(self._follow_directory)
            await self._try(self._follow_ledger)

    async def _try(self, follow: Callable[[api.Grew], Awaitable[None]]) -> None:
        try:
            await follow(self._last)
        except (LineDownError, StoreError) as e:
            # When the line is down: once it is back, the broker says anew how much there is.
            structlog.get_logger().info("broker.not_followed", code=e.code)
            if self.line.is_up:
                await asyncio.sleep(PAUSE)
                self.awake.set()
        except (DirectoryError, BrokerRefusedError, api.FrameError) as e:
            structlog.get_logger().error("broker.not_followed", code=e.code)

    async def _follow_directory(self, grown: api.Grew) -> None:
        if grown.directory > self.replica.directory.head.size:
            await self.replica.sync(self.line)
            await self.inbox.try_again()
            await self.inbox.compare_heads()
            self.grown()

    async def _follow_ledger(self, grown: api.Grew) -> None:
        if grown.cosigned:
            unplaced = len(self.replica.directory.unplaced())
            await self.prover.check()
            if len(self.replica.directory.unplaced()) < unplaced:
                await self.inbox.try_again()
