"""The plays that the tests of this folder look at."""

from tests.support.played import baby, played

__all__ = ["baby", "played"]
