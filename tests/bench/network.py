"""A network founded for the measurement: a broker's folder, pairs of desks, envelopes sealed ahead.

Each pair is a Vietnamese and a Chinese desk with a channel of their own, so that every message has
one reader; the corridor's files are written for it. Everything is made by the project's own
ceremony. The broker that serves the folder is the ordinary command.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from config.load import CORRIDORS
from crypto.attest.directory import Directory, Head
from crypto.attest.header import PriorityClass
from crypto.attest.note import NamedKey, SignatureKind
from crypto.attest.signing import SigningKey
from crypto.attest.statement import InfraKind, Role
from crypto.seal.content import ReaderRole
from crypto.seal.envelope import Outside
from crypto.seal.readers import Reader
from liaison.broker.admin import enroll_entries, init_broker
from liaison.broker.ledger import log_key, origin_of
from liaison.broker.settings import KEY_NAME
from liaison.demo.node import WITNESS_KEY
from liaison.runtime.clock import SystemClock, timestamp
from liaison.runtime.seeds import create_key, load_key
from tests.support.agencies import DAY, Founded, Office, found, seal_step

#: (ours) a text that fills a padded body of 4 KiB: 4,096 bytes less what a content has around it.
TEXT_4K = 3_600
#: Likewise for a body of 256 KiB.
TEXT_256K = 261_000
BUNDLED = CORRIDORS / "quangninh-guangxi"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two desks with a channel: one writes, the other reads."""

    sender: Office
    receiver: Office


@dataclass(slots=True)
class Bench:
    """A founded broker that does not run, with its desks; ``idle`` are further devices' keys."""

    state: Path
    corridor: Path
    at: int
    log: str
    pairs: list[Pair]
    head: Head
    idle: list[SigningKey] = field(default_factory=list, repr=False)

    def copy(self, state: Path) -> Path:
        """Return the broker's folder copied to the new folder ``state``."""
        shutil.copytree(self.state / "broker", state)
        return state

    def seal(self, pair: Pair, *, text_bytes: int, own_copy: bool) -> bytes:
        """Return an envelope from sender to receiver, with the sender's own copy if wanted."""
        readers = [Reader(pair.receiver.window, ReaderRole.DESK)]
        readers += [Reader(pair.sender.window, ReaderRole.OWN_COPY)] if own_copy else []
        outside = Outside(
            pair.sender.id,
            (pair.receiver.id,),
            PriorityClass.ROUTINE,
            None,
            (),
            self.at + 7 * DAY,
        )
        text = "x" * text_bytes
        return seal_step(pair.sender, outside, readers, text=text, head=self.head, at=self.at)

    def seal_all(self, each: int, *, text_bytes: int, own_copy: bool) -> list[list[bytes]]:
        """Return ``each`` envelopes for every pair."""
        return [
            [self.seal(pair, text_bytes=text_bytes, own_copy=own_copy) for _ in range(each)]
            for pair in self.pairs
        ]

    def serve(self, state: Path, *witnesses: str) -> list[str]:
        """Return the words after ``liaison`` that serve the broker's folder ``state``."""
        cosigning = [word for witness in witnesses for word in ("--witness", witness)]
        return ["broker", "serve", "--state", str(state), "--port", "0", *cosigning]

    def witness(self, name: str) -> list[str]:
        """Return the words after ``liaison`` that serve the witness ``name``."""
        where = ("--state", str(self.state / name), "--port", "0")
        return ["witness", "serve", *where, "--name", name, "--log", self.log]

    @property
    def settings(self) -> dict[str, str]:
        """Return what the broker's environment says of its corridor."""
        return {"LIAISON_BROKER_CORRIDOR": str(self.corridor)}


WITNESSES = ("witness.vn", "witness.cn")


async def found_bench(state: Path, *, pairs: int, idle: int = 0) -> Bench:
    """Found agencies, witnesses, ``pairs`` of desks and ``idle`` devices in the new ``state``."""
    clock = SystemClock()
    at = timestamp(clock.now())
    made = await init_broker(state / "broker")
    key = load_key(state / "broker" / KEY_NAME)
    sides = (found("VN"), found("CN"))
    for agency, witness in zip(sides, WITNESSES, strict=True):
        agency.rely_on(InfraKind.BROKER, key, origin_of(key.kid))
        (state / witness).mkdir(mode=0o700)
        agency.rely_on(InfraKind.WITNESS, create_key(state / witness / WITNESS_KEY), witness)
    desks = [
        Pair(
            *(
                agency.open_office(f"{side}-{number}", at=at, above=None, broker=key.kid, devices=1)
                for agency, side in zip(sides, ("vn", "cn"), strict=True)
            )
        )
        for number in range(pairs)
    ]
    devices = [_enrol(sides[n % 2], at) for n in range(idle)]
    entries = [*sides[0].entries, *sides[1].entries]
    pins = [side.pin for side in sides]
    await enroll_entries(state / "broker", entries, clock=clock, pins=pins)
    return Bench(
        state,
        write_corridor(state / "corridor", pairs),
        at,
        NamedKey(made.name, log_key(key.verify_key).verify_key).vkey(SignatureKind.ED25519),
        desks,
        Directory.replay(pins, entries).head,
        devices,
    )


def _enrol(agency: Founded, at: int) -> SigningKey:
    """Return the key of a further device at the first desk of ``agency``."""
    desk = next(iter(agency.offices.values()))
    key, entry = agency.enrol(desk, Role.DEVICE, at=at)
    agency.entries.append(entry)
    return key


def write_corridor(folder: Path, pairs: int) -> Path:
    """Write the files of a corridor of ``pairs`` channels to the new ``folder`` and return it."""
    folder.mkdir()
    for rules in ("limits.toml", "authority.toml"):
        shutil.copy2(BUNDLED / rules, folder / rules)
    sides = ("vn", "cn")
    agencies = ['corridor = "bench"\nversion = 1\n', *(_agency(side) for side in sides)]
    agencies += [_desk(side, number) for number in range(pairs) for side in sides]
    (folder / "agencies.toml").write_text("\n".join(agencies), encoding="utf-8")
    channels = (
        f'[[channel]]\na = "vn-{number}"\nb = "cn-{number}"\nsource = "bench"\n'
        for number in range(pairs)
    )
    (folder / "channels.toml").write_text("\n".join(channels), encoding="utf-8")
    return folder


def _agency(side: str) -> str:
    return f'[[agency]]\nslug = "{side}"\ncountry = "{side.upper()}"\nnames = {_names(side)}\n'


def _desk(side: str, number: int) -> str:
    slug = f"{side}-{number}"
    return "\n".join(
        (
            "[[desk]]",
            f'slug = "{slug}"\nagency = "{side}"\nnames = {_names(slug)}\nlevel = "local"',
            f'place = {_names(slug)}\ncode = "{slug.upper()}"\nvalid_from = 2026-01-01',
            'source = "bench"\n',
        )
    )


def _names(text: str) -> str:
    return f'{{ vi = "{text}", zh = "{text}", en = "{text}" }}'
