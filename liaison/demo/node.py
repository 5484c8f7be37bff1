"""One process of the demo: a broker, a witness or a desk, on a clock moved by hand.

Started by the player with an inherited socket for the clock and one JSON line on standard input
that says what to be; a passphrase comes that way too, never in arguments or environment. The
applications are the served ones, built by the same composition roots.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from config.load import find_corridor, load_catalogue
from crypto.attest.note import NamedKey
from crypto.attest.signing import VerifyKey
from liaison.broker.app import build_app as build_broker
from liaison.broker.routes import WAKER
from liaison.broker.settings import BrokerSettings
from liaison.broker.witnesses import WitnessAddress
from liaison.demo.hand_clock import HandClock, Sweeper, obey
from liaison.desk.api.call import AGENT
from liaison.desk.app import DeskParts
from liaison.desk.app import build_app as build_desk
from liaison.desk.client import ADDRESS
from liaison.desk.entrance.guard import make_token
from liaison.desk.entrance.roster import unlocked
from liaison.runtime.clock import from_timestamp
from liaison.runtime.logs import configure_logs
from liaison.runtime.origin import check_origin
from liaison.runtime.seeds import load_key
from liaison.runtime.tasks import Tasks
from liaison.runtime.web import Address, serve
from liaison.witness.app import WitnessSettings
from liaison.witness.app import build_app as build_witness

#: What a node serves, and what looks for what is due.
Served = tuple[web.Application, Sweeper]
LOOPBACK = "127.0.0.1"
WITNESS_KEY = "witness.key"


def main() -> None:
    """Be what standard input says until asked to end."""
    check_origin()
    configure_logs()
    asyncio.run(_run(json.loads(sys.stdin.readline())))


async def _run(told: dict[str, Any]) -> None:
    clock = HandClock(from_timestamp(told["at"]))
    async with {"broker": _broker, "witness": _witness, "desk": _desk}[told["kind"]](
        told, clock
    ) as (app, sweep):
        await _serve(app, sweep, told, clock)


async def _serve(
    app: web.Application, sweep: Sweeper, told: dict[str, Any], clock: HandClock
) -> None:
    app.cleanup_ctx.append(lambda _app: _obeying(told["clock"], clock, sweep))
    await serve(app, Address(LOOPBACK, told["port"]), ready=lambda port: _ready(told, port))


async def _obeying(descriptor: int, clock: HandClock, sweep: Sweeper) -> AsyncIterator[None]:
    tasks = Tasks()
    tasks.start(_obey_to_the_end(descriptor, clock, sweep), name="hand clock")
    yield
    await tasks.stop()


async def _obey_to_the_end(descriptor: int, clock: HandClock, sweep: Sweeper) -> None:
    # A player that is killed with an answer of ours unread resets the connection.
    with contextlib.suppress(ConnectionError):
        await obey(descriptor, clock, sweep)
    # The player is gone, however it ended: a process of the demo does not outlive it.
    os.kill(os.getpid(), signal.SIGTERM)


def _ready(told: dict[str, Any], port: int) -> None:
    if told["kind"] == "desk":
        (Path(told["state"]) / ADDRESS).write_text(f"http://{LOOPBACK}:{port}\n")
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()


@contextlib.asynccontextmanager
async def _broker(told: dict[str, Any], clock: HandClock) -> AsyncIterator[Served]:
    corridor = find_corridor(told["corridor"])
    pairs = {(channel.a, channel.b) for channel in corridor.channels}
    app = build_broker(
        BrokerSettings(
            state=Path(told["state"]),
            channels=frozenset(pairs | {(b, a) for a, b in pairs}),
            witnesses=tuple(WitnessAddress(name, url) for name, url in told["witnesses"]),
        ),
        clock=clock,
    )

    async def sweep() -> datetime | None:
        return await app[WAKER].sweep()

    yield app, sweep


@contextlib.asynccontextmanager
async def _witness(told: dict[str, Any], clock: HandClock) -> AsyncIterator[Served]:
    state = Path(told["state"])
    log = NamedKey(told["log"], VerifyKey(bytes.fromhex(told["log_key"])))
    key = load_key(state / WITNESS_KEY)
    app = build_witness(WitnessSettings(told["name"], key, state, (log,), clock))
    yield app, _nothing


@contextlib.asynccontextmanager
async def _desk(told: dict[str, Any], clock: HandClock) -> AsyncIterator[Served]:
    state = Path(told["state"])
    async with unlocked(state, told["officer"], told["passphrase"]) as keys:
        app = build_desk(
            DeskParts(
                state=state,
                broker_url=told["broker"],
                keys=keys,
                corridor=find_corridor(told["corridor"]),
                catalogue=load_catalogue(),
                token=make_token(state),
            ),
            clock=clock,
        )

        async def sweep() -> datetime | None:
            return await app[AGENT].waker.sweep()

        yield app, sweep


async def _nothing() -> datetime | None:
    return None


if __name__ == "__main__":
    main()
