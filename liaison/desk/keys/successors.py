"""Whose place a desk has: where what is for a dissolved desk goes, and who may answer in its name.

Follows docs/spec/directory.md, "Succession". That another desk follows one is said by both roots;
before the first message goes there, an officer has asked the other side by telephone and confirms
it here. A rescue does not wait for that, and what our own agency says of its desks needs no call.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from crypto.attest.directory import DirectoryError
from crypto.attest.header import DeskId, PriorityClass
from liaison.desk.entrance.officers import Officers
from liaison.desk.keys.directory import Replica
from liaison.desk.store import Store
from liaison.runtime.clock import Clock, from_timestamp, timestamp
from protocols.casework.errors import CaseworkError
from protocols.casework.moments import iso

#: Under what the store keeps who has confirmed that one desk follows another.
FACT = "succession.{}.{}"


class UnconfirmedSuccessorError(CaseworkError):
    """Another desk has the place of the addressed one, and nobody here has confirmed it."""

    code = "desk.successor_unconfirmed"


class NoSuccessorError(CaseworkError):
    """No other desk follows the one that is named."""

    code = "desk.no_successor"


@dataclass(frozen=True, slots=True)
class Successors:
    """Which desk has the place of another, as this desk goes by it."""

    store: Store
    replica: Replica
    clock: Clock

    async def place_of(self, desk: DeskId, *, thread: bytes, priority: PriorityClass) -> DeskId:
        """Return the desk to which a message for ``desk`` is sealed now.

        Raises:
            UnconfirmedSuccessorError: it has a successor whom nobody has confirmed here.
        """
        at = timestamp(self.clock.now())
        new = self.replica.known.successor(desk, at=at, thread=thread)
        if not self._has_window(new, at):
            # Nobody could read it there. What is for the desk before reaches its heirs in any case.
            return desk
        if new == desk or priority is PriorityClass.RESCUE or await self._is_confirmed(desk, new):
            return new
        old, slug = self.replica.slug_of(desk), self.replica.slug_of(new)
        raise UnconfirmedSuccessorError(f"{old} is followed by {slug}; ask and confirm")

    def _has_window(self, desk: DeskId, at: int) -> bool:
        try:
            self.replica.known.open_window(desk, at=at)
        except DirectoryError:
            return False
        return True

    async def listed(self) -> list[dict[str, Any]]:
        """Return who follows whom by now, and whether that was confirmed here."""
        at, known = timestamp(self.clock.now()), self.replica.known
        return [
            {
                "desk": desk.payload.slug,
                "followed_by": self.replica.slug_of(one.new),
                "from": iso(from_timestamp(one.begins)),
                "confirmed": await self._is_confirmed(desk.id, one.new),
            }
            for desk in known.desks()
            for one in known.successions(desk.id)
            if one.begins <= at
        ]

    async def confirm(self, officer: str, slug: str, officers: Officers) -> list[str]:
        """Confirm who follows the desk of this slug; return the slugs of those who do.

        Raises:
            LockedError: the officer has not unlocked this desk.
            UnknownDeskError: no desk is or was called so.
            NoSuccessorError: nobody follows it by now.
        """
        signer = officers.key(officer).kid
        desk, at = self.replica.known.desk_named(slug).id, timestamp(self.clock.now())
        followers = [one.new for one in self.replica.known.successions(desk) if one.begins <= at]
        last = {self.replica.known.successor(one, at=at) for one in followers} | set(followers)
        if not last:
            raise NoSuccessorError(f"{slug} has its own place")
        for new in last:
            await self.store.set_fact(FACT.format(desk.hex(), new.hex()), signer)
        return sorted(self.replica.slug_of(new) for new in last)

    async def _is_confirmed(self, old: DeskId, new: DeskId) -> bool:
        if self.replica.known.desk(old).agency == self.replica.agency:
            return True
        return await self.store.fact(FACT.format(old.hex(), new.hex())) is not None


def has_place_of(replica: Replica, desk: DeskId, parties: Iterable[DeskId]) -> bool:
    """Say whether ``desk`` is one of ``parties``, or has the place of one."""
    return not {desk, *replica.before(desk)}.isdisjoint(parties)
