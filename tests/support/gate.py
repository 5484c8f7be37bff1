"""A gate on the way to a broker: it passes on what goes through, and stops a connection half-way.

Whoever is killed while a gate holds is killed in the middle of a transfer, whatever the machine's
speed. What was asked of the broker is kept, so that a test sees from which byte on.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PIECE = 64 * 1024
BROUGHT = re.compile(rb"POST /v1/blobs/([0-9a-f]{64})\?[^ ]*from=(\d+)")
FETCHED = re.compile(rb"GET /v1/blobs/([0-9a-f]{64}) [^\0]*?Range: bytes=(\d+)-", re.IGNORECASE)


@dataclass
class Gate:
    """Stands between one desk and its broker at ``target``; closed after ``limit`` bytes each way.

    The limit is a connection's, also of one that was there before, from when the gate was opened
    for so much; None is no limit.
    """

    target: str
    limit: int | None = None
    url: str = ""
    #: Set while a connection is held, and until it ends.
    holds: asyncio.Event = field(default_factory=asyncio.Event)
    #: How often it was opened for so much or so little.
    _openings: int = 0
    #: What was brought and fetched: the blob in hex and from which byte on, in order.
    brought: list[tuple[str, int]] = field(default_factory=list)
    fetched: list[tuple[str, int]] = field(default_factory=list)

    async def held(self, seconds: float = 60.0) -> None:
        """Return once a connection is held; raise TimeoutError when none is in time."""
        async with asyncio.timeout(seconds):
            await self.holds.wait()

    def open_for(self, limit: int | None) -> None:
        """Hold what comes from now on after ``limit`` bytes; what is held ends with its desk."""
        self.limit = limit
        self._openings += 1
        self.holds.clear()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on one connection, until either side ends it."""
        address = urlsplit(self.target)
        try:
            theirs = await asyncio.open_connection(address.hostname, address.port)
        except OSError:
            writer.close()
            return
        loop = asyncio.get_running_loop()
        ways = [
            loop.create_task(self._pass(reader, theirs[1], is_asked=True)),
            loop.create_task(self._pass(theirs[0], writer, is_asked=False)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        writer.close()
        theirs[1].close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_asked: bool
    ) -> None:
        passed, openings = 0, self._openings
        while piece := await reader.read(PIECE):
            if openings != self._openings:
                passed, openings = 0, self._openings
            if is_asked:
                self._note(piece)
            writer.write(piece)
            await writer.drain()
            passed += len(piece)
            if self.limit is not None and passed >= self.limit:
                self.holds.set()
                await self._drain(reader)

    async def _drain(self, reader: asyncio.StreamReader) -> None:
        """Read to the end and pass on nothing: that is how the end of a killed desk is seen."""
        while await reader.read(PIECE):
            continue

    def _note(self, piece: bytes) -> None:
        self.brought += [(m[1].decode(), int(m[2])) for m in BROUGHT.finditer(piece)]
        self.fetched += [(m[1].decode(), int(m[2])) for m in FETCHED.finditer(piece)]


@asynccontextmanager
async def gate_to(target: str) -> AsyncIterator[Gate]:
    """Give a gate to the broker at this address, on a free port."""
    gate = Gate(target)
    server = await asyncio.start_server(gate.relay, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    gate.url = f"http://{host}:{port}"
    try:
        yield gate
    finally:
        server.close()
