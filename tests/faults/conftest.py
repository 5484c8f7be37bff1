"""The plays without a kill, to compare with, and the network that these tests work with."""

from tests.support.played import baby, played
from tests.support.running import founded, network, parts

__all__ = ["baby", "founded", "network", "parts", "played"]
