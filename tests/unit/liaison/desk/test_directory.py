"""Whose signatures a desk asks of a checkpoint."""

from pathlib import Path

import pytest

from crypto.attest.statement import InfraKind
from liaison.desk.directory import NoWitnessError, Replica
from liaison.desk.store import Store
from tests.support.agencies import MONGCAI, draw_key, found_corridor

AT = 1_770_000_000


def replica(folder: Path, *, with_witness: tuple[str, ...]) -> Replica:
    """Return a replica in which these sides have named a witness."""
    broker = draw_key()
    corridor = found_corridor(AT, broker=broker.kid)
    for side in (corridor.vietnam, corridor.china):
        side.rely_on(InfraKind.BROKER, broker, "liaison/broker")
    sides = {"vn": corridor.vietnam, "cn": corridor.china}
    for name in with_witness:
        sides[name].rely_on(InfraKind.WITNESS, draw_key(), f"witness-{name}")
    return Replica(corridor.directory, MONGCAI, Store(folder / "store", bytes(32)))


def test_a_witness_of_each_side_must_have_cosigned(tmp_path: Path) -> None:
    policy = replica(tmp_path, with_witness=("vn", "cn")).policy()

    assert {witness.name for witness in policy.witnesses} == {"witness-vn", "witness-cn"}
    assert policy.quorum == 2


@pytest.mark.parametrize("sides", [(), ("vn",), ("cn",)])
def test_a_side_without_a_witness_makes_every_checkpoint_worthless(
    tmp_path: Path, sides: tuple[str, ...]
) -> None:
    with pytest.raises(NoWitnessError, match="named no witness"):
        replica(tmp_path, with_witness=sides).policy()
