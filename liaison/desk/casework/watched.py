"""What the desk says of the broker and the other desks, as plain values for API and screens.

Alarms and what is missing in the lanes: by desk, post and number, never by what a message says.
"""

from typing import Any

import structlog

from crypto.attest.signing import KeyId
from crypto.seal.seen import SeenAlarm, SeenError, verify_seen
from liaison.desk.keys.directory import Replica
from liaison.desk.mail.peers import Presence
from liaison.desk.store import Missing, Peer, RaisedAlarm
from liaison.runtime.clock import from_timestamp
from protocols.casework.moments import iso

View = dict[str, Any]


def alarm_view(alarm: RaisedAlarm, replica: Replica) -> View:
    """Return an alarm: its code, what it is about, when it was raised and who has seen it.

    One whose signature does not hold was seen by nobody.
    """
    by = _seen_by(alarm, replica)
    return {
        "number": alarm.number,
        "code": alarm.code,
        "about": alarm.about,
        "raised": _moment(alarm.raised),
        "settled": _moment(alarm.settled),
        "seen": None if by is None else _moment(alarm.seen),
        "by": by,
    }


def _seen_by(alarm: RaisedAlarm, replica: Replica) -> str | None:
    """Return who has signed that they have seen an alarm, or None."""
    if alarm.seen is None:
        return None
    word = SeenAlarm(replica.desk, alarm.code, alarm.subject, alarm.raised, alarm.seen)
    kid, signature = KeyId(alarm.officer or b""), alarm.signature or b""
    try:
        return verify_seen(word, kid, signature, replica.known).payload.pseudonym
    except SeenError as e:
        structlog.get_logger().error("alarm.not_seen", code=e.code)
        return None


def missing_view(gap: Missing, replica: Replica) -> View:
    """Return numbers that are missing in a lane: whose, to whom, which, since when."""
    return {
        "by": replica.pseudonym(gap.signer),
        "desk": replica.slug_of(gap.peer),
        "first": gap.first,
        "last": gap.last,
        "noticed": _moment(gap.noticed),
        "asked": _moment(gap.asked),
    }


def peer_view(peer: Peer, presence: Presence, replica: Replica) -> View:
    """Return another desk: how it stands, and when its computer last told us that it is there."""
    return {
        "desk": replica.slug_of(peer.desk),
        "state": str(presence),
        "heard": _moment(peer.heard),
        "told": _moment(peer.told),
    }


def _moment(at: int | None) -> str | None:
    return None if at is None else iso(from_timestamp(at))
