"""What the auditor refuses, on copies of the ledger of a real play.

Where a copy must get past the signatures for a later check to be reached, it is signed anew with
the play's own keys: a broker in league with both witnesses.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from crypto.attest import labels
from crypto.attest.note import parse_note
from crypto.attest.payload import decode_payload, prove_possession
from crypto.attest.signing import SigningKey, pack_signed
from crypto.attest.statement import InfraKind, InfraPayload, parse_entry
from crypto.seal.ceremony import name_infra
from crypto.seal.content import Kind
from liaison.audit.sources import LedgerCopy, SourceError, read_copy, write_copy
from liaison.audit.verify import BrokenLedgerError, verify_ledger
from liaison.desk.entrance.roster import STORE
from liaison.desk.entrance.vault import unlock_vault
from liaison.desk.store import Store
from liaison.runtime.seeds import load_key
from protocols.wire.ledger_event import Event, EventKind, parse_leaf
from protocols.wire.receipt import Ack, AckWhat
from tests.support.played import AGENCIES, Played

Damage = Callable[[tuple[bytes, ...]], tuple[bytes, ...]]

#: What a broker can do to the leaves alone. Position 5 is among the first directory entries.
DAMAGE: dict[str, Damage] = {
    "altered": lambda leaves: (*leaves[:5], leaves[5][:-1] + b"!", *leaves[6:]),
    "deleted": lambda leaves: (*leaves[:5], *leaves[6:]),
    "inserted": lambda leaves: (*leaves[:5], leaves[4], *leaves[5:]),
    "swapped": lambda leaves: (*leaves[:5], leaves[6], leaves[5], *leaves[7:]),
    "cut off": lambda leaves: leaves[:-1],
    "added to": lambda leaves: (*leaves, leaves[-1]),
    "emptied": lambda _leaves: (),
}


def code_of(ledger: LedgerCopy, pins: list[str]) -> str:
    """Return the code with which ``ledger`` is refused."""
    with pytest.raises(BrokenLedgerError) as caught:
        verify_ledger(ledger, pins)
    return caught.value.code


def find(leaves: tuple[bytes, ...], kind: EventKind) -> tuple[int, Event]:
    """Return the position of the first leaf of ``kind`` and what it records."""
    events = [parse_leaf(leaf) for leaf in leaves]
    return next((i, event) for i, event in enumerate(events) if event.kind is kind)


def with_leaf(leaves: tuple[bytes, ...], position: int, event: Event) -> tuple[bytes, ...]:
    return (*leaves[:position], event.encoded(), *leaves[position + 1 :])


async def kinds_at_dongxing(played: Played) -> dict[bytes, Kind]:
    """Return of what kind each message is that the desk in Dongxing has sent or received."""
    passphrase = (played.state / "passphrase").read_text()
    home = played.state / "cn-dongxing"
    store = Store(home / STORE, unlock_vault(home, "DX-02", passphrase).master)
    await store.open()
    kinds = {bytes(m.mid): Kind(m.kind) for m in await store.taken()}
    await store.close()
    return kinds


async def test_the_ledger_of_a_play_holds(played: Played) -> None:
    verified = verify_ledger(played.ledger, played.pins)

    assert verified.size == len(played.ledger.leaves)
    assert [name for name, _ in verified.cosignatures] == [f"witness-{name}" for name in AGENCIES]
    accepted = [e for e in verified.events if e.kind is EventKind.MESSAGE_ACCEPTED]
    kinds = await kinds_at_dongxing(played)
    found = Counter(kinds[event.objects[0]] for event in accepted)
    # Seven steps, and a receipt of opening for each.
    steps = {Kind.STEP: 7, Kind.RECEIPT: 7}
    # Each of the two desks says how it stands at the start, and on each of the four later days on
    # which something happens.
    assert found == steps | {Kind.STATUS: 2 * 5}


def test_signing_the_same_leaves_anew_gives_a_ledger_that_holds(played: Played) -> None:
    again = played.signed(*played.ledger.leaves)

    assert verify_ledger(again, played.pins).root == verify_ledger(played.ledger, played.pins).root


@pytest.mark.parametrize("name", DAMAGE)
def test_leaves_other_than_the_cosigned_ones_are_refused(played: Played, name: str) -> None:
    damaged = replace(played.ledger, leaves=DAMAGE[name](played.ledger.leaves))

    assert code_of(damaged, played.pins) == "audit.root"


@pytest.mark.parametrize("missing", AGENCIES)
def test_a_cosignature_missing_on_one_side_is_refused(played: Played, missing: str) -> None:
    present = {name: name for name in AGENCIES if name != missing}

    assert code_of(played.signed(*played.ledger.leaves, by=present), played.pins) == (
        "audit.checkpoint"
    )


def test_leaves_chained_anew_by_the_broker_alone_are_refused(played: Played) -> None:
    forged = played.signed(*DAMAGE["deleted"](played.ledger.leaves), by={})

    assert code_of(forged, played.pins) == "audit.checkpoint"


def test_leaves_chained_anew_under_the_old_cosignatures_are_refused(played: Played) -> None:
    forged = played.signed(*DAMAGE["deleted"](played.ledger.leaves), by={})
    note = parse_note(forged.checkpoint)
    for signature in parse_note(played.ledger.checkpoint).signatures[1:]:
        note = note.adding(signature)

    assert code_of(replace(forged, checkpoint=note.raw()), played.pins) == "audit.checkpoint"


def test_one_witness_cannot_cosign_in_the_others_name(played: Played) -> None:
    vietnam, china = AGENCIES
    forged = played.signed(*played.ledger.leaves, by={vietnam: vietnam, china: vietnam})

    assert code_of(forged, played.pins) == "audit.checkpoint"


def test_pins_of_other_agencies_are_refused(played: Played) -> None:
    other = ["00000 " * 11 + "00000"] * 2

    assert code_of(played.ledger, other) == "audit.directory"


def test_the_pin_of_one_agency_alone_is_not_enough(played: Played) -> None:
    assert code_of(played.ledger, played.pins[:1]) == "audit.directory"


@pytest.mark.parametrize("position", range(10))
def test_an_altered_entry_of_the_directory_is_refused(played: Played, position: int) -> None:
    entries = played.ledger.directory
    entry = entries[position]
    altered = entry[:-1] + bytes([entry[-1] ^ 1])
    damaged = replace(
        played.ledger, directory=(*entries[:position], altered, *entries[position + 1 :])
    )

    assert code_of(damaged, played.pins) == "audit.directory"


def test_a_directory_without_what_the_ledger_has_recorded_is_refused(played: Played) -> None:
    damaged = replace(played.ledger, directory=played.ledger.directory[:-1])

    assert code_of(damaged, played.pins) == "audit.leaf"


def names_a_witness(entry: bytes) -> bool:
    statement = parse_entry(entry).statement
    payload = decode_payload(statement)
    return isinstance(payload, InfraPayload) and payload.kind is InfraKind.WITNESS


def test_a_directory_in_which_one_agency_names_no_witness_is_refused(played: Played) -> None:
    entries = played.ledger.directory
    witness = next(position for position, raw in enumerate(entries) if names_a_witness(raw))
    damaged = replace(played.ledger, directory=(*entries[:witness], *entries[witness + 1 :]))

    assert code_of(damaged, played.pins) == "audit.checkpoint"


def naming_another_broker(played: Played) -> bytes:
    """Return the entry by which the first agency names a second broker."""
    home = played.state / "ceremony" / AGENCIES[0]
    roots = [load_key(home / f"root-{number}.seed") for number in (1, 2)]
    other = SigningKey.from_seed(bytes(32))
    payload = InfraPayload(InfraKind.BROKER, other.verify_key, "another-broker")
    agency = parse_entry(played.ledger.directory[0]).statement.agency
    return name_infra(agency, prove_possession(payload, other), signers=roots)


def test_a_second_broker_that_one_agency_names_breaks_no_ledger(played: Played) -> None:
    entries = (*played.ledger.directory, naming_another_broker(played))

    verified = verify_ledger(replace(played.ledger, directory=entries), played.pins)

    assert verified.size == len(played.ledger.leaves)


def test_a_ledger_of_a_broker_that_one_agency_alone_has_named_is_refused(played: Played) -> None:
    entries = (*played.ledger.directory, naming_another_broker(played))
    _, _, rest = played.ledger.checkpoint.partition(b"\n")
    damaged = replace(played.ledger, directory=entries, checkpoint=b"another-broker\n" + rest)

    assert code_of(damaged, played.pins) == "audit.directory"


def test_time_going_backwards_is_refused_even_when_both_witnesses_cosign(played: Played) -> None:
    leaves = played.ledger.leaves
    position, event = find(leaves, EventKind.MESSAGE_ACCEPTED)
    before = parse_leaf(leaves[position - 1]).at
    forged = played.signed(*with_leaf(leaves, position, replace(event, at=before - 1)))

    with pytest.raises(BrokenLedgerError, match="earlier") as caught:
        verify_ledger(forged, played.pins)
    assert caught.value.code == "audit.leaf"


def test_an_acknowledgement_in_another_devices_name_is_refused(played: Played) -> None:
    leaves = played.ledger.leaves
    position, event = find(leaves, EventKind.RECEIPT_DELIVERED)
    _, login = next(
        (i, e)
        for i, e in enumerate(map(parse_leaf, leaves))
        if e.kind is EventKind.LOGIN_OK and e.actor != event.actor
    )
    forged = played.signed(*with_leaf(leaves, position, replace(event, actor=login.actor)))

    with pytest.raises(BrokenLedgerError, match="signature") as caught:
        verify_ledger(forged, played.pins)
    assert caught.value.code == "audit.leaf"


def test_an_acknowledgement_by_an_officers_key_is_refused(played: Played) -> None:
    leaves = played.ledger.leaves
    position, event = find(leaves, EventKind.RECEIPT_DELIVERED)
    passphrase = (played.state / "passphrase").read_text()
    keys = unlock_vault(played.state / "cn-dongxing", "DX-02", passphrase)
    officer = SigningKey.from_seed(keys.seed)
    mid, eid = event.objects
    body = Ack(AckWhat.DELIVERED, mid, eid, event.at, officer.kid).encoded()
    evidence = pack_signed(officer, labels.ACK, body)
    other = replace(event, actor=officer.kid, evidence=evidence)
    forged = played.signed(*with_leaf(leaves, position, other))

    with pytest.raises(BrokenLedgerError, match="no device's") as caught:
        verify_ledger(forged, played.pins)
    assert caught.value.code == "audit.leaf"


def test_an_acknowledgement_of_another_message_is_refused(played: Played) -> None:
    leaves = played.ledger.leaves
    position, event = find(leaves, EventKind.RECEIPT_DELIVERED)
    other = replace(event, objects=(event.objects[1], event.objects[0]))
    forged = played.signed(*with_leaf(leaves, position, other))

    with pytest.raises(BrokenLedgerError, match="signed something else") as caught:
        verify_ledger(forged, played.pins)
    assert caught.value.code == "audit.leaf"


def test_a_delivery_is_no_arrival(played: Played) -> None:
    leaves = played.ledger.leaves
    position, event = find(leaves, EventKind.RECEIPT_DELIVERED)
    other = replace(event, kind=EventKind.RECEIPT_ARRIVED)

    assert code_of(played.signed(*with_leaf(leaves, position, other)), played.pins) == "audit.leaf"


def test_a_leaf_of_another_ledger_is_refused(played: Played) -> None:
    leaves = played.ledger.leaves
    position, event = find(leaves, EventKind.MESSAGE_ACCEPTED)
    foreign = replace(event, log=bytes(len(event.log)))
    forged = played.signed(*with_leaf(leaves, position, foreign))

    with pytest.raises(BrokenLedgerError, match="another ledger"):
        verify_ledger(forged, played.pins)


def test_a_leaf_that_is_none_is_refused(played: Played) -> None:
    forged = played.signed(*played.ledger.leaves, b"\x80")

    assert code_of(forged, played.pins) == "audit.leaf"


def mutated(raw: bytes, data: st.DataObject) -> bytes:
    """Return ``raw`` with one random change: bits, bytes gone, bytes more, or parts in turn."""
    start = data.draw(st.integers(0, len(raw) - 1), label="start")
    length = data.draw(st.integers(1, 64), label="length")
    piece, rest = raw[start : start + length], raw[start + length :]
    match data.draw(st.sampled_from(["flip", "cut", "add", "turn", "truncate"]), label="change"):
        case "flip":
            bit = 1 << data.draw(st.integers(0, 7), label="bit")
            return raw[:start] + bytes([raw[start] ^ bit]) + raw[start + 1 :]
        case "cut":
            return raw[:start] + rest
        case "add":
            return raw[:start] + data.draw(st.binary(min_size=1, max_size=8)) + raw[start:]
        case "turn":
            return raw[:start] + piece[::-1] + rest
    return raw[:start]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), name=st.sampled_from(["directory", "leaves", "checkpoint"]))
def test_no_change_to_a_copys_files_goes_unseen(
    played: Played,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    name: str,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "mutated"
    write_copy(folder, played.ledger)
    file = folder / name
    raw = file.read_bytes()
    changed = mutated(raw, data)
    assume(changed != raw)
    file.write_bytes(changed)

    with pytest.raises((BrokenLedgerError, SourceError)) as caught:
        verify_ledger(read_copy(folder), played.pins)

    # The answer is no: never "bad input", since the three files are there.
    assert getattr(caught.value, "code", None) != SourceError.code
