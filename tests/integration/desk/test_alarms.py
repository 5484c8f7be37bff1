"""What a desk noticed stands in one list until it comes right; an officer signs to have seen it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from liaison.desk.client import DeskRefusedError
from liaison.desk.mail.peers import SILENT_AFTER
from liaison.desk.tables import alarms as table
from tests.integration.desk.test_status import MIDNIGHT, to
from tests.support.agencies import DONGXING
from tests.support.network import Desk, Network, View


async def alarms(desk: Desk) -> list[View]:
    """Return every alarm of a desk, the newest first."""
    found: list[View] = (await desk.client.get("/api/alarms"))["alarms"]
    return found


async def alarm(desk: Desk) -> View:
    """Return the alarm about Dongxing's silence."""
    return next(one for one in await alarms(desk) if one["about"] == DONGXING)


@pytest.fixture
async def silent(network: Network) -> Network:
    """Return a network in which Dongxing has been silent for longer than a day."""
    await to(network, MIDNIGHT)
    await network.dongxing.stop()
    await to(network, MIDNIGHT + SILENT_AFTER + timedelta(seconds=1))
    return network


async def see(desk: Desk, number: int) -> None:
    """Have the officer sign that they have seen an alarm."""
    await desk.client.post(f"/api/alarms/{number}/seen", officer=desk.officer)


async def test_an_officer_signs_to_have_seen_an_alarm_and_it_stands(silent: Network) -> None:
    desk = silent.mongcai
    found = await alarm(desk)
    assert (found["code"], found["seen"], found["by"]) == ("peer.silent", None, None)

    await see(desk, found["number"])

    seen = await alarm(desk)
    assert (seen["by"], seen["settled"]) == ("MC-04", None)
    assert seen["seen"] is not None


async def test_an_alarm_is_seen_once_and_only_if_it_is_there(silent: Network) -> None:
    desk = silent.mongcai
    number = (await alarm(desk))["number"]
    await see(desk, number)

    for other in (number, number + 1_000):
        with pytest.raises(DeskRefusedError) as refused:
            await see(desk, other)
        assert refused.value.code == "alarm.unknown"


async def test_a_signature_over_another_alarm_was_seen_by_nobody(silent: Network) -> None:
    desk = silent.mongcai
    found = await alarm(desk)
    await see(desk, found["number"])

    change = update(table).where(table.c.number == found["number"]).values(subject="another")
    await desk.agent.store.run(lambda db: db.execute(change))

    seen = await alarm(desk)
    assert (seen["seen"], seen["by"]) == (None, None)


async def test_what_came_right_stays_in_the_list_and_is_not_shown_as_standing(
    silent: Network,
) -> None:
    await silent.dongxing.start()
    await silent.settle()
    await to(silent, MIDNIGHT + SILENT_AFTER + timedelta(minutes=1))

    found = await alarm(silent.mongcai)

    assert found["settled"] is not None
    standing = (await silent.mongcai.status())["alarms"]
    assert DONGXING not in [one["about"] for one in standing]


async def test_a_message_to_a_silent_desk_leaves_and_says_that_nothing_fresh_speaks_for_it(
    silent: Network,
) -> None:
    desk = silent.mongcai
    before = len(await desk.board())

    ref = await desk.request()
    await silent.settle()

    assert len(await desk.board()) == before + 1
    assert (await desk.steps(ref))[0]["delivery"]["taken"] is not None
    assert desk.agent.peers.is_stale(DONGXING)


async def test_a_fresh_desk_is_written_to_without_a_warning(network: Network) -> None:
    await to(network, MIDNIGHT)

    assert not network.mongcai.agent.peers.is_stale(DONGXING)


async def test_a_broker_that_freezes_the_ledger_is_told_after_a_day(network: Network) -> None:
    await network.settle()
    for witness in network.witnesses.values():
        await witness.stop()

    await network.move(MIDNIGHT + timedelta(days=1))
    await network.move(MIDNIGHT + timedelta(days=1, minutes=1))

    assert "ledger.stale" in [one["code"] for one in await alarms(network.mongcai)]
    assert network.mongcai.agent.peers.is_stale(DONGXING)
