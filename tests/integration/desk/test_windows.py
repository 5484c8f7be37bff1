"""Weekly windows publish themselves, in time for an office that is closed for weeks."""

from datetime import timedelta

from crypto.attest.header import parse_envelope
from crypto.attest.payload import decode_payload
from crypto.attest.statement import Role, Window, parse_entry
from crypto.seal.ceremony import grant_key, parse_request
from crypto.seal.windows import WEEK, week_of
from liaison.desk.entrance.admin import admit_officer
from liaison.runtime.clock import timestamp
from liaison.runtime.seeds import load_key
from tests.support.agencies import MONGCAI
from tests.support.interposed import interpose
from tests.support.network import AT, Desk, Network, start, until
from tests.support.women import request_fields

FIRST = 4


def windows(desk: Desk) -> list[Window]:
    """Return the desk's windows as its own replica has them, by week."""
    return desk.agent.replica.directory.windows(desk.agent.replica.desk)


async def test_windows_are_published_each_week_three_weeks_ahead(network: Network) -> None:
    for week in range(1, 9):
        await network.pass_time(AT + timedelta(weeks=week))

        for desk in (network.mongcai, network.dongxing):
            published = windows(desk)
            assert len(published) == FIRST + week
            this_week = week_of(timestamp(network.clock.now()))
            assert published[-1].not_before == this_week + 3 * WEEK

    published = windows(network.mongcai)
    begins = [window.not_before for window in published]
    assert begins == list(range(begins[0], begins[0] + len(begins) * WEEK, WEEK))
    held = network.mongcai.agent.keyring.opening_keys()
    # Two weeks back, this one and three ahead; the seeds before have been destroyed.
    assert {window.kid for window in published[-6:]} <= set(held)


async def test_an_office_that_was_closed_for_five_weeks_receives_and_publishes_again(
    network: Network,
) -> None:
    await network.dongxing.stop()
    await network.pass_time(AT + timedelta(weeks=5))
    last = network.mongcai.agent.replica.directory.windows(
        network.mongcai.agent.replica.directory.desk_named(network.dongxing.slug).id
    )[-1]
    ref = await network.mongcai.request()

    await network.dongxing.start()
    view = await network.holds(network.dongxing, ref, 1)
    await network.settle()

    (held,) = (await network.dongxing.agent.casebook.find(ref)).steps
    assert last.kid in parse_envelope(held.message.envelope).header.kids
    assert view["steps"][0]["act"] == "request"
    now = timestamp(network.clock.now())
    assert windows(network.dongxing)[-1].not_before == week_of(now) + 3 * WEEK
    assert len(windows(network.dongxing)) == FIRST + FIRST

    again = await network.mongcai.request()
    await network.holds(network.dongxing, again, 1)
    (held,) = (await network.dongxing.agent.casebook.find(again)).steps
    assert last.kid not in parse_envelope(held.message.envelope).header.kids


async def test_seeds_are_stored_before_their_windows_are_published(parts: Network) -> None:
    await start(parts)
    between = await interpose(parts, parts.mongcai)
    await parts.mongcai.start()
    await parts.settle()
    stored: list[bool] = []

    async def look_and_fail_once(_path: str, posted: bytes, answer: bytes) -> tuple[int, bytes]:
        if not posted:
            return 200, answer
        published = decode_payload(parse_entry(posted).statement)
        assert isinstance(published, tuple)
        held = {kid for kid, _ in await parts.mongcai.agent.store.own_windows()}
        stored.append({window.kid for window in published} <= held)
        # The broker has it, and its answer is lost.
        return 502, b""

    between.answer = look_and_fail_once
    await parts.move(AT + timedelta(weeks=1))
    await until(lambda: grew(parts), "the broker has the windows")
    await between.cut()
    await parts.settle()

    assert stored[0]
    published = windows(parts.mongcai)
    assert len(published) == FIRST + 1
    assert {w.kid for w in published} <= set(parts.mongcai.agent.keyring.opening_keys())
    ref = await parts.mongcai.request()
    assert len(await parts.mongcai.steps(ref)) == 1


async def grew(network: Network) -> bool:
    """Say whether the broker's directory has more than Móng Cái knew at the start."""
    desk = network.mongcai.agent.replica.directory.desk_named(MONGCAI).id
    return len(network.broker_directory().windows(desk)) > FIRST


async def test_a_desk_whose_replica_is_behind_opens_after_it_has_caught_up(
    network: Network,
) -> None:
    await network.mongcai.stop()
    # Meanwhile the other desk publishes windows, and writes under its newest.
    await network.pass_time(AT + timedelta(weeks=4, days=1))
    ref = await network.dongxing.request(MONGCAI)
    await network.settle()

    await network.mongcai.start()
    await network.holds(network.mongcai, ref, 1)

    assert await network.mongcai.set_aside() == []
    (held,) = (await network.mongcai.agent.casebook.find(ref)).steps
    assert windows(network.dongxing)[4].kid in held.header.kids


async def test_a_message_that_overtakes_the_news_of_its_signer_is_opened(parts: Network) -> None:
    """The replica is behind while the line is up: nothing but the message says so."""
    await start(parts)
    between = await interpose(parts, parts.mongcai)
    await parts.mongcai.start()
    await parts.dongxing.start()
    await parts.settle()
    between.hides_growth = True
    before = parts.mongcai.agent.replica.directory.head.size
    await admit(parts, parts.dongxing, "DX-09")

    said = {"officer": "DX-09", "to": MONGCAI, "request": request_fields()}
    ref = (await parts.dongxing.client.post("/api/requests", **said))["case"]
    view = await parts.holds(parts.mongcai, ref, 1)

    assert view["steps"][0]["by"] == "DX-09"
    assert parts.mongcai.agent.replica.directory.head.size == before + 1
    assert await parts.mongcai.set_aside() == []


async def admit(network: Network, desk: Desk, officer: str) -> None:
    """Have the registrar admit a further officer of a running desk, who unlocks it."""
    replica, passphrase = desk.agent.replica, network.founded.passphrase
    request = admit_officer(
        desk.state,
        desk.keys,
        slug=desk.slug,
        directory=replica.directory,
        officer=officer,
        role=Role.OFFICER,
        passphrase=passphrase,
        clock=network.clock,
    )
    agency = network.founded.corridor.desk(desk.slug).agency
    registrar = load_key(network.state / "ceremony" / agency / "registrar.seed")
    await desk.agent.line.publish(grant_key(parse_request(request), registrar, after=None))
    await until(lambda: knows(desk, officer), f"{desk.slug} knows {officer}")
    await desk.client.post("/api/unlock", officer=officer, passphrase=passphrase)


async def knows(desk: Desk, officer: str) -> bool:
    """Say whether the desk's own replica has the officer."""
    signers = desk.agent.replica.directory.signers(desk.agent.replica.desk, Role.OFFICER)
    return officer in [signer.payload.pseudonym for signer in signers]
