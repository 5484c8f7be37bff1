"""A counterpart with enrolled keys writes what it pleases: it is set aside, mail goes on."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from crypto.attest.encoding import Value, encode
from crypto.attest.header import parse_envelope
from crypto.attest.signing import SigningKey
from crypto.seal.content import NO_CASE, Kind, ReaderRole
from crypto.seal.envelope import plain_digest
from liaison.desk.client import DeskRefusedError
from liaison.desk.mail.intake import CLOCKS_DIFFER
from protocols.casework.codes import RequestType
from protocols.casework.forms.registry import FORMS
from protocols.casework.receipt import FailedReceipt, OpenedReceipt, Outcome, receipt_to_value
from tests.support.agencies import DONGXING, MONGCAI, QUANGNINH
from tests.support.broker import RefusalError
from tests.support.forge_desk import Forger, forging, form, part
from tests.support.network import Desk, Network, start

REF = "GX-DX-2026-0001"
#: No calendar has such a time.
NO_TIME = 2**50


@pytest.fixture
async def forger(parts: Network) -> AsyncIterator[Forger]:
    """Yield the keys of the desk in Dongxing; only the desk in Móng Cái runs."""
    await start(parts, MONGCAI)
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        yield forger


async def set_aside_as(forger: Forger, envelope: bytes) -> str:
    """Have the broker take ``envelope`` and return the code with which the victim sets it aside."""
    network, victim = forger.network, forger.victim
    before = len(await victim.set_aside())
    await forger.caller.submit(envelope)
    return (await network.quarantines(victim, before + 1))[-1]


async def check_the_next_arrives(forger: Forger) -> None:
    """Check that an honest message behind the bad one arrives, and the bad one shows nowhere."""
    await forger.send(forger.request("GX-DX-2026-0777"))
    await forger.network.holds(forger.victim, "GX-DX-2026-0777", 1)
    assert [row["case"] for row in await forger.victim.board()] == ["GX-DX-2026-0777"]


async def test_a_co_reader_who_signs_in_the_sources_name_is_refused(forger: Forger) -> None:
    stranger = SigningKey.from_seed(forger.network.desks[QUANGNINH].keys.seed)
    content = forger.content(forger.request(REF), signer=stranger)

    code = await set_aside_as(forger, forger.forgery(content, signer=stranger).build())

    assert code == "envelope.signer"
    await check_the_next_arrives(forger)


async def test_a_device_may_not_sign_a_step(forger: Forger) -> None:
    content = forger.content(forger.request(REF), signer=forger.device)

    code = await set_aside_as(forger, forger.forgery(content, signer=forger.device).build())

    assert code == "envelope.signer"
    await check_the_next_arrives(forger)


async def test_a_sender_other_than_the_signer_is_refused(forger: Forger) -> None:
    content = forger.content(forger.request(REF), signer=forger.device)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "envelope.sender"


async def test_content_of_another_form_is_refused(forger: Forger) -> None:
    forgery = forger.forgery(forger.content(forger.request(REF)))
    fields: dict[int, Value] = {1: b"no content"}

    assert await set_aside_as(forger, forgery.saying(encode(fields))) == "envelope.content"
    await check_the_next_arrives(forger)


async def test_an_unknown_kind_of_message_is_refused(forger: Forger) -> None:
    forgery = forger.forgery(forger.content(forger.request(REF)))
    raw = forgery.content.encoded()
    unknown = raw.replace(b"\x02\x01\x03\x1a", b"\x02\x0a\x03\x1a", 1)
    assert unknown != raw

    assert await set_aside_as(forger, forgery.saying(unknown)) == "envelope.content"


@pytest.mark.parametrize(
    "changes, code",
    [
        pytest.param({"outcomes": []}, "casework.form", id="not the one way to write it"),
        pytest.param({"act": "no_such_act"}, "casework.form", id="unknown act"),
        pytest.param({"act": "extend"}, "casework.act_not_available", id="act of a later version"),
        pytest.param({"text": 7}, "casework.form", id="another type of field"),
        pytest.param({"case": "17"}, "casework.form", id="no case number"),
    ],
)
async def test_a_form_that_no_honest_desk_writes_is_refused(
    forger: Forger, changes: dict[str, Value], code: str
) -> None:
    bad = forger.request(REF) | changes

    assert await set_aside_as(forger, forger.forgery(forger.content(bad)).build()) == code
    await check_the_next_arrives(forger)


async def test_a_request_of_an_unknown_type_is_refused(forger: Forger) -> None:
    bad = forger.request(REF)
    header = part(bad, "request", "header")
    header["type"] = next(str(kind) for kind in RequestType if kind not in FORMS)

    code = await set_aside_as(forger, forger.forgery(forger.content(bad)).build())

    assert code == "casework.type_not_available"
    await check_the_next_arrives(forger)


async def test_a_form_that_is_no_map_is_refused(forger: Forger) -> None:
    code = await set_aside_as(forger, forger.forgery(forger.content(["step"])).build())

    assert code == "casework.form"


async def test_a_reader_more_than_the_sender_signed_is_refused(forger: Forger) -> None:
    content = forger.content(forger.request(REF))
    named = tuple(pair for pair in content.readers if pair[1] is ReaderRole.DESK)

    code = await set_aside_as(forger, forger.forgery(replace(content, readers=named)).build())

    assert code == "envelope.readers"
    await check_the_next_arrives(forger)


async def test_a_desk_that_is_no_party_adds_nothing_to_a_case(parts: Network) -> None:
    await start(parts, MONGCAI, DONGXING)
    ref = await parts.mongcai.request()
    await parts.holds(parts.dongxing, ref, 1)
    thread = (await parts.mongcai.agent.casebook.find(ref)).thread
    note = form(case=ref, act="note", text={"lang": "vi", "text": "Xin chào."})

    async with forging(parts, parts.desks[QUANGNINH], parts.mongcai) as forger:
        content = forger.content(note, thread=thread)
        assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.not_a_party"

    await parts.dongxing.act(ref, "acknowledge")
    view = await parts.holds(parts.mongcai, ref, 2)
    assert [step["act"] for step in view["steps"]] == ["request", "acknowledge"]


@pytest.mark.parametrize(
    "ref, changes, code",
    [
        pytest.param(REF, {"sender": "cn-guangxi"}, "casework.sender_mismatch", id="sender"),
        pytest.param(REF, {"to": "vn-quangninh"}, "casework.sender_mismatch", id="addressee"),
        pytest.param("QN-MC1-2026-0001", {}, "inbox.foreign_reference", id="reference"),
    ],
)
async def test_a_request_in_anothers_name_or_number_is_refused(
    forger: Forger, ref: str, changes: dict[str, object], code: str
) -> None:
    bad = forger.request(ref, **changes)

    assert await set_aside_as(forger, forger.forgery(forger.content(bad)).build()) == code
    await check_the_next_arrives(forger)


async def test_our_own_case_numbers_cannot_be_taken_by_another_desk(forger: Forger) -> None:
    await set_aside_as(
        forger, forger.forgery(forger.content(forger.request("QN-MC1-2026-0002"))).build()
    )

    assert await forger.victim.request() == "QN-MC1-2026-0001"
    assert await forger.victim.request() == "QN-MC1-2026-0002"


def receipt(forger: Forger, mid: bytes, eid: bytes, **changes: Value) -> Value:
    """Return an officer's receipt of message ``mid``; ``changes`` are ``at`` and ``by``."""
    said = {"at": forger.at, "by": forger.officer.kid} | changes
    at, by = said["at"], said["by"]
    assert isinstance(at, int)
    assert isinstance(by, bytes)
    return receipt_to_value(OpenedReceipt(mid, eid, plain_digest(b""), at, by))


async def test_a_receipt_for_a_message_that_is_not_there_is_refused(forger: Forger) -> None:
    content = forger.content(receipt(forger, bytes(32), bytes(32)), kind=Kind.RECEIPT)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.false_item"
    await check_the_next_arrives(forger)


async def test_a_receipt_that_is_malformed_is_refused(forger: Forger) -> None:
    malformed: dict[int, Value] = {1: 1}
    content = forger.content(malformed, kind=Kind.RECEIPT)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "casework.receipt"


async def opened_by(forger: Forger, ref: str) -> str | None:
    opened: str | None = (await forger.victim.steps(ref))[0]["delivery"]["opened"]
    return opened


async def test_a_receipt_in_anothers_name_is_refused(forger: Forger) -> None:
    ref = await forger.victim.request()
    message = (await forger.victim.agent.casebook.find(ref)).steps[0].message
    said = receipt(forger, message.mid, message.eid, by=forger.device.kid)
    content = forger.content(said, kind=Kind.RECEIPT, thread=message.thread)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.false_item"
    assert await opened_by(forger, ref) is None


async def test_a_device_cannot_say_that_an_officer_has_opened(forger: Forger) -> None:
    ref = await forger.victim.request()
    message = (await forger.victim.agent.casebook.find(ref)).steps[0].message
    said = receipt(forger, message.mid, message.eid, by=forger.device.kid)
    content = forger.content(said, kind=Kind.RECEIPT, thread=message.thread, signer=forger.device)

    bad = forger.forgery(content, signer=forger.device).build()

    assert await set_aside_as(forger, bad) == "inbox.false_item"
    assert await opened_by(forger, ref) is None


async def test_an_officer_cannot_say_that_a_computer_has_refused(forger: Forger) -> None:
    ref = await forger.victim.request()
    message = (await forger.victim.agent.casebook.find(ref)).steps[0].message
    refused = FailedReceipt(
        *(Outcome.REFUSED, message.mid, message.eid, "lane.fork", forger.at, forger.officer.kid)
    )
    content = forger.content(receipt_to_value(refused), kind=Kind.RECEIPT, thread=NO_CASE)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.false_item"
    assert (await forger.victim.steps(ref))[0]["failures"] == []


async def test_a_desk_that_was_not_addressed_cannot_say_that_it_opened(parts: Network) -> None:
    await start(parts, MONGCAI)
    ref = await parts.mongcai.request()
    message = (await parts.mongcai.agent.casebook.find(ref)).steps[0].message

    async with forging(parts, parts.desks[QUANGNINH], parts.mongcai) as forger:
        said = receipt(forger, message.mid, message.eid)
        content = forger.content(said, kind=Kind.RECEIPT)
        assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.false_item"

    assert await opened_by(forger, ref) is None


async def test_a_receipt_of_other_bytes_is_refused(forger: Forger) -> None:
    ref = await forger.victim.request()
    message = (await forger.victim.agent.casebook.find(ref)).steps[0].message
    said = receipt(forger, message.mid, bytes(32))
    content = forger.content(said, kind=Kind.RECEIPT, thread=message.thread)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.false_item"
    assert await opened_by(forger, ref) is None


async def test_a_receipt_of_the_day_after_tomorrow_is_refused(forger: Forger) -> None:
    ref = await forger.victim.request()
    message = (await forger.victim.agent.casebook.find(ref)).steps[0].message
    said = receipt(forger, message.mid, message.eid, at=forger.at + CLOCKS_DIFFER + 1)
    content = forger.content(said, kind=Kind.RECEIPT, thread=message.thread)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.false_time"


@pytest.mark.parametrize("at", [0, NO_TIME])
async def test_a_receipt_of_an_impossible_time_does_not_make_the_case_unreadable(
    forger: Forger, at: int
) -> None:
    ref = await forger.victim.request()
    message = (await forger.victim.agent.casebook.find(ref)).steps[0].message
    said = receipt(forger, message.mid, message.eid, at=at)
    content = forger.content(said, kind=Kind.RECEIPT, thread=message.thread)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.false_time"
    assert await opened_by(forger, ref) is None
    assert len(await forger.victim.board()) == 1


async def test_a_step_of_an_impossible_time_does_not_make_the_board_unreadable(
    forger: Forger,
) -> None:
    content = forger.content(forger.request(REF), created=NO_TIME)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.false_time"
    await check_the_next_arrives(forger)


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
async def test_a_time_at_an_end_of_the_calendar_does_not_make_a_case_unreadable(
    forger: Forger, at: str
) -> None:
    bad = forger.request(REF)
    contact: dict[str, Value] = {"at": at, "means": "phone"}
    part(bad, "request")["last_contact"] = contact

    code = await set_aside_as(forger, forger.forgery(forger.content(bad)).build())

    assert code == "casework.form"
    await check_the_next_arrives(forger)


async def check_board_is_readable(network: Network, desk: Desk) -> None:
    """Check that every case on the board can be shown in each language."""
    await network.settle()
    for row in await desk.board():
        for lang in ("vi", "zh", "en"):
            await desk.case(row["case"], lang)


async def test_the_broker_refuses_other_bytes_under_a_message_id_that_it_has(
    forger: Forger,
) -> None:
    forgery = forger.forgery(forger.content(forger.request(REF)))
    await forger.caller.submit(forgery.build())
    other = replace(forgery, hidden=bytes(80)).build()
    assert parse_envelope(other).mid == parse_envelope(forgery.build()).mid

    with pytest.raises(RefusalError) as refused:
        await forger.caller.submit(other)

    assert refused.value.code == "submit.conflict"
    await forger.network.holds(forger.victim, REF, 1)


async def test_the_same_envelope_twice_is_one_message(forger: Forger) -> None:
    envelope = forger.forgery(forger.content(forger.request(REF))).build()

    assert await forger.caller.submit(envelope) == await forger.caller.submit(envelope)

    await check_board_is_readable(forger.network, forger.victim)
    assert [row["case"] for row in await forger.victim.board()] == [REF]


async def test_an_answer_from_the_forger_to_our_case_counts_only_as_the_table_allows(
    forger: Forger,
) -> None:
    ref = await forger.victim.request()
    thread = (await forger.victim.agent.casebook.find(ref)).thread

    await forger.send(form(case=ref, act="withdraw"), thread=thread)
    view = await forger.network.holds(forger.victim, ref, 2)

    forged = view["steps"][1]
    assert (forged["applied"], forged["not_applied_because"]) == (False, "casework.illegal_step")
    assert view["stage"] == "sent"
    with pytest.raises(DeskRefusedError):
        await forger.victim.act(ref, "acknowledge")
