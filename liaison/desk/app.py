"""Composition root of the desk: the only place where its parts meet."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from aiohttp import ClientSession, web

from config.load import load_calendars, load_errors, load_findings
from config.schema import CatalogueSeed, Corridor
from crypto.attest.signing import SigningKey
from crypto.seal.content import Kind
from crypto.seal.primitives import self_test
from crypto.seal.vault import Keys
from liaison.desk.agent import Agent
from liaison.desk.api.call import AGENT, TOKEN_KEY
from liaison.desk.api.problems import officers_errors
from liaison.desk.archive.backup import Backups
from liaison.desk.archive.erasure import Eraser
from liaison.desk.archive.oversight import Overseer
from liaison.desk.archive.tidings import Tidings
from liaison.desk.carriage.blobs import CarriedBlobs
from liaison.desk.carriage.carrier import Carrier
from liaison.desk.carriage.reception import Reception
from liaison.desk.carriage.spool import Spool
from liaison.desk.casework.cases import Casebook
from liaison.desk.casework.clocks import DeskSweep
from liaison.desk.casework.compose import Composer
from liaison.desk.casework.dispatch import Dispatch
from liaison.desk.casework.reader import Reader
from liaison.desk.casework.release import Releases
from liaison.desk.disclosure.disclose import Discloser
from liaison.desk.entrance.guard import guard
from liaison.desk.entrance.idle import IdleWatch
from liaison.desk.entrance.officers import LONGEST_IDLE, Officers
from liaison.desk.entrance.roster import STORE, Roster, check_vault, note_vault
from liaison.desk.files.cabinet import FOLDER, Cabinet
from liaison.desk.files.carrier import FileCarrier
from liaison.desk.files.filing import Filing
from liaison.desk.keys.contacts import PINS, Contacts
from liaison.desk.keys.destruction import Destruction
from liaison.desk.keys.devices import Devices
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.key_standing import KeyStanding
from liaison.desk.keys.keyring import Keyring
from liaison.desk.keys.successors import Successors
from liaison.desk.line.backlog import Backlog
from liaison.desk.line.broker_client import Line
from liaison.desk.line.follower import Follower
from liaison.desk.line.outbox import Outbox
from liaison.desk.line.places import Places
from liaison.desk.line.proof import Prover
from liaison.desk.line.witnesses import Witnesses
from liaison.desk.mail.ack_uptake import AckUptake
from liaison.desk.mail.acknowledgements import Acknowledgements
from liaison.desk.mail.alarms import Alarms
from liaison.desk.mail.crosschecks import Crosschecks
from liaison.desk.mail.inbox import Inbox, awaited
from liaison.desk.mail.intake import Intake
from liaison.desk.mail.opener import Opener
from liaison.desk.mail.peers import Peers
from liaison.desk.mail.refusals import Refusals
from liaison.desk.mail.resends import Resends
from liaison.desk.mail.uptake import Uptake
from liaison.desk.news import News
from liaison.desk.routes import ROUTES
from liaison.desk.store import Store, StoredMessage
from liaison.desk.store.snapshot import RESTORED
from liaison.desk.web.errors import readable
from liaison.desk.web.routes import add_screens
from liaison.desk.web.session import Sessions
from liaison.runtime.clock import Clock, SystemClock
from liaison.runtime.machine import machine
from liaison.runtime.pins import parse_pins
from liaison.runtime.scheduler import Waker
from liaison.runtime.tasks import Tasks
from liaison.runtime.web import problems
from protocols.casework.catalogue import Catalogue
from protocols.casework.rules import build_rules
from translation.errors import ModelError
from translation.models import available
from translation.translator import Translator

MODELS = "models"
#: Facts of the store that make it a desk's: the device's seed, our slug.
DEVICE, SLUG = "device", "slug"
#: The fact that says on which machine the installation lives.
MACHINE = "machine"
LARGEST_BODY = 2 * 1024 * 1024


class OtherMachineError(Exception):
    """The folder was made on another machine: this is a copy of a desk, and none itself."""

    code = "desk.other_machine"


class NotADeskError(Exception):
    """The store belongs to no enrolled installation."""

    code = "desk.no_device"


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What a desk is built from: its folder, its opened keys, and what both countries agreed on."""

    state: Path
    broker_url: str
    keys: Keys
    corridor: Corridor
    catalogue: CatalogueSeed
    token: str
    #: The hash of this machine's number, for a test of another machine; empty is this one.
    machine: bytes = b""
    #: By which an officer is idle, and how long one may be: the machine's, whatever time is played.
    idle_clock: Clock = field(default_factory=SystemClock)
    lock_after: timedelta = LONGEST_IDLE
    #: Folders that are watched: where what waits is written, and where files appear.
    spool_out: Path | None = None
    spool_in: Path | None = None


def build_app(parts: DeskParts, *, clock: Clock) -> web.Application:
    """Return the desk's application; it opens its store at start and closes it at stop."""
    sessions = Sessions()
    app = web.Application(
        middlewares=[readable, problems, guard(parts.token, sessions), officers_errors],
        client_max_size=LARGEST_BODY,
    )
    app[TOKEN_KEY] = parts.token
    app.add_routes(ROUTES)
    add_screens(app, sessions, Catalogue(parts.catalogue, parts.corridor), load_errors())
    app.cleanup_ctx.append(lambda app: _run(app, parts, clock))
    return app


async def _run(app: web.Application, parts: DeskParts, clock: Clock) -> AsyncIterator[None]:
    tasks = Tasks()
    async with _opened(parts, tasks, clock) as agent:
        app[AGENT] = agent
        agent.waker.start()
        if agent.spool is not None:
            agent.spool.start()
        tasks.start(agent.outbox.run(), name="outbox")
        tasks.start(agent.file_carrier.run(), name="files")
        tasks.start(agent.follower.run(), name="follower")
        tasks.start(agent.line.keep(agent), name="line")
        tasks.start(IdleWatch(agent.officers, agent.locked).run(), name="idle")
        yield
        await agent.waker.stop()
        if agent.spool is not None:
            await agent.spool.stop()
        await tasks.stop()
        await agent.reader.translator.close()


@asynccontextmanager
async def at_rest(parts: DeskParts, *, clock: Clock) -> AsyncIterator[Agent]:
    """Give the agent of a desk that is not served: it tells what it holds, and has no line.

    Raises:
        VaultError, StoreError, OtherMachineError, NotADeskError: the folder holds no such desk.
    """
    async with _opened(parts, Tasks(), clock) as agent:
        yield agent


@asynccontextmanager
async def _opened(parts: DeskParts, tasks: Tasks, clock: Clock) -> AsyncIterator[Agent]:
    self_test()
    store = Store(parts.state / STORE, parts.keys.master)
    await store.open()
    try:
        await check_vault(parts.keys, store)
        await note_vault(parts.state, store)
        await check_machine(store, parts.machine or machine())
        async with ClientSession() as session:
            yield await _assemble(parts, store, session, tasks, clock)
    finally:
        await store.close()


async def check_machine(store: Store, here: bytes) -> None:
    """Bind a store to this machine when it is first opened; raise OtherMachineError on another.

    Two agents with one device's key would tear its lanes and read each other's mail away.
    """
    bound = await store.fact(MACHINE)
    if bound is None:
        await store.set_fact(MACHINE, here)
    elif bound != here:
        raise OtherMachineError("a folder of this machine expected, one of another found")


async def _assemble(
    parts: DeskParts, store: Store, session: ClientSession, tasks: Tasks, clock: Clock
) -> Agent:
    seed, slug, pins = [await store.fact(name) for name in (DEVICE, SLUG, PINS)]
    if seed is None or slug is None or pins is None:
        raise NotADeskError("this store is no desk's; `liaison desk init` makes one")
    typed = [pin.digits for pin in parse_pins(pins.decode().splitlines())]
    replica = await Replica.load(typed, slug.decode(), store)
    device = SigningKey.from_seed(seed)
    line = Line(parts.broker_url.rstrip("/"), device, clock, session, replica.broker)
    is_restored = await store.fact(RESTORED) is not None
    keyring = Keyring(device, store, replica, clock, is_restored)
    await keyring.load()
    officers = Officers(parts.idle_clock, parts.lock_after)
    officers.admit(parts.keys)
    catalogue = Catalogue(parts.catalogue, parts.corridor)
    casebook = Casebook(store, replica, build_rules(parts.corridor, load_calendars()), clock)
    news = News()

    async def lacking(message: StoredMessage) -> None:
        await file_carrier.bring_again(message)

    alarms = Alarms(store, clock, news.tell)
    outbox = Outbox(store, replica, line, news.tell, lacking)
    witnesses = Witnesses(store, replica, clock)
    prover = Prover(store, replica, line, Places(store, replica.directory, line), alarms, witnesses)
    await prover.load()
    queued = _both(outbox.wake, news.tell)
    successors = Successors(store, replica, clock)
    dispatch = Dispatch(replica, keyring, store, clock, successors, queued)
    overseer = Overseer(store, casebook, clock, device)
    releases = Releases(store, replica, dispatch, officers, casebook.rules, clock)
    composer = Composer(casebook, dispatch, releases, officers, catalogue, clock)
    cabinet = Cabinet(parts.state / FOLDER)
    file_carrier = FileCarrier(store, cabinet, line, composer, news.tell, outbox.wake)
    reader = Reader(_translator(parts), load_findings(), tasks, news)
    roster = Roster(parts.state, store, officers)
    eraser = Eraser(
        store, casebook, officers, roster, device.kid, _in_turn(reader.forget, file_carrier.tidy)
    )
    tidings = Tidings(store, eraser, overseer, clock)
    devices = Devices(store, replica, keyring, dispatch, officers, clock, line, tidings)
    backlog = Backlog()
    destruction = Destruction(
        store=store,
        replica=replica,
        keyring=keyring,
        prover=prover,
        line=line,
        backlog=backlog,
        clock=clock,
        awaited=partial(awaited, store),
    )
    resends, awake = Resends(store, replica, dispatch, backlog, alarms), asyncio.Event()
    peers = Peers(
        store=store,
        replica=replica,
        dispatch=dispatch,
        corridor=parts.corridor,
        resends=resends,
        backlog=backlog,
        alarms=alarms,
        witnesses=witnesses,
        heard=awake.set,
    )
    sweep = DeskSweep(
        casebook,
        keyring,
        devices,
        destruction,
        composer,
        resends,
        peers,
        Refusals(store, dispatch, peers),
        line,
        backlog,
        overseer,
        news.tell,
    )
    waker = Waker(sweep, clock=clock)
    changed = _both(_both(waker.wake, file_carrier.wake), news.tell)
    acks = Acknowledgements(device, store, replica, clock)
    uptake = Uptake(
        store=store,
        replica=replica,
        clock=clock,
        intake=Intake(
            store, replica, parts.corridor, releases, Crosschecks(store, replica, alarms), clock
        ),
        acks=acks,
        alarms=alarms,
        acts={
            Kind.MISSING: resends.answer,
            Kind.VOID: resends.close,
            Kind.STATUS: peers.receive,
            Kind.RECEIPT: resends.seal_anew,
        },
    )
    opener = Opener(replica, keyring, line, store)
    inbox = Inbox(
        store=store,
        replica=replica,
        keyring=keyring,
        line=line,
        acks=acks,
        ack_uptake=AckUptake(store, acks, uptake, opener, changed),
        devices=devices,
        uptake=uptake,
        opener=opener,
        changed=changed,
    )
    carrier = Carrier(
        store,
        replica,
        Reception(inbox, clock),
        acks,
        clock,
        CarriedBlobs(store, cabinet, _both(file_carrier.wake, news.tell)),
        file_carrier.seal_without_line,
    )
    spool = Spool(carrier, line, parts.spool_out, parts.spool_in, alarms, tasks)
    is_watched = parts.spool_out is not None or parts.spool_in is not None
    contacts = Contacts(store, replica, officers, clock)
    return Agent(
        store=store,
        replica=replica,
        keyring=keyring,
        devices=devices,
        successors=successors,
        contacts=contacts,
        key_standing=KeyStanding(replica, keyring, devices, contacts, officers, clock),
        alarms=alarms,
        peers=peers,
        officers=officers,
        roster=roster,
        catalogue=catalogue,
        casebook=casebook,
        composer=composer,
        releases=releases,
        reader=reader,
        overseer=overseer,
        backups=Backups(store, replica, device, clock),
        eraser=eraser,
        filing=Filing(store, cabinet, casebook, officers, file_carrier, clock),
        file_carrier=file_carrier,
        discloser=Discloser(store, replica, line, prover, officers, clock),
        line=line,
        outbox=outbox,
        inbox=inbox,
        carrier=carrier,
        backlog=backlog,
        prover=prover,
        follower=Follower(replica, prover, inbox, line, waker.wake, awake),
        waker=waker,
        spool=Waker(spool, clock=clock) if is_watched else None,
        news=news,
        clock=clock,
    )


def _translator(parts: DeskParts) -> Translator:
    """Return the translator with this desk's models; with none that can be used it says so."""
    folder = parts.state / MODELS
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        return Translator(available(folder), parts.catalogue)
    except ModelError as e:
        structlog.get_logger().error("models.unusable", code=e.code)
        return Translator([], parts.catalogue)


def _in_turn(
    one: Callable[[], Awaitable[None]], other: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    """Return what does ``one`` and then ``other``."""

    async def do() -> None:
        await one()
        await other()

    return do


def _both(one: Callable[[], None], other: Callable[[], None]) -> Callable[[], None]:
    """Return what calls ``one`` and then ``other``."""

    def call() -> None:
        one()
        other()

    return call
