"""A message that is refused on the other desk, or cannot be opened there, says so to its sender."""

import shutil
from datetime import timedelta

import pytest
from sqlalchemy import delete

from crypto.attest.encoding import Value
from crypto.seal.content import Kind, parse_content
from liaison.desk.mail import refusals as module
from liaison.desk.mail.refusals import TELL_AFTER
from liaison.desk.tables import windows
from protocols.casework.receipt import FailedReceipt, Outcome, receipt_from_value
from tests.support.agencies import DONGXING
from tests.support.forge_desk import forging
from tests.support.network import Desk, Network, View, start, until

MALFORMED: dict[int, Value] = {1: 1}


async def sets_aside(desk: Desk) -> list[str]:
    """Return what a desk has set aside, once there is something."""

    async def is_some() -> bool:
        return bool(await desk.set_aside())

    await until(is_some, f"{desk.slug} sets something aside")
    return await desk.set_aside()


async def told(desk: Desk) -> list[FailedReceipt]:
    """Return what a desk has told others of messages that it could not take."""
    messages = await desk.agent.store.taken()
    receipts = [
        receipt_from_value(parse_content(message.content).form)
        for message in messages
        if message.outgoing and message.kind == Kind.RECEIPT
    ]
    return [receipt for receipt in receipts if isinstance(receipt, FailedReceipt)]


async def failures(desk: Desk, ref: str) -> list[View]:
    """Return what stands against the last step of a case, as its desk shows it."""
    found: list[View] = (await desk.steps(ref))[-1]["failures"]
    return found


async def lose_the_window(desk: Desk) -> None:
    """Have a desk lose the seed of the window to which it is written now."""
    replica, clock = desk.agent.replica, desk.agent.clock
    window = replica.directory.open_window(replica.desk, at=int(clock.now().timestamp()))
    gone = delete(windows).where(windows.c.kid == window.kid)
    await desk.agent.store.run(lambda db: db.execute(gone))
    await desk.stop()
    await desk.start()


async def test_a_message_that_cannot_be_opened_is_sealed_anew_to_a_window_that_can(
    network: Network,
) -> None:
    await lose_the_window(network.dongxing)
    await network.settle()
    ref = await network.mongcai.request()
    await sets_aside(network.dongxing)

    await network.clock_on(timedelta(weeks=1))

    view = await network.holds(network.dongxing, ref, 1)
    assert view["steps"][0]["act"] == "request"
    (receipt,) = await told(network.dongxing)
    assert (receipt.outcome, receipt.code) == (Outcome.UNDECRYPTABLE, "envelope.no_window")

    async def is_cured() -> bool:
        step = (await network.mongcai.steps(ref))[0]
        return step["delivery"]["delivered"] is not None and step["failures"] == []

    await until(is_cured, "the sender hears that it was delivered after all")
    assert await network.dongxing.set_aside() == []
    resends = [m for m in await network.mongcai.agent.store.taken() if m.kind == Kind.RESEND]
    assert len(resends) == 1


async def test_a_computer_that_cannot_seal_this_week_does_all_else_that_is_due(
    network: Network,
) -> None:
    """Without its own window of the week it can keep no copy of what it would say."""
    await lose_the_window(network.dongxing)
    await network.settle()
    ref = await network.mongcai.request()
    await sets_aside(network.dongxing)

    await network.clock_on(TELL_AFTER)
    await network.settle()

    assert (await network.dongxing.status())["sweep"]["state"] == "well"
    assert await told(network.dongxing) == []
    assert await failures(network.mongcai, ref) == []


async def test_a_computer_put_back_to_an_old_copy_hears_what_the_other_desk_refused(
    network: Network,
) -> None:
    """It gives a number twice; the second message is a fork, and its sender is told."""
    mongcai, old = network.mongcai, network.state / "old"
    await mongcai.stop()
    shutil.copytree(mongcai.state, old)
    await mongcai.start()
    first = await mongcai.request()
    await network.holds(network.dongxing, first, 1)
    await network.settle()
    await mongcai.stop()
    shutil.rmtree(mongcai.state)
    shutil.copytree(old, mongcai.state)
    await network.broker.stop()
    await mongcai.start()
    again = await mongcai.request()

    await network.broker.start()
    assert await sets_aside(network.dongxing) == ["lane.fork"]

    async def is_told() -> bool:
        return [one["code"] for one in await failures(mongcai, again)] == ["lane.fork"]

    await until(is_told, "the sender is told")
    assert ("lane.fork", "vn-mongcai-1") in [
        (alarm["code"], alarm["about"]) for alarm in (await network.dongxing.status())["alarms"]
    ]


async def test_a_refusal_is_told_once_for_each_envelope(parts: Network) -> None:
    await start(parts, DONGXING)
    async with forging(parts, parts.mongcai, parts.dongxing) as forger:
        await forger.caller.submit(forger.forgery(forger.content(["no step"])).build())
        await parts.quarantines(parts.dongxing, 1)

        for _ in range(3):
            await parts.clock_on(timedelta(hours=1))
            await parts.settle()

    (receipt,) = await told(parts.dongxing)
    assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "casework.form")


async def test_what_is_itself_an_answer_is_refused_in_silence(parts: Network) -> None:
    await start(parts, DONGXING)
    async with forging(parts, parts.mongcai, parts.dongxing) as forger:
        content = forger.content(MALFORMED, kind=Kind.RECEIPT)
        await forger.caller.submit(forger.forgery(content).build())
        await parts.quarantines(parts.dongxing, 1)
        await parts.clock_on(timedelta(hours=1))
        await parts.settle()

    assert await told(parts.dongxing) == []


async def test_no_more_refusals_are_told_in_a_day_than_are_allowed(
    parts: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_A_DAY", 2)
    await start(parts, DONGXING)
    async with forging(parts, parts.mongcai, parts.dongxing) as forger:
        for number in range(4):
            await forger.look()
            await forger.caller.submit(forger.forgery(forger.content(["no step"])).build())
            await parts.quarantines(parts.dongxing, number + 1)
        await parts.clock_on(TELL_AFTER)
        await parts.settle()

    assert len(await told(parts.dongxing)) == 2
