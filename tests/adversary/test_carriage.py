"""Whoever carries or writes a file gains nothing: it is judged like what the broker brings."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from crypto.attest import labels
from crypto.attest.header import MessageId, parse_envelope
from crypto.attest.signing import SigningKey, pack_signed
from crypto.attest.statement import DevicePayload, Reason, RevocationPayload, Role, What
from crypto.seal.ceremony import VALIDITY, grant_key, name_desk, parse_request, request_key, revoke
from liaison.desk.carriage.handing import take_bytes
from liaison.desk.line.broker_client import publish_entry
from liaison.runtime.seeds import load_key
from protocols.wire.carriage import CarriedFile, parse_carried
from protocols.wire.receipt import Ack, AckWhat
from tests.support.agencies import DONGXING, MONGCAI, QUANGNINH
from tests.support.forge_desk import Forger, device_key, forging
from tests.support.network import Desk, Network, start
from tests.support.world import seed

REF = "GX-DX-2026-0001"
DAY = 86_400
STRANGER = SigningKey.from_seed(bytes(32))


@pytest.fixture
async def forger(parts: Network) -> AsyncIterator[Forger]:
    """Yield the keys of the desk in Dongxing; only Móng Cái runs, and has no line."""
    await start(parts, MONGCAI)
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        await parts.broker.stop()
        await parts.line_is(parts.mongcai, "down")
        yield forger


def file_of(forger: Forger, *entries: bytes, signer: SigningKey | None = None) -> bytes:
    """Return a file with an honest request by ``signer``, else by the desk's officer."""
    key = signer or forger.officer
    content = forger.content(forger.request(REF), signer=key)
    return CarriedFile(forger.forgery(content, signer=key).build(), entries).encoded()


async def taken_as(desk: Desk, raw: bytes) -> str:
    """Have ``desk`` take a file and return what became of it, or the code of its refusal."""
    handed = await take_bytes(desk.agent.carrier, "file", raw)
    return handed.code or str(handed.outcome)


async def check_nothing_is_kept(desk: Desk) -> None:
    """Check that no trace of a refused file is left, and that the next one is taken."""
    assert await desk.board() == []
    assert await desk.set_aside() == []


async def test_a_file_of_an_honest_desk_is_taken_once(forger: Forger) -> None:
    raw = file_of(forger)

    assert [await taken_as(forger.victim, raw) for _ in range(3)] == ["taken", "known", "known"]
    assert [row["case"] for row in await forger.victim.board()] == [REF]


async def test_a_file_in_which_one_bit_was_turned_or_the_end_is_missing_is_refused(
    forger: Forger,
) -> None:
    raw = file_of(forger)
    turned = [
        raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        for place in (0, 1, 9, 150, 4_300, len(raw) - 2, len(raw) - 1)
    ]
    cut = [raw[: int(len(raw) * share)] for share in (0.0, 0.1, 0.5, 0.999)]

    codes = [await taken_as(forger.victim, bad) for bad in turned]

    assert all(code.startswith(("envelope.", "carriage.malformed")) for code in codes)
    assert {await taken_as(forger.victim, bad) for bad in cut} == {"carriage.malformed"}
    await check_nothing_is_kept(forger.victim)
    assert await taken_as(forger.victim, raw) == "taken"


async def test_a_file_for_another_desk_is_refused(parts: Network, tmp_path: Path) -> None:
    await start(parts, MONGCAI, DONGXING, QUANGNINH)
    await parts.broker.stop()
    await parts.line_is(parts.mongcai, "down")
    await parts.mongcai.request()
    (file,) = await parts.mongcai.agent.carrier.outgoing()
    (tmp_path / "x.liaison").write_bytes(file.raw)

    assert await taken_as(parts.desks[QUANGNINH], file.raw) == "envelope.not_for_us"
    assert await taken_as(parts.mongcai, file.raw) == "known"
    await check_nothing_is_kept(parts.desks[QUANGNINH])


async def test_a_message_of_our_own_desk_is_not_taken_from_a_file(forger: Forger) -> None:
    victim, replica = forger.victim, forger.victim.agent.replica
    content = forger.content(forger.request(REF))
    forgery = forger.forgery(content)
    outside = replace(forgery.outside, src=replica.desk, dst=(forger.id_of(forger.desk),))
    envelope = replace(forgery, outside=outside).build()

    assert await taken_as(victim, CarriedFile(envelope).encoded()) == "carriage.own_message"


async def test_a_message_that_comes_after_its_time_is_refused(forger: Forger) -> None:
    raw = file_of(forger)
    await forger.network.clock_on(timedelta(weeks=7))

    assert await taken_as(forger.victim, raw) == "carriage.too_late"
    await check_nothing_is_kept(forger.victim)


async def test_a_message_of_the_day_after_tomorrow_is_refused(forger: Forger) -> None:
    content = forger.content(forger.request(REF), created=forger.at + 2 * DAY)
    raw = CarriedFile(forger.forgery(content).build()).encoded()

    assert await taken_as(forger.victim, raw) == "inbox.false_time"
    await check_nothing_is_kept(forger.victim)


async def test_the_ledgers_bytes_take_the_place_of_a_file_in_which_a_wrap_was_garbled(
    forger: Forger,
) -> None:
    forgery = forger.forgery(forger.content(forger.request(REF)))
    header = forgery.header().encoded()
    one, other = (CarriedFile(forgery.build_with(header)).encoded() for _ in range(2))
    assert one != other  # each wrap is drawn anew

    assert await taken_as(forger.victim, one) == "taken"
    assert await taken_as(forger.victim, other) == "known"
    await forger.network.broker.start()
    async with forging(forger.network, forger.desk, forger.victim) as again:
        await again.caller.submit(parse_carried(other).item)
        await forger.network.settle()

    assert await taken_as(forger.victim, other) == "known"
    assert await taken_as(forger.victim, one) == "inbox.conflict"
    (step,) = await forger.victim.steps(REF)
    assert step["carried"]["in_ledger"]
    assert await forger.victim.set_aside() == []


async def test_nothing_is_taken_from_files_where_nobody_was_admitted(forger: Forger) -> None:
    raw = file_of(forger)
    forger.victim.agent.keyring._windows.clear()  # noqa: SLF001 - as on a new computer

    assert await taken_as(forger.victim, raw) == "desk.not_admitted"


# ------------------------------------------------------------------ entries that come along


@dataclass(frozen=True)
class Newcomer:
    """An officer of Dongxing whom the registrar admits, and the entry that says so."""

    key: SigningKey
    entry: bytes


def admitted(forger: Forger, *, registrar: SigningKey | None = None) -> Newcomer:
    """Return a new officer; the entry is published nowhere."""
    key = SigningKey.from_seed(seed("newcomer"))
    desk = forger.directory.desk_named(forger.desk.slug)
    until = forger.at + VALIDITY
    payload = DevicePayload(key.verify_key, desk.id, Role.OFFICER, "DX-77", forger.at, until)
    ceremony = forger.network.state / "ceremony" / "cn-guangxi-police"
    signer = registrar or load_key(ceremony / "registrar.seed")
    request = parse_request(request_key(desk.agency, payload, key))
    return Newcomer(key, grant_key(request, signer, after=None))


async def test_an_officer_of_whom_the_reader_has_not_heard_is_known_by_the_entry_beside(
    forger: Forger,
) -> None:
    newcomer = admitted(forger)
    alone = file_of(forger, signer=newcomer.key)
    with_entry = CarriedFile(parse_carried(alone).item, (newcomer.entry,)).encoded()

    assert await taken_as(forger.victim, alone) == "envelope.signer"
    assert await taken_as(forger.victim, with_entry) == "taken"

    (step,) = await forger.victim.steps(REF)
    assert step["by"] == "DX-77"
    await forger.victim.stop()
    await forger.victim.start()
    assert (await forger.victim.steps(REF))[0]["by"] == "DX-77"


async def test_an_entry_that_no_registrar_signed_helps_nobody(forger: Forger) -> None:
    newcomer = admitted(forger, registrar=STRANGER)

    raw = file_of(forger, newcomer.entry, b"no entry", signer=newcomer.key)

    assert await taken_as(forger.victim, raw) == "envelope.signer"
    await check_nothing_is_kept(forger.victim)


async def test_an_entry_that_came_as_a_file_moves_no_log_and_is_followed_by_the_brokers(
    forger: Forger,
) -> None:
    newcomer, victim, network = admitted(forger), forger.victim, forger.network
    before = victim.agent.replica.directory.head
    assert await taken_as(victim, file_of(forger, newcomer.entry, signer=newcomer.key)) == "taken"
    carried = victim.agent.replica.directory.head

    await network.broker.start()
    await publish_entry(network.http, network.broker.url, newcomer.entry)
    await network.settle()

    assert carried == before
    assert victim.agent.replica.directory.head == network.broker_directory().head
    assert await victim.agent.store.carried_entries() == []
    assert (await victim.steps(REF))[0]["by"] == "DX-77"


async def test_where_a_file_and_the_log_contradict_each_other_the_log_holds_and_the_desk_goes_on(
    forger: Forger,
) -> None:
    newcomer, victim, network = admitted(forger), forger.victim, forger.network
    # Four more of this officer's messages are missing, and will be asked for.
    forger.ends[newcomer.key.kid] = (4, MessageId(bytes(32)))
    assert await taken_as(victim, file_of(forger, newcomer.entry, signer=newcomer.key)) == "taken"

    # The agency takes another registrar; the log never gets what the one before has signed.
    await network.broker.start()
    await publish_entry(network.http, network.broker.url, with_another_registrar(forger))
    await network.settle()
    await network.clock_on(timedelta(minutes=5))
    await victim.agent.waker.sweep()

    assert victim.agent.replica.directory.head == network.broker_directory().head
    assert await victim.agent.store.carried_entries() == []
    (step,) = await victim.steps(REF)
    assert (step["act"], step["by"]) == ("request", "?")
    assert [(one.code, one.about) for one in await victim.agent.alarms.standing()] == [
        ("lane.gap", f"{DONGXING} ? 1-4")
    ]


def with_another_registrar(forger: Forger) -> bytes:
    """Return the entry by which the agency of the forger's desk lets a stranger enrol there."""
    directory = forger.directory
    desk = directory.desk_named(forger.desk.slug)
    payload = replace(desk.payload, registrars=(STRANGER.verify_key,))
    home = forger.network.state / "ceremony" / "cn-guangxi-police"
    shares = [load_key(home / f"root-{number}.seed") for number in (1, 2)]
    after = directory.last(What.DESK, desk.agency, desk.id)
    return name_desk(desk.agency, desk.id, payload, signers=shares, after=after)


async def test_a_file_read_in_a_keys_time_and_entered_after_it_stays_without_a_place_in_the_ledger(
    parts: Network,
) -> None:
    await start(parts, MONGCAI)
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        content = forger.content(forger.request(REF))
        envelope = forger.forgery(content).build()
        assert await taken_as(parts.mongcai, CarriedFile(envelope).encoded()) == "taken"
        await publish_entry(parts.http, parts.broker.url, revoked(forger, forger.officer))
        await parts.settle()
        await forger.caller.submit(envelope)

        assert await parts.quarantines(parts.mongcai, 1) == ["envelope.signer"]

    (step,) = await parts.mongcai.steps(REF)
    assert (step["by"], step["carried"]["in_ledger"]) == ("DX-02", False)


def revoked(forger: Forger, key: SigningKey) -> bytes:
    """Return the entry by which the registrar revokes an officer's key."""
    signer = forger.directory.signer(key.kid, at=forger.at)
    registrar = load_key(forger.network.state / "ceremony" / "cn-guangxi-police" / "registrar.seed")
    payload = RevocationPayload(forger.at, Reason.LOST)
    return revoke(signer.agency, key.kid, payload, signers=[registrar])


# ------------------------------------------------------------------ the word that a file came


@dataclass(frozen=True)
class Word:
    """The word of Dongxing's device that a request of Móng Cái came as a file, and of others."""

    network: Network
    device: SigningKey
    officer: SigningKey
    ack: Ack

    def raw(self, *, signer: SigningKey | None = None, **changes: object) -> bytes:
        """Return it as a file, honest but for ``changes``."""
        key = signer or self.device
        ack = replace(self.ack, device=key.kid, **changes)  # type: ignore[arg-type]
        return CarriedFile(pack_signed(key, labels.ACK, ack.encoded())).encoded()


@pytest.fixture
async def word(parts: Network) -> Word:
    """Return the word about a request that Móng Cái wrote without a line."""
    await start(parts, MONGCAI)
    await parts.broker.stop()
    await parts.line_is(parts.mongcai, "down")
    await parts.mongcai.request()
    (file,) = await parts.mongcai.agent.carrier.outgoing()
    sealed = parse_envelope(parse_carried(file.raw).item)
    device = await device_key(parts.dongxing)
    officer = SigningKey.from_seed(parts.dongxing.keys.seed)
    at = int(parts.clock.now().timestamp())
    return Word(
        parts, device, officer, Ack(AckWhat.CARRIED, sealed.mid, sealed.eid, at, device.kid)
    )


async def had(network: Network) -> object:
    """Return since when Móng Cái's only message was had there, as it believes."""
    (row,) = await network.mongcai.board()
    (step,) = await network.mongcai.steps(row["case"])
    return step["delivery"]["delivered"]


async def test_the_word_of_a_device_of_the_addressed_desk_counts_once(word: Word) -> None:
    said = [await taken_as(word.network.mongcai, word.raw()) for _ in range(2)]

    assert said == ["taken", "known"]
    assert await had(word.network) == "2026-03-02T08:00:00Z"


async def test_a_word_that_does_not_hold_is_none(word: Word) -> None:
    other = await device_key(word.network.desks[QUANGNINH])
    at = word.ack.at
    lies = {
        word.raw(mid=bytes(32)): "inbox.not_here",
        word.raw(what=AckWhat.DELIVERED): "inbox.false_item",
        word.raw(signer=STRANGER): "directory.unknown_signer",
        word.raw(signer=word.officer): "inbox.false_item",
        word.raw(signer=other): "inbox.false_item",
        word.raw(at=at - 2 * DAY): "inbox.false_time",
        word.raw(at=at + 2 * DAY): "inbox.false_time",
        CarriedFile(pack_signed(STRANGER, labels.ACK, word.ack.encoded())).encoded(): (
            "signature.bad"
        ),
    }

    assert [await taken_as(word.network.mongcai, raw) for raw in lies] == list(lies.values())
    assert await had(word.network) is None
