"""The witness put together: the one place where its parts meet."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from crypto.attest.note import NamedKey
from crypto.attest.signing import SigningKey
from crypto.attest.submission import SUBMISSION_LIMIT
from liaison.runtime.clock import Clock
from liaison.runtime.web import problems
from liaison.witness.cosigning import Witness
from liaison.witness.routes import WITNESS, add_routes
from liaison.witness.store import open_store


@dataclass(frozen=True, slots=True)
class WitnessSettings:
    """What a witness is given: its name and key, its folder, the logs it watches, its clock.

    ``logs`` are named as their origins; ``state`` is a folder that exists.
    """

    name: str
    key: SigningKey
    state: Path
    logs: tuple[NamedKey, ...]
    clock: Clock

    def __post_init__(self) -> None:
        """Raise KeyNameError unless the witness's name can stand in a signature line."""
        NamedKey(self.name, self.key.verify_key)


def build_app(settings: WitnessSettings) -> web.Application:
    """Return the witness as an application; it opens its memory at start and closes it at stop."""

    async def memory(app: web.Application) -> AsyncIterator[None]:
        async with open_store(settings.state) as store:
            app[WITNESS] = Witness(
                name=settings.name,
                key=settings.key,
                logs=settings.logs,
                store=store,
                clock=settings.clock,
            )
            yield

    app = web.Application(client_max_size=SUBMISSION_LIMIT, middlewares=[problems])
    app.cleanup_ctx.append(memory)
    add_routes(app)
    return app
