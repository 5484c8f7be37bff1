"""What a broker can do on the line of one desk, as a seed decides: say, withhold, rewrite, fork.

It stands between the real broker and the desk of Móng Cái, holds the real broker's key and, where
it says so, those of witnesses. Each behaviour plays once, lets honest mail through again, and
returns the codes under which the desk has told of it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from crypto.attest import labels
from crypto.attest.checkpoint import Checkpoint, add_cosignature, cosign, sign_checkpoint
from crypto.attest.hashing import digest
from crypto.attest.header import pack_envelope, parse_envelope
from crypto.attest.note import NamedKey
from crypto.attest.signing import SigningKey, pack_signed, split_signed
from liaison.audit.sources import size_claimed
from liaison.demo.network import witness_name
from liaison.runtime.clock import timestamp
from protocols.wire import api
from protocols.wire.mailbox import ItemKind
from protocols.wire.receipt import parse_ack, parse_took
from tests.support.agencies import MONGCAI
from tests.support.chance import Chance
from tests.support.interposed import Interposed, answer_alike, delivery, interpose, pass_on
from tests.support.network import AT, Network, start, until
from tests.support.women import request_fields

DAY = 86_400
STRANGER = SigningKey.from_seed(bytes(32))


@dataclass
class HostileLine:
    """The network, the broker between, and all that it has seen of this run."""

    network: Network
    between: Interposed
    chance: Chance = field(default_factory=lambda: Chance(0))
    #: Everything that came by, as bytes, and every text that was planted in a request.
    seen: list[bytes] = field(default_factory=list)
    planted: list[str] = field(default_factory=list)

    async def request(self) -> str:
        """Have Dongxing send a request with a text that nobody else uses; return its reference."""
        self.planted.append(
            f"kín {self.chance.seed}-{len(self.planted)}-{self.chance.below(2**60):x}"
        )
        place = {"lang": "zh", "text": self.planted[-1]}
        asked = request_fields(place=place)
        return await self.network.dongxing.request(MONGCAI, request=asked)

    async def told(self, play: Callable[["HostileLine"], Awaitable[None]], seed: int) -> set[str]:
        """Return the codes under which the desk told of what ``play`` did; all rests again then."""
        desk, self.chance = self.network.mongcai, Chance(seed)
        # A leaf that cannot be proven is an alarm again whenever the ledger is looked at.
        before = {one for one in await self._shown() if one[1] is not None}
        self._pass_on(pass_on)
        await play(self)
        shown = await self._shown()
        self._pass_on(pass_on)
        self.between.answer = answer_alike
        await desk.agent.prover.check()  # what is still being asked for has had its answer then
        desk.agent.prover.alarm = None  # the next play begins afresh
        return {code for code, _ in shown - before}

    async def _shown(self) -> set[tuple[str, object]]:
        """Return what the desk shows of what is wrong: codes, each with what tells it apart."""
        status = await self.network.mongcai.status()
        aside = enumerate(await self.network.mongcai.set_aside())
        shown: set[tuple[str, object]] = {(code, number) for number, code in aside}
        shown |= {(alarm["code"], alarm["number"]) for alarm in status["alarms"]}
        shown |= {("lane.gap", (gap["by"], gap["first"])) for gap in status["missing"]}
        if status["ledger"]["alarm"] is not None:
            shown.add((status["ledger"]["alarm"], None))
        return shown

    def on_envelopes(self, change: Callable[[api.Deliver], Sequence[api.Frame]]) -> None:
        """Change each envelope of the other desk on its way to ours; our own copies pass."""
        ours = self.network.mongcai.agent.replica.desk

        def change_theirs(frame: api.Deliver) -> Sequence[api.Frame]:
            is_ours = parse_envelope(frame.first).header.src == ours
            return [frame] if is_ours else change(frame)

        self._on(ItemKind.ENVELOPE, change_theirs)

    def on_acks(self, change: Callable[[api.Deliver], Sequence[api.Frame]]) -> None:
        """Change each acknowledgement on its way to the desk."""
        self._on(ItemKind.ACK, change)

    def seen_all(self) -> list[bytes]:
        """Note from now on all that is said and answered; return where the answers are found."""
        answers: list[bytes] = []

        async def note(_path: str, posted: bytes, answer: bytes) -> tuple[int, bytes]:
            answers.extend((posted, answer))
            return 200, answer

        self._pass_on(pass_on)
        self.between.answer = note
        return answers

    async def arrives(self, ref: str) -> None:
        """Wait until the request is at the desk, once, and known as delivered to its sender."""
        sender, desk = self.network.dongxing.agent.store, self.network.mongcai.agent.store
        (sent,) = (await self.network.dongxing.agent.casebook.find(ref)).steps

        async def is_delivered() -> bool:
            return bool(await sender.acks_of([sent.message.mid]))

        await until(is_delivered, f"{ref} is delivered")
        (held,) = await desk.messages_of(sent.message.thread)
        assert held.content == sent.message.content

    async def alarms(self) -> None:
        """Wait until the desk gives alarm."""

        async def is_raised() -> bool:
            return self.network.mongcai.agent.prover.alarm is not None

        await until(is_raised, "the desk gives alarm")

    def _on(self, kind: ItemKind, change: Callable[[api.Deliver], Sequence[api.Frame]]) -> None:
        async def to_desk(frame: api.Frame) -> Sequence[api.Frame]:
            is_meant = isinstance(frame, api.Deliver) and frame.item == kind
            return change(frame) if isinstance(frame, api.Deliver) and is_meant else [frame]

        self._pass_on(to_desk)

    def _pass_on(self, to_desk: Callable[[api.Frame], Awaitable[Sequence[api.Frame]]]) -> None:
        async def see(frame: api.Frame) -> Sequence[api.Frame]:
            self.seen.append(api.encode_frame(frame))
            return await to_desk(frame)

        self.between.to_desk = see


@asynccontextmanager
async def hostile_line(network: Network) -> AsyncIterator[HostileLine]:
    """Give a running network in which Móng Cái has the broker that means ill."""
    await start(network)
    between = await interpose(network, network.mongcai)
    await network.mongcai.start()
    await network.dongxing.start()
    await network.settle()
    yield HostileLine(network, between)


def fork_checkpoint(network: Network, note: bytes, *agencies: str) -> bytes:
    """Return a checkpoint of the same size over other leaves, by the broker and these witnesses."""
    checkpoint = Checkpoint(network.founded.log.name, size_claimed(note), b"\x17" * 32)
    signed = sign_checkpoint(checkpoint, network.broker_key)
    for agency in agencies:
        key, name = network.witness_key(agency), witness_name(agency)
        line = cosign(signed, name, key, at=AT).line()
        signed = add_cosignature(signed, line.encode(), NamedKey(name, key.verify_key))
    return signed


# ---- what it does


async def replays(line: HostileLine) -> None:
    """Deliver each envelope again, in its place and later."""
    times = 2 + line.chance.below(3)
    kept: list[api.Deliver] = []

    def repeat(frame: api.Deliver) -> Sequence[api.Frame]:
        kept.append(frame)
        return [frame] * times

    line.on_envelopes(repeat)
    ref = await line.request()
    await line.arrives(ref)
    await line.between.say(delivery(kept[0].first, line.network.broker_key, at=timestamp(AT)))
    await line.network.quarantines(line.network.mongcai, 0)
    await line.arrives(ref)


async def garbles_first_copy(line: HostileLine) -> None:
    """Spoil a first copy where no hash of the header looks, then send the good one."""
    key = line.network.broker_key

    def spoil(frame: api.Deliver) -> Sequence[api.Frame]:
        sealed = parse_envelope(frame.first)
        wraps, box = [*sealed.wraps], sealed.sigbox
        if line.chance.below(2):
            wraps = [flipped(wrap, line.chance) for wrap in wraps]
        else:
            box = flipped(box, line.chance)
        bad = pack_envelope(sealed.header_bytes, wraps, box, sealed.body)
        return [delivery(bad, key, at=timestamp(AT)), frame]

    line.on_envelopes(spoil)
    await line.arrives(await line.request())


async def shows_two_envelopes(line: HostileLine) -> None:
    """Deliver a message, then the same one in other bytes."""
    key = line.network.broker_key

    def follow(frame: api.Deliver) -> Sequence[api.Frame]:
        sealed = parse_envelope(frame.first)
        wraps = [flipped(wrap, line.chance) for wrap in sealed.wraps]
        other = pack_envelope(sealed.header_bytes, wraps, sealed.sigbox, sealed.body)
        return [frame, delivery(other, key, at=timestamp(AT))]

    line.on_envelopes(follow)
    await line.arrives(await line.request())


async def forges_acknowledgement(line: HostileLine) -> None:
    """Say that a request was delivered: signed by itself, of other bytes, or noted wrongly."""
    key, chance = line.network.broker_key, line.chance

    def forge(frame: api.Deliver) -> Sequence[api.Frame]:
        body, _ = split_signed(frame.first)
        ack = parse_ack(body)
        forgeries = (
            (pack_signed(key, labels.ACK, body), frame.second),
            (pack_signed(STRANGER, labels.ACK, body), frame.second),
            (pack_signed(STRANGER, labels.ACK, replace(ack, eid=digest(b"x", b"")).encoded()), b""),
            (frame.first, pack_signed(STRANGER, labels.NOTED, split_signed(frame.second)[0])),
        )
        first, second = chance.one_of(forgeries)
        return [replace(frame, lane=2, seq=0, first=first, second=second), frame]

    line.on_acks(forge)
    sender = line.network.mongcai.agent
    (sent,) = (await sender.casebook.find(await line.network.mongcai.request())).steps

    async def is_known() -> bool:
        return bool(await sender.store.acks_of([sent.message.mid]))

    await until(is_known, "the true acknowledgement is believed")


async def forks_ledger(line: HostileLine) -> None:
    """Show other leaves under the same size, alone or with one witness."""
    agency = line.chance.one_of(line.network.founded.corridor.agencies).slug
    helpers = line.chance.one_of(((), (agency,)))

    async def fork(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        is_asked = path == api.CHECKPOINT_PATH
        return 200, fork_checkpoint(line.network, answer, *helpers) if is_asked else answer

    line.between.answer = fork
    await line.arrives(await line.request())
    await line.alarms()


async def forks_ledger_with_both_witnesses(line: HostileLine) -> None:
    """Show other leaves, cosigned by both sides, to a desk that saw the true ones."""
    helpers = [agency.slug for agency in line.network.founded.corridor.agencies]

    async def fork(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        is_asked = path == api.CHECKPOINT_PATH
        return 200, fork_checkpoint(line.network, answer, *helpers) if is_asked else answer

    line.between.answer = fork
    await line.arrives(await line.request())
    await line.alarms()


async def rolls_back(line: HostileLine) -> None:
    """Show the ledger as it was before the last messages."""
    old = await line.network.get(api.CHECKPOINT_PATH)
    for _ in range(1 + line.chance.below(2)):
        await line.arrives(await line.request())
    await line.network.settle()

    async def show_the_old(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        return 200, old if path == api.CHECKPOINT_PATH else answer

    line.between.answer = show_the_old
    await line.arrives(await line.request())
    await line.alarms()


async def denies_receipt(line: HostileLine) -> None:
    """Show another leaf, or none, where a message stands that it has receipted."""
    leaves = await line.network.get(api.LEDGER_PATH, **{"from": 0, "to": 1})
    instead = line.chance.one_of((leaves, api.encode_page([])))

    async def deny(path: str, _posted: bytes, answer: bytes) -> tuple[int, bytes]:
        return 200, instead if path == api.LEDGER_PATH else answer

    line.between.answer = deny
    await line.arrives(await line.request())
    await line.alarms()


def flipped(raw: bytes, chance: Chance) -> bytes:
    """Return ``raw`` with one bit turned."""
    at = chance.below(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << chance.below(8)]) + raw[at + 1 :]


async def drops_one(line: HostileLine) -> None:
    """Withhold a message for ever, and deliver the next one."""
    held = _withhold(line)
    await line.request()
    await until(lambda: _is_any(held), "the message to be dropped comes by")
    line.on_envelopes(lambda frame: [frame])
    await line.arrives(await line.request())


async def reorders(line: HostileLine) -> None:
    """Deliver the second of two messages first; in the end nothing is missing."""
    held = _withhold(line)
    first = await line.request()
    await until(lambda: _is_any(held), "the message to be held comes by")
    line.on_envelopes(lambda frame: [frame])
    await line.arrives(await line.request())
    missing = (await line.network.mongcai.status())["missing"]
    assert len(missing) == 1, "what was held back is missing meanwhile"
    await line.between.say(replace(held[0], seq=0))
    await line.arrives(first)


async def back_dates(line: HostileLine) -> None:
    """Say of a message that it came earlier than it did."""
    earlier = 1 + line.chance.below(3_600)
    line.on_envelopes(lambda frame: [_dated(line, frame, -earlier)])
    await line.arrives(await line.request())
    await line.alarms()


async def delays(line: HostileLine) -> None:
    """Hold a message back for more than a day, and say that it came when it is handed over."""
    later = DAY + 1 + line.chance.below(DAY)
    line.on_envelopes(lambda frame: [_dated(line, frame, later)])
    ref = await line.request()
    await line.arrives(ref)
    await line.alarms()
    (step,) = await line.network.mongcai.steps(ref)
    assert step["times_differ"] is True


def _dated(line: HostileLine, frame: api.Deliver, by: int) -> api.Deliver:
    """Return ``frame`` with the broker's word that it took the message so many seconds later."""
    took = parse_took(split_signed(frame.second)[0])
    signed = replace(took, at=took.at + by).encoded()
    return replace(frame, second=pack_signed(line.network.broker_key, labels.TOOK, signed))


def _withhold(line: HostileLine) -> list[api.Deliver]:
    """Hold back every envelope from now on; return where those held are found."""
    held: list[api.Deliver] = []

    def keep(frame: api.Deliver) -> Sequence[api.Frame]:
        held.append(frame)
        return []

    line.on_envelopes(keep)
    return held


async def _is_any(held: Sequence[api.Deliver]) -> bool:
    return bool(held)


@dataclass(frozen=True, slots=True)
class Expected:
    """The codes of which at least one is told at each play, and by when."""

    codes: frozenset[str]
    bound: str = "at once"
    #: Plays that leave nothing to tell: what came twice is there once.
    is_silent: bool = False
    #: A message that can never be proven, so that the desk does not come to rest.
    is_unproven: bool = False


BEHAVIOURS: Mapping[Callable[[HostileLine], Awaitable[None]], Expected] = {
    replays: Expected(frozenset(), is_silent=True),
    garbles_first_copy: Expected(frozenset({"envelope.wrap", "envelope.sigbox"})),
    shows_two_envelopes: Expected(frozenset({"inbox.conflict"})),
    forges_acknowledgement: Expected(frozenset({"signature.bad", "inbox.false_item"})),
    forks_ledger: Expected(frozenset({"checkpoint.quorum"}), "next checkpoint"),
    forks_ledger_with_both_witnesses: Expected(frozenset({"proof.mismatch"}), "next checkpoint"),
    rolls_back: Expected(frozenset({"ledger.rolled_back"}), "next checkpoint"),
    denies_receipt: Expected(frozenset({"proof.mismatch", "ledger.false_leaf"}), "next checkpoint"),
    drops_one: Expected(frozenset({"lane.gap"}), "next message"),
    reorders: Expected(frozenset(), "next message", is_silent=True),
    back_dates: Expected(
        frozenset({"ledger.time_fell_back", "ledger.false_leaf"}), is_unproven=True
    ),
    delays: Expected(frozenset({"ledger.time_fell_back", "ledger.false_leaf"}), is_unproven=True),
}
