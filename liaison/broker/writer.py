"""The one writer: gathers the operations that have arrived, and commits them together.

Everything that changes anything is an operation handed to the writer (group commit). It answers
only after the commit, so a receipt never speaks of what a power cut could undo. A refusal concerns
its own operation; an error that nobody foresaw, or a database that fails, undoes the whole batch
and refuses each operation in it as *busy*: the peer sends it again, and every operation may be
repeated. What is kept in memory is then read anew before the next batch.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from crypto.attest.signing import KeyId
from liaison.broker.batch import Batch, Changes, Needs, Operation, State
from liaison.broker.errors import RefusedError
from liaison.broker.store import Store
from liaison.runtime.clock import Clock, timestamp
from protocols.wire.api import Refusal

T = TypeVar("T")

#: The most operations in one commit: at 50 a commit costs as much as the work (measured on SQLite).
BATCH = 256
#: The most operations that wait; beyond it the peers' sockets are read more slowly.
WAITING = 1_024

Outcome = tuple[Any, RefusedError | None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    operation: Operation[Any]
    answer: asyncio.Future[Any]


class Writer:
    """Commits operations. ``state`` is what the database holds, and never ahead of it."""

    def __init__(
        self,
        store: Store,
        *,
        log: KeyId,
        clock: Clock,
        reload: Callable[[], Awaitable[State]],
    ) -> None:
        """Take the store, the ledger's id and the clock.

        ``reload`` returns the state from the database, and brings what else is kept of it up.
        """
        self.state = State()
        self.is_current = False
        self._store, self._log, self._clock = store, log, clock
        self._reload = reload
        self._listeners: list[Callable[[Changes], None]] = []
        self._waiting: asyncio.Queue[_Waiting | None] = asyncio.Queue(WAITING)

    def listen(self, listener: Callable[[Changes], None]) -> None:
        """Call ``listener`` after each commit, when its answers are given."""
        self._listeners.append(listener)

    async def load(self) -> None:
        """Read the state from the database; raises what ``reload`` raises."""
        self.state = await self._reload()
        self.is_current = True

    async def put(self, operation: Operation[T]) -> asyncio.Future[T]:
        """Return the answer to come, once ``operation`` stands in line after those before it."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._waiting.put(_Waiting(operation, answer))
        return answer

    async def run(self, operation: Operation[T]) -> T:
        """Return the answer of ``operation`` after its commit; raise RefusedError if refused."""
        return await (await self.put(operation))

    async def work(self) -> None:
        """Commit what arrives, until ``stop``."""
        while gathered := await self._gather():
            await self._answer(gathered)

    async def stop(self) -> None:
        """Commit what stands in line, and no more.

        A commit is never cancelled: the driver might keep the database locked.
        """
        await self._waiting.put(None)

    async def _gather(self) -> list[_Waiting]:
        """Return what has arrived, one operation at least; nothing once asked to stop."""
        first = await self._waiting.get()
        gathered = [] if first is None else [first]
        while gathered and len(gathered) < BATCH and not self._waiting.empty():
            following = self._waiting.get_nowait()
            if following is None:
                self._waiting.put_nowait(None)  # for the next call
                break
            gathered.append(following)
        return gathered

    async def _answer(self, gathered: list[_Waiting]) -> None:
        outcomes, changes = await self._try_to_commit(gathered)
        for waiting, (answer, refused) in zip(gathered, outcomes, strict=True):
            _resolve(waiting.answer, answer, refused)
        if changes is not None:
            for listener in self._listeners:
                listener(changes)

    async def _try_to_commit(
        self, gathered: list[_Waiting]
    ) -> tuple[list[Outcome], Changes | None]:
        try:
            return await self._commit([waiting.operation for waiting in gathered])
        except Exception as e:  # noqa: BLE001 - the outermost frame of the writer: it must go on
            self.is_current = False
            structlog.get_logger().error("batch.failed", error=type(e).__name__)
            busy = RefusedError(Refusal.BUSY, "it could not be stored now; send it again")
            return [(None, busy) for _ in gathered], None

    async def _commit(self, operations: list[Operation[Any]]) -> tuple[list[Outcome], Changes]:
        if not self.is_current:
            await self.load()
        needs = Needs.of_all(operation.needs for operation in operations)
        async with self._store.transaction() as tx:
            fetched = await tx.fetch(needs)
            now = timestamp(self._clock.now())
            batch = Batch(self.state, fetched, log=self._log, now=now)
            outcomes = [_outcome(operation, batch) for operation in operations]
            await tx.flush(batch)
        batch.commit_to(self.state)
        return outcomes, batch.changes()


def _outcome(operation: Operation[Any], batch: Batch) -> Outcome:
    try:
        return operation.apply(batch), None
    except RefusedError as e:
        return None, e


def _resolve(future: asyncio.Future[Any], answer: object, refused: RefusedError | None) -> None:
    if future.done():  # whoever asked has gone
        return
    if refused is None:
        future.set_result(answer)
    else:
        refuse(future, refused)


def refuse(future: asyncio.Future[Any], refused: RefusedError) -> None:
    """Let ``future`` raise ``refused``, and say nothing when nobody waits for it any more."""
    future.set_exception(refused)
    future.exception()
