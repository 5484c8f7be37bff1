"""Leaves of the ledger: what happened, by which key, to which objects, and when.

Follows docs/spec/ledger.md, "Leaf". A leaf holds random ids, enumerated codes, a commitment and the
actor's own signed words, never a name, a number, a text or an unsalted hash of anything guessable.
Leaf bytes are stored as they were made and never encoded anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crypto.attest.encoding import EncodingError, Value, decode, encode

VERSION = 1
LEAF_LIMIT = 16_384


class LeafError(Exception):
    """The bytes are no leaf of this version."""

    code = "ledger.leaf"


class EventKind(StrEnum):
    """What a leaf records. The names are those of the audit specification."""

    MESSAGE_ACCEPTED = "msg.accepted"
    RECEIPT_ARRIVED = "receipt.arrived"
    RECEIPT_DELIVERED = "receipt.delivered"
    RECEIPT_CARRIED = "receipt.carried"
    DIRECTORY_STATED = "directory.stated"
    CLOCK_SET = "clock.set"
    CLOCK_MET = "clock.met"
    CLOCK_MISSED = "clock.missed"
    CLOCK_ESCALATED = "clock.escalated"
    LOGIN_OK = "login.ok"
    LOGIN_FAILED = "login.fail"
    SUBMIT_DENIED = "denied.submit"


@dataclass(frozen=True, slots=True)
class Event:
    """One leaf. ``actor`` and ``agency`` are ids or None; ``evidence`` is what the actor signed."""

    kind: EventKind
    log: bytes
    at: int
    actor: bytes | None = None
    agency: bytes | None = None
    objects: tuple[bytes, ...] = ()
    codes: tuple[int | str, ...] = ()
    commitment: bytes | None = None
    evidence: bytes | None = None

    def encoded(self) -> bytes:
        """Return the leaf's bytes; raise LeafError when no reader would take so many."""
        objects: list[Value] = list(self.objects)
        codes: list[Value] = list(self.codes)
        raw = encode(
            [
                VERSION,
                str(self.kind),
                self.log,
                self.at,
                self.actor,
                self.agency,
                objects,
                codes,
                self.commitment,
                self.evidence,
            ]
        )
        if len(raw) > LEAF_LIMIT:
            raise LeafError(f"a leaf of {len(raw)} bytes; at most {LEAF_LIMIT} are read")
        return raw


def parse_leaf(raw: bytes) -> Event:
    """Return the event in ``raw``; raise LeafError when it is no leaf of this version."""
    try:
        value = decode(raw, limit=LEAF_LIMIT)
    except EncodingError as e:
        raise LeafError(f"{e.code}: {e}") from e
    match value:
        case [
            int(version),
            str(kind),
            bytes(log),
            int(at),
            (bytes() | None) as actor,
            (bytes() | None) as agency,
            list(objects),
            list(codes),
            (bytes() | None) as commitment,
            (bytes() | None) as evidence,
        ] if version == VERSION:
            return Event(
                _kind(kind),
                log,
                at,
                actor,
                agency,
                _objects(objects),
                _codes(codes),
                commitment,
                evidence,
            )
    raise LeafError(f"expected a leaf of version {VERSION}")


def _kind(value: str) -> EventKind:
    try:
        return EventKind(value)
    except ValueError as e:
        raise LeafError(f"unknown kind of event {value!r}") from e


def _objects(items: Sequence[Value]) -> tuple[bytes, ...]:
    objects = tuple(item for item in items if isinstance(item, bytes))
    if len(objects) != len(items):
        raise LeafError("the objects of a leaf are ids")
    return objects


def _codes(items: Sequence[Value]) -> tuple[int | str, ...]:
    codes = tuple(item for item in items if isinstance(item, int | str))
    if len(codes) != len(items):
        raise LeafError("the codes of a leaf are numbers or text")
    return codes
