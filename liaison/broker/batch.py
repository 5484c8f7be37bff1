"""One batch: what a transaction has read and will write, while its operations are decided.

The rows that the operations need are fetched before the first of them, all that they write is
flushed after the last, so a batch costs the same few statements however many operations it holds.
In between there is no IO: an operation is a function of the batch. An operation sees what those
before it in the batch did. Nothing here reaches memory that outlives the batch before the commit.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from crypto.attest.header import ID_BYTES
from crypto.attest.signing import KeyId
from crypto.attest.tree import Frontier, Node, hash_leaf
from liaison.broker.blobs.state import BlobBatch, FetchedBlobs
from protocols.wire.ledger_event import Event
from protocols.wire.mailbox import ItemKind, MailLane

T = TypeVar("T")

MailKey = tuple[bytes, MailLane]
AckKey = tuple[bytes, bytes, int]
CursorKey = tuple[bytes, bytes, MailLane]


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was taken, without its envelope. ``dst`` holds ids one after the other."""

    mid: bytes
    eid: bytes
    src: bytes
    dst: bytes
    priority: int
    position: int
    taken_at: int
    exp: int
    took: bytes


@dataclass(frozen=True, slots=True)
class Clock:
    """A blind clock; ``step`` counts the ladder's steps taken, ``next_at`` (ts) is the next one."""

    token: bytes
    mid: bytes
    src: bytes
    dst: bytes
    priority: int
    due: int
    exp: int
    step: int
    next_at: int | None
    stopped_at: int | None


@dataclass(frozen=True, slots=True)
class Mail:
    """What is put into a mailbox. An envelope's item has no parts: it is found by ``mid``."""

    item: ItemKind
    mid: bytes
    exp: int
    first: bytes | None = None
    second: bytes | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a mailbox as it is delivered (see ``protocols.wire.api.Deliver``)."""

    seq: int
    kind: ItemKind
    first: bytes
    second: bytes


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """A checkpoint of ``size`` leaves as signed, and as cosigned once it is."""

    size: int
    note: bytes
    cosigned: bytes | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """The rows that an operation has to see.

    Messages, clocks, cursors, blobs with their uses, and of ``desks`` all that waits for them.
    """

    mids: frozenset[bytes] = frozenset()
    tokens: frozenset[bytes] = frozenset()
    devices: frozenset[bytes] = frozenset()
    blobs: frozenset[bytes] = frozenset()
    desks: frozenset[bytes] = frozenset()

    @classmethod
    def of_all(cls, needs: Iterable["Needs"]) -> "Needs":
        """Return what all of ``needs`` need together."""
        every = list(needs)
        return cls(
            frozenset[bytes]().union(*(n.mids for n in every)),
            frozenset[bytes]().union(*(n.tokens for n in every)),
            frozenset[bytes]().union(*(n.devices for n in every)),
            frozenset[bytes]().union(*(n.blobs for n in every)),
            frozenset[bytes]().union(*(n.desks for n in every)),
        )


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A change that is decided within a batch: what it needs to see, and the decision.

    ``apply`` returns the answer, or raises RefusedError before it has written anything but a leaf
    that says so. Any other error fails the whole batch.
    """

    needs: Needs
    apply: Callable[["Batch"], T]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The rows that a batch was given at its beginning."""

    messages: dict[bytes, Message]
    clocks: dict[bytes, Clock]
    acks: set[AckKey]
    cursors: dict[CursorKey, int]
    blobs: FetchedBlobs = field(default_factory=FetchedBlobs)
    #: What waits for desks: (desk, lane) and the mail, in the order of its numbers.
    waiting: list[tuple[MailKey, Mail]] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """What the writer keeps in memory of the committed database: never ahead of it."""

    frontier: Frontier = field(default_factory=Frontier)
    sequences: dict[MailKey, int] = field(default_factory=dict)
    directory: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What a commit has changed, for those who wait: new mail, due times, lengths."""

    mail: dict[MailKey, list[Item]]
    clocks: bool
    leaves: bool
    directory: bool


class Batch:
    """The work of one transaction. ``now`` (ts) is its time, ``log`` the ledger's id."""

    def __init__(self, state: State, fetched: Fetched, *, log: KeyId, now: int) -> None:
        """Begin over the committed ``state`` and the rows ``fetched`` in this transaction."""
        self.now = now
        self.log = log
        self.frontier = state.frontier
        self.leaves: list[tuple[int, bytes]] = []
        self.nodes: list[Node] = []
        self.messages: list[tuple[Message, bytes]] = []
        self.mail: list[tuple[MailKey, int, Mail]] = []
        self.entries: list[tuple[int, bytes]] = []
        self.places: list[tuple[int, int]] = []
        self.acks: list[tuple[AckKey, int]] = []
        self.checkpoints: list[Checkpointed] = []
        self.clocks: dict[bytes, Clock] = {}
        self.cursors: dict[CursorKey, int] = {}
        self.sequences: dict[MailKey, int] = {}
        self.blobs = BlobBatch(fetched.blobs)
        self._state = state
        self._fetched = fetched

    def append(self, event: Event) -> int:
        """Return the position in the ledger at which ``event`` now stands."""
        position, leaf = self.frontier.size, event.encoded()
        self.frontier, completed = self.frontier.append(hash_leaf(leaf))
        self.leaves.append((position, leaf))
        self.nodes.extend(completed)
        return position

    def message(self, mid: bytes) -> Message | None:
        """Return the message of this id, if it was taken."""
        return self._fetched.messages.get(mid)

    def take(self, message: Message, envelope: bytes) -> None:
        """Keep a message with its envelope."""
        self._fetched.messages[message.mid] = message
        self.messages.append((message, envelope))

    def clock(self, token: bytes) -> Clock | None:
        """Return the clock of this token, if it was ever set."""
        return self._fetched.clocks.get(token)

    def keep_clock(self, clock: Clock) -> None:
        """Keep a clock as it now is."""
        self._fetched.clocks[clock.token] = clock
        self.clocks[clock.token] = clock

    def is_noted(self, ack: AckKey) -> bool:
        """Say whether this acknowledgement already stands in the ledger."""
        return ack in self._fetched.acks

    def note(self, ack: AckKey, position: int) -> None:
        """Remember that this acknowledgement stands at ``position`` of the ledger."""
        self._fetched.acks.add(ack)
        self.acks.append((ack, position))

    def last(self, desk: bytes, lane: MailLane) -> int:
        """Return the last number given out in this lane of the desk; 0 before the first."""
        key = (desk, lane)
        return self.sequences.get(key, self._state.sequences.get(key, 0))

    def post(self, desk: bytes, lane: MailLane, mail: Mail) -> int:
        """Return the number under which ``mail`` now waits for the desk."""
        seq = self.last(desk, lane) + 1
        self.sequences[(desk, lane)] = seq
        self.mail.append(((desk, lane), seq, mail))
        return seq

    def waiting(self, desk: bytes) -> list[tuple[MailLane, Mail]]:
        """Return what waits for the desk and has not expired, oldest first in each lane.

        What its devices give each other is theirs alone, and is not among it.
        """
        posted = [(key, mail) for key, _, mail in self.mail]
        return [
            (lane, mail)
            for (whose, lane), mail in (*self._fetched.waiting, *posted)
            if whose == desk and lane is not MailLane.KEYS and mail.exp > self.now
        ]

    def cursor(self, key: CursorKey) -> int:
        """Return the number up to which the device has dealt with the lane; 0 at first."""
        return self._fetched.cursors.get(key, 0)

    def move_cursor(self, key: CursorKey, seq: int) -> int:
        """Return the device's cursor, moved to ``seq`` but neither back nor past the last."""
        desk, _, lane = key
        moved = max(self.cursor(key), min(seq, self.last(desk, lane)))
        if moved != self.cursor(key):
            self._fetched.cursors[key] = moved
            self.cursors[key] = moved
        return moved

    @property
    def directory(self) -> int:
        """Return how many entries the directory has within this batch."""
        return self._state.directory + len(self.entries)

    def changes(self) -> Changes:
        """Return what this batch changes for those who wait."""
        return Changes(
            mail=self._items(),
            clocks=bool(self.clocks) or self.blobs.is_changed,
            leaves=bool(self.leaves),
            directory=bool(self.entries),
        )

    def _items(self) -> dict[MailKey, list[Item]]:
        """Return what was posted, by mailbox, each in its order and as it is delivered."""
        taken = {message.mid: (raw, message.took) for message, raw in self.messages}
        items: dict[MailKey, list[Item]] = {}
        for key, seq, mail in self.mail:
            waiting = items.setdefault(key, [])
            if mail.first is not None and mail.second is not None:
                waiting.append(Item(seq, mail.item, mail.first, mail.second))
            elif mail.mid in taken:
                waiting.append(Item(seq, mail.item, *taken[mail.mid]))
            # Else it was taken before this batch, and is read from the database.
        return items

    def commit_to(self, state: State) -> None:
        """Bring ``state`` up to this batch, once the database holds it."""
        state.directory = self.directory
        state.frontier = self.frontier
        state.sequences.update(self.sequences)


def desks_in(ids: bytes) -> tuple[bytes, ...]:
    """Return the desks of a row's ``dst``, which holds their ids one after the other."""
    return tuple(ids[i : i + ID_BYTES] for i in range(0, len(ids), ID_BYTES))


def parties(src: bytes, dst: bytes) -> tuple[bytes, ...]:
    """Return the source and the addressed desks of a row, each once, the source first."""
    return tuple(dict.fromkeys((src, *desks_in(dst))))
