"""Lanes: the numbered line of messages from one signing key to one desk.

Follows docs/spec/envelope.md, "Lanes": each message names, for each desk it goes to, its count and
the message before it, so that a desk can see what is missing. Here the sender's half: what the next
message says of its place.
"""

from crypto.attest.header import MessageId
from crypto.seal.content import Lane


def next_lane(last: tuple[int, MessageId] | None) -> Lane:
    """Return the place of the next message after ``last``, a count and id (None: the first)."""
    if last is None:
        return Lane(1, None)
    seq, mid = last
    return Lane(seq + 1, mid)
