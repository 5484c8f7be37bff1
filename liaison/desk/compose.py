"""From what an officer wrote to a sealed message in the outbox.

A step is checked against the case as it would stand, sealed to the other desk and to our own, and
kept before anything is sent; when this returns it cannot be lost. The broker's blind clock gets one
token a case: the step stops the one that runs and starts one for what is due next.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crypto.attest.header import (
    MAX_STOPS,
    ClockToken,
    DeskId,
    MessageId,
    PriorityClass,
    StartClock,
    parse_envelope,
)
from crypto.attest.signing import SigningKey
from crypto.seal.content import Content, Kind, ReaderRole, ThreadId
from crypto.seal.envelope import (
    Outside,
    Reader,
    open_envelope,
    plain_digest,
    seal,
    with_readers,
)
from crypto.seal.lanes import next_lane
from crypto.seal.primitives import fresh
from liaison.desk.cases import NOT_YET, Case, Casebook, HeldStep
from liaison.desk.keyring import Keyring
from liaison.desk.store import Opening, StoredMessage
from liaison.desk.vault import Officers
from liaison.runtime.clock import Clock, from_timestamp, timestamp
from protocols.casework.case_number import format_case_number
from protocols.casework.catalogue import Catalogue
from protocols.casework.clocks import clocks, next_due
from protocols.casework.codes import CLASS_OF, ClockName
from protocols.casework.moments import CHINA, VIET_NAM
from protocols.casework.payload import Step, parse_step, subject, to_value
from protocols.casework.receipt import OpenedReceipt, receipt_to_value
from protocols.casework.record import CaseRecord, SignedStep, check_step, fold
from protocols.casework.render import check_phrases

TOKEN_BYTES = 16
#: The broker's clock may be behind ours by this (seconds), and still takes what we send.
SLACK = 3_600
THREAD_BYTES = 16
#: The due time in the header is no finer than this, by class: the broker learns no more.
COARSENESS = {
    PriorityClass.ROUTINE: 3_600,
    PriorityClass.URGENT: 60,
    PriorityClass.RESCUE: 60,
}


@dataclass(slots=True)
class Composer:
    """Writes the messages of one desk."""

    casebook: Casebook
    keyring: Keyring
    officers: Officers
    catalogue: Catalogue
    clock: Clock
    queued: Callable[[], None]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def request(self, officer: str, fields: Mapping[str, object], *, to: str) -> str:
        """Open a case with ``to`` and return its reference.

        Args:
            officer: the pseudonym of the officer who signs; must have unlocked.
            fields: ``request``, the form as plain values, its ``header`` without ref, sender and
            to;
                and what else the step says (``phrases``, ``text``).
            to: the slug of the addressed desk.

        Raises:
            LockedError, FormError, ConfigError (no channel), DirectoryError (no such desk or
            window).
        """
        key = self.officers.key(officer)
        ours = self.casebook.replica.slug
        self.casebook.corridor.channel(ours, to)
        async with self._turn:
            ref = await self._next_ref(ours)
            form = _mapping(fields.get("request"))
            header = {**_mapping(form.get("header")), "ref": ref, "sender": ours, "to": to}
            request = {**form, "header": header}
            step = parse_step({**fields, "case": ref, "act": "request", "request": request})
            await self._send(key, ThreadId(fresh(THREAD_BYTES)), step, case=None, to=to)
        return ref

    async def act(self, officer: str, ref: str, fields: Mapping[str, object]) -> MessageId:
        """Take a step in a case and return the message's id.

        Args:
            officer: the pseudonym of the officer who signs; must have unlocked.
            ref: the case's reference.
            fields: ``act`` and what it needs, as plain values.

        Raises:
            LockedError, UnknownCaseError, FormError, StepError, DirectoryError: nothing is sent.
        """
        key = self.officers.key(officer)
        async with self._turn:
            case = await self.casebook.find(ref)
            step = parse_step({**fields, "case": ref})
            record = self._as_it_would_stand(case, None)
            ours = self.casebook.replica.slug
            check_step(record, step, ours)
            to = record.requested if ours == record.requester else record.requester
            return await self._send(key, case.thread, step, case=case, to=to)

    async def opened(self, officer: str, held: HeldStep) -> MessageId:
        """Tell the sender that the officer has opened ``held``; raise LockedError if locked."""
        key = self.officers.key(officer)
        message = held.message
        at = timestamp(self.clock.now())
        receipt = OpenedReceipt(
            message.mid, message.eid, plain_digest(message.content), at, key.kid
        )
        async with self._turn:
            content = Content(
                sender=key.kid,
                kind=Kind.RECEIPT,
                created=at,
                thread=message.thread,
                lanes={message.src: next_lane(await self._lane_end(key, message.src))},
                parents=(message.mid,),
                dirhead=self.casebook.replica.directory.head,
                lang="",
                subject="",
                text="",
                form=receipt_to_value(receipt),
            )
            return await self._queue(
                key, content, to=message.src, priority=held.header.priority, receipt=receipt
            )

    async def _send(
        self, key: SigningKey, thread: ThreadId, step: Step, *, case: Case | None, to: str
    ) -> MessageId:
        check_phrases(step, self.catalogue)
        desk = self.casebook.replica.directory.desk_named(to).id
        after = self._as_it_would_stand(case, step)
        content = Content(
            sender=key.kid,
            kind=Kind.STEP,
            created=timestamp(self.clock.now()),
            thread=thread,
            lanes={desk: next_lane(await self._lane_end(key, desk))},
            parents=() if case is None else (case.steps[-1].message.mid,),
            dirhead=self.casebook.replica.directory.head,
            lang="" if step.text is None else step.text.lang,
            subject=subject(step),
            text="",
            form=to_value(step),
        )
        priority = PriorityClass(CLASS_OF[after.type, after.urgency])
        running = [] if case is None else case.running_tokens()
        return await self._queue(
            key,
            content,
            to=desk,
            priority=priority,
            ref=step.case,
            start=self._next_clock(after, priority),
            stop=tuple(sorted(running[:MAX_STOPS])),
        )

    async def _queue(
        self,
        key: SigningKey,
        content: Content,
        *,
        to: DeskId,
        priority: PriorityClass,
        ref: str | None = None,
        start: StartClock | None = None,
        stop: tuple[ClockToken, ...] = (),
        receipt: OpenedReceipt | None = None,
    ) -> MessageId:
        directory, ours = self.casebook.replica.directory, self.casebook.replica.desk
        readers = [
            Reader(directory.open_window(to, at=content.created), ReaderRole.DESK),
            Reader(directory.open_window(ours, at=content.created), ReaderRole.OWN_COPY),
        ]
        outside = Outside(
            src=ours,
            dst=(to,),
            priority=priority,
            start=start,
            stop=stop,
            exp=directory.latest_expiry(
                (reader.window.kid for reader in readers), at=content.created - SLACK
            ),
        )
        content = with_readers(content, readers)
        envelope = seal(content, outside, readers=readers, signer=key)
        sealed = parse_envelope(envelope)
        # Opened again before it leaves: what we cannot read ourselves we do not send.
        opened = open_envelope(
            sealed,
            desk=ours,
            windows=self.keyring.opening_keys(),
            directory=directory,
            at=content.created,
        )
        message = StoredMessage(
            mid=sealed.mid,
            eid=sealed.eid,
            outgoing=True,
            src=ours,
            thread=content.thread,
            kind=int(content.kind),
            signer=key.kid,
            envelope=envelope,
            content_key=opened.content_key,
            content=content.encoded(),
        )
        opening = (
            None
            if receipt is None
            else Opening(MessageId(receipt.mid), key.kid, receipt.at, sealed.mid)
        )
        await self.casebook.store.keep(message, ref=ref, sent_lanes=content.lanes, opening=opening)
        self.queued()
        return sealed.mid

    async def _next_ref(self, ours: str) -> str:
        desk = self.casebook.corridor.desk(ours)
        zone = VIET_NAM if self.casebook.corridor.country(ours) == "VN" else CHINA
        year = self.clock.now().astimezone(zone).year
        prefix = f"{desk.code}-{year}-"
        number = await self.casebook.store.cases_numbered(prefix) + 1
        return format_case_number(desk.code, year=year, serial=number)

    async def _lane_end(self, key: SigningKey, desk: DeskId) -> tuple[int, MessageId] | None:
        return await self.casebook.store.lane_end(key.kid, desk)

    def _as_it_would_stand(self, case: Case | None, adding: Step | None) -> CaseRecord:
        """Return the case with what waits for the line, and with ``adding``, all taken now."""
        now = timestamp(self.clock.now())
        steps = [] if case is None else [held for held in case.steps if not held.message.refused]
        events = self.casebook.events(steps, () if case is None else case.acks)
        if adding is not None:
            ours, index = self.casebook.replica.slug, NOT_YET + len(steps)
            events.append(SignedStep(b"", index, from_timestamp(now), ours, "", adding))
        return fold(events)

    def _next_clock(self, after: CaseRecord, priority: PriorityClass) -> StartClock | None:
        now = self.clock.now()
        # The broker sees by itself whether the message arrives: no blind clock is needed for that.
        due = next_due(
            clock
            for clock in clocks(after, self.casebook.rules)
            if clock.due > now and clock.limit.clock != ClockName.DELIVERY
        )
        if due is None:
            return None
        grain = COARSENESS[priority]
        rounded = -(-timestamp(due.due) // grain) * grain
        return StartClock(ClockToken(fresh(TOKEN_BYTES)), rounded)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
