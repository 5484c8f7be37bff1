"""Which desk comes after another: mergers, splits and new offices, by day and by thread.

Follows docs/spec/directory.md, "Succession". A desk that is dissolved may have several successors:
one for all that nobody else was given, and others for the threads that they were. Who may say so is
decided in :mod:`crypto.attest.directory`; here is where a message for a desk goes by now.
"""

from dataclasses import dataclass, field

from crypto.attest.header import DeskId
from crypto.attest.refusals import ReboundError
from crypto.attest.statement import SuccessionPayload

#: Later than any day of a succession: numbers of the encoding end there.
FOR_EVER = 2**53


@dataclass(slots=True)
class Successions:
    """Each desk's successors, in the order in which they were named."""

    _of: dict[DeskId, list[SuccessionPayload]] = field(default_factory=dict)

    def enter(self, old: DeskId, payload: SuccessionPayload) -> None:
        """Keep that a desk has a successor.

        Raises:
            ReboundError: another has what this one is given, or a desk would succeed itself.
        """
        if old == payload.new or old in self._reached(payload.new):
            raise ReboundError("a desk does not succeed itself")
        for before in self._of.get(old, []):
            if before.threads is None and payload.threads is None:
                raise ReboundError("the desk has a successor for all that nobody else was given")
            if set(before.threads or ()) & set(payload.threads or ()):
                raise ReboundError("a thread has another successor")
        self._of.setdefault(old, []).append(payload)

    def successor(self, desk: DeskId, *, at: int, thread: bytes | None = None) -> DeskId:
        """Return the desk that has the place of ``desk`` at ``at`` (ts) in ``thread``.

        That is itself, while it has no successor by then; for a new thread the one who follows it
        in all that nobody else was given.
        """
        place, following = desk, self._following(desk, at, thread)
        while following is not None:
            place, following = following, self._following(following, at, thread)
        return place

    def predecessors(self, desk: DeskId, *, at: int) -> list[DeskId]:
        """Return the desks whose place ``desk`` has, in part or whole, at ``at`` (ts)."""
        found: dict[DeskId, None] = {}
        waiting = [desk]
        while waiting:
            place = waiting.pop()
            if place in found:
                continue
            found[place] = None
            waiting += [old for old in reversed(self._of) if self._gives(old, place, at)]
        return [old for old in found if old != desk]

    def before(self, desk: DeskId) -> list[DeskId]:
        """Return the desks whose place ``desk`` has or will have, whenever that begins."""
        return self.predecessors(desk, at=FOR_EVER)

    def heirs(self, desk: DeskId) -> list[DeskId]:
        """Return who follows ``desk`` in all that nobody else was given, each followed by its own.

        From whatever day: what is under way must find its reader when that comes.
        """
        found, place = [], self._heir(desk)
        while place is not None:
            found.append(place)
            place = self._heir(place)
        return found

    def inherited(self, desk: DeskId) -> list[DeskId]:
        """Return the desks of which ``desk`` is an heir."""
        return [old for old in self.before(desk) if desk in self.heirs(old)]

    def of(self, desk: DeskId) -> list[SuccessionPayload]:
        """Return who was named to follow a desk, from whatever day."""
        return [*self._of.get(desk, [])]

    def _heir(self, desk: DeskId) -> DeskId | None:
        return next((one.new for one in self._of.get(desk, []) if one.threads is None), None)

    def _following(self, desk: DeskId, at: int, thread: bytes | None) -> DeskId | None:
        begun = [one for one in self._of.get(desk, []) if one.begins <= at]
        given = [one for one in begun if one.threads is not None and thread in one.threads]
        for one in given or [one for one in begun if one.threads is None]:
            return one.new
        return None

    def _gives(self, old: DeskId, new: DeskId, at: int) -> bool:
        return any(one.new == new and one.begins <= at for one in self._of[old])

    def _reached(self, desk: DeskId) -> set[DeskId]:
        """Return all that follow a desk; each is looked at once, however many ways lead there."""
        found: set[DeskId] = set()
        waiting = [desk]
        while waiting:
            following = {one.new for one in self._of.get(waiting.pop(), [])} - found
            found |= following
            waiting += following
        return found
