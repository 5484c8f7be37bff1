"""Following the broker: directory and ledger as they grow, beside the mail and never before it.

Proving what the ledger holds takes several questions and answers; a rescue that arrives meanwhile
is shown at once. What cannot be followed is logged by its code and tried again at the next growth;
what has come until then is known, and what waited for it is taken up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from crypto.attest.directory import DirectoryError
from liaison.desk.keys.directory import Replica
from liaison.desk.line.broker_client import BrokerRefusedError, Line, LineDownError
from liaison.desk.line.proof import Prover
from liaison.desk.mail.inbox import Inbox
from liaison.desk.store import StoreError
from protocols.wire import api

#: Seconds until what failed with the line up is tried again.
PAUSE = 1.0


@dataclass(slots=True)
class Follower:
    """Brings replica and proofs up to what the broker last said it has.

    ``grown`` is called when more is known than before; ``awake`` has it look again.
    """

    replica: Replica
    prover: Prover
    inbox: Inbox
    line: Line
    grown: Callable[[], None]
    awake: asyncio.Event
    _last: api.Grew = field(default_factory=lambda: api.Grew(0, 0))
    #: What was known when all that waited was last taken up: entries, and places not found yet.
    _looked_at: tuple[int, int] | None = None

    def grew(self, frame: api.Grew) -> None:
        """Take note of how much there is; the work is done by :meth:`run`."""
        self._last = frame
        self.awake.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self.awake.wait()
            self.awake.clear()
            await self._follow(self._last)

    async def _follow(self, grown: api.Grew) -> None:
        """Do each part on its own: one that fails keeps none of the others from being done."""
        done = [
            await self._is_done(self._follow_directory(grown)),
            await self._is_done(self._look_through()),
            await self._is_done(self._follow_ledger(grown)),
            await self._is_done(self._look_through()),
        ]
        # When the line is down: once it is back, the broker says anew how much there is.
        if not all(done) and self.line.is_up:
            await asyncio.sleep(PAUSE)
            self.awake.set()

    async def _is_done(self, part: Awaitable[None]) -> bool:
        """Say whether ``part`` need not be tried again before something new comes."""
        try:
            await part
        except (LineDownError, StoreError) as e:
            structlog.get_logger().info("broker.not_followed", code=e.code)
            return False
        except (DirectoryError, BrokerRefusedError, api.FrameError) as e:
            structlog.get_logger().error("broker.not_followed", code=e.code)
        return True

    async def _follow_directory(self, grown: api.Grew) -> None:
        if grown.directory > self.replica.directory.head.size:
            await self.replica.sync(self.line)

    async def _look_through(self) -> None:
        """Take up what waited for what is known by now, however that came to be known."""
        directory = self.replica.directory
        known = directory.head.size, len(directory.unplaced())
        if known == self._looked_at:
            return
        await self.inbox.try_again()
        await self.inbox.compare_heads()
        self._looked_at = known
        self.grown()

    async def _follow_ledger(self, grown: api.Grew) -> None:
        if grown.cosigned:
            await self.prover.check()
