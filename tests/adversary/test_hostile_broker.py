"""A broker that holds its own key and lies: nothing false is believed, and mail goes on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from crypto.attest import labels
from crypto.attest.header import parse_envelope
from crypto.attest.signing import SigningKey, pack_signed
from crypto.seal.primitives import fresh
from crypto.seal.windows import make_grant_key
from liaison.runtime.clock import timestamp
from protocols.wire import api
from protocols.wire.mailbox import ItemKind, MailLane, NoticeCode
from protocols.wire.receipt import Took
from tests.support.agencies import MONGCAI, QUANGNINH, found
from tests.support.forge_desk import device_key, forging
from tests.support.interposed import Interposed, delivery, item
from tests.support.network import AT, Desk, Network, until
from tests.support.told import Told

NOW = timestamp(AT)
#: No calendar has such a time.
NO_TIME = 2**50


async def check_mail_goes_on(network: Network) -> None:
    """Check that a message still comes, is delivered, and can be shown."""
    ref = await network.dongxing.request(MONGCAI)
    await network.holds(network.mongcai, ref, 1)
    await network.settle()
    (step,) = await network.dongxing.steps(ref)
    assert step["delivery"]["delivered"] is not None


async def test_an_envelope_for_another_desk_is_set_aside(
    parts: Network, between: Interposed
) -> None:
    await parts.dongxing.stop()
    async with forging(parts, parts.dongxing, parts.desks[QUANGNINH]) as forger:
        forger.victim = parts.mongcai
        envelope = forger.forgery(forger.content(forger.request("GX-DX-2026-0001"))).build()
        outside = forger.forgery(forger.content(None)).outside
        elsewhere = forger.forgery(
            forger.content(forger.request("GX-DX-2026-0001")),
            outside=replace(outside, dst=(forger.id_of(parts.desks[QUANGNINH]),)),
        ).build()
    assert parse_envelope(envelope).header.dst != parse_envelope(elsewhere).header.dst

    await between.say(delivery(elsewhere, parts.broker_key, at=NOW))

    assert await parts.quarantines(parts.mongcai, 1) == ["envelope.not_for_us"]
    assert await parts.mongcai.board() == []
    await parts.dongxing.start()
    await check_mail_goes_on(parts)


async def test_an_envelope_with_a_receipt_for_another_is_set_aside(
    parts: Network, between: Interposed
) -> None:
    await parts.dongxing.stop()
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        envelope = forger.forgery(forger.content(forger.request("GX-DX-2026-0001"))).build()
    frame = delivery(envelope, parts.broker_key, at=NOW)
    other = Took(bytes(32), bytes(32), 0, NOW, parts.broker_key.kid).encoded()

    await between.say(replace(frame, second=pack_signed(parts.broker_key, labels.TOOK, other)))

    assert await parts.quarantines(parts.mongcai, 1) == ["line.false_receipt"]


async def test_other_bytes_under_an_id_that_is_here_are_not_acknowledged(
    parts: Network, between: Interposed
) -> None:
    await parts.dongxing.stop()
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        forgery = forger.forgery(forger.content(forger.request("GX-DX-2026-0001")))
        envelope = forgery.build()
        await forger.caller.submit(envelope)
        await parts.holds(parts.mongcai, "GX-DX-2026-0001", 1)
    other = replace(forgery, hidden=bytes(80)).build()

    await between.say(delivery(other, parts.broker_key, at=NOW))

    assert await parts.quarantines(parts.mongcai, 1) == ["inbox.conflict"]
    (held,) = (await parts.mongcai.agent.casebook.find("GX-DX-2026-0001")).steps
    assert held.message.envelope == envelope


@pytest.fixture
async def told(parts: Network, between: Interposed) -> Told:
    """Return an honest acknowledgement of a message of Móng Cái that never left."""
    between.is_deaf = True  # the request stays unsent, so no true acknowledgement comes
    ref = await parts.mongcai.request()
    (held,) = (await parts.mongcai.agent.casebook.find(ref)).steps
    await parts.dongxing.stop()
    return Told(parts, held.message, await device_key(parts.dongxing), at=NOW)


async def delivered(network: Network) -> object:
    """Return when Móng Cái's only message was delivered, as it believes."""
    (row,) = await network.mongcai.board()
    (step,) = await network.mongcai.steps(row["case"])
    return step["delivery"]["delivered"]


async def test_an_acknowledgement_by_a_device_of_the_addressed_desk_is_believed(
    parts: Network, between: Interposed, told: Told
) -> None:
    await between.say(told.frame())

    async def is_believed() -> bool:
        return await delivered(parts) is not None

    await until(is_believed, "the acknowledgement is believed")
    assert await parts.mongcai.set_aside() == []


#: A key that nobody knows.
STRANGER = SigningKey.from_seed(bytes(32))


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param({"eid": bytes(32)}, id="of other bytes"),
        pytest.param({"signer": STRANGER}, id="signed by another key"),
        pytest.param({"noted_by": STRANGER}, id="noted by another key"),
        pytest.param({"note_of": b"another"}, id="with the note of another"),
    ],
)
async def test_an_acknowledgement_that_does_not_hold_is_none(
    parts: Network, between: Interposed, told: Told, lie: dict[str, Any]
) -> None:
    await between.say(replace(told, **lie).frame())

    assert len(await parts.quarantines(parts.mongcai, 1)) == 1
    assert await delivered(parts) is None


async def test_an_acknowledgement_by_a_foreign_device_is_none(
    parts: Network, between: Interposed, told: Told
) -> None:
    stranger = await device_key(parts.desks[QUANGNINH])

    await between.say(replace(told, device=stranger).frame())

    assert await parts.quarantines(parts.mongcai, 1) == ["inbox.false_item"]
    assert await delivered(parts) is None


async def test_an_acknowledgement_by_an_officers_key_is_none(
    parts: Network, between: Interposed, told: Told
) -> None:
    officer = SigningKey.from_seed(parts.dongxing.keys.seed)

    await between.say(replace(told, device=officer).frame())

    assert await parts.quarantines(parts.mongcai, 1) == ["inbox.false_item"]
    assert await delivered(parts) is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param((9, NOW), id="unknown code"),
        pytest.param((int(NoticeCode.DUE), NO_TIME), id="no such time"),
    ],
)
async def test_a_notice_that_says_nothing_sensible_does_not_make_the_case_unreadable(
    parts: Network, between: Interposed, body: tuple[int, int]
) -> None:
    ref = await parts.mongcai.request()
    await parts.settle()
    (held,) = (await parts.mongcai.agent.casebook.find(ref)).steps
    code, due = body
    raw = api.notice_body(api.NoticeBody(code, fresh(16), held.message.mid, due, NOW))

    await between.say(item(ItemKind.NOTICE, raw, b""))

    assert len(await parts.quarantines(parts.mongcai, 1)) == 1
    assert (await parts.mongcai.case(ref))["notices"] == []
    await check_mail_goes_on(parts)


async def test_what_one_device_gives_another_is_left_alone_by_a_third(
    parts: Network, between: Interposed
) -> None:
    await parts.dongxing.stop()
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        desk, honest = forger.id_of(parts.mongcai), forger.forgery(forger.content(None)).outside
        within = replace(honest, src=desk, dst=(desk,))
        content, to = forger.content(None), make_grant_key().key
        given = forger.forgery(content, outside=within, windows=[to]).build()

    await between.say(delivery(given, parts.broker_key, at=NOW))

    async def is_answered() -> bool:
        return between.unanswered == 0

    await until(is_answered, "it is dealt with")
    assert await parts.mongcai.set_aside() == []


async def test_an_item_of_an_unknown_kind_is_set_aside_and_mail_goes_on(
    parts: Network, between: Interposed
) -> None:
    await between.say(api.Deliver(int(MailLane.RESCUE), 0, 99, b"no item", b""))

    assert await parts.quarantines(parts.mongcai, 1) == ["inbox.unforeseen"]
    await check_mail_goes_on(parts)


async def test_a_receipt_of_an_impossible_time_is_none(parts: Network, between: Interposed) -> None:
    lies: list[bytes] = []

    async def lie_once(frame: api.Frame) -> Sequence[api.Frame]:
        if isinstance(frame, api.Taken) and not lies:
            (waiting,) = await parts.mongcai.agent.store.outbox()
            false = Took(waiting.mid, waiting.eid, 0, NO_TIME, parts.broker_key.kid).encoded()
            lies.append(pack_signed(parts.broker_key, labels.TOOK, false))
            return [api.Taken(frame.number, lies[0])]
        return [frame]

    between.to_desk = lie_once
    ref = await parts.mongcai.request()
    await parts.settle()

    (held,) = (await parts.mongcai.agent.casebook.find(ref)).steps
    assert lies
    assert held.message.taken_at == NOW
    assert len(await parts.mongcai.board()) == 1


def altered(entry: bytes) -> bytes:
    """Return an entry with its last byte, a byte of a signature, turned."""
    return entry[:-1] + bytes([entry[-1] ^ 1])


def unpinned(_entry: bytes) -> bytes:
    """Return the root of an agency whose digits nobody has typed."""
    return found("LA").entries[0]


@pytest.mark.parametrize("change", [altered, unpinned])
async def test_an_entry_that_does_not_stand_is_not_stored_and_mail_and_proofs_go_on(
    parts: Network, between: Interposed, change: Callable[[bytes], bytes]
) -> None:
    await parts.mongcai.stop()
    # Something new to be told falsely: the desk that is up publishes its next windows.
    await parts.pass_time(AT.replace(day=9, hour=0))
    await parts.dongxing.stop()
    lies: list[bytes] = []

    async def lie(path: str, posted: bytes, answer: bytes) -> tuple[int, bytes]:
        entries = (
            api.parse_page(answer, limit=api.FRAME_LIMIT) if path == api.DIRECTORY_PATH else []
        )
        if posted or not entries:
            return 200, answer
        lies.append(change(entries[0]))
        return 200, api.encode_page([lies[-1]])

    between.answer = lie
    before = await stored_entries(parts)
    await parts.mongcai.start()
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        await forger.send(forger.request("GX-DX-2026-0001"))
    view = await parts.holds(parts.mongcai, "GX-DX-2026-0001", 1)

    assert lies
    assert view["stage"] is not None
    await until(lambda: is_proven(parts.mongcai), "a proof of what came")
    assert await parts.mongcai.agent.store.directory_entries() == before
    between.answer = honest
    await between.cut()
    await parts.dongxing.start()
    await parts.settle()


async def honest(_path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
    """Pass on an answer unchanged."""
    return 200, answer


async def is_proven(desk: Desk) -> bool:
    """Say whether the desk has seen all that it holds in the ledger."""
    status = await desk.agent.status()
    return bool(status["unproven"] == 0)


async def stored_entries(network: Network) -> list[bytes]:
    """Return the replica's entries of Móng Cái, which is not running, as it has stored them."""
    await network.mongcai.start()
    entries = await network.mongcai.agent.store.directory_entries()
    await network.mongcai.stop()
    return entries


async def test_a_server_that_is_not_the_named_broker_gets_nothing(
    parts: Network, between: Interposed
) -> None:
    async def be_another(frame: api.Frame) -> Sequence[api.Frame]:
        return [api.Hello(bytes(16), frame.nonce)] if isinstance(frame, api.Hello) else [frame]

    between.to_desk = be_another
    await between.cut()
    await parts.line_is(parts.mongcai, "down")
    between.heard.clear()
    await parts.mongcai.request()

    async def is_dialled_again() -> bool:
        return between.connections >= before + 2

    before = between.connections
    await until(is_dialled_again, "the desk dials again")
    assert between.heard == []

    assert (await parts.mongcai.status())["unsent"] == 1
    assert await parts.dongxing.board() == []
