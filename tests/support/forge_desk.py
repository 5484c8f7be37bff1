"""A desk that means ill: its device and officers are enrolled, and it writes what it pleases.

It logs in at the real broker with the device's own key. What the broker cannot see, it takes; what
is refused is refused by the desk that reads it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from crypto.attest.directory import MAIL_WAITS, Directory
from crypto.attest.encoding import Value
from crypto.attest.header import DeskId, MessageId, PriorityClass, parse_envelope
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import Role, Window
from crypto.seal.content import Content, Kind, ReaderRole, ThreadId
from crypto.seal.envelope import Outside
from crypto.seal.lanes import next_lane
from crypto.seal.primitives import fresh
from crypto.seal.readers import Reader, with_readers
from liaison.desk.app import DEVICE
from liaison.desk.entrance.roster import STORE
from liaison.desk.store import Store
from liaison.runtime.clock import timestamp
from protocols.casework.payload import parse_step, to_value
from protocols.wire import api
from tests.support.broker import Caller
from tests.support.forge import Forgery
from tests.support.network import Desk, Network
from tests.support.women import header, request_fields


@dataclass
class Forger:
    """One desk's keys in the wrong hands, and the victim to whom it writes."""

    network: Network
    desk: Desk
    victim: Desk
    device: SigningKey
    caller: Caller
    #: The last message of each of its keys to the victim that was sent in earnest.
    ends: dict[KeyId, tuple[int, MessageId]] = field(default_factory=dict)

    @property
    def officer(self) -> SigningKey:
        """Return the officer's signing key."""
        return SigningKey.from_seed(self.desk.keys.seed)

    @property
    def directory(self) -> Directory:
        """Return the directory as the victim holds it."""
        return self.victim.agent.replica.directory

    @property
    def at(self) -> int:
        """Return the time."""
        return timestamp(self.network.clock.now())

    def id_of(self, desk: Desk) -> DeskId:
        """Return a desk's id."""
        return self.directory.desk_named(desk.slug).id

    def readers(self) -> list[Reader]:
        """Return the readers that an honest message has."""
        return [
            Reader(self._window(self.victim), ReaderRole.DESK),
            Reader(self._window(self.desk), ReaderRole.OWN_COPY),
        ]

    def content(
        self,
        form: Value,
        *,
        thread: bytes | None = None,
        kind: Kind = Kind.STEP,
        signer: SigningKey | None = None,
        created: int | None = None,
    ) -> Content:
        """Return the content that an honest sender would write around ``form``."""
        sender = (signer or self.officer).kid
        content = Content(
            sender=sender,
            kind=kind,
            created=self.at if created is None else created,
            thread=ThreadId(thread or fresh(16)),
            lanes={self.id_of(self.victim): next_lane(self.ends.get(sender))},
            parents=(),
            dirhead=self.directory.head,
            lang="",
            subject="",
            text="",
            form=form,
        )
        return with_readers(content, self.readers())

    def forgery(self, content: Content, **changes: Any) -> Forgery:  # noqa: ANN401 - parts of it
        """Return an envelope in parts, honest but for ``changes``."""
        readers = self.readers()
        outside = Outside(
            src=self.id_of(self.desk),
            dst=(self.id_of(self.victim),),
            priority=PriorityClass.RESCUE,
            start=None,
            stop=(),
            exp=self._window(self.victim).not_after + MAIL_WAITS,
        )
        windows = [reader.window for reader in readers]
        return replace(Forgery(content, outside, windows, self.officer), **changes)

    async def send(self, form: Value, **changes: Any) -> bytes:  # noqa: ANN401 - parts of a content
        """Have the broker take an honest envelope around ``form``; return its bytes."""
        await self.look()
        content = self.content(form, **changes)
        envelope = self.forgery(content).build()
        await self.caller.submit(envelope)
        (lane,) = content.lanes.values()
        self.ends[content.sender] = (lane.seq, parse_envelope(envelope).mid)
        return envelope

    async def look(self) -> None:
        """Go on in each lane behind the last message that the victim knows."""
        if self.victim.app is None:
            return
        desk = self.id_of(self.desk)
        here = [one.kid for role in Role for one in self.directory.signers(desk, role)]
        found = await self.victim.agent.store.lane_ends(here, self.id_of(self.victim))
        for kid, end in found.items():
            self.ends[kid] = max(end, self.ends.get(kid, end))

    def request(self, ref: str, **changes: object) -> dict[str, Value]:
        """Return the form of a rescue request to the victim; ``changes`` are of its header."""
        said = header(ref=ref, sender=self.desk.slug, to=self.victim.slug) | changes
        return form(case=ref, act="request", request=request_fields(header=said))

    def _window(self, desk: Desk) -> Window:
        return self.directory.open_window(self.id_of(desk), at=self.at)


def part(form: Value, *path: str) -> dict[str, Value]:
    """Return the map at ``path`` in a form, to be changed there."""
    found = form
    for name in path:
        found = cast("dict[str, Value]", found)[name]
    return cast("dict[str, Value]", found)


def form(**fields: object) -> dict[str, Value]:
    """Return the form of a step as an honest desk writes it."""
    return part(to_value(parse_step(fields)))


@asynccontextmanager
async def forging(network: Network, desk: Desk, victim: Desk) -> AsyncIterator[Forger]:
    """Give the keys of ``desk``, which must not be running, logged in at the broker."""
    device = await device_key(desk)
    url = network.broker.url + api.WEBSOCKET_PATH
    async with network.http.ws_connect(url, max_msg_size=api.FRAME_LIMIT) as ws:
        hello = api.parse_frame(await ws.receive_bytes())
        assert isinstance(hello, api.Hello)
        caller = Caller(ws, device, hello)
        await caller.login(timestamp(network.clock.now()))
        forger = Forger(network, desk, victim, device, caller)
        await forger.look()
        yield forger


async def device_key(desk: Desk) -> SigningKey:
    """Return the device's key of a desk that is not running."""
    store = Store(desk.state / STORE, desk.keys.master)
    await store.open()
    seed = await store.fact(DEVICE)
    await store.close()
    assert seed is not None
    return SigningKey.from_seed(seed)
