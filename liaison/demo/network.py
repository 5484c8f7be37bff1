"""The demo's network: one broker, a witness a side, and the desks of a scenario, each a process.

Founded by the scripted ceremony in an empty folder. Only what a desk's officers would do is asked
of a desk; the passphrase is made anew each time and kept in the folder (mode 0600).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import ClientSession

from config.schema import Corridor
from crypto.attest.directory import Directory
from crypto.attest.note import NamedKey
from crypto.attest.payload import prove_possession
from crypto.attest.statement import InfraKind, InfraPayload, Role
from crypto.seal.ceremony import grant_key, parse_request
from liaison.broker.admin import enroll_entries, init_broker
from liaison.broker.settings import KEY_NAME
from liaison.demo.ceremony import Founded, hold_ceremony
from liaison.demo.folder import PASSPHRASE
from liaison.demo.hand_clock import HandClock
from liaison.demo.node import WITNESS_KEY
from liaison.demo.processes import PROGRAM, Node, stop_all
from liaison.demo.staff import Post, Staff
from liaison.desk.client import UNLOCK, DeskClient
from liaison.desk.entrance.admin import admit_officer, init_desk, keep_standing, sign_standing
from liaison.runtime.seeds import create_key, load_key, write_private
from protocols.casework.approval import StandingApproval, held
from protocols.casework.codes import LegalBasis, RequestType, Urgency

PASSPHRASE_BYTES = 16
STANDING_FILE = "demo-1"
STANDING_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Made:
    """A desk that was made: the key of its store, and the entries of its officers' keys."""

    master: bytes = field(repr=False)
    entries: list[bytes]


@dataclass(slots=True)
class Network:
    """The network: what it was founded with, and its processes once they run.

    ``directory`` is the size of its directory before any desk has published a window.
    """

    state: Path
    corridor: Corridor
    pins: tuple[str, ...]
    log: NamedKey
    passphrase: str = field(repr=False)
    directory: int = 0
    nodes: list[Node] = field(default_factory=list)
    desks: dict[str, DeskClient] = field(default_factory=dict)
    broker_url: str = ""

    def node(self, name: str) -> Node:
        """Return the process of this name; raise KeyError when there is none."""
        return {node.name: node for node in self.nodes}[name]

    async def start_again(
        self, name: str, *, at: datetime, program: Sequence[str] = PROGRAM
    ) -> None:
        """Start a process that has ended over its own folder, on its own port, at the time ``at``.

        ``program`` is what is run, as the interpreter's arguments.

        Raises:
            NodeError: it did not start; its log says why.
        """
        ended = self.node(name)
        self.nodes[self.nodes.index(ended)] = await ended.again(at, program=program)
        if name in self.desks:
            # A desk makes a new token whenever it starts.
            self.desks[name] = DeskClient.of(self.state / name, self.desks[name].session)

    async def be_present(self, desk: str, officer: str) -> DeskClient:
        """Return the client of a desk, unlocked there for ``officer``: once for each start."""
        client = self.desks[desk]
        if officer not in client.officers:
            await client.post(UNLOCK, officer=officer, passphrase=self.passphrase)
        return client

    async def stop(self) -> None:
        """End every process."""
        await stop_all(self.nodes)


async def found_network(state: Path, corridor: Corridor, staff: Staff, *, at: datetime) -> Network:
    """Found agencies, witnesses, broker and the desks of ``staff`` (by slug) in ``state``.

    Args:
        state: an empty folder.
        corridor: whose agencies and desks are founded.
        staff: who has a key at each desk; one at least.
        at: the time of the ceremony.
    """
    clock = HandClock(at)
    passphrase = secrets.token_urlsafe(PASSPHRASE_BYTES)
    write_private(state / PASSPHRASE, passphrase.encode())
    broker = await init_broker(state / "broker")
    witnesses = {
        agency.slug: make_witness(state / f"witness-{agency.slug}", agency.slug)
        for agency in corridor.agencies
    }
    founded = hold_ceremony(
        state / "ceremony",
        corridor,
        broker=broker.request.read_bytes(),
        witnesses=witnesses,
        at=at,
    )
    entries, masters = list(founded.entries), dict[str, bytes]()
    for slug, posts in staff.items():
        made = await _make_desk(state / slug, slug, posts, founded, passphrase, clock)
        masters[slug] = made.master
        entries += made.entries
    await _approve_beforehand(state, corridor, staff, masters, passphrase, at)
    size = await enroll_entries(state / "broker", entries, clock=clock, pins=founded.pins)
    log = NamedKey(broker.name, load_key(state / "broker" / KEY_NAME).verify_key)
    return Network(state, corridor, tuple(founded.pins), log, passphrase, directory=size)


async def start_network(
    network: Network,
    staff: Staff,
    session: ClientSession,
    *,
    at: datetime,
) -> None:
    """Start every process at the time ``at``; ``network.nodes`` holds those that run."""
    state, logs = network.state, network.state / "logs"
    logs.mkdir()
    witnesses: list[tuple[str, str]] = []
    for agency in network.corridor.agencies:
        name = witness_name(agency.slug)
        node = await Node.start(
            name,
            logs / f"{name}.log",
            at,
            {
                "kind": "witness",
                "state": str(state / f"witness-{agency.slug}"),
                "name": name,
                "log": network.log.name,
                "log_key": network.log.verify_key.raw.hex(),
            },
        )
        network.nodes.append(node)
        witnesses.append((name, node.url))
    broker = await Node.start(
        "broker",
        logs / "broker.log",
        at,
        {
            "kind": "broker",
            "state": str(state / "broker"),
            "corridor": network.corridor.slug,
            "witnesses": witnesses,
        },
    )
    network.nodes.append(broker)
    network.broker_url = broker.url
    for slug, posts in staff.items():
        node = await Node.start(
            slug,
            logs / f"{slug}.log",
            at,
            {
                "kind": "desk",
                "state": str(state / slug),
                "corridor": network.corridor.slug,
                "broker": broker.url,
                "officer": posts[0].officer,
                "passphrase": network.passphrase,
            },
        )
        network.nodes.append(node)
        network.desks[slug] = DeskClient.of(state / slug, session)


def witness_name(agency: str) -> str:
    """Return the name with which an agency's witness signs."""
    return f"witness-{agency}"


def make_witness(state: Path, agency: str) -> bytes:
    """Return the request of an agency's new witness, whose key stands in the new folder."""
    state.mkdir(mode=0o700)
    key = create_key(state / WITNESS_KEY)
    return prove_possession(
        InfraPayload(InfraKind.WITNESS, key.verify_key, witness_name(agency)), key
    )


async def _make_desk(
    state: Path,
    slug: str,
    posts: Sequence[Post],
    founded: Founded,
    passphrase: str,
    clock: HandClock,
) -> Made:
    """Make a desk with its officers; return its master key and the registrar's entries."""
    directory = Directory.replay(founded.pins, founded.entries)
    state.mkdir(mode=0o700)  # noqa: ASYNC240 - nothing runs yet
    made = await init_desk(
        state,
        slug=slug,
        pins=founded.pins,
        entries=founded.entries,
        officer=posts[0].officer,
        role=posts[0].role,
        passphrase=passphrase,
        clock=clock,
    )
    further = [
        admit_officer(
            state,
            made.keys,
            slug=slug,
            directory=directory,
            officer=post.officer,
            role=post.role,
            passphrase=passphrase,
            clock=clock,
        )
        for post in posts[1:]
    ]
    registrar = founded.registrars[slug]
    requests = (*made.requests, *further)
    entries = [grant_key(parse_request(raw), registrar, after=None) for raw in requests]
    return Made(made.keys.master, entries)


async def _approve_beforehand(
    state: Path,
    corridor: Corridor,
    staff: Staff,
    masters: Mapping[str, bytes],
    passphrase: str,
    at: datetime,
) -> None:
    """Have each side's approver release verification and rescue for a year, for all its desks."""
    for approving, posts in staff.items():
        approver = next((post for post in posts if post.role is Role.APPROVER), None)
        if approver is None or held(approving, corridor) is None:
            continue
        side = corridor.country(approving)
        own = [desk.slug for desk in corridor.desks if corridor.country(desk.slug) is side]
        approval = StandingApproval(
            file=STANDING_FILE,
            basis=LegalBasis.AGREEMENT_2010,
            authority=held(approving, corridor),
            types=(RequestType.VERIFY_ID, RequestType.RESCUE),
            urgencies=tuple(Urgency),
            senders=tuple(own),
            recipients=tuple(desk.slug for desk in corridor.desks if desk.slug not in own),
            valid_from=at.date(),
            valid_to=at.date() + STANDING_FOR,
            desk=approving,
            officer=approver.officer,
        )
        signed = sign_standing(state / approving, approver.officer, passphrase, approval)
        for slug in staff.keys() & set(own):
            await keep_standing(state / slug, masters[slug], [signed])
