"""From what an officer wrote to a sealed message in the outbox.

A step is checked against the case as it would stand, sealed to the other desk and to our own, and
kept before anything is sent; when this returns it cannot be lost. The broker's blind clock gets one
token a case: the step stops the one that runs and starts one for what is due next.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog

from crypto.attest.directory import DirectoryError
from crypto.attest.header import (
    MAX_STOPS,
    ClockToken,
    EnvelopeError,
    MessageId,
    PriorityClass,
    StartClock,
)
from crypto.attest.signing import KeyId, SigningKey
from crypto.seal.attachment import Attachment
from crypto.seal.content import Kind, ThreadId
from crypto.seal.envelope import plain_digest
from crypto.seal.primitives import fresh
from liaison.desk.casework.cases import Case, Casebook, HeldStep
from liaison.desk.casework.dispatch import THREAD_BYTES, Address, Dispatch, Letter
from liaison.desk.casework.release import Releases, step_of
from liaison.desk.entrance.officers import Officers
from liaison.desk.store import Draft, Keeping, Parcel
from liaison.runtime.clock import Clock, from_timestamp, timestamp
from protocols.casework.case_number import format_case_number, next_serial, parse_case_number
from protocols.casework.catalogue import Catalogue
from protocols.casework.clocks import clocks, next_due
from protocols.casework.codes import CLASS_OF, Act, ClockName
from protocols.casework.errors import CaseworkError
from protocols.casework.header import check_wanted
from protocols.casework.moments import CHINA, VIET_NAM
from protocols.casework.order import NOT_YET
from protocols.casework.payload import Step, parse_step, subject, to_value
from protocols.casework.receipt import OpenedReceipt, receipt_to_value
from protocols.casework.record import CaseRecord, SignedStep, check_step, fold
from protocols.casework.related import take_over
from protocols.casework.render import check_phrases

TOKEN_BYTES = 16
#: The phrase of a note that has files and no words.
FILES_ADDED = "ADM-10"
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
    dispatch: Dispatch
    releases: Releases
    officers: Officers
    catalogue: Catalogue
    clock: Clock
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def request(self, officer: str, fields: Mapping[str, object], *, to: str) -> str:
        """Open a case with ``to`` and return its reference.

        Args:
            officer: the pseudonym of the officer who signs; must have unlocked.
            fields: ``request``, the form as plain values, and what else the step says
                (``phrases``, ``text``). Ref, sender, to and approval are the desk's to write.
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
            # An approval is its approver's to give: one that the sender wrote counts for nothing.
            by_desk = {"ref": ref, "sender": ours, "to": to, "release_approval": None}
            header = {**_mapping(form.get("header")), **by_desk}
            request = {**form, "header": header, **await self._taken_over(form, header)}
            step = parse_step({**fields, "case": ref, "act": "request", "request": request})
            if step.request is not None:
                check_wanted(step.request.header, now=self.clock.now())
            step = await self.releases.released(step, officer)
            thread = ThreadId(fresh(THREAD_BYTES))
            if await self.releases.is_needed(step):
                await self.releases.ask_approver(key, officer, letter_of(thread, step), step, to)
            else:
                await self.send_step(key, thread, step, case=None, to=to)
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
            ours = self.casebook.ours_in(record)
            check_step(record, step, ours)
            to = record.requested if ours == record.requester else record.requester
            if step.act is Act.HANDOVER_RECORD:
                letter = letter_of(case.thread, step)
                return await self.releases.ask_counterpart(key, officer, letter, case.ref, to)
            return await self.send_step(key, case.thread, step, case=case, to=to)

    async def opened(self, officer: str, held: HeldStep) -> MessageId:
        """Tell the sender that the officer has opened ``held``; raise LockedError if locked."""
        key = self.officers.key(officer)
        message = held.message
        at = timestamp(self.clock.now())
        receipt = OpenedReceipt(
            message.mid, message.eid, plain_digest(message.content), at, key.kid
        )
        letter = Letter(
            Kind.RECEIPT, message.thread, receipt_to_value(receipt), parents=(message.mid,)
        )
        async with self._turn:
            keeping = Keeping(opening=(message.mid, key.kid, at))
            return await self.dispatch.send(
                key, letter, Address(message.src, held.header.priority), keeping=keeping
            )

    async def send_step(
        self,
        key: SigningKey,
        thread: ThreadId,
        step: Step,
        *,
        case: Case | None,
        to: str,
        countersignatures: tuple[tuple[KeyId, bytes], ...] = (),
        keeping: Keeping | None = None,
    ) -> MessageId:
        """Seal and keep a step that may leave, and return its id.

        Args:
            key: the officer's.
            thread: the case's.
            step: what is said; checked already.
            case: the case as it stands, None for a new one.
            to: the addressed desk.
            countersignatures: the second signatures it was given.
            keeping: what else is kept with the message; the files in it go with it.
        """
        check_phrases(step, self.catalogue)
        keeping = keeping or Keeping()
        desk = self.casebook.replica.known.desk_named(to).id
        after = self._as_it_would_stand(case, step)
        priority = PriorityClass(CLASS_OF[after.type, after.urgency])
        running = [] if case is None else case.running_tokens()
        parents = () if case is None or not case.steps else (case.steps[-1].message.mid,)
        return await self.dispatch.send(
            key,
            replace(letter_of(thread, step, parents=parents), attachments=keeping.files),
            Address(
                desk,
                priority,
                start=self._next_clock(after, priority),
                stop=tuple(sorted(running[:MAX_STOPS])),
            ),
            countersignatures=countersignatures,
            keeping=replace(keeping, ref=step.case),
        )

    async def send_files(self, parcel: Parcel, attachments: tuple[Attachment, ...]) -> bool:
        """Send a note with files that are all at the broker; say whether the case is there yet.

        Raises:
            LockedError, CaseworkError, DirectoryError, EnvelopeError: nothing is sent.
        """
        key = self.officers.key(parcel.officer)
        async with self._turn:
            case = await self.casebook.find(parcel.ref)
            if case.record is None:  # the request has not left: somebody must release it first
                return False
            step = parse_step({"case": parcel.ref, "act": Act.NOTE.value, **_note(parcel)})
            record = self._as_it_would_stand(case, None)
            ours = self.casebook.ours_in(record)
            check_step(record, step, ours)
            to = record.requested if ours == record.requester else record.requester
            keeping = Keeping(files=attachments, parcel=parcel.parcel)
            await self.send_step(key, case.thread, step, case=case, to=to, keeping=keeping)
        return True

    async def send_granted(self) -> None:
        """Send every draft that was signed a second time and whose officer is here to sign it."""
        for draft in await self.casebook.store.drafts_in("granted"):
            if draft.officer in self.officers.present():
                async with self._turn:
                    await self._send_granted(draft)

    async def _send_granted(self, draft: Draft) -> None:
        step = step_of(draft)
        case = None if step.request is not None else await self.casebook.find(draft.ref)
        try:
            await self.send_step(
                self.officers.key(draft.officer),
                draft.thread,
                step,
                case=case,
                to=draft.addressee,
                countersignatures=((KeyId(draft.kid or b""), draft.signature or b""),),
                keeping=Keeping(settled=draft.ask),
            )
        except (CaseworkError, EnvelopeError, DirectoryError) as e:
            structlog.get_logger().error("draft.not_sent", code=e.code)
            await self.casebook.store.set_draft_state(draft.ask, "failed")

    async def _taken_over(
        self, form: Mapping[str, object], header: Mapping[str, object]
    ) -> dict[str, object]:
        """Return persons and groups with those of related cases, when the header names any."""
        related = header.get("related")
        if not isinstance(related, list | tuple) or not related:
            return {}
        cases = [await self.casebook.find(str(ref)) for ref in related]
        forms = [case.record.request for case in cases if case.record is not None]
        persons, groups = _listed(form.get("persons")), _listed(form.get("groups"))
        given = [str(_mapping(person).get("label")) for person in persons]
        taken = take_over(forms, given=given)
        return {
            "persons": [*persons, *(one.model_dump(mode="json") for one in taken.persons)],
            "groups": [*groups, *(one.model_dump(mode="json") for one in taken.groups)],
        }

    async def _next_ref(self, ours: str) -> str:
        desk = self.casebook.corridor.desk(ours)
        zone = VIET_NAM if self.casebook.corridor.country(ours) == "VN" else CHINA
        year = self.clock.now().astimezone(zone).year
        refs = await self.casebook.store.refs(f"{desk.code}-{year}-")
        serial = next_serial(
            (parse_case_number(ref).serial for ref in refs), installation=self._installation()
        )
        return format_case_number(desk.code, year=year, serial=serial)

    def _installation(self) -> int:
        """Return which of the desk's installations this is, from 0, in order of enrolment."""
        devices = [device.kid for device in self.casebook.replica.devices()]
        return devices.index(self.dispatch.keyring.device.kid)

    def _as_it_would_stand(self, case: Case | None, adding: Step | None) -> CaseRecord:
        """Return the case with what waits for the line, and with ``adding``, all taken now."""
        now = timestamp(self.clock.now())
        steps = [] if case is None else [*case.steps]
        steps = [held for held in steps if held.counts or not held.message.refused]
        events = self.casebook.events(steps, () if case is None else case.acks)
        if adding is not None:
            ours, index = self._ours_in(case), NOT_YET + len(steps)
            events.append(SignedStep(b"", index, from_timestamp(now), ours, "", adding))
        return fold(events)

    def _ours_in(self, case: Case | None) -> str:
        if case is None or case.record is None:
            return self.casebook.replica.slug
        return self.casebook.ours_in(case.record)

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


def _note(parcel: Parcel) -> dict[str, object]:
    """Return what a note with files says: the officer's words, or the phrase for no words."""
    if parcel.text:
        return {"text": {"lang": parcel.lang, "text": parcel.text}}
    return {"phrases": [{"id": FILES_ADDED}]}


def letter_of(thread: ThreadId, step: Step, *, parents: tuple[MessageId, ...] = ()) -> Letter:
    """Return the letter that says ``step``."""
    lang = "" if step.text is None else str(step.text.lang)
    return Letter(Kind.STEP, thread, to_value(step), lang, subject(step), parents)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
