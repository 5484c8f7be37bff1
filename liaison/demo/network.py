"""The demo's network: one broker, a witness a side, and the desks of a scenario, each a process.

Founded by the scripted ceremony in an empty folder. Only what a desk's officers would do is asked
of a desk; the passphrase is made anew each time and kept in the folder (mode 0600).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aiohttp import ClientSession

from config.schema import Corridor
from crypto.attest.directory import Directory
from crypto.attest.note import NamedKey
from crypto.attest.statement import (
    InfraKind,
    InfraPayload,
    Role,
    prove_possession,
)
from crypto.seal.ceremony import grant_key, parse_request
from liaison.broker.admin import enroll_entries, init_broker
from liaison.broker.settings import KEY_NAME
from liaison.demo.ceremony import Founded, hold_ceremony
from liaison.demo.hand_clock import HandClock
from liaison.demo.node import WITNESS_KEY
from liaison.demo.processes import Node, stop_all
from liaison.desk.admin import admit_officer, init_desk
from liaison.desk.client import DeskClient
from liaison.runtime.seeds import create_key, load_key, write_private

PASSPHRASE = "passphrase"  # noqa: S105 - a file's name
PASSPHRASE_BYTES = 16


@dataclass(slots=True)
class Network:
    """The network: what it was founded with, and its processes once they run."""

    state: Path
    corridor: Corridor
    pins: tuple[str, ...]
    log: NamedKey
    passphrase: str = field(repr=False)
    nodes: list[Node] = field(default_factory=list)
    desks: dict[str, DeskClient] = field(default_factory=dict)
    broker_url: str = ""

    async def stop(self) -> None:
        """End every process."""
        await stop_all(self.nodes)


async def found_network(
    state: Path, corridor: Corridor, officers: Mapping[str, Sequence[str]], *, at: datetime
) -> Network:
    """Found agencies, witnesses, broker and the desks in ``officers`` (by slug) in ``state``.

    Args:
        state: an empty folder.
        corridor: whose agencies and desks are founded.
        officers: the pseudonyms that act at each desk; every desk gets at least a duty officer.
        at: the time of the ceremony.
    """
    clock = HandClock(at)
    passphrase = secrets.token_urlsafe(PASSPHRASE_BYTES)
    write_private(state / PASSPHRASE, passphrase.encode())
    broker = await init_broker(state / "broker")
    witnesses = {
        agency.slug: _make_witness(state / f"witness-{agency.slug}", agency.slug)
        for agency in corridor.agencies
    }
    founded = hold_ceremony(
        state / "ceremony",
        corridor,
        broker=broker.request.read_bytes(),
        witnesses=witnesses,
        at=at,
    )
    entries = list(founded.entries)
    for slug, acting in officers.items():
        entries += await _make_desk(
            state / slug, slug, duty(slug, acting), founded, passphrase, clock
        )
    await enroll_entries(state / "broker", entries, clock=clock, pins=founded.pins)
    log = NamedKey(broker.name, load_key(state / "broker" / KEY_NAME).verify_key)
    return Network(state, corridor, tuple(founded.pins), log, passphrase)


async def start_network(
    network: Network,
    officers: Mapping[str, Sequence[str]],
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
    for slug, acting in officers.items():
        node = await Node.start(
            slug,
            logs / f"{slug}.log",
            at,
            {
                "kind": "desk",
                "state": str(state / slug),
                "corridor": network.corridor.slug,
                "broker": broker.url,
                "officer": duty(slug, acting)[0],
                "passphrase": network.passphrase,
            },
        )
        network.nodes.append(node)
        network.desks[slug] = DeskClient.of(state / slug, session)


def duty(slug: str, acting: Sequence[str]) -> list[str]:
    """Return who has a key at the desk: those who act there, or one officer on duty."""
    return list(acting) or [f"{slug.upper().replace('-', '')[:8]}-01"]


def witness_name(agency: str) -> str:
    """Return the name with which an agency's witness signs."""
    return f"witness-{agency}"


def _make_witness(state: Path, agency: str) -> bytes:
    state.mkdir(mode=0o700)
    key = create_key(state / WITNESS_KEY)
    return prove_possession(
        InfraPayload(InfraKind.WITNESS, key.verify_key, witness_name(agency)), key
    )


async def _make_desk(
    state: Path,
    slug: str,
    officers: Sequence[str],
    founded: Founded,
    passphrase: str,
    clock: HandClock,
) -> list[bytes]:
    """Make a desk with its officers and return the registrar's entries for their keys."""
    directory = Directory.replay(founded.pins, founded.entries)
    state.mkdir(mode=0o700)  # noqa: ASYNC240 - nothing runs yet
    made = await init_desk(
        state,
        slug=slug,
        pins=founded.pins,
        entries=founded.entries,
        officer=officers[0],
        role=Role.OFFICER,
        passphrase=passphrase,
        clock=clock,
    )
    further = [
        admit_officer(
            state,
            made.keys,
            slug=slug,
            directory=directory,
            officer=officer,
            role=Role.OFFICER,
            passphrase=passphrase,
            clock=clock,
        )
        for officer in officers[1:]
    ]
    registrar = founded.registrars[slug]
    return [
        grant_key(parse_request(raw), registrar, after=None) for raw in (*made.requests, *further)
    ]
