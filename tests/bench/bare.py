"""The bare prototype: what a durable broker costs that does nothing but carry.

``python -m tests.bench.bare FOLDER``. One WebSocket a desk, binary frames, group commit on SQLite
(WAL, ``synchronous=FULL``: an fsync before each receipt), delivery to the reader and a cursor for
its acknowledgement. No login, no checks, no signatures, no ledger, nothing read back from the
database: it is a ceiling for the real broker in the same run, and no product.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import cbor2
from aiohttp import WSMsgType, web

#: Frames: submit [0, number, to, body], taken [1, number], deliver [2, seq, body], done [3, seq].
SUBMIT, TAKEN, DELIVER, DONE = range(4)
BATCH = 256
FRAME_LIMIT = 1_200_000
DATABASE = "bare.sqlite3"
TABLES = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "CREATE TABLE mail (desk INTEGER, seq INTEGER, body BLOB, PRIMARY KEY (desk, seq))",
    "CREATE TABLE cursors (desk INTEGER PRIMARY KEY, seq INTEGER)",
)
Answer = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Bare:
    """The desks that are connected, and what waits for the next commit."""

    database: sqlite3.Connection
    desks: dict[int, web.WebSocketResponse] = field(default_factory=dict)
    sequences: dict[int, int] = field(default_factory=dict)
    mail: list[tuple[int, int, bytes]] = field(default_factory=list)
    cursors: dict[int, int] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def commit(self) -> None:
        """Commit what has come and answer it, until cancelled."""
        while True:
            await self.grown.wait()
            self.grown.clear()
            mail, cursors, answers = self.mail, self.cursors, self.answers
            self.mail, self.cursors, self.answers = [], {}, []
            await asyncio.get_running_loop().run_in_executor(
                None, self._write, mail, list(cursors.items())
            )
            for answer in answers:
                await answer()

    def submit(self, ws: web.WebSocketResponse, number: int, to: int, body: bytes) -> None:
        """Put a message in line; its receipt and its delivery follow its commit."""
        seq = self.sequences[to] = self.sequences.get(to, 0) + 1
        self.mail.append((to, seq, body))

        async def answer() -> None:
            await ws.send_bytes(cbor2.dumps([TAKEN, number]))
            reader = self.desks.get(to)
            if reader is not None:
                await reader.send_bytes(cbor2.dumps([DELIVER, seq, body]))

        self.answers.append(answer)
        self.grown.set()

    def done(self, desk: int, seq: int) -> None:
        """Move a desk's cursor with the next commit."""
        self.cursors[desk] = seq
        self.grown.set()

    def _write(self, mail: list[tuple[int, int, bytes]], cursors: list[tuple[int, int]]) -> None:
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("INSERT INTO mail VALUES (?, ?, ?)", mail)
        self.database.executemany("INSERT OR REPLACE INTO cursors VALUES (?, ?)", cursors)
        self.database.execute("COMMIT")


async def _connect(request: web.Request) -> web.StreamResponse:
    bare, desk = request.app[BARE], int(request.query["desk"])
    ws = web.WebSocketResponse(max_msg_size=FRAME_LIMIT, compress=False)
    await ws.prepare(request)
    bare.desks[desk] = ws
    async for message in ws:
        if message.type is not WSMsgType.BINARY:
            break
        kind, *fields = cbor2.loads(message.data)
        if kind == SUBMIT:
            bare.submit(ws, *fields)
        else:
            bare.done(desk, *fields)
    return ws


BARE = web.AppKey("bare", Bare)


async def _serve(folder: Path) -> None:
    # Every statement runs in one thread at a time: the writer waits for it.
    database = sqlite3.connect(folder / DATABASE, isolation_level=None, check_same_thread=False)
    for statement in TABLES:
        database.execute(statement)
    app = web.Application()
    app[BARE] = Bare(database)
    app.router.add_get("/", _connect)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await app[BARE].commit()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
