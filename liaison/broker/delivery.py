"""Delivery: what waits for a desk goes to each of its devices, the highest lane first, in order.

Follows docs/spec/broker.md, "Delivery". Each device has a cursor in each lane; what lies behind it
is sent, up to a bounded number of items that it has not dealt with yet. Nothing is polled: a
commit hands what it put into a mailbox to the devices of that desk that have all before it; what a
device cannot take at once is read from the database when its turn comes. After a reconnection all
behind the cursor is sent again; a device knows by message id what it has already.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from crypto.attest.signing import KeyId
from liaison.broker.acknowledgement import Device
from liaison.broker.batch import Item, MailKey
from liaison.broker.store import Store
from liaison.broker.writer import Writer
from protocols.wire.api import Deliver, Grew, Welcome
from protocols.wire.mailbox import MailLane

#: (ours) the most items of a lane on their way to a device that has not acknowledged them.
WINDOW = 64
#: The most items read or kept ready at once: a rescue waits for no more than these, nor memory
#: holds more of a lane.
AT_ONCE = 8

_HIGHEST_FIRST = sorted(MailLane, reverse=True)


@dataclass(slots=True)
class Line:
    """A lane as one device has it: up to where it was sent, and up to where it has dealt with.

    ``ready`` are the next items if they have just been committed; the database has them too.
    """

    sent: int
    done: int
    ready: deque[Item] = field(default_factory=deque)

    def offer(self, items: Iterable[Item]) -> None:
        """Keep ready what follows without a gap, as far as there is room."""
        for item in items:
            last = self.ready[-1].seq if self.ready else self.sent
            if item.seq == last + 1 and len(self.ready) < AT_ONCE:
                self.ready.append(item)

    def take(self, most: int) -> list[Item]:
        """Return up to ``most`` items that are ready; they count as sent."""
        items = [self.ready.popleft() for _ in range(min(most, len(self.ready)))]
        if items:
            self.sent = items[-1].seq
        return items


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
        was_full = line.sent - line.done >= WINDOW
        line.done = max(line.done, cursor)
        if cursor > line.sent:
            line.sent = cursor
            line.ready.clear()
        if was_full:  # only then did something wait for room
            self.woken.set()

    def offer(self, lane: MailLane, items: Iterable[Item]) -> None:
        """Send soon: ``items`` were committed to ``lane``."""
        self._lines[lane].offer(items)
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
                items = line.take(room)
                if not items:
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
    _at: dict[bytes, list[Recipient]] = field(default_factory=dict)

    def join(self, recipient: Recipient) -> None:
        """Count ``recipient`` in; close an older connection of the same device."""
        older = self._recipients.get(recipient.kid)
        if older is not None:
            self.leave(older)
            older.close()
        self._recipients[recipient.kid] = recipient
        self._at.setdefault(recipient.desk, []).append(recipient)

    def leave(self, recipient: Recipient) -> None:
        """Count ``recipient`` out, unless a newer connection has taken its place."""
        if self._recipients.get(recipient.kid) is not recipient:
            return
        del self._recipients[recipient.kid]
        at_desk = self._at[recipient.desk]
        at_desk.remove(recipient)
        if not at_desk:
            del self._at[recipient.desk]

    def spread(self, mail: Mapping[MailKey, list[Item]]) -> None:
        """Offer what was committed to each mailbox to the devices of its desk."""
        for (desk, lane), items in mail.items():
            for recipient in self._at.get(desk, ()):
                recipient.offer(lane, items)

    def tell_all(self, grew: Grew) -> None:
        """Say to every device how far directory and cosigned ledger have grown."""
        for recipient in self._recipients.values():
            recipient.tell(grew)

    def expel(self, is_revoked: Callable[[KeyId], bool]) -> None:
        """End the connections of devices that were revoked, soon; they are sent nothing more."""
        for recipient in list(self._recipients.values()):
            if is_revoked(KeyId(recipient.kid)):
                self.leave(recipient)
                recipient.close()

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
