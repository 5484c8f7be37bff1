"""An agency names one more witness while desks work: proofs wait for it after a day, not before."""

from datetime import timedelta
from functools import partial

from crypto.attest.checkpoint import QuorumError
from liaison.demo.network import witness_name
from liaison.desk.line.witnesses import BEGINS_WITHIN
from liaison.desk.mail.alarms import Alarm
from tests.support.network import Desk, Network, until
from tests.support.witnesses import end_witness, name_witness

VIETNAM, FURTHER = "vn-quangninh-police", "further"


async def is_policy(desk: Desk, *, witnesses: int) -> None:
    """Wait until a desk asks so many witnesses for every checkpoint."""

    async def is_so() -> bool:
        return len(desk.agent.replica.policy().witnesses) == witnesses

    await until(is_so, f"{desk.slug} asks {witnesses} witnesses")


async def test_one_more_witness_ends_no_proofs_and_stops_no_sweep(network: Network) -> None:
    mongcai = network.mongcai
    await network.settle()
    size = (await mongcai.status())["ledger"]["size"]
    further = await name_witness(network, VIETNAM, FURTHER)
    await is_policy(mongcai, witnesses=3)

    await mongcai.request()
    await network.settle()
    meanwhile = await mongcai.status()
    await network.move(network.clock.now() + BEGINS_WITHIN + timedelta(hours=2))
    await mongcai.request()
    await until(partial(is_told, mongcai, QuorumError.code), "it is told that one is missing")
    await network.move(network.clock.now() + timedelta(minutes=1))
    late = await codes(mongcai)
    await further.start()
    network.witnesses[witness_name(FURTHER)] = further
    await network.broker.stop()
    await network.broker.start()
    await network.settle()

    assert meanwhile["unproven"] == 0
    assert meanwhile["ledger"]["size"] > size > 0
    assert meanwhile["alarms"] == []
    assert Alarm.LEDGER_STALE in late
    now = await mongcai.status()
    assert now["unproven"] == 0
    assert witness_name(FURTHER) in now["ledger"]["cosignatures"]
    # What the other desk had seen before, of which its status told since.
    assert Alarm.PEER_CHECKPOINT not in await codes(mongcai)


async def test_a_sides_only_witness_is_not_replaced_by_one_that_has_not_cosigned(
    network: Network,
) -> None:
    await network.settle()
    await name_witness(network, VIETNAM, FURTHER)
    await end_witness(network, VIETNAM)
    await is_policy(network.mongcai, witnesses=2)

    async def is_gone() -> bool:
        key = network.witness_key(VIETNAM).verify_key
        return key not in [w.verify_key for w in network.mongcai.agent.replica.policy().witnesses]

    await until(is_gone, "the first witness counts no more")
    await network.move(network.clock.now() + timedelta(minutes=1))

    assert Alarm.LEDGER_STALE in await codes(network.mongcai)


async def codes(desk: Desk) -> list[str]:
    """Return the codes of the alarms that stand."""
    return [alarm["code"] for alarm in (await desk.status())["alarms"]]


async def is_told(desk: Desk, code: str) -> bool:
    """Say whether a desk is alarmed by this code."""
    return code in await codes(desk)
