"""In which order the steps of a case count: that of the ledger, and never before what they answer.

Each message names the ones before it (its *parents*), and is signed with them, so no step can come
before what it says it follows. The ledger alone would have it so when one side works by files for a
while: its answer may be entered before the request that it answers. What no ledger holds yet stands
last, by time. Follows docs/spec/casework.md, "How a case is computed".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter

#: Where a step that the broker has not taken yet stands in the order of the ledger.
NOT_YET = 2**53


@dataclass(frozen=True, slots=True)
class Mark:
    """What places a step: its message, its place in the ledger, its time, and its parents."""

    mid: bytes
    index: int
    at: datetime
    parents: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step counts.

    ``index`` is the last in the ledger of the step and of all that it follows, ``at`` the latest
    time among them, ``depth`` how many of that index stand before it.
    """

    mid: bytes
    index: int
    depth: int
    own: int
    at: datetime

    def key(self) -> tuple[int, float, int, int, bytes]:
        """Return what orders places: the smaller comes first."""
        at = self.at.timestamp() if self.index >= NOT_YET else 0.0
        return (self.index, at, self.depth, self.own, self.mid)


def places(marks: Iterable[Mark]) -> dict[bytes, Place]:
    """Return the place of each step, by message id.

    Parents that are not among ``marks`` place nothing. A step is never earlier than its parents.
    """
    known = {mark.mid: mark for mark in marks}
    parents = {mid: [p for p in mark.parents if p in known] for mid, mark in known.items()}
    found: dict[bytes, Place] = {}
    for mid in TopologicalSorter(parents).static_order():
        found[mid] = _place(known[mid], [found[parent] for parent in parents[mid]])
    return found


def _place(mark: Mark, before: list[Place]) -> Place:
    index = max([mark.index, *(place.index for place in before)])
    at = max([mark.at, *(place.at for place in before)])
    depth = max((place.depth + 1 for place in before if place.index == index), default=0)
    return Place(mark.mid, index, depth, mark.index, at)
