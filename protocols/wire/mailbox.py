"""Mailboxes: how what waits for a desk is ordered, and what can wait there.

Follows docs/spec/broker.md, "Mailbox". Each desk has three lanes, each with its own sequence that
is never reused: what its devices give each other, rescue, ordinary. Each device of the desk has its
own cursor in each lane, so every computer of a desk gets its mail. A message stays until every
device has acknowledged it, or it expires.
"""

from enum import IntEnum

RESCUE_CLASS = 2


class MailLane(IntEnum):
    """The lane of a mailbox; a higher one is delivered first."""

    ORDINARY = 0
    RESCUE = 1
    KEYS = 2


class ItemKind(IntEnum):
    """What waits: an envelope, an acknowledgement with its note, or a notice of a clock."""

    ENVELOPE = 1
    ACK = 2
    NOTICE = 3


class NoticeCode(IntEnum):
    """What a notice of the broker's blind clock says."""

    DUE = 1
    ESCALATED = 2


def lane_of(priority: int) -> MailLane:
    """Return the lane for a message of class ``priority`` (0 routine, 1 urgent, 2 rescue)."""
    return MailLane.RESCUE if priority == RESCUE_CLASS else MailLane.ORDINARY
