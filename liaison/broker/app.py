"""The broker put together: the one place where its parts meet.

Parts are made at start in the order in which they need one another, and ended in the reverse
order: sockets first, then sweeps and signing, then the writer, the database last.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

import aiohttp
from aiohttp import web

from liaison.broker.acknowledgement import Rules
from liaison.broker.batch import Changes
from liaison.broker.blobs.files import FOLDER, BlobFiles
from liaison.broker.blobs.keeping import BlobKeeper
from liaison.broker.blobs.routes import CLOCK, COMING, KEEPER, TOKENS
from liaison.broker.blobs.tokens import Tokens
from liaison.broker.checkpoints import FILE_NAME, Checkpoints
from liaison.broker.clocks import Clocks
from liaison.broker.connection import Desk
from liaison.broker.core import Core, open_core
from liaison.broker.delivery import Post
from liaison.broker.intake import Intake
from liaison.broker.login import Logins
from liaison.broker.routes import (
    BODY_LIMIT,
    CHECKPOINTS,
    DESK,
    REPLICA,
    STORE,
    WAKER,
    WRITER,
    add_routes,
    refusals,
)
from liaison.broker.settings import BrokerSettings
from liaison.broker.witnesses import Witness
from liaison.runtime.clock import Clock
from liaison.runtime.scheduler import Waker
from liaison.runtime.tasks import Tasks
from liaison.runtime.web import problems
from protocols.wire.api import Grew


def build_app(settings: BrokerSettings, *, clock: Clock) -> web.Application:
    """Return the broker as an application; it opens its folder at start and closes it at stop.

    What ``liaison.broker.core.open_core`` raises leaves the application's start.
    """

    async def parts(app: web.Application) -> AsyncIterator[None]:
        async with (
            open_core(settings.state, settings.database, clock=clock) as core,
            aiohttp.ClientSession() as http,
        ):
            tasks = Tasks()
            witnesses = [Witness(address, core.store, http) for address in settings.witnesses]
            app[TOKENS], app[CLOCK], app[COMING] = Tokens(core.replica, clock), clock, set()
            await _assemble(app, core, settings, witnesses, tasks)
            await _assemble_blobs(app, core, settings)
            clocks = Clocks(core.replica, store=core.store, writer=core.writer)
            waker = Waker(partial(_sweep, clocks, app[KEEPER]), clock=clock)
            app[WAKER] = waker
            core.writer.listen(partial(_spread, app))
            waker.start()
            try:
                yield
            finally:
                await waker.stop()
                await tasks.stop()

    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[problems, refusals])
    app.cleanup_ctx.append(parts)
    app.on_shutdown.append(_hang_up)
    add_routes(app)
    return app


async def _assemble(
    app: web.Application,
    core: Core,
    settings: BrokerSettings,
    witnesses: list[Witness],
    tasks: Tasks,
) -> None:
    post = Post(core.store, core.writer)
    checkpoints = Checkpoints(
        key=core.key,
        file=settings.state / FILE_NAME,
        writer=core.writer,
        replica=core.replica,
        witnesses=witnesses,
        on_cosigned=lambda: _tell_growth(app),
    )
    app[REPLICA], app[STORE], app[WRITER] = core.replica, core.store, core.writer
    app[CHECKPOINTS] = checkpoints
    logins = Logins(core.replica, broker=core.key.kid)
    app[DESK] = Desk(
        key=core.key,
        logins=logins,
        rules=Rules(logins.require, core.replica.mailboxes),
        intake=Intake(core.replica, key=core.key, channels=settings.channels),
        writer=core.writer,
        post=post,
        tokens=app[TOKENS],
        tasks=tasks,
    )
    checkpoints.resume(
        await core.store.last_checkpoint(cosigned=False),
        await core.store.last_checkpoint(cosigned=True),
    )
    tasks.start(checkpoints.sign(), name="broker.sign")
    tasks.start(checkpoints.cosign(), name="broker.cosign")


async def _assemble_blobs(app: web.Application, core: Core, settings: BrokerSettings) -> None:
    files = BlobFiles(settings.state / FOLDER, reserve=settings.disk_reserve)
    app[KEEPER] = BlobKeeper(
        files, core.store, core.writer, core.replica, quota=settings.blob_quota
    )
    await app[KEEPER].recover()


async def _sweep(clocks: Clocks, keeper: BlobKeeper, now: datetime) -> datetime | None:
    """Do what is due at ``now`` for clocks, then for blobs; return when something is next due."""
    following = [await clocks.sweep(now), await keeper.sweep(now)]
    return min((at for at in following if at is not None), default=None)


def _spread(app: web.Application, changes: Changes) -> None:
    """Tell those who wait what a commit has changed."""
    app[DESK].post.spread(changes.mail)
    if changes.clocks:
        app[WAKER].wake()
    if changes.leaves:
        app[CHECKPOINTS].ledger_grew()
    if changes.directory:
        app[DESK].post.expel(app[REPLICA].is_revoked)
        _tell_growth(app)


def _tell_growth(app: web.Application) -> None:
    cosigned = app[CHECKPOINTS].cosigned
    size = cosigned.size if cosigned else 0
    app[DESK].post.tell_all(Grew(app[WRITER].state.directory, size))


async def _hang_up(app: web.Application) -> None:
    app[DESK].post.close_all()
