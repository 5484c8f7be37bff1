"""The network that docs/operating.md sets up."""

from tests.support.operated import network

__all__ = ["network"]
