"""Keeping what was opened: what must hold of it beside its seal, and what is kept with it.

Follows docs/spec/casework.md. Who may say this in this case, under which number, at what time; a
receipt is of a message that is here and by a desk to which it went. What does not hold is not kept.
"""

from dataclasses import dataclass, replace

from config.errors import ConfigError
from config.schema import Corridor
from crypto.attest.directory import DirectoryError
from crypto.attest.header import DeskId, MessageId, parse_envelope
from crypto.attest.signing import KeyId
from crypto.attest.statement import Role
from crypto.seal.content import NO_CASE, OF_NO_CASE, Content, Kind
from crypto.seal.envelope import Opened
from liaison.desk.casework.release import Releases
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.successors import has_place_of
from liaison.desk.line.outbox import LATEST
from liaison.desk.mail.crosschecks import Crosschecks, joined
from liaison.desk.store import Failure, Keeping, Store, StoredMessage
from liaison.runtime.clock import Clock, timestamp
from protocols.casework.case_number import parse_case_number
from protocols.casework.errors import CaseworkError, SenderMismatchError
from protocols.casework.payload import Step, from_value
from protocols.casework.receipt import FailedReceipt, OpenedReceipt, receipt_from_value
from protocols.wire.receipt import Took

#: Two computers' clocks may differ by a day at most before what they say of a time is refused.
CLOCKS_DIFFER = 86_400


class FalseItemError(Exception):
    """An item of the mailbox does not hold: it is set aside, never believed."""

    code = "inbox.false_item"


class ConflictError(FalseItemError):
    """Other bytes under the id of a message that is here."""

    code = "inbox.conflict"


class FalseTimeError(FalseItemError):
    """A time that no calendar has, or at which the signer could not have signed."""

    code = "inbox.false_time"


class StrangerError(FalseItemError):
    """A step in a case in which its sender has no part."""

    code = "inbox.not_a_party"


class ForeignReferenceError(FalseItemError):
    """A case opened under another desk's number."""

    code = "inbox.foreign_reference"


class ErasedCaseError(FalseItemError):
    """Something for a case that was erased here: its key is gone, and nothing is kept of it."""

    code = "inbox.case_erased"


@dataclass(frozen=True, slots=True)
class Entered:
    """Since when (ts) a message counts, and the broker's receipt and place in the ledger.

    What came as a file and stands in no ledger yet counts from when it came, and has neither.
    """

    at: int
    receipt: bytes | None = None
    index: int | None = None

    @classmethod
    def by(cls, took: Took, receipt: bytes) -> "Entered":
        """Return what the broker's receipt says; ``receipt`` are its very bytes."""
        return cls(took.at, receipt, took.index)


@dataclass(frozen=True, slots=True)
class Intake:
    """What one desk takes up of what it has opened."""

    store: Store
    replica: Replica
    corridor: Corridor
    releases: Releases
    crosschecks: Crosschecks
    clock: Clock

    async def checked(
        self, opened: Opened, entered: Entered, *, learned: bool = False
    ) -> tuple[StoredMessage, Keeping]:
        """Return what was opened as it is kept, with all that belongs to it, once it holds.

        Args:
            opened: a message that has passed the checks of its seal.
            entered: where and since when it stands in the ledger, or that it does not.
            learned: whether a colleague's device told us of it.

        Raises:
            FalseItemError, CaseworkError: it does not hold; nothing of it is kept.
            LaneForkError, DirectoryForkError: it contradicts what we know.
        """
        content = opened.content
        check_calendar(content.created)
        if opened.own_copy:
            self._check_signed_at(opened.signer.kid, content.created, entered)
        now = timestamp(self.clock.now())
        around = await self.crosschecks.checked(opened, entered.index, now=now)
        try:
            keeping = joined(await self._keeping(opened, entered), around)
        except (FalseItemError, CaseworkError):
            # What it says is refused; that it came is not: its number is not missing.
            await self.store.keep_place(opened.signer.kid, opened.sealed.mid, around.seen)
            raise
        return stored(opened, entered), replace(keeping, learned=learned, files=content.attachments)

    async def _keeping(self, opened: Opened, entered: Entered) -> Keeping:
        if await self.store.is_erased(opened.content.thread):
            raise ErasedCaseError("the case was erased at this desk")
        if opened.content.kind is Kind.RESEND:
            return _keeping_of_resend(opened, entered)
        is_case = _is_of_a_case(opened.content)
        if is_case is (opened.content.thread == NO_CASE):
            raise FalseItemError(
                "a case has a thread of its own, and what belongs to none has none"
            )
        if opened.content.kind in OF_NO_CASE:
            return Keeping()
        if opened.content.kind is Kind.RECEIPT:
            return await self._receipted(opened, entered)
        if opened.content.kind is Kind.COUNTERSIGN:
            if opened.own_copy:
                return self.releases.keeping_of_colleague(opened.content)
            return await self.releases.keeping_for(opened.content, opened.sealed.header.src)
        step = from_value(opened.content.form)
        await self._check_step(opened, step)
        return Keeping(ref=step.case)

    async def _check_step(self, opened: Opened, step: Step) -> None:
        """Refuse a step of a stranger to its case, and a case in another desk's name or number."""
        src = opened.sealed.header.src
        messages = await self.store.messages_of(opened.content.thread)
        first = next((m for m in messages if m.kind == Kind.STEP), None)
        if first is None:
            self._check_number(src, step)
        elif not has_place_of(self.replica, src, _parties(first)):
            raise StrangerError("the sender has no part in this case")
        if step.request is None:
            return
        names, named = self.replica.known.names_of, step.request.header
        to = set[str]().union(*(names(desk) for desk in opened.sealed.header.dst))
        if named.sender not in names(src) or named.to not in to:
            raise SenderMismatchError("a request names the desks between which it is sent")

    def _check_number(self, src: DeskId, step: Step) -> None:
        """Refuse a new case under another number than its requester's own: it would hide theirs."""
        try:
            code = self.corridor.desk(self.replica.slug_of(src)).code
        except ConfigError as e:
            raise ForeignReferenceError(f"{e.code}: {e}") from e
        if parse_case_number(step.case).desk_code != code:
            raise ForeignReferenceError(f"a case number of {code} expected")

    async def _receipted(self, opened: Opened, entered: Entered) -> Keeping:
        """Return what is kept of a receipt: an officer opens, a device refuses or cannot open."""
        receipt = receipt_from_value(opened.content.form)
        if receipt.by != opened.signer.kid:
            raise FalseItemError("a receipt by another than the one who signed it")
        is_device = opened.signer.payload.role is Role.DEVICE
        if is_device is isinstance(receipt, OpenedReceipt):
            raise FalseItemError("an officer says that they opened, a device that it could not")
        self._check_signed_at(opened.signer.kid, receipt.at, entered)
        if opened.own_copy and isinstance(receipt, FailedReceipt):
            return Keeping()  # a colleague's device has refused what may not be here either
        about = await self.store.message(MessageId(receipt.mid))
        if about is None or about.eid != receipt.eid or about.is_erased:
            raise FalseItemError("a receipt for a message that is not here")
        dst = parse_envelope(about.envelope).header.dst
        if not has_place_of(self.replica, opened.sealed.header.src, dst):
            raise FalseItemError("a receipt by a desk to which the message was not addressed")
        signer, mid = opened.signer.kid, opened.sealed.mid
        if isinstance(receipt, OpenedReceipt):
            return Keeping(opening=(about.mid, signer, receipt.at))
        outcome, code = int(receipt.outcome), receipt.code
        return Keeping(failure=Failure(about.mid, signer, outcome, code, receipt.at, mid))

    def _check_signed_at(self, signer: KeyId, at: int, entered: Entered) -> None:
        try:
            self.replica.known.signer(signer, at=at, index=entered.index)
        except DirectoryError as e:
            raise FalseTimeError(f"{e.code}: {e}") from e
        if at > entered.at + CLOCKS_DIFFER:
            raise FalseTimeError(f"up to {entered.at + CLOCKS_DIFFER} expected, {at} found")


def _is_of_a_case(content: Content) -> bool:
    """Say whether a content belongs to a case: of receipts, those of officers do."""
    if content.kind is Kind.RECEIPT:
        return isinstance(receipt_from_value(content.form), OpenedReceipt)
    return content.kind not in OF_NO_CASE


def _keeping_of_resend(opened: Opened, entered: Entered) -> Keeping:
    """Return what is kept with a message that is sent again: by a colleague's, that it was."""
    of, to = opened.content.resend_of, opened.sealed.header.dst[0]
    return Keeping(resent=(of, to, entered.at) if opened.own_copy and of is not None else None)


def stored(opened: Opened, entered: Entered) -> StoredMessage:
    """Return what was opened as it is kept."""
    sealed, content = opened.sealed, opened.content
    return StoredMessage(
        mid=sealed.mid,
        eid=sealed.eid,
        outgoing=opened.own_copy,
        src=sealed.header.src,
        thread=content.thread,
        kind=int(content.kind),
        signer=opened.signer.kid,
        envelope=sealed.raw,
        content_key=opened.content_key,
        content=content.encoded(),
        took=entered.receipt,
        position=entered.index,
        taken_at=None if entered.receipt is None else entered.at,
    )


def check_calendar(*times: int) -> None:
    """Raise FalseTimeError for a time that no calendar has."""
    if max(times) > LATEST:
        raise FalseTimeError(f"a time up to {LATEST} expected, {max(times)} found")


def _parties(message: StoredMessage) -> tuple[DeskId, ...]:
    header = parse_envelope(message.envelope).header
    return header.src, *header.dst
