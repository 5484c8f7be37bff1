"""Checking a whole ledger: every leaf, every signature, from the pinned roots up.

Follows docs/spec/ledger.md, "Verification". The first thing that does not hold is named; nothing
after it is believed. What is returned was checked, never merely read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crypto.attest import labels
from crypto.attest.checkpoint import Cosigned, Policy, verify_checkpoint
from crypto.attest.directory import Directory, DirectoryError
from crypto.attest.hashing import digest
from crypto.attest.note import NamedKey, NoteError
from crypto.attest.pin import PinError, read_pin
from crypto.attest.signing import KeyId, SignatureError, open_signed
from crypto.attest.statement import InfraKind, Role
from crypto.attest.tree import Frontier, hash_leaf
from liaison.audit.sources import LedgerCopy
from protocols.wire.ledger_event import Event, EventKind, LeafError, parse_leaf
from protocols.wire.receipt import AckWhat, ReceiptError, parse_ack

_ACK_KINDS = {
    EventKind.RECEIPT_ARRIVED: AckWhat.ARRIVED,
    EventKind.RECEIPT_DELIVERED: AckWhat.DELIVERED,
    EventKind.RECEIPT_CARRIED: AckWhat.CARRIED,
}


class BrokenLedgerError(Exception):
    """The ledger does not hold; the message names the first thing that fails."""

    code = "audit.broken"


class BrokenDirectoryError(BrokenLedgerError):
    """An entry of the directory does not chain to the pinned roots."""

    code = "audit.directory"


class BrokenCheckpointError(BrokenLedgerError):
    """The checkpoint is not signed by the broker and by a witness of each side."""

    code = "audit.checkpoint"


class BrokenRootError(BrokenLedgerError):
    """The leaves do not hash to the cosigned root: something was altered, added or removed."""

    code = "audit.root"


class BrokenLeafError(BrokenLedgerError):
    """A leaf does not say what it must."""

    code = "audit.leaf"


@dataclass(frozen=True, slots=True)
class Verified:
    """A ledger that holds: its size, cosigned root, who cosigned and when, and what is in it."""

    size: int
    root: bytes
    cosigned: Cosigned
    checkpoint: bytes
    events: tuple[Event, ...]

    @property
    def cosignatures(self) -> list[tuple[str, datetime]]:
        """Return each witness's name and time of cosigning."""
        return [(c.name, c.at) for c in self.cosigned.cosignatures]


def verify_ledger(ledger: LedgerCopy, pins: Iterable[str]) -> Verified:
    """Return what ``ledger`` holds once every part of it was checked.

    Args:
        ledger: a copy, from wherever.
        pins: the fingerprints of both agencies' roots, as typed by two people.

    Raises:
        BrokenLedgerError: a subclass that says what does not hold, and where.
    """
    directory = _directory(ledger, pins)
    broker = _broker(ledger, directory)
    cosigned = _checkpoint(ledger, directory, broker)
    frontier = Frontier()
    for leaf in ledger.leaves:
        frontier, _ = frontier.append(hash_leaf(leaf))
    if frontier.head() != cosigned.checkpoint.head:
        raise BrokenRootError(
            f"{len(ledger.leaves)} leaves do not hash to the cosigned root of "
            f"{cosigned.checkpoint.size}"
        )
    events = tuple(_leaf(i, raw) for i, raw in enumerate(ledger.leaves))
    _check_events(events, directory, broker.verify_key.kid, ledger.directory)
    checkpoint = cosigned.checkpoint
    return Verified(checkpoint.size, checkpoint.root, cosigned, ledger.checkpoint, events)


def _directory(ledger: LedgerCopy, pins: Iterable[str]) -> Directory:
    try:
        return Directory.replay(map(read_pin, pins), ledger.directory)
    except (DirectoryError, PinError) as e:
        raise BrokenDirectoryError(f"{e.code}: {e}") from e


def _broker(ledger: LedgerCopy, directory: Directory) -> NamedKey:
    """Return the broker of this ledger, whom all agencies that name any have named.

    It is looked for by the checkpoint's origin; that it signed this, and that each leaf is of its
    ledger, is checked after.
    """
    origin = ledger.checkpoint.split(b"\n", 1)[0]
    named = directory.infra(InfraKind.BROKER)
    ours = [one for one in named if one.payload.name.encode() == origin]
    if not ours or {one.agency for one in named} != {one.agency for one in ours}:
        raise BrokenDirectoryError("the broker of this ledger named by all agencies expected")
    return NamedKey(ours[0].payload.name, ours[0].payload.key)


def _checkpoint(ledger: LedgerCopy, directory: Directory, broker: NamedKey) -> Cosigned:
    witnesses = directory.infra(InfraKind.WITNESS)
    agencies = {witness.agency for witness in witnesses}
    expected = {desk.agency for desk in directory.desks()}
    if not expected <= agencies:
        raise BrokenCheckpointError("an agency has named no witness: its side has seen nothing")
    distinct = dict.fromkeys((w.payload.name, w.payload.key) for w in witnesses)
    keys = [NamedKey(name, key) for name, key in distinct]
    try:
        return verify_checkpoint(ledger.checkpoint, Policy.of_all(broker, *keys))
    except NoteError as e:
        raise BrokenCheckpointError(f"{e.code}: {e}") from e


def _leaf(position: int, raw: bytes) -> Event:
    try:
        return parse_leaf(raw)
    except LeafError as e:
        raise BrokenLeafError(f"leaf {position}: {e}") from e


def _check_events(
    events: tuple[Event, ...], directory: Directory, log: KeyId, entries: tuple[bytes, ...]
) -> None:
    before, stated = 0, [e.commitment for e in events if e.kind is EventKind.DIRECTORY_STATED]
    places = [i for i, e in enumerate(events) if e.kind is EventKind.DIRECTORY_STATED]
    for size, position in enumerate(places, 1):
        directory.place(size, position)
    for position, event in enumerate(events):
        if event.log != log:
            raise BrokenLeafError(f"leaf {position}: written for another ledger")
        if event.at < before:
            raise BrokenLeafError(f"leaf {position}: is earlier than the one before it")
        before = event.at
        if event.kind in _ACK_KINDS:
            _check_ack(position, event, directory)
    if stated != _heads(entries)[: len(stated)]:
        raise BrokenLeafError("the directory is not the one that the ledger has recorded")


def _check_ack(position: int, event: Event, directory: Directory) -> None:
    try:
        device = directory.signer(KeyId(event.actor or b""), at=event.at, index=position).payload
        ack = parse_ack(open_signed(device.key, labels.ACK, event.evidence or b""))
    except (DirectoryError, SignatureError, ReceiptError) as e:
        raise BrokenLeafError(f"leaf {position}: {e.code}: {e}") from e
    if device.role is not Role.DEVICE:
        raise BrokenLeafError(f"leaf {position}: acknowledged by a key that is no device's")
    if (ack.mid, ack.eid) != event.objects or ack.what is not _ACK_KINDS[event.kind]:
        raise BrokenLeafError(f"leaf {position}: the device has signed something else")


def _heads(entries: Iterable[bytes]) -> list[bytes | None]:
    head, heads = bytes(32), []
    for entry in entries:
        head = digest(labels.P_LOG, head + entry)
        heads.append(head)
    return list(heads)
