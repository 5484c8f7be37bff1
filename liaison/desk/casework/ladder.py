"""How far a message has come: each rung with its time, its signer and what proves it.

Built from signed words alone: the officer's message, the broker's receipt, the acknowledgements of
devices as the broker noted them, officers' sealed receipts, and acts. What the broker withholds
leaves a rung empty; it can fill none but its own. A device that has refused a message, or could not
open it, says so under its own name.
"""

from typing import Any

from crypto.attest.signing import KeyId
from liaison.desk.casework.cases import Case, HeldStep
from liaison.desk.keys.directory import UNKNOWN, Replica
from liaison.desk.keys.successors import has_place_of
from liaison.desk.store import Failure, StoredAck
from liaison.runtime.clock import from_timestamp, timestamp
from protocols.casework.codes import Delivery
from protocols.casework.moments import iso
from protocols.casework.receipt import Outcome
from protocols.wire.receipt import AckWhat

View = dict[str, Any]


def ladder(held: HeldStep, case: Case, replica: Replica) -> View:
    """Return each rung with its time, signer and evidence, or None while it is not reached."""
    rungs = {
        Delivery.SEALED: _rung(held.created, f"{held.desk} {held.officer}", held.message.mid),
        Delivery.TAKEN: _taken(held),
        Delivery.ARRIVED: _first_ack(held, case, replica),
        Delivery.DELIVERED: _first_ack(held, case, replica, AckWhat.DELIVERED),
        Delivery.OPENED: _opened(held, case, replica),
        Delivery.ACKNOWLEDGED: _acknowledged(held, case),
    }
    return {str(rung): said for rung, said in rungs.items()}


def failures(held: HeldStep, case: Case, replica: Replica) -> list[View]:
    """Return what computers of the addressed desk have said against a message, soonest first.

    Once one of that desk's computers has it, nothing stands against it any more.
    """
    if held.carried_at is not None or any(ack.mid == held.message.mid for ack in case.acks):
        return []
    found = [one for one in case.failures if one.mid == held.message.mid]
    return [_failure(one, held, case, replica) for one in found]


def _failure(one: Failure, held: HeldStep, case: Case, replica: Replica) -> View:
    return {
        "outcome": Outcome(one.outcome).name.lower(),
        "code": one.code,
        "at": iso(from_timestamp(one.at)),
        "by": _who(replica, one.device),
        "evidence": one.receipt.hex(),
        "sent_again": held.message.mid in case.sent_again,
    }


def _rung(at: int, by: str, evidence: bytes | int) -> View:
    """Return a reached rung; ``evidence`` is a message's id or a place in the ledger."""
    proof = f"ledger {evidence}" if isinstance(evidence, int) else evidence.hex()
    return {"at": iso(from_timestamp(at)), "by": by, "evidence": proof}


def _taken(held: HeldStep) -> View | None:
    message = held.message
    if message.taken_at is None or message.position is None:
        return None
    return _rung(message.taken_at, "broker", message.position)


def _first_ack(
    held: HeldStep, case: Case, replica: Replica, what: AckWhat | None = None
) -> View | None:
    acks = [
        ack
        for ack in case.acks
        if ack.mid == held.message.mid and (what is None or ack.what == what)
    ]
    first: StoredAck | None = min(acks, key=lambda ack: ack.at, default=None)
    if first is not None:
        return _rung(first.at, _who(replica, first.device), first.position)
    if held.carried_at is None:
        return None
    # By hand: their device's own word, which the broker has not seen.
    return _rung(held.carried_at, " ".join(_slugs(held, replica)), held.message.mid)


def _opened(held: HeldStep, case: Case, replica: Replica) -> View | None:
    found = [
        opening
        for opening in case.openings
        if opening.mid == held.message.mid and _is_addressed(held, opening.officer, replica)
    ]
    first = min(found, key=lambda opening: opening.at, default=None)
    if first is None:
        return None
    return _rung(first.at, _who(replica, first.officer), first.receipt)


def _acknowledged(held: HeldStep, case: Case) -> View | None:
    """Return when the other side first acted after this step: an act, not a receipt, says so."""
    rulings = () if case.record is None else case.record.rulings
    mids = [ruling.mid for ruling in rulings]
    if held.message.mid not in mids:
        return None
    later = rulings[mids.index(held.message.mid) + 1 :]
    first = next((ruling for ruling in later if ruling.desk != held.desk), None)
    if first is None:
        return None
    return _rung(timestamp(first.at), f"{first.desk} {first.officer}", first.mid)


def _slugs(held: HeldStep, replica: Replica) -> list[str]:
    return [replica.slug_of(desk) for desk in held.header.dst]


def _is_addressed(held: HeldStep, officer: KeyId, replica: Replica) -> bool:
    desk = replica.desk_of(officer)
    return desk is not None and has_place_of(replica, desk, held.header.dst)


def _who(replica: Replica, kid: KeyId) -> str:
    desk = replica.desk_of(kid)
    return f"{UNKNOWN if desk is None else replica.slug_of(desk)} {replica.pseudonym(kid)}"
