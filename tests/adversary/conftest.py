"""The network that the tests of this folder work with."""

import pytest

from tests.support.interposed import Interposed, interpose
from tests.support.network import Network, start
from tests.support.running import founded, network, parts

__all__ = ["between", "founded", "network", "parts"]


@pytest.fixture
async def between(parts: Network) -> Interposed:
    """Return the broker that lies to the desk in Móng Cái; Dongxing has the true one."""
    await start(parts)
    between = await interpose(parts, parts.mongcai)
    await parts.mongcai.start()
    await parts.dongxing.start()
    await parts.settle()
    return between
