"""A broker that says of a revocation that it stands elsewhere in the ledger than it does."""

import pytest

from crypto.attest.signing import KeyId
from crypto.attest.statement import Role
from protocols.wire import api
from tests.support.agencies import MONGCAI
from tests.support.installations import revoke_key
from tests.support.interposed import Interposed
from tests.support.network import Network, until


def officer(network: Network) -> KeyId:
    """Return the key of the officer in Dongxing."""
    replica = network.dongxing.agent.replica
    return replica.directory.signers(replica.desk, Role.OFFICER)[0].kid


@pytest.mark.parametrize("earlier", [True, False], ids=["earlier", "later"])
async def test_a_broker_that_names_another_leaf_for_a_revocation_is_accused(
    parts: Network, between: Interposed, *, earlier: bool
) -> None:
    async def misplace(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        if path == api.PLACE_PATH:
            return 200, api.encode_place(0 if earlier else api.parse_place(answer) + 1)
        return 200, answer

    between.answer = misplace
    ref = await parts.dongxing.request(MONGCAI)
    await parts.holds(parts.mongcai, ref, 1)

    await revoke_key(parts, parts.dongxing, officer(parts))

    async def is_accused() -> bool:
        status = await parts.mongcai.status()
        return bool(status["ledger"]["alarm"] == "ledger.false_place")

    await until(is_accused, "the desk accuses the broker")
    assert len(parts.mongcai.agent.replica.directory.unplaced()) == 1
