"""Cases as this desk holds them: the same fold over the same signed messages as on the other desk.

Nothing about a stage, an outcome or a clock is stored; it is computed from messages that the broker
has taken or that the addressed desk has said to have had as files, and kept in memory until
something of the case is written. What waits for the line is listed apart.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from config.schema import Corridor, Country
from crypto.attest.directory import DirectoryError, Head, RevokedError
from crypto.attest.header import ClockToken, DeskId, Header, MessageId, parse_envelope
from crypto.attest.signing import KeyId
from crypto.seal.attachment import Attachment
from crypto.seal.content import Kind, ThreadId, parse_content
from liaison.desk.keys.contacts import by_language
from liaison.desk.keys.directory import UNKNOWN, Replica
from liaison.desk.mail.crosschecks import times_differ
from liaison.desk.store import Draft, Failure, Opening, Store, StoredAck, StoredMessage
from liaison.runtime.clock import Clock, from_timestamp, timestamp
from protocols.casework.clocks import CaseClock, clocks
from protocols.casework.codes import Language
from protocols.casework.errors import CaseworkError, NoRequestError
from protocols.casework.order import NOT_YET
from protocols.casework.payload import Step, from_value
from protocols.casework.person import Person
from protocols.casework.record import Arrival, CaseRecord, Event, SignedStep, fold
from protocols.casework.rules import Rules

#: A message that was carried has arrived as soon as it counts.
AT_ONCE = 0


#: What is said of a message that was taken up before its signer's revocation was known.
REVOKED_BEFORE = "revoked"


class UnknownCaseError(CaseworkError):
    """This desk has no case of this reference."""

    code = "casework.unknown_case"


class ErasedCaseError(UnknownCaseError):
    """The case of this reference was erased at this desk."""

    code = "casework.case_erased"


@dataclass(frozen=True, slots=True)
class HeldStep:
    """One step with its message, header and signer (desk's slug, officer's pseudonym).

    ``desk`` is the party of the case that speaks, ``called`` the desk that has its place by then.
    """

    message: StoredMessage
    header: Header
    step: Step
    created: int
    desk: str
    officer: str
    countersigners: tuple[tuple[str, str], ...] = ()
    parents: tuple[MessageId, ...] = ()
    carried_at: int | None = None
    written_at: int | None = None
    files: tuple[Attachment, ...] = ()
    doubts: tuple[str, ...] = ()
    called: str = ""

    @property
    def is_taken(self) -> bool:
        """Say whether the broker has taken it."""
        return self.message.position is not None

    @property
    def times_differ(self) -> bool:
        """Say whether it was written more than a day from when the broker took it."""
        taken_at = self.message.taken_at
        return taken_at is not None and times_differ(self.created, taken_at)

    @property
    def counts(self) -> bool:
        """Say whether it counts: taken by the broker, or had by the addressed desk as a file."""
        return self.is_taken or self.carried_at is not None

    @property
    def since(self) -> int | None:
        """Return since when (ts) it counts: the ledger's time, or sooner if it was carried."""
        times = [at for at in (self.message.taken_at, self.carried_at) if at is not None]
        return min(times, default=None)

    def event(self, *, now: int) -> SignedStep:
        """Return the step as the fold takes it; one not taken yet stands last, at ``now``."""
        message, since = self.message, self.since
        return SignedStep(
            mid=message.mid,
            index=NOT_YET if message.position is None else message.position,
            taken_at=from_timestamp(now if since is None else since),
            desk=self.desk,
            officer=self.officer,
            step=self.step,
            countersigners=self.countersigners,
            parents=self.parents,
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A case with all that this desk holds of it; ``record`` is None while nothing is taken."""

    thread: ThreadId
    ref: str
    steps: tuple[HeldStep, ...]
    acks: tuple[StoredAck, ...]
    openings: tuple[Opening, ...]
    record: CaseRecord | None
    clocks: tuple[CaseClock, ...]
    drafts: tuple[Draft, ...] = ()
    failures: tuple[Failure, ...] = ()
    sent_again: frozenset[MessageId] = frozenset()

    @property
    def waiting(self) -> list[HeldStep]:
        """Return the steps that wait for the line, oldest first."""
        return [s for s in self.steps if not s.counts and s.message.refused is None]

    @property
    def unentered(self) -> list[HeldStep]:
        """Return the steps that count because they were carried, and stand in no ledger yet."""
        return [s for s in self.steps if s.counts and not s.is_taken]

    @property
    def described(self) -> tuple[Person, ...]:
        """Return the persons whom the request describes."""
        return () if self.record is None else self.record.request.persons

    def running_tokens(self) -> list[ClockToken]:
        """Return the tokens of the broker's clocks that run for this case, oldest first."""
        tokens: dict[ClockToken, None] = {}
        for held in self.steps:
            is_unknown = not held.is_taken and not held.message.outgoing
            if held.message.refused is not None or is_unknown:
                continue  # the broker has neither stopped nor started anything for it
            for token in held.header.stop:
                tokens.pop(token, None)
            if held.header.start is not None:
                tokens[held.header.start.token] = None
        return list(tokens)


@dataclass(slots=True)
class _Kept:
    """Cases as they were last computed, and what was known of signers when they were."""

    known: tuple[Head, int, frozenset[str]] | None = None
    cases: dict[ThreadId, Case] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Casebook:
    """All cases of one desk."""

    store: Store
    replica: Replica
    rules: Rules
    clock: Clock
    _kept: _Kept = field(default_factory=_Kept)

    @property
    def corridor(self) -> Corridor:
        """Return the corridor to which the desk belongs."""
        return self.rules.corridor

    async def find(self, ref: str) -> Case:
        """Return the case of this reference.

        Raises:
            UnknownCaseError: there is none.
            ErasedCaseError: there was one.
        """
        thread = await self.store.thread_of(ref)
        if thread is None:
            stub = await self.store.erased_as(ref)
            if stub is not None:
                raise ErasedCaseError(f"case {ref}: erased on {from_timestamp(stub.at):%Y-%m-%d}")
            raise UnknownCaseError(f"case {ref}: not on this desk")
        return await self.case(thread, ref)

    async def every(self) -> list[Case]:
        """Return every case, in the order in which they came to this desk.

        Only those are computed anew of which the store has noted a change, or all when the
        directory has grown: the board asks at each news, and a desk has cases of years.
        """
        kept = self._kept
        async with kept.turn:
            directory = self.replica.known
            known = directory.head, len(directory.unplaced()), directory.pins
            if kept.known != known:
                kept.known, kept.cases = known, {}
            for touched in await self.store.take_touched():
                kept.cases.pop(touched, None)
            listed = await self.store.threads()
            for thread, ref in listed:
                if thread not in kept.cases:
                    kept.cases[thread] = await self.case(thread, ref)
            return [kept.cases[thread] for thread, _ in listed]

    async def case(self, thread: ThreadId, ref: str) -> Case:
        """Return the case of ``thread``."""
        messages = await self.store.messages_of(thread)
        mids = [message.mid for message in messages]
        carried, written = await self.store.carried_at(mids), await self.store.written_at(mids)
        steps = tuple(
            replace(self._held(m, carried.get(m.mid)), written_at=written.get(m.mid))
            for m in messages
            if m.kind == Kind.STEP
        )
        steps = self._as_parties(steps)
        acks = await self.store.acks_of(mids)
        events = self.events((s for s in steps if s.counts), acks)
        record, running = self._judge(events)
        openings = await self.store.openings_of(mids)
        drafts = tuple(await self.store.drafts_of(thread))
        return Case(
            thread,
            ref,
            _ordered(steps, record),
            tuple(acks),
            tuple(openings),
            record,
            running,
            drafts,
            failures=tuple(await self.store.failures_of(mids)),
            sent_again=frozenset(_sent_again(messages)),
        )

    def events(self, steps: Iterable[HeldStep], acks: Iterable[StoredAck]) -> list[Event]:
        """Return steps and arrivals as the fold takes them; the first acknowledgement counts."""
        now = timestamp(self.clock.now())
        listed = list(steps)
        arrivals: dict[MessageId, Arrival] = {
            step.message.mid: Arrival(step.message.mid, AT_ONCE, from_timestamp(step.carried_at))
            for step in listed
            if step.carried_at is not None
        }
        for ack in acks:
            arrivals.setdefault(ack.mid, Arrival(ack.mid, ack.position, from_timestamp(ack.at)))
        return [*(step.event(now=now) for step in listed), *arrivals.values()]

    def ours_in(self, record: CaseRecord) -> str:
        """Return under which name our desk stands in a case: its own, or one whose place it has."""
        return self._stands_as(self.replica.desk, (record.requester, record.requested))

    def _stands_as(self, desk: DeskId, parties: Sequence[str]) -> str:
        """Return the party that ``desk`` is or whose place it has; its slug when it has none's."""
        slug, names = self.slug(desk), self.replica.known.names_of(desk)
        return slug if slug in parties else next((one for one in parties if one in names), slug)

    def _as_parties(self, steps: tuple[HeldStep, ...]) -> tuple[HeldStep, ...]:
        """Return the steps as said by the parties that the case's request names."""
        requests = (held.step.request for held in steps if held.step.request is not None)
        first = next(requests, None)
        if first is None:
            return steps
        parties = first.header.sender, first.header.to
        return tuple(
            replace(
                held,
                desk=self._stands_as(held.message.src, parties),
                countersigners=tuple(
                    (self._named_as(slug, parties), who) for slug, who in held.countersigners
                ),
            )
            for held in steps
        )

    def _named_as(self, slug: str, parties: Sequence[str]) -> str:
        if slug in {UNKNOWN, *parties}:
            return slug
        return self._stands_as(self.replica.known.desk_named(slug).id, parties)

    def names(self, slug: str, *, at: int) -> dict[str, str]:
        """Return by language how a desk was called at ``at`` (ts), by any slug that it ever had.

        The slug itself where the directory knows of no such desk.
        """
        known = self.replica.known
        try:
            desk = known.desk_at(known.desk_named(slug).id, at=at)
        except DirectoryError:
            return dict.fromkeys(Language, slug)
        return by_language(desk.payload.names)

    def language(self, slug: str) -> Language:
        """Return the language in which a desk writes its steps: its country's."""
        known = self.replica.known
        country = known.root(known.desk_named(slug).agency).country
        return Language.CHINESE if country == Country.CHINA else Language.VIETNAMESE

    def slug(self, desk: DeskId) -> str:
        """Return the slug of a desk, UNKNOWN of one that nothing knows."""
        return self.replica.slug_of(desk)

    def pseudonym(self, kid: KeyId) -> str:
        """Return the pseudonym that signs with this key, UNKNOWN of one that nothing knows."""
        return self.replica.pseudonym(kid)

    def _judge(self, events: list[Event]) -> tuple[CaseRecord | None, tuple[CaseClock, ...]]:
        try:
            record = fold(events)
        except NoRequestError:
            return None, ()
        return record, clocks(record, self.rules)

    def _held(self, message: StoredMessage, carried_at: int | None) -> HeldStep:
        content = parse_content(message.content)
        return HeldStep(
            message=message,
            header=parse_envelope(message.envelope).header,
            step=from_value(content.form),
            created=content.created,
            desk=self.slug(message.src),
            called=self.slug(message.src),
            officer=self._signer(message.signer)[1],
            countersigners=tuple(self._signer(kid) for kid, _ in content.countersignatures),
            parents=content.parents,
            carried_at=carried_at,
            files=content.attachments,
            doubts=self._doubts(message, content.created),
        )

    def _doubts(self, message: StoredMessage, created: int) -> tuple[str, ...]:
        """Return what an officer should know of the key that signed, as is known by now."""
        at = created if message.outgoing or message.taken_at is None else message.taken_at
        known, index = self.replica.known, message.position
        try:
            return tuple(map(str, known.signer(message.signer, at=at, index=index).doubts))
        except RevokedError:
            return (REVOKED_BEFORE,)
        except DirectoryError:
            return ()

    def _signer(self, kid: KeyId) -> tuple[str, str]:
        """Return desk and pseudonym of who signed; UNKNOWN once the log contradicts what we knew.

        Only a key of which a file told can go so: the desk has acted on what it said.
        """
        desk = self.replica.desk_of(kid)
        return UNKNOWN if desk is None else self.slug(desk), self.pseudonym(kid)


def _ordered(steps: Sequence[HeldStep], record: CaseRecord | None) -> tuple[HeldStep, ...]:
    """Return the steps in the order in which they count; those that do not yet, last."""
    rulings = () if record is None else record.rulings
    place = {ruling.mid: number for number, ruling in enumerate(rulings)}
    return tuple(sorted(steps, key=lambda step: place.get(step.message.mid, len(place))))


def _sent_again(messages: Iterable[StoredMessage]) -> Iterator[MessageId]:
    """Yield what was sent again of a case, from here or by a colleague's computer."""
    for message in messages:
        if message.outgoing and message.kind == Kind.RESEND:
            of = parse_content(message.content).resend_of
            if of is not None:
                yield of
