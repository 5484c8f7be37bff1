"""A broker as a process of its own, to be killed: ``python serve.py FOLDER``; prints its port."""

import asyncio
import sys
from pathlib import Path

from liaison.broker.app import build_app
from liaison.broker.settings import BrokerSettings
from liaison.runtime.clock import SystemClock
from liaison.runtime.web import Address, serve
from tests.support.agencies import CHANNELS

if __name__ == "__main__":
    settings = BrokerSettings(state=Path(sys.argv[1]), channels=CHANNELS)
    app = build_app(settings, clock=SystemClock())
    asyncio.run(
        serve(app, Address("127.0.0.1", 0), ready=lambda port: print(port, flush=True))  # noqa: T201
    )
