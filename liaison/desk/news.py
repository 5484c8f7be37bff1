"""News of the desk to its own screens: something has changed, look again.

Nothing is told but that: what changed is computed anew from the store by whoever listens. A
listener that is busy misses no news, since several become one.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class News:
    """Who waits for changes of one desk."""

    def __init__(self) -> None:
        """Begin with no listener."""
        self._listeners: set[asyncio.Event] = set()
        self.is_over = False

    def tell(self) -> None:
        """Wake every listener."""
        for listener in self._listeners:
            listener.set()

    def end(self) -> None:
        """Wake every listener a last time; ``is_over`` says so."""
        self.is_over = True
        self.tell()

    @contextmanager
    def listen(self) -> Iterator[asyncio.Event]:
        """Give an event that is set at each change; who waits for it clears it."""
        heard = asyncio.Event()
        self._listeners.add(heard)
        try:
            yield heard
        finally:
            self._listeners.discard(heard)
