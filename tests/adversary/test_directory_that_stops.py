"""A broker whose directory stops, or comes late: what is known by then counts, and nothing is lost.

It shows a desk the true entries and behind them one that does not stand, or holds back what a
message needs to be judged. What waited is taken up as soon as enough is known.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import delete

from crypto.attest.encoding import Value
from crypto.attest.header import parse_envelope
from crypto.attest.signing import SigningKey
from crypto.attest.statement import Role
from crypto.seal.content import ReaderRole, ThreadId
from crypto.seal.grants import Remembered
from crypto.seal.primitives import fresh
from crypto.seal.readers import Reader, with_readers
from liaison.desk.store import Stub
from liaison.desk.tables import windows
from liaison.runtime.clock import timestamp
from protocols.wire import api
from protocols.wire.mailbox import MailLane
from protocols.wire.receipt import AckWhat
from tests.adversary.test_false_resends import resend, sealed
from tests.support.agencies import MONGCAI
from tests.support.forge import KEY
from tests.support.forge_desk import Forger, device_key, forging
from tests.support.installations import enrol_installation, revoke_key
from tests.support.interposed import Interposed, answer_alike, delivery, interpose
from tests.support.network import Desk, Network, until
from tests.support.restored import backed_up, papers, restored
from tests.support.told import Told

Answered = tuple[int, bytes]

REF, THREAD = "GX-DX-2026-0001", ThreadId(fresh(16))


def entries_in(path: str, posted: bytes, answer: bytes) -> list[bytes]:
    """Return the entries of the directory in an answer; none where it is another's."""
    is_asked = path == api.DIRECTORY_PATH and not posted
    return api.parse_page(answer, limit=api.FRAME_LIMIT) if is_asked else []


async def withhold(path: str, posted: bytes, answer: bytes) -> Answered:
    """Say that the directory has nothing new."""
    return 200, api.encode_page([]) if entries_in(path, posted, answer) else answer


async def stop_behind(path: str, posted: bytes, answer: bytes) -> Answered:
    """Put behind the true entries one with its last byte, a byte of a signature, turned."""
    entries = entries_in(path, posted, answer)
    if not entries:
        return 200, answer
    return 200, api.encode_page([*entries, entries[-1][:-1] + bytes([entries[-1][-1] ^ 1])])


async def test_what_came_before_an_entry_that_does_not_stand_is_known_and_mail_is_taken_up(
    parts: Network, between: Interposed
) -> None:
    between.answer, between.hides_growth = withhold, True
    newcomer = await enrol_installation(parts, parts.dongxing, officer="DX-03")
    await parts.dongxing.stop()
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        key = SigningKey.from_seed(newcomer.keys.seed)
        content = forger.content(forger.request(REF), signer=key)
        await forger.caller.submit(forger.forgery(content, signer=key).build())
    assert await parts.quarantines(parts.mongcai, 1) == ["envelope.signer"]

    between.answer = stop_behind
    await between.say(api.Grew(parts.broker_directory().head.size, 0))

    await parts.holds(parts.mongcai, REF, 1)
    assert await parts.mongcai.set_aside() == []
    replica = parts.mongcai.agent.replica
    assert replica.directory.head == parts.broker_directory().head


async def test_mail_that_was_left_is_read_though_the_directory_stops_behind_our_first_windows(
    network: Network,
) -> None:
    mongcai = network.mongcai
    seed = await papers(network, mongcai)
    path = await backed_up(mongcai, network.state / "night.backup")
    lost = mongcai.agent.keyring.device.kid
    await mongcai.stop()
    del network.desks[mongcai.slug]
    again, _ = await restored(network, mongcai, path, seed)
    between = await interpose(network, again)
    await again.start()
    await leave_one(network, between)

    between.answer = stop_behind
    await revoke_key(network, mongcai, lost)

    async def is_read() -> bool:
        return await again.agent.store.cursor(MailLane.RESCUE) > 0

    await until(is_read, "the mail that was left has been dealt with")
    assert again.agent.keyring.is_member()


async def leave_one(network: Network, between: Interposed) -> None:
    """Have a request come to a desk that is no member, and be left where it is."""
    came: list[api.Deliver] = []

    async def note(frame: api.Frame) -> list[api.Frame]:
        if isinstance(frame, api.Deliver) and frame.lane == MailLane.RESCUE:
            came.append(frame)
        return [frame]

    async def has_come() -> bool:
        return bool(came)

    between.to_desk = note
    await network.dongxing.request(MONGCAI)
    await until(has_come, "the request has come")


async def test_mail_that_waits_for_a_revocations_place_is_read_once_it_is_found(
    parts: Network, between: Interposed
) -> None:
    await parts.mongcai.stop()
    ref = await parts.dongxing.request(MONGCAI)
    await parts.settle()
    replica = parts.dongxing.agent.replica
    [officer] = replica.directory.signers(replica.desk, Role.OFFICER)
    await revoke_key(parts, parts.dongxing, officer.kid)
    await parts.settle()
    waited: list[str] = []

    async def is_told() -> bool:
        return bool(parts.mongcai.agent.replica.directory.revocations())

    async def bring_mail_after_the_directory(frame: api.Frame) -> list[api.Frame]:
        if isinstance(frame, api.Deliver):
            await until(is_told, "the desk knows of the revocation")
        return [frame]

    async def name_the_place_after_the_mail(path: str, _posted: bytes, answer: bytes) -> Answered:
        if path == api.PLACE_PATH:
            waited.extend(await parts.quarantines(parts.mongcai, 1))
        return 200, answer

    between.to_desk = bring_mail_after_the_directory
    between.answer = name_the_place_after_the_mail
    await parts.mongcai.start()

    await parts.holds(parts.mongcai, ref, 1)
    assert set(waited) == {"envelope.signer"}
    assert await parts.mongcai.set_aside() == []


async def told_by_newcomer(parts: Network, between: Interposed) -> Told:
    """Return the word of a computer new in Dongxing that it has a request of Móng Cái."""
    between.hides_growth = True
    newcomer = await enrol_installation(parts, parts.dongxing, officer="DX-03")
    ref = await parts.mongcai.request()
    await parts.holds(parts.dongxing, ref, 1)
    await parts.dongxing.stop()
    (held,) = (await parts.mongcai.agent.casebook.find(ref)).steps
    at = timestamp(parts.clock.now())
    return Told(parts, held.message, await device_key(newcomer), at, what=AckWhat.ARRIVED)


async def arrived(desk: Desk, told: Told) -> bool:
    """Say whether a desk believes what was told."""
    found = await desk.agent.store.acks_of([told.message.mid])
    return told.device.kid in [ack.device for ack in found]


async def test_an_acknowledgement_by_a_device_of_which_we_hear_late_counts_once_we_do(
    parts: Network, between: Interposed
) -> None:
    between.answer = withhold
    told = await told_by_newcomer(parts, between)
    await between.say(told.frame())
    assert await parts.quarantines(parts.mongcai, 1) == ["directory.unknown_signer"]

    between.answer = answer_alike
    await between.say(api.Grew(parts.broker_directory().head.size, 0))

    await until(lambda: arrived(parts.mongcai, told), "the acknowledgement counts")
    await until(lambda: holds_nothing_aside(parts.mongcai), "nothing is set aside any more")


async def holds_nothing_aside(desk: Desk) -> bool:
    """Say whether a desk has nothing in quarantine."""
    return await desk.set_aside() == []


async def test_an_acknowledgement_by_a_device_new_in_the_directory_counts_at_once(
    parts: Network, between: Interposed
) -> None:
    told = await told_by_newcomer(parts, between)

    await between.say(told.frame())

    await until(lambda: arrived(parts.mongcai, told), "the acknowledgement counts")
    assert await parts.mongcai.set_aside() == []


async def test_an_acknowledgement_that_comes_before_its_message_counts_once_that_is_here(
    parts: Network, between: Interposed
) -> None:
    await parts.dongxing.stop()
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        envelope = forger.forgery(forger.content(forger.request(REF))).build()
        ours = parts.mongcai.agent.keyring.device
        told = Told(parts, parse_envelope(envelope), ours, forger.at, what=AckWhat.ARRIVED)
        await between.say(told.frame())
        assert await parts.quarantines(parts.mongcai, 1) == ["inbox.not_here"]

        await forger.caller.submit(envelope)
        await parts.holds(parts.mongcai, REF, 1)
    await enrol_installation(parts, parts.dongxing, officer="DX-03")

    await until(lambda: holds_nothing_aside(parts.mongcai), "nothing is set aside any more")
    acks = await parts.mongcai.agent.store.acks_of([told.message.mid])
    assert AckWhat.ARRIVED in [ack.what for ack in acks]


async def hide_places(path: str, _posted: bytes, answer: bytes) -> Answered:
    """Say of no entry where in the ledger it stands."""
    return (503, b"") if path == api.PLACE_PATH else (200, answer)


@asynccontextmanager
async def revoked_without_place(parts: Network, between: Interposed) -> AsyncIterator[Forger]:
    """Give the keys of Dongxing, whose officer was revoked, Móng Cái knows not at which leaf."""
    between.answer = hide_places
    await parts.dongxing.stop()
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        await revoke_key(parts, parts.dongxing, forger.officer.kid)

        async def is_known() -> bool:
            return bool(parts.mongcai.agent.replica.directory.unplaced())

        await until(is_known, "the revocation is known, and not where it stands")
        yield forger


async def told_of(forger: Forger, form: Value) -> Remembered:
    """Return what the officer said before the revocation, as somebody tells of it with its key.

    The window that it is sealed to is one of which the victim has no seed.
    """
    agent, desk = forger.victim.agent, forger.id_of(forger.victim)
    window = forger.directory.windows(desk)[-1]
    agent.keyring.forget([window.kid])
    await agent.store.run(lambda db: db.execute(delete(windows).where(windows.c.kid == window.kid)))
    readers = [Reader(window, ReaderRole.DESK), *forger.readers()[1:]]
    content = with_readers(forger.content(form, thread=THREAD), readers)
    forgery = forger.forgery(content, windows=[reader.window for reader in readers])
    envelope = forgery.build()
    frame = delivery(envelope, forger.network.broker_key, at=forger.at)
    return Remembered(envelope, frame.second, KEY)


@pytest.mark.parametrize("is_learned", [True, False], ids=["by a colleague", "by its sender"])
async def test_a_message_told_of_before_a_revocation_has_its_place_is_taken_up_with_it(
    parts: Network, between: Interposed, *, is_learned: bool
) -> None:
    async with revoked_without_place(parts, between) as forger:
        told = await told_of(forger, forger.request(REF))
        if is_learned:
            await parts.mongcai.agent.inbox.uptake.learn(told)
        else:
            await forger.caller.submit(sealed(forger, resend(forger, told)))
        assert await parts.quarantines(parts.mongcai, 1) == ["envelope.signer"]

        between.answer = answer_alike

        await parts.holds(parts.mongcai, REF, 1)
    await until(lambda: holds_nothing_aside(parts.mongcai), "nothing is set aside any more")
    assert await parts.mongcai.agent.store.told_aside() == []


async def test_the_key_of_what_is_told_of_is_not_kept_where_it_can_never_be_taken(
    parts: Network, between: Interposed
) -> None:
    agent = parts.mongcai.agent
    async with revoked_without_place(parts, between) as forger:
        await agent.inbox.uptake.learn(await told_of(forger, ["no step"]))
        assert await parts.mongcai.set_aside() == ["envelope.signer"]

        between.answer = answer_alike

        async def is_judged() -> bool:
            return await parts.mongcai.set_aside() == ["casework.form"]

        await until(is_judged, "it is judged once the place is known")
    assert await agent.store.told_aside() == []


async def test_no_key_of_an_erased_case_is_kept(parts: Network, between: Interposed) -> None:
    agent = parts.mongcai.agent
    await agent.store.erase(Stub(THREAD, REF, timestamp(parts.clock.now()), b"signed"))
    async with revoked_without_place(parts, between) as forger:
        await agent.inbox.uptake.learn(await told_of(forger, forger.request(REF)))

    assert await parts.mongcai.set_aside() == ["envelope.signer"]
    assert await agent.store.told_aside() == []
