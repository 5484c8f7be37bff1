"""Two desks at rest, and screens at them that were unlocked by their officers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.agencies import DONGXING, MONGCAI
from tests.support.network import Desk, Foundation, Network, foundation, start
from tests.support.screens import Screen, browser_session


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Foundation:
    """Return the network that was founded for this run."""
    return foundation(tmp_path_factory.getbasetemp())


@pytest.fixture
async def network(founded: Foundation, tmp_path: Path) -> AsyncIterator[Network]:
    """Yield a network with the desks of Móng Cái and Dongxing running."""
    async with founded.copy(tmp_path / "network") as network:
        await start(network, MONGCAI, DONGXING)
        yield network


@pytest.fixture
async def screen_at(network: Network) -> AsyncIterator[Callable[[Desk], Awaitable[Screen]]]:
    """Yield what opens an unlocked screen at a desk."""
    sessions = []

    async def open_unlocked(desk: Desk) -> Screen:
        sessions.append(browser_session())
        screen = await Screen.open(desk, sessions[-1])
        await screen.unlock(network.founded.passphrase)
        return screen

    yield open_unlocked
    for session in sessions:
        await session.close()
