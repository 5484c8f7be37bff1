"""What the desk's store gives back: messages, receipts, drafts, reminders, as frozen values."""

from dataclasses import dataclass, field, replace
from typing import Any

from crypto.attest.header import DeskId, MessageId
from crypto.attest.signing import KeyId
from crypto.seal.attachment import Attachment
from crypto.seal.content import Lane, ThreadId
from crypto.seal.lanes import Gap


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the store holds it; ``taken_at`` (ts) and ``position`` are the ledger's.

    Of a case that was erased it holds no envelope, no content key and no content.
    """

    mid: MessageId
    eid: bytes
    outgoing: bool
    src: DeskId
    thread: ThreadId
    kind: int
    signer: KeyId
    envelope: bytes
    content_key: bytes
    content: bytes
    took: bytes | None = None
    position: int | None = None
    taken_at: int | None = None
    refused: str | None = None
    proven: int | None = None

    @property
    def is_unentered(self) -> bool:
        """Say whether it came here as a file and the broker has not told of it yet."""
        return self.took is None and not self.outgoing and not self.is_erased

    @property
    def is_erased(self) -> bool:
        """Say whether its case was erased."""
        return not self.envelope


@dataclass(frozen=True, slots=True)
class StoredAck:
    """A device's acknowledgement as the broker noted it; ``at`` (ts) is the ledger's time."""

    mid: MessageId
    device: KeyId
    what: int
    ack: bytes
    noted: bytes
    position: int
    at: int
    proven: int | None = None


@dataclass(frozen=True, slots=True)
class HeldWindow:
    """A window whose seed is here; ``followed`` is when a later one was known (ts), if one is."""

    kid: KeyId
    not_after: int
    followed: int | None


@dataclass(frozen=True, slots=True)
class Carried:
    """A device's signed word that a message came to its desk as a file; ``at`` (ts) is its own."""

    mid: MessageId
    device: KeyId
    ack: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Disclosed:
    """That an officer has disclosed a message, why and when (ts); ``file`` is the file's hash."""

    mid: MessageId
    officer: KeyId
    reason: str
    at: int
    file: bytes
    signed: bytes


@dataclass(frozen=True, slots=True)
class Opening:
    """An officer's signed receipt that they opened a message."""

    mid: MessageId
    officer: KeyId
    at: int
    receipt: MessageId


@dataclass(frozen=True, slots=True)
class Failure:
    """That another desk's device has refused a message, or could not open it; ``at`` is ts."""

    mid: MessageId
    device: KeyId
    outcome: int
    code: str
    at: int
    receipt: MessageId


@dataclass(frozen=True, slots=True)
class Aside:
    """What was set aside, with the broker's receipt for it; ``at`` is ts."""

    eid: bytes
    code: str
    at: int
    envelope: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True)
class WaitingKey:
    """The content key of what is set aside, by the case that it names.

    ``learned`` is a colleague's word; else the message was sent again.
    """

    thread: ThreadId
    key: bytes = field(repr=False)
    learned: bool = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class ToldAside:
    """What was set aside though its content key is here: envelope, broker's receipt, key."""

    envelope: bytes
    receipt: bytes
    key: bytes = field(repr=False)
    learned: bool = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Draft:
    """A step of ours that waits for a second signature, by the question with which it was asked.

    ``addressee`` and ``asked`` are desks' slugs, ``form`` the encoded step. ``state`` is asked,
    granted, refused or sent; ``kid`` and ``signature`` are the second signer's.
    """

    ask: MessageId
    thread: ThreadId
    ref: str
    addressee: str
    officer: str
    purpose: str
    asked: str
    form: bytes
    state: str = "asked"
    kid: bytes | None = None
    signature: bytes | None = None
    reason: bytes | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What a message gives a device of our desk: windows' seeds, or else part of a history.

    ``told`` with the last part: then the device knows what happened before it was admitted.
    """

    device: KeyId
    windows: tuple[KeyId, ...] = ()
    told: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """The place of a message that came here in the lane to ``desk``.

    ``peer`` is the desk that can be asked for what is missing before it; ``at`` is the time (ts);
    ``belied`` are the numbers of which it shows that they were falsely said to be void. What is
    missing in a lane that is not ours, but one of a desk whose place we have, is not asked for:
    that desk's devices tell of it, but of what was erased there.
    """

    desk: DeskId
    lane: Lane
    peer: DeskId
    at: int
    belied: tuple[int, ...] = ()
    is_ours: bool = True


@dataclass(frozen=True, slots=True)
class Orphan:
    """A message that ``child`` names as its parent and that is not here.

    ``peer`` was asked for it ``tries`` times, the last time at ``asked`` (ts).
    """

    parent: MessageId
    child: MessageId
    peer: DeskId
    noticed: int
    asked: int | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class HeadAhead:
    """A head of the directory that a message of ``peer`` names, beyond what we were shown."""

    size: int
    hash: bytes
    peer: DeskId
    noticed: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept with a message in one transaction.

    ``ref`` names its case; ``opening`` is (message, officer, time) of an officer's receipt; an
    ``ask`` waits for one of our officers to decide; ``draft`` waits for the answer to this
    message; ``answered`` is a draft as the answer leaves it; ``settled`` is the question whose
    draft this message has sent, ``decided`` the question that it answers, and how; ``given`` is
    what it gives a colleague's device, ``learned`` that a colleague's device has told us of it,
    ``carried`` our word that it came as a file; ``seen`` are its places in lanes, ``orphans`` the
    parents that are not here, ``ahead`` the head of the directory that we have not reached;
    ``resent`` is (message, desk, time) of one that it sends again; ``files`` come with it,
    ``parcel`` is what it sends; ``failure`` is what another desk's computer says of a message of
    ours, ``told`` is (envelope, desk, time) of one that was set aside and of which its sender is
    told.
    """

    ref: str | None = None
    opening: tuple[MessageId, KeyId, int] | None = None
    ask: bool = False
    draft: Draft | None = None
    answered: Draft | None = None
    settled: MessageId | None = None
    decided: tuple[MessageId, str] | None = None
    given: Given | None = None
    learned: bool = False
    carried: Carried | None = None
    seen: tuple[Seen, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    ahead: HeadAhead | None = None
    resent: tuple[MessageId, DeskId, int] | None = None
    files: tuple[Attachment, ...] = ()
    parcel: bytes | None = None
    failure: Failure | None = None
    told: tuple[bytes, DeskId, int] | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Numbers that are missing in a lane; ``asked`` (ts) is when ``peer`` was asked last."""

    signer: KeyId
    desk: DeskId
    first: int
    last: int
    peer: DeskId
    noticed: int
    asked: int | None = None

    def narrowed(self, part: Gap) -> "Missing":
        """Return the same with fewer numbers."""
        return replace(self, first=part.first, last=part.last)


@dataclass(frozen=True, slots=True)
class Peer:
    """A desk with which ours has a channel; all times are ts.

    ``told`` is when our last status to it was written, ``heard`` when its newest one was.
    """

    desk: DeskId
    since: int
    told: int
    heard: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """The checkpoint that a device of another desk had seen at ``at`` (ts), not yet compared."""

    device: KeyId
    desk: DeskId
    at: int
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class RaisedAlarm:
    """An alarm as it was raised; times are ts, ``officer`` signed that they have seen it."""

    number: int
    code: str
    subject: str
    about: str
    raised: int
    settled: int | None
    seen: int | None
    officer: bytes | None
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A step of a clock's ladder that was reached; ``skipped`` when a later one overtook it."""

    thread: ThreadId
    clock: str
    start: bytes
    level: str
    due: int
    fired: int
    skipped: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """What the broker's blind clock said; times are ts."""

    token: bytes
    code: int
    mid: bytes
    due: int
    at: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much has not come to rest: unsent messages, and entries not yet seen in the ledger."""

    unsent: int
    unproven: int


def fields_of(
    stored: StoredMessage | StoredAck | Carried | Disclosed | Reminder | Notice | Opening | Draft,
) -> dict[str, Any]:
    """Return the fields of a stored value by the names of their columns."""
    return {name: getattr(stored, name) for name in type(stored).__dataclass_fields__}
