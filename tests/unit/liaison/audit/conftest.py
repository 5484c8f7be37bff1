"""The play that the tests of this folder look at."""

from tests.support.played import played

__all__ = ["played"]
