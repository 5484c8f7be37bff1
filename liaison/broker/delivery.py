"""Delivery: what waits for a desk goes to each of its devices, the highest lane first, in order.

Follows docs/spec/broker.md, "Delivery". Each device has a cursor in each lane; what lies behind it
is sent, up to a bounded number of items that it has not dealt with yet. Nothing is polled: a
commit that put something into a mailbox wakes the devices of that desk. After a reconnection all
behind the cursor is sent again; a device knows by message id what it has already.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from liaison.broker.acknowledgement import Device
from liaison.broker.store import Store
from liaison.broker.writer import Writer
from protocols.wire.api import Deliver, Grew, Welcome
from protocols.wire.mailbox import MailLane

#: (ours) the most items of a lane on their way to a device that has not acknowledged them.
WINDOW = 64
#: The most items read at once: a rescue waits for no more than these, nor memory holds more.
AT_ONCE = 8

_HIGHEST_FIRST = sorted(MailLane, reverse=True)


@dataclass(slots=True)
class Line:
    """A lane as one device has it: up to where it was sent, and up to where it has dealt with."""

    sent: int
    done: int


class Recipient:
    """A device that is connected, and what it still has to be sent."""

    def __init__(self, device: Device, welcome: Welcome, close: Callable[[], None]) -> None:
        """Begin behind the cursors of ``welcome``; ``close`` ends the connection, soon."""
        self.device = device
        self.close = close
        self.grew: Grew | None = None
        self.woken = asyncio.Event()
        self._lines = {
            MailLane.ORDINARY: Line(welcome.ordinary, welcome.ordinary),
            MailLane.RESCUE: Line(welcome.rescue, welcome.rescue),
            MailLane.KEYS: Line(welcome.keys, welcome.keys),
        }

    @property
    def kid(self) -> bytes:
        """Return the device's key id."""
        return self.device.payload.key.kid

    @property
    def desk(self) -> bytes:
        """Return the desk whose mailbox it reads."""
        return self.device.payload.desk

    def acknowledged(self, lane: MailLane, cursor: int) -> None:
        """Make room: the device has dealt with ``lane`` up to ``cursor``."""
        line = self._lines[lane]
        line.done = max(line.done, cursor)
        line.sent = max(line.sent, cursor)
        self.woken.set()

    def tell(self, grew: Grew) -> None:
        """Say soon how far directory and cosigned ledger have grown; only the newest is said."""
        self.grew = grew
        self.woken.set()

    async def next_items(self, store: Store, writer: Writer) -> list[Deliver]:
        """Return what is to be sent next, of one lane; nothing when all is sent or on its way."""
        for lane in _HIGHEST_FIRST:
            line = self._lines[lane]
            last = writer.state.sequences.get((self.desk, lane), 0)
            room = min(WINDOW - (line.sent - line.done), AT_ONCE, last - line.sent)
            if room > 0:
                items = await store.items((self.desk, lane), after=line.sent, limit=room)
                line.sent = items[-1].seq
                return [Deliver(int(lane), i.seq, int(i.kind), i.first, i.second) for i in items]
        return []


Send = Callable[[Deliver | Grew], Awaitable[None]]


@dataclass(slots=True)
class Post:
    """Who is connected. A device has one connection: a new one takes the place of the old."""

    store: Store
    writer: Writer
    _recipients: dict[bytes, Recipient] = field(default_factory=dict)

    def join(self, recipient: Recipient) -> None:
        """Count ``recipient`` in; close an older connection of the same device."""
        older = self._recipients.get(recipient.kid)
        self._recipients[recipient.kid] = recipient
        if older is not None:
            older.close()

    def leave(self, recipient: Recipient) -> None:
        """Count ``recipient`` out, unless a newer connection has taken its place."""
        if self._recipients.get(recipient.kid) is recipient:
            del self._recipients[recipient.kid]

    def wake(self, desks: frozenset[bytes]) -> None:
        """Let the devices of ``desks`` look at their mailboxes."""
        for recipient in self._recipients.values():
            if recipient.desk in desks:
                recipient.woken.set()

    def tell_all(self, grew: Grew) -> None:
        """Say to every device how far directory and cosigned ledger have grown."""
        for recipient in self._recipients.values():
            recipient.tell(grew)

    def close_all(self) -> None:
        """End every connection, soon."""
        for recipient in list(self._recipients.values()):
            recipient.close()

    async def deliver(self, recipient: Recipient, send: Send) -> None:
        """Send ``recipient`` all that waits and will come, until cancelled.

        Raises:
            StoreError: the database does not answer.
        """
        while True:
            recipient.woken.clear()
            grew, recipient.grew = recipient.grew, None
            if grew is not None:
                await send(grew)
            items = await recipient.next_items(self.store, self.writer)
            for item in items:
                await send(item)
            if not items:
                await recipient.woken.wait()
