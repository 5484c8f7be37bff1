"""A desk that asks for what is not its own, voids another's places, or sends again what is not."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from crypto.attest import labels
from crypto.attest.encoding import Value
from crypto.attest.header import MessageId, parse_envelope
from crypto.attest.signing import SigningKey, pack_signed
from crypto.seal.content import NO_CASE, Content, Kind
from crypto.seal.grants import Remembered, history_to_value
from crypto.seal.primitives import fresh
from crypto.seal.resends import (
    Stretch,
    Void,
    Wanted,
    resend_to_value,
    voids_to_value,
    wanted_to_value,
)
from liaison.desk.mail.uptake import DEEPEST
from protocols.wire.receipt import Took
from tests.adversary.test_hostile_desk import check_the_next_arrives, set_aside_as
from tests.support.agencies import DONGXING, MONGCAI, QUANGNINH
from tests.support.forge import KEY
from tests.support.forge_desk import Forger, forging
from tests.support.network import Network, start

REF = "GX-DX-2026-0001"
#: A place in the ledger that it does not reach while a test runs.
NEVER_REACHED = 100_000


@pytest.fixture
async def forger(parts: Network) -> AsyncIterator[Forger]:
    """Yield the keys of the desk in Dongxing; only the desk in Móng Cái runs."""
    await start(parts, MONGCAI)
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        yield forger


def told(forger: Forger, kind: Kind, form: Value, of: bytes | None = None) -> Content:
    """Return what the forger's device says; ``of`` is the message that it sends again."""
    honest = forger.content(form, kind=kind, thread=NO_CASE, signer=forger.device)
    return replace(honest, resend_of=None if of is None else MessageId(of))


def sealed(forger: Forger, content: Content) -> bytes:
    """Return ``content`` sealed and signed by the forger's device."""
    return forger.forgery(content, signer=forger.device).build()


async def kinds(forger: Forger, *, outgoing: bool = True) -> list[Kind]:
    """Return the kinds of what the victim has sent, or of what came to it."""
    messages = await forger.victim.agent.store.taken()
    return [Kind(message.kind) for message in messages if message.outgoing is outgoing]


async def test_what_was_never_addressed_to_a_desk_is_not_sent_to_it(parts: Network) -> None:
    await start(parts, MONGCAI)
    ref = await parts.mongcai.request()
    (held,) = (await parts.mongcai.agent.casebook.find(ref)).steps
    stretch = Stretch(held.message.signer, 1, 5, 0)
    form = wanted_to_value(Wanted((stretch,), (held.message.mid,)))

    async with forging(parts, parts.desks[QUANGNINH], parts.mongcai) as forger:
        await forger.caller.submit(sealed(forger, told(forger, Kind.MISSING, form)))
        await parts.settle()

        assert await kinds(forger, outgoing=False) == [Kind.MISSING]
        assert await kinds(forger) == [Kind.STEP]


async def test_a_question_of_another_form_is_refused(forger: Forger) -> None:
    nothing: dict[int, Value] = {1: [], 2: []}
    bad = sealed(forger, told(forger, Kind.MISSING, nothing))

    assert await set_aside_as(forger, bad) == "resend.malformed"
    await check_the_next_arrives(forger)


async def test_a_question_within_a_case_is_refused(forger: Forger) -> None:
    form = wanted_to_value(Wanted((), (MessageId(fresh(32)),)))
    content = replace(told(forger, Kind.MISSING, form), thread=forger.content(None).thread)

    assert await set_aside_as(forger, sealed(forger, content)) == "inbox.false_item"


async def test_a_step_in_no_case_is_refused(forger: Forger) -> None:
    content = forger.content(forger.request(REF), thread=NO_CASE)

    assert await set_aside_as(forger, forger.forgery(content).build()) == "inbox.false_item"


async def test_nobody_voids_places_of_another_desks_lane(forger: Forger) -> None:
    victims = SigningKey.from_seed(forger.victim.keys.seed).kid
    voids = (Void(victims, 1, MessageId(fresh(32))),)

    bad = sealed(forger, told(forger, Kind.VOID, voids_to_value(voids)))

    assert await set_aside_as(forger, bad) == "resend.not_theirs"
    await check_the_next_arrives(forger)


async def test_a_place_that_is_held_is_not_voided(forger: Forger) -> None:
    envelope = await forger.send(forger.request(REF))
    await forger.network.holds(forger.victim, REF, 1)
    voids = (Void(forger.officer.kid, 1, MessageId(fresh(32))),)

    await forger.caller.submit(sealed(forger, told(forger, Kind.VOID, voids_to_value(voids))))
    await forger.send(forger.request("GX-DX-2026-0002"))

    await forger.network.holds(forger.victim, "GX-DX-2026-0002", 1)
    found = await forger.victim.agent.store.around(
        forger.officer.kid, forger.id_of(forger.victim), 1
    )
    assert found[1].mid == parse_envelope(envelope).mid


async def void(forger: Forger, *numbers: int) -> None:
    """Have the forger's device say that these numbers of its officer's lane never went."""
    voids = tuple(Void(forger.officer.kid, number, MessageId(fresh(32))) for number in numbers)
    await forger.caller.submit(sealed(forger, told(forger, Kind.VOID, voids_to_value(voids))))
    await forger.network.settle()


async def missing(forger: Forger) -> list[tuple[int, int]]:
    """Return the numbers that the victim says are missing."""
    return [(gap["first"], gap["last"]) for gap in (await forger.victim.status())["missing"]]


async def alarms(forger: Forger) -> list[tuple[str, str]]:
    """Return what the victim is alarmed by, and about what."""
    return [(a["code"], a["about"]) for a in (await forger.victim.status())["alarms"]]


async def test_a_device_blocks_no_colleagues_number_and_hides_no_gap_by_voids(
    forger: Forger,
) -> None:
    await void(forger, 1, 10**9)

    await forger.send(forger.request(REF))

    await forger.network.holds(forger.victim, REF, 1)
    assert await forger.victim.set_aside() == []
    forger.ends[forger.officer.kid] = (3, MessageId(fresh(32)))
    await forger.send(forger.request("GX-DX-2026-0002"))
    await forger.network.holds(forger.victim, "GX-DX-2026-0002", 1)
    assert await missing(forger) == [(2, 3)]


async def test_a_message_that_comes_where_nothing_was_to_come_is_taken_with_an_alarm(
    forger: Forger,
) -> None:
    first = forger.forgery(forger.content(forger.request(REF))).build()
    forger.ends[forger.officer.kid] = (1, parse_envelope(first).mid)
    second = forger.forgery(forger.content(forger.request("GX-DX-2026-0002"))).build()
    forger.ends[forger.officer.kid] = (2, parse_envelope(second).mid)
    await forger.send(forger.request("GX-DX-2026-0003"))
    await forger.network.holds(forger.victim, "GX-DX-2026-0003", 1)
    await void(forger, 1)
    assert await missing(forger) == [(2, 2)]

    await forger.caller.submit(first)
    await forger.network.holds(forger.victim, REF, 1)
    await forger.caller.submit(second)
    await forger.network.holds(forger.victim, "GX-DX-2026-0002", 1)

    assert await missing(forger) == []
    assert await alarms(forger) == [("lane.void", f"{DONGXING} DX-02 1")]
    assert await forger.victim.set_aside() == []


async def test_a_place_is_not_voided_under_another_id_than_its_successor_names(
    forger: Forger,
) -> None:
    forger.ends[forger.officer.kid] = (2, MessageId(fresh(32)))
    await forger.send(forger.request(REF))
    await forger.network.holds(forger.victim, REF, 1)
    voids = (Void(forger.officer.kid, 2, MessageId(fresh(32))),)

    await forger.caller.submit(sealed(forger, told(forger, Kind.VOID, voids_to_value(voids))))
    await forger.network.settle()

    assert [(g["first"], g["last"]) for g in (await forger.victim.status())["missing"]] == [(1, 2)]


def whole(forger: Forger, content: Content, signer: SigningKey | None = None) -> Remembered:
    """Return a message that never came, as it is sent again, with the broker's own receipt."""
    envelope = forger.forgery(content, signer=signer or forger.officer).build()
    broker = forger.network.broker_key
    found = parse_envelope(envelope)
    took = Took(found.mid, found.eid, NEVER_REACHED, forger.at, broker.kid).encoded()
    return Remembered(envelope, pack_signed(broker, labels.TOOK, took), KEY)


def resend(forger: Forger, message: Remembered, of: bytes | None = None) -> Content:
    """Return what sends ``message`` again; ``of`` is named in place of its own id."""
    named = of or parse_envelope(message.envelope).mid
    content = told(forger, Kind.RESEND, resend_to_value(message), named)
    return replace(content, thread=forger.content(None).thread)


async def test_a_message_that_never_came_is_taken_up_from_what_sends_it_again(
    forger: Forger,
) -> None:
    message = whole(forger, forger.content(forger.request(REF)))

    await forger.caller.submit(sealed(forger, resend(forger, message)))

    await forger.network.holds(forger.victim, REF, 1)


async def test_a_message_sent_again_under_another_id_is_refused(forger: Forger) -> None:
    message = whole(forger, forger.content(forger.request(REF)))

    bad = sealed(forger, resend(forger, message, fresh(32)))

    assert await set_aside_as(forger, bad) == "resend.malformed"
    assert await forger.victim.board() == []


async def test_a_message_sent_again_without_the_brokers_receipt_is_refused(forger: Forger) -> None:
    message = replace(whole(forger, forger.content(forger.request(REF))), took=b"")

    bad = sealed(forger, resend(forger, message))

    assert await set_aside_as(forger, bad) == "line.false_receipt"
    assert await forger.victim.board() == []


async def test_a_message_sent_again_is_checked_like_any_other(forger: Forger) -> None:
    by_device = forger.content(forger.request(REF), signer=forger.device)

    bad = sealed(forger, resend(forger, whole(forger, by_device, forger.device)))

    assert await set_aside_as(forger, bad) == "envelope.signer"
    assert await forger.victim.board() == []


async def test_what_devices_of_a_desk_give_each_other_is_not_sent_again(forger: Forger) -> None:
    form = history_to_value([])
    content = forger.content(form, kind=Kind.HISTORY, signer=forger.device)

    bad = sealed(forger, resend(forger, whole(forger, content, forger.device)))

    assert await set_aside_as(forger, bad) in ("inbox.false_item", "envelope.readers")


@pytest.mark.parametrize("nested, code", [(DEEPEST, None), (DEEPEST + 1, "resend.too_deep")])
async def test_messages_sent_again_inside_each_other_are_followed_so_deep_and_no_deeper(
    forger: Forger, nested: int, code: str | None
) -> None:
    message = whole(forger, forger.content(forger.request(REF)))
    for number in range(1, nested):
        content = resend(forger, message)
        message = whole(forger, content, forger.device)
        forger.ends[forger.device.kid] = (number, parse_envelope(message.envelope).mid)
    outermost = sealed(forger, resend(forger, message))

    if code is None:
        await forger.caller.submit(outermost)
        await forger.network.holds(forger.victim, REF, 1)
    else:
        assert await set_aside_as(forger, outermost) == code
        assert await forger.victim.board() == []
