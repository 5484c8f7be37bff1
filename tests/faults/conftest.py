"""The plays without a kill, to compare with."""

from tests.support.played import baby, played

__all__ = ["baby", "played"]
