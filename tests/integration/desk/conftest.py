"""The network that the tests of this folder work with."""

from tests.support.running import founded, network, parts

__all__ = ["founded", "network", "parts"]
