"""What every test may use: the fixtures of tests/support, and the check of LIAISON_REQUIRE."""

import pytest

from tests.support.requirements import required_names

pytest_plugins = ["tests.support.figures", "tests.support.postgres", "tests.support.resuming"]


def pytest_configure() -> None:
    """Refuse a run whose LIAISON_REQUIRE names something unknown."""
    required_names()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that need a PostgreSQL server in one process: one server is enough."""
    for item in items:
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("postgres"))
