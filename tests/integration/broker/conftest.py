"""A broker that serves, on SQLite; tests that concern the database also get it on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.broker import Served, serving


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Served]:
    """Yield a broker on SQLite."""
    async with serving(tmp_path) as served:
        yield served


@pytest.fixture
async def broker_on_postgres(tmp_path: Path, postgres_url: str) -> AsyncIterator[Served]:
    """Yield a broker on PostgreSQL."""
    async with serving(tmp_path, database_url=postgres_url) as served:
        yield served


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest) -> Served:
    """Return a broker on each database in turn."""
    name = "broker" if request.param == "sqlite" else "broker_on_postgres"
    served: Served = request.getfixturevalue(name)
    return served
