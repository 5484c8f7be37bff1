"""Seeds end two weeks after their week, and not before everything that they open is here."""

from datetime import timedelta

from crypto.attest.signing import KeyId
from liaison.desk.entrance.roster import STORE
from liaison.runtime.clock import timestamp
from tests.integration.desk.test_windows import windows
from tests.support.network import AT, Desk, Network
from tests.support.pages import opened_pages

DAY = timedelta(days=1)


async def seeds(desk: Desk) -> dict[KeyId, bytes]:
    """Return the seeds of the windows that a desk holds."""
    return dict(await desk.agent.store.own_windows())


async def test_a_seed_is_gone_two_weeks_after_its_week(network: Network) -> None:
    mongcai = network.mongcai
    before, first = await seeds(mongcai), windows(mongcai)
    ref = await mongcai.request()
    await network.pass_time(AT + timedelta(weeks=3) - DAY)
    after_twenty_days = await seeds(mongcai)
    await network.pass_time(AT + timedelta(weeks=4) + DAY)

    gone = {window.kid for window in first[:2]}
    held = await seeds(mongcai)
    assert before.keys() <= after_twenty_days.keys()
    assert not gone & held.keys()
    assert not gone & mongcai.agent.keyring.windows().keys()
    assert {window.kid for window in first[2:]} <= held.keys()
    assert all(window.kid in held for window in windows(mongcai)[2:])
    left = opened_pages(mongcai.state / STORE, mongcai.keys.master)
    assert not [kid for kid in gone if before[kid] in left]
    assert [step["act"] for step in await mongcai.steps(ref)] == ["request"]

    await mongcai.stop()
    await mongcai.start()
    await network.settle()
    assert await seeds(mongcai) == held


async def test_a_clock_that_jumps_burns_nothing(network: Network) -> None:
    before = await seeds(network.mongcai)
    await network.broker.stop()
    await network.line_is(network.mongcai, "down")

    await network.move(AT + timedelta(days=3_650))

    assert before.items() <= (await seeds(network.mongcai)).items()


async def test_an_office_closed_for_weeks_keeps_the_seed_under_which_it_is_written_to(
    network: Network,
) -> None:
    dongxing = network.dongxing
    last = windows(dongxing)[-1]
    await dongxing.stop()
    await network.pass_time(AT + timedelta(weeks=10))
    ref = await network.mongcai.request()

    await dongxing.start()
    await network.holds(dongxing, ref, 1)
    await network.settle()
    await dongxing.agent.waker.sweep()
    while_mail_may_come = await seeds(dongxing)
    await network.pass_time(AT + timedelta(weeks=13))

    assert last.kid in while_mail_may_come
    assert last.not_after + 35 * 86_400 < timestamp(AT + timedelta(weeks=10))
    assert last.kid not in await seeds(dongxing)
    assert await dongxing.set_aside() == []


async def test_what_comes_after_its_seed_was_destroyed_is_told_as_undecryptable(
    network: Network,
) -> None:
    dongxing = network.dongxing
    now = timestamp(AT)
    current = dongxing.agent.replica.directory.open_window(dongxing.agent.replica.desk, at=now)
    await dongxing.agent.store.destroy_seeds([current.kid], now)
    dongxing.agent.keyring.forget([current.kid])

    ref = await network.mongcai.request()
    await network.settle()

    assert await dongxing.set_aside() == ["inbox.undecryptable"]
    [step] = await network.mongcai.steps(ref)
    assert step["delivery"]["delivered"] is None
