"""A long run that can be taken up again: what has passed is written down and not run twice.

``pytest -m soak --resume FILE`` leaves out the tests named in FILE and adds each one that passes:
a run that was cut off, or failed, goes on where it stopped.
"""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--resume``."""
    told = "leave out the tests that this file names, and name there each one that passes"
    parser.addoption("--resume", metavar="FILE", type=Path, help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Take part only when asked to."""
    file: Path | None = config.getoption("--resume")
    if file is not None:
        config.pluginmanager.register(Resumed(file), "resumed")


class Resumed:
    """The tests that have passed, by the file that names them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._passed = set(file.read_text().splitlines()) if file.exists() else set[str]()

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what has passed."""
        done = [item for item in items if item.nodeid in self._passed]
        items[:] = [item for item in items if item.nodeid not in self._passed]
        config.hook.pytest_deselected(items=done)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write down each test that passed, at once."""
        if report.when == "call" and report.passed:
            with self._file.open("a") as file:
                file.write(report.nodeid + "\n")
