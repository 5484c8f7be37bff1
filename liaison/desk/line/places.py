"""Where in the ledger a revocation stands: asked of the broker, believed once it is proved.

What a revoked key signed counts if it stands in the ledger before the revocation
(docs/spec/directory.md, "When a key counts"). The broker names the leaf; that the leaf is this very
entry's is seen in the leaf, and that it stands there is proved under a checkpoint which both sides
have cosigned. Until then nothing counts that the key signed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from crypto.attest.checkpoint import Cosigned
from crypto.attest.directory import Directory, Revocation
from liaison.desk.line.broker_client import Line
from liaison.desk.store import Store
from protocols.wire import api
from protocols.wire.ledger_event import Event, EventKind

#: Under what the store keeps the leaf of the directory's entry of a number.
FACT = "place.{}"

#: Returns the leaf at a position, once it is proved to stand there.
Prove = Callable[[int, Cosigned], Awaitable[Event]]


class FalsePlaceError(Exception):
    """The broker names a leaf for a revocation that is not the revocation's."""

    code = "ledger.false_place"


@dataclass(frozen=True, slots=True)
class Places:
    """Finds the leaves of revocations for one desk."""

    store: Store
    directory: Directory
    line: Line

    async def load(self) -> None:
        """Take up the places that were found before."""
        for revocation in self.directory.unplaced():
            kept = await self.store.fact(FACT.format(revocation.size))
            if kept is not None:
                self.directory.place(revocation.size, int(kept))

    async def find(self, seen: Cosigned, prove: Prove) -> None:
        """Find the place of each revocation that stands under ``seen``; raises what the line does.

        Raises:
            FalsePlaceError: the leaf that the broker names is another's.
        """
        for revocation in self.directory.unplaced():
            index = api.parse_place(await self.line.fetch(api.PLACE_PATH, size=revocation.size))
            if index < seen.checkpoint.size:
                self._check(await prove(index, seen), revocation)
                await self.store.set_fact(FACT.format(revocation.size), str(index).encode())
                self.directory.place(revocation.size, index)

    def _check(self, leaf: Event, revocation: Revocation) -> None:
        head = self.directory.head_at(revocation.size)
        expected = (EventKind.DIRECTORY_STATED, None if head is None else head.hash)
        if (leaf.kind, leaf.commitment) != expected:
            raise FalsePlaceError("the leaf that was named is not the revocation's")
