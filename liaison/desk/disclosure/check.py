"""Checking what was disclosed, with nothing but the fingerprints that were typed in person.

Follows docs/spec/disclosure.md, "Checks". Needs no desk, no broker and no network. What is returned
was checked; the first thing that does not hold is named, and nothing is said of the message then.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crypto.attest.checkpoint import Cosigned, Policy, verify_checkpoint
from crypto.attest.directory import Desk, Directory, DirectoryError, Infra
from crypto.attest.header import EnvelopeError, Sealed, parse_envelope
from crypto.attest.note import NamedKey, NoteError, parse_note
from crypto.attest.pin import read_pin
from crypto.attest.proof import verify_inclusion
from crypto.attest.signing import VerifyKey
from crypto.attest.statement import InfraKind
from crypto.attest.tree import TreeError, hash_leaf
from crypto.seal.disclosure import DISCLOSABLE, Disclosure, DisclosureError, parse_disclosure
from crypto.seal.envelope import Opened, open_disclosed
from liaison.desk.line.outbox import FalseReceiptError, check_took
from protocols.wire.ledger_event import EventKind, LeafError, parse_leaf
from protocols.wire.receipt import Took


class FalseDisclosureError(Exception):
    """What was disclosed does not hold; the message names the first thing that fails."""

    code = "disclosure.false"


#: What may be wrong with a part of a disclosure.
PARTS = (DirectoryError, EnvelopeError, FalseReceiptError, NoteError, TreeError, LeafError)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that was disclosed and holds: who said it where, and who vouches for it."""

    opened: Opened
    took: Took
    cosigned: Cosigned
    directory: Directory
    source: Desk
    addressed: tuple[Desk, ...]


def verify_disclosure(raw: bytes, pins: Iterable[str]) -> Shown:
    """Return what a file shows, once every part of it was checked.

    Args:
        raw: the file.
        pins: the fingerprints of both agencies' roots, as typed by two people.

    Raises:
        PinError: a fingerprint is none.
        DisclosureError: it is no file of this form.
        FalseDisclosureError: something in it does not hold.
    """
    typed = [read_pin(pin) for pin in pins]
    file = parse_disclosure(raw)
    try:
        return _checked(file, Directory.replay(typed, file.entries))
    except PARTS as e:
        raise FalseDisclosureError(f"{e.code}: {e}") from e


def _checked(file: Disclosure, directory: Directory) -> Shown:
    sealed = parse_envelope(file.envelope)
    source = directory.desk(sealed.header.src)
    addressed = tuple(directory.desk(desk) for desk in sealed.header.dst)
    broker = _broker(directory, source)
    took = check_took(file.took, sealed.mid, sealed.eid, broker.payload.key)
    opened = open_disclosed(
        sealed, file.content_key, directory=directory, at=took.at, index=took.index
    )
    if opened.content.kind not in DISCLOSABLE:
        raise DisclosureError(f"a {opened.content.kind.name} is not shown alone")
    cosigned = _cosigned(file.checkpoint, directory, broker, [source, *addressed])
    head = cosigned.checkpoint.head
    verify_inclusion(hash_leaf(file.leaf), file.proof, index=took.index, head=head)
    _check_leaf(file.leaf, sealed, took, source)
    return Shown(opened, took, cosigned, directory, source, addressed)


def _broker(directory: Directory, source: Desk) -> Infra:
    for infra in directory.infra(InfraKind.BROKER, agency=source.agency):
        if infra.kid == source.payload.broker:
            return infra
    raise FalseDisclosureError("the source's agency names its desk's broker: expected, not found")


def _cosigned(raw: bytes, directory: Directory, broker: Infra, desks: list[Desk]) -> Cosigned:
    """Return the checkpoint, signed by the broker and by all witnesses, one of each side at least.

    A line by anybody else would say nothing, and is refused.
    """
    witnesses = directory.infra(InfraKind.WITNESS)
    if not {desk.agency for desk in desks} <= {witness.agency for witness in witnesses}:
        raise FalseDisclosureError("a witness of each side expected, one is missing")
    keys = [NamedKey(name, key) for name, key in _distinct(witnesses)]
    log = NamedKey(broker.payload.name, broker.payload.key)
    cosigned = verify_checkpoint(raw, Policy.of_all(log, *keys))
    if len(parse_note(raw).signatures) != 1 + len(keys):
        raise FalseDisclosureError("no other lines than those of broker and witnesses expected")
    return cosigned


def _distinct(infra: list[Infra]) -> list[tuple[str, VerifyKey]]:
    return list(dict.fromkeys((one.payload.name, one.payload.key) for one in infra))


def _check_leaf(raw: bytes, sealed: Sealed, took: Took, source: Desk) -> None:
    leaf = parse_leaf(raw)
    found = leaf.kind, leaf.log, leaf.at, leaf.agency, leaf.objects, leaf.codes
    expected = (
        EventKind.MESSAGE_ACCEPTED,
        took.broker,
        took.at,
        source.agency,
        (sealed.mid, sealed.eid),
        (int(sealed.header.priority),),
    )
    if found != expected:
        raise FalseDisclosureError("the leaf is not that of this message")
