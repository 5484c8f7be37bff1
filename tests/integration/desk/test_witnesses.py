"""An agency names one more witness while desks work: proofs wait for it, and nothing else does."""

from datetime import timedelta

from liaison.demo.network import witness_name
from liaison.desk.alarms import Alarm
from tests.support.network import Desk, Network, until
from tests.support.witnesses import name_witness

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
    await network.move(network.clock.now() + timedelta(minutes=1))
    meanwhile = await mongcai.status()
    await further.start()
    network.witnesses[witness_name(FURTHER)] = further
    await network.broker.stop()
    await network.broker.start()
    await network.settle()

    assert meanwhile["ledger"]["size"] >= size > 0
    assert meanwhile["ledger"]["cosignatures"] == []
    assert Alarm.LEDGER_STALE in [alarm["code"] for alarm in meanwhile["alarms"]]
    now = await mongcai.status()
    assert now["unproven"] == 0
    assert witness_name(FURTHER) in now["ledger"]["cosignatures"]
