"""Figures that a test measured, printed at the end of the run: one line each, as measured."""

from collections.abc import Callable

import pytest
from _pytest.terminal import TerminalReporter

NAME = "figure"

Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Return what is called with a line of figures."""
    return lambda line: record_property(NAME, line)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the figures of the tests that ran, also those of a test that failed."""
    told = [
        (report.nodeid.rpartition("::")[2], line)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, line in report.user_properties
        if name == NAME
    ]
    if told:
        terminalreporter.section("figures")
    for test, line in told:
        terminalreporter.write_line(f"{test}: {line}")
