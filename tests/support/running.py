"""Fixtures: a network of a broker, two witnesses and two desks, all running and at rest."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.agencies import DONGXING, MONGCAI
from tests.support.network import Foundation, Network, foundation, start


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Foundation:
    """Return the network that was founded for this run."""
    return foundation(tmp_path_factory.getbasetemp())


@pytest.fixture
async def parts(founded: Foundation, tmp_path: Path) -> AsyncIterator[Network]:
    """Yield a network of which nothing runs yet."""
    async with founded.copy(tmp_path / "network") as network:
        yield network


@pytest.fixture
async def network(parts: Network) -> Network:
    """Return a network with the desks of Móng Cái and Dongxing running."""
    await start(parts, MONGCAI, DONGXING)
    return parts
