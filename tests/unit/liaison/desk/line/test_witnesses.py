"""Whose word a checkpoint needs while one more witness is named, and until when."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crypto.attest.checkpoint import Checkpoint, QuorumError, cosign, sign_checkpoint
from crypto.attest.note import parse_note
from crypto.attest.signing import SigningKey
from crypto.attest.statement import InfraKind, Reason, RevocationPayload
from crypto.seal.ceremony import revoke
from liaison.demo.hand_clock import HandClock
from liaison.desk.keys.directory import Replica
from liaison.desk.line.witnesses import BEGINS_WITHIN, FACT, Witnesses
from liaison.desk.store import Store
from liaison.runtime.clock import from_timestamp
from tests.support.agencies import MONGCAI, Corridor, draw_key, found_corridor

AT = from_timestamp(1_770_000_000)
BROKER = "liaison/broker"
SECOND = timedelta(seconds=1)


@dataclass
class Ledger:
    """A broker's ledger with the witnesses that sign it, as a desk comes to know of them."""

    corridor: Corridor
    broker: SigningKey
    store: Store
    clock: HandClock
    keys: dict[str, SigningKey] = field(default_factory=dict)

    @property
    def witnesses(self) -> Witnesses:
        """Return what the desk knows of the witnesses, as after a restart."""
        return Witnesses(
            self.store, Replica(self.corridor.directory, MONGCAI, self.store), self.clock
        )

    def name(self, side: str, called: str) -> None:
        """Have a side name a witness."""
        self.keys[called] = draw_key()
        agency = self.corridor.vietnam if side == "vn" else self.corridor.china
        agency.rely_on(InfraKind.WITNESS, self.keys[called], called)

    def note(self, *by: str, **late: datetime) -> bytes:
        """Return a checkpoint that these cosign now, and ``late`` at another time."""
        raw = sign_checkpoint(Checkpoint(BROKER, 7, bytes(32)), self.broker)
        note = parse_note(raw)
        for called in (*by, *late):
            at = late.get(called, self.clock.now())
            note = note.adding(cosign(raw, called, self.keys[called], at=at))
        return note.raw()


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """Yield a ledger that a witness of each side signs, and of which the desk has seen a note."""
    broker, store = draw_key(), Store(tmp_path / "desk.sqlcipher", bytes(32))
    await store.open()
    corridor = found_corridor(int(AT.timestamp()), broker=broker.kid)
    ledger = Ledger(corridor, broker, store, HandClock(AT))
    for side in (corridor.vietnam, corridor.china):
        side.rely_on(InfraKind.BROKER, broker, BROKER)
    ledger.name("vn", "north")
    ledger.name("cn", "south")
    await ledger.witnesses.verified(ledger.note("north", "south"))
    yield ledger
    await store.close()


async def test_what_counted_counts_for_a_day_after_a_witness_was_named(ledger: Ledger) -> None:
    ledger.name("vn", "further")
    await ledger.witnesses.verified(ledger.note("north", "south"))

    ledger.clock.set(AT + BEGINS_WITHIN - SECOND)
    seen = await ledger.witnesses.verified(ledger.note("north", "south"))
    before = ledger.note("north", "south")
    ledger.clock.set(AT + BEGINS_WITHIN)

    assert {one.name for one in seen.cosignatures} == {"north", "south"}
    with pytest.raises(QuorumError, match="missing: further"):
        await ledger.witnesses.verified(ledger.note("north", "south"))
    await ledger.witnesses.verified(ledger.note("north", "south", "further"))
    ledger.clock.set(AT + 9 * BEGINS_WITHIN)
    await ledger.witnesses.verified(before)


async def test_while_a_witness_enters_none_of_the_others_may_be_missing(ledger: Ledger) -> None:
    ledger.name("vn", "further")

    for by in (("north",), ("south",), ("north", "further"), ("south", "further"), ()):
        with pytest.raises(QuorumError):
            await ledger.witnesses.verified(ledger.note(*by))


async def test_one_witness_that_dates_back_makes_no_other_look_early(ledger: Ledger) -> None:
    ledger.name("vn", "further")
    await ledger.witnesses.verified(ledger.note("north", "south"))
    ledger.clock.set(AT + BEGINS_WITHIN)

    with pytest.raises(QuorumError):
        await ledger.witnesses.verified(ledger.note("north", south=AT))


async def test_a_witness_in_the_place_of_a_sides_only_one_must_cosign_at_once(
    ledger: Ledger,
) -> None:
    ledger.name("cn", "instead")
    china, ended = ledger.corridor.china, RevocationPayload(ledger.corridor.at, Reason.CLOSED)
    china.entries.append(revoke(china.id, ledger.keys["south"].kid, ended, signers=china.roots))

    with pytest.raises(QuorumError):
        await ledger.witnesses.verified(ledger.note("north", "south"))


async def test_the_witnesses_that_a_desk_finds_first_have_begun(
    ledger: Ledger, tmp_path: Path
) -> None:
    ledger.name("vn", "further")
    fresh = Store(tmp_path / "fresh.sqlcipher", bytes(32))
    await fresh.open()
    ledger.store = fresh

    with pytest.raises(QuorumError):
        await ledger.witnesses.verified(ledger.note("north", "south"))
    kept = await fresh.fact(FACT)
    await fresh.close()
    assert kept is not None
    assert [line.split()[1] for line in kept.decode().splitlines()] == ["0", "0", "0"]
