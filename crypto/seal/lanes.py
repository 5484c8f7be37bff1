"""Lanes: the numbered line of messages from one signing key to one desk.

Follows docs/spec/envelope.md, "Lanes": each message names, for each desk it goes to, its count and
the message before it. The sender's half is what the next message says of its place; the receiver's
half is what a place says of those around it: whether numbers are missing, and whether two messages
claim one number. What is missing stops nothing; two messages at one place are never both believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crypto.attest.header import EnvelopeError, Header, MessageId
from crypto.seal.content import Content, Lane


class LaneError(EnvelopeError):
    """The message does not say its place in the lane to each desk it goes to, and to no other."""

    code = "envelope.lane"


class LaneForkError(EnvelopeError):
    """Another message stands at this place, or the messages around it name another."""

    code = "lane.fork"


@dataclass(frozen=True, slots=True)
class Place:
    """Who stands at a number of a lane; ``prev`` is None where nobody said who came before.

    ``is_void`` where nothing came and the sender's desk said that nothing will: one device's word,
    which no message is refused for.
    """

    mid: MessageId
    prev: MessageId | None
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that are missing in a lane, from ``first`` to ``last``."""

    first: int
    last: int


def next_lane(last: tuple[int, MessageId] | None) -> Lane:
    """Return the place of the next message after ``last``, a count and id (None: the first)."""
    if last is None:
        return Lane(1, None)
    seq, mid = last
    return Lane(seq + 1, mid)


def check_lanes(content: Content, header: Header) -> None:
    """Raise LaneError unless the content says its place for exactly the desks it goes to."""
    if content.lanes.keys() != set(header.dst):
        raise LaneError("a place in the lane to each addressed desk expected, and in no other")


def check_place(lane: Lane, mid: MessageId, around: Mapping[int, Place]) -> None:
    """Raise LaneForkError unless ``mid`` fits at its place between those that are known.

    Args:
        lane: the place that the message claims.
        mid: the message.
        around: what is known of the lane at this number and the two beside it, by number.
    """
    real = {seq: place for seq, place in around.items() if not place.is_void}
    here, before, after = (real.get(lane.seq + step) for step in (0, -1, 1))
    if here is not None and here.mid != mid:
        raise LaneForkError(f"another message stands at number {lane.seq} of this lane")
    if before is not None and before.mid != lane.prev:
        raise LaneForkError(f"number {lane.seq} names another message before it than is here")
    if after is not None and after.prev is not None and after.prev != mid:
        raise LaneForkError(f"number {lane.seq + 1} names another message before it")


def belied(lane: Lane, around: Mapping[int, Place]) -> tuple[int, ...]:
    """Return at which numbers a void was false, as a message at ``lane`` shows by being there.

    At its own, where nothing was to come, and at the one before it, if it names another message.
    """
    voids = {seq: place for seq, place in around.items() if place.is_void}
    before = voids.get(lane.seq - 1)
    is_other = before is not None and before.mid != lane.prev
    return (*([lane.seq - 1] if is_other else []), *([lane.seq] if lane.seq in voids else []))


def gap_before(seq: int, last: int) -> Gap | None:
    """Return what is missing between ``last``, the highest number so far, and ``seq``."""
    return Gap(last + 1, seq - 1) if seq > last + 1 else None


def without(gap: Gap, seq: int) -> list[Gap]:
    """Return what is still missing of ``gap`` once ``seq`` has come."""
    if not gap.first <= seq <= gap.last:
        return [gap]
    parts = Gap(gap.first, seq - 1), Gap(seq + 1, gap.last)
    return [part for part in parts if part.first <= part.last]
