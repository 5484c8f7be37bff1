"""What the desk's store gives back: messages, receipts, drafts, reminders, as frozen values."""

from dataclasses import dataclass
from typing import Any

from crypto.attest.header import DeskId, MessageId
from crypto.attest.signing import KeyId
from crypto.seal.content import ThreadId


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as the store holds it; ``taken_at`` (ts) and ``position`` are the ledger's."""

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
class Opening:
    """An officer's signed receipt that they opened a message."""

    mid: MessageId
    officer: KeyId
    at: int
    receipt: MessageId


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
class Keeping:
    """What is kept with a message in one transaction.

    ``ref`` names its case; ``opening`` is (message, officer, time) of an officer's receipt; an
    ``ask`` waits for one of our officers to decide; ``draft`` waits for the answer to this
    message; ``answered`` is a draft as the answer leaves it; ``settled`` is the question whose
    draft this message has sent, ``decided`` the question that it answers, and how; ``given`` is
    what it gives a colleague's device, ``learned`` that a colleague's device has told us of it.
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
    stored: StoredMessage | StoredAck | Reminder | Notice | Opening | Draft,
) -> dict[str, Any]:
    """Return the fields of a stored value by the names of their columns."""
    return {name: getattr(stored, name) for name in type(stored).__dataclass_fields__}
