"""Taking up what was opened: compared, acted on, kept, in this order; else set aside.

A message comes by the mailbox, from a colleague's device, or inside another that sends it again. It
is checked alike however it came. What it makes a device do is done before it is kept: an end of the
program in between repeats it, and all of it may be repeated.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from crypto.attest.header import EnvelopeError, Sealed, envelope_id, parse_envelope
from crypto.seal.content import NEVER_RECEIPTED, OF_NO_CASE, WITHIN_A_DESK, Kind
from crypto.seal.envelope import Opened, claimed_thread, open_with_key
from crypto.seal.erasure import ErasureError
from crypto.seal.grants import GrantError, Remembered
from crypto.seal.oversight import OversightError
from crypto.seal.resends import ResendError, resend_from_value
from crypto.seal.status import StatusError
from liaison.desk.keys.directory import Replica
from liaison.desk.line.outbox import FalseReceiptError, check_took
from liaison.desk.mail.acknowledgements import Acknowledgements
from liaison.desk.mail.alarms import ACCUSING, Alarm, Alarms
from liaison.desk.mail.intake import Entered, FalseItemError, Intake, stored
from liaison.desk.mail.opener import BEHIND
from liaison.desk.store import Store, ToldAside, WaitingKey
from liaison.runtime.clock import Clock, timestamp
from protocols.casework.errors import CaseworkError

#: What may be wrong with a message: it is set aside, and the next one is taken up.
REFUSED = (
    EnvelopeError,
    FalseReceiptError,
    CaseworkError,
    FalseItemError,
    GrantError,
    ResendError,
    StatusError,
    ErasureError,
    OversightError,
)
#: A message that is sent again may itself have been sent again; no honest one goes deeper.
DEEPEST = 3


class TooDeepError(FalseItemError):
    """A message that is sent again inside others that are, and not to be followed further."""

    code = "resend.too_deep"


@dataclass(frozen=True, slots=True)
class Uptake:
    """Takes up messages of one installation; ``acts`` is what each kind makes its device do."""

    store: Store
    replica: Replica
    clock: Clock
    intake: Intake
    acks: Acknowledgements
    alarms: Alarms
    acts: Mapping[Kind, Callable[[Opened], Awaitable[None]]]

    async def settle(self, opened: Opened, entered: Entered, *, depth: int = 0) -> list[bytes]:
        """Keep what was opened and return what is to be acknowledged: itself, and what it brings.

        Of what comes as a file our word is kept with it, to be carried back; that is no word to a
        broker which has not told of the message.

        Args:
            opened: a message that has passed the checks of its seal.
            entered: where and since when it stands in the ledger, or that it does not.
            depth: inside how many others it came.

        Raises:
            REFUSED: it does not hold; nothing of it is kept.
        """
        await self._look_at_time(entered)
        known = await self.store.message(opened.sealed.mid)
        if known is not None and known.is_unentered:
            return [] if entered.receipt is None else await self._enter(opened, entered)
        message, keeping = await self.intake.checked(opened, entered)
        try:
            acks = [] if opened.own_copy else await self._act(opened, depth)
        except REFUSED:
            await self.store.keep_place(message.signer, message.mid, keeping.seen)
            raise
        is_said = not opened.own_copy and opened.content.kind not in NEVER_RECEIPTED
        if is_said and entered.receipt is None:
            word = self.acks.carried(opened.sealed, at=entered.at)
            await self.store.keep(message, replace(keeping, carried=word))
            return acks
        await self.store.keep(message, keeping)
        return [*acks, self.acks.delivered(opened.sealed)] if is_said else acks

    async def _enter(self, opened: Opened, entered: Entered) -> list[bytes]:
        """Keep that what came as a file stands in the ledger; return what is to be acknowledged.

        The ledger's bytes take the place of the file's: whoever carried it may have garbled a part
        that is not for us, and our word is of those that the ledger has.
        """
        had_at = await self.store.carried_here(opened.sealed.mid, self.acks.device.kid)
        word = None if had_at is None else self.acks.carried(opened.sealed, at=had_at)
        now = timestamp(self.clock.now())
        ahead = await self.intake.crosschecks.ahead(opened, entered.index, now=now)
        await self.store.enter(stored(opened, entered), word, ahead)
        if opened.content.kind in NEVER_RECEIPTED:
            return []
        said = [] if word is None else [word.ack]
        return [*said, self.acks.delivered(opened.sealed)]

    async def _look_at_time(self, entered: Entered) -> None:
        """Tell of a ledger whose times fall back: its broker dates what it takes as it likes."""
        index = entered.index
        if index is not None and await self.intake.crosschecks.falls_back(entered.at, index):
            await self.alarms.raised(Alarm.TIME_FELL_BACK, f"{index}", about=f"{index}")

    async def learn(self, remembered: Remembered) -> None:
        """Keep a message of which a colleague's device tells us, checked like any other.

        One that does not hold is set aside, and the next one is taken up.
        """
        try:
            await self._learn(remembered)
        except REFUSED as e:
            waiting = await self._key_for(e, remembered, learned=True)
            await self._set_aside_told(remembered, e.code, waiting)

    async def take_told(self, aside: ToldAside) -> list[bytes] | None:
        """Take up what was told of and had to wait; return what is to be acknowledged.

        None when it is set aside still: it waits on, or it can never be taken and its key is gone.
        """
        remembered = Remembered(aside.envelope, aside.receipt, aside.key)
        eid = envelope_id(aside.envelope)
        try:
            acks = await (self._learn if aside.learned else self._take_inner)(remembered)
        except BEHIND as e:
            structlog.get_logger().info("inbox.still_aside", code=e.code)
            return None
        except REFUSED as e:
            await self.store.release_from_quarantine(eid)
            await self._set_aside_told(remembered, e.code, None)
            return None
        await self.store.release_from_quarantine(eid)
        return acks

    async def set_aside(
        self,
        eid: bytes,
        raw: bytes,
        code: str,
        *,
        receipt: bytes = b"",
        waiting: WaitingKey | None = None,
    ) -> None:
        """Put something into quarantine under its code; a fork is an alarm too."""
        structlog.get_logger().warning("inbox.set_aside", code=code, eid=eid.hex()[:16])
        at = timestamp(self.clock.now())
        await self.store.set_aside(eid, raw, receipt=receipt, code=code, at=at, waiting=waiting)
        if code in ACCUSING:
            await self.accuse(code, parse_envelope(raw))

    async def accuse(self, code: str, sealed: Sealed) -> None:
        """Raise an alarm if a message with this fault shows that somebody lies."""
        if code in ACCUSING:
            about = self.replica.slug_of(sealed.header.src)
            await self.alarms.raised(Alarm(code), sealed.eid.hex(), about=about)

    async def _act(self, opened: Opened, depth: int) -> list[bytes]:
        kind = opened.content.kind
        if kind in OF_NO_CASE and self.replica.desk not in opened.sealed.header.dst:
            return []  # what another desk's devices tell those of one whose place we have
        if kind is Kind.RESEND:
            return await self._take_again(opened, depth)
        if kind in self.acts:
            await self.acts[kind](opened)
        return []

    async def _take_again(self, outer: Opened, depth: int) -> list[bytes]:
        """Take up the message that another sends again; one that does not hold is set aside."""
        remembered = resend_from_value(outer.content.form)
        if parse_envelope(remembered.envelope).mid != outer.content.resend_of:
            raise ResendError("another message is sent again than the one that is named")
        if depth >= DEEPEST:
            raise TooDeepError(f"a message inside {DEEPEST} others at most")
        try:
            acks = await self._take_inner(remembered, depth=depth + 1)
        except REFUSED as e:
            waiting = await self._key_for(e, remembered, learned=False)
            await self._set_aside_told(remembered, e.code, waiting)
            return []
        await self.store.release_from_quarantine(envelope_id(remembered.envelope))
        return acks

    async def _take_inner(self, remembered: Remembered, *, depth: int = 1) -> list[bytes]:
        found = await self._reopened(remembered)
        return [] if found is None else await self.settle(*found, depth=depth)

    async def _learn(self, remembered: Remembered) -> list[bytes]:
        found = await self._reopened(remembered)
        if found is not None and await self.store.message(found[0].sealed.mid) is None:
            await self.store.keep(*await self.intake.checked(*found, learned=True))
        elif found is not None:
            await self._enter(*found)
        return []

    async def _reopened(self, remembered: Remembered) -> tuple[Opened, Entered] | None:
        """Open a message with the key that came with it; None when it is here already."""
        sealed = parse_envelope(remembered.envelope)
        broker = self.replica.broker_key()
        took = check_took(remembered.took, sealed.mid, sealed.eid, broker)
        known = await self.store.message(sealed.mid)
        if known is not None and not known.is_unentered:
            return None
        opened = open_with_key(
            sealed,
            remembered.content_key,
            desk=self.replica.desk,
            directory=self.replica.known,
            at=took.at,
            index=took.index,
        )
        if opened.content.kind in WITHIN_A_DESK:
            raise FalseItemError("what devices of a desk give each other is told to nobody else")
        return opened, Entered.by(took, remembered.took)

    async def _set_aside_told(
        self, remembered: Remembered, code: str, waiting: WaitingKey | None
    ) -> None:
        eid = envelope_id(remembered.envelope)
        await self.set_aside(
            eid, remembered.envelope, code, receipt=remembered.took, waiting=waiting
        )

    async def _key_for(
        self, fault: Exception, remembered: Remembered, *, learned: bool
    ) -> WaitingKey | None:
        """Return the key of what may be taken yet; None if it never may, or its case was erased."""
        if not isinstance(fault, BEHIND):
            return None
        key = remembered.content_key
        try:
            thread = claimed_thread(parse_envelope(remembered.envelope), key)
        except EnvelopeError:
            return None
        is_erased = await self.store.is_erased(thread)
        return None if is_erased else WaitingKey(thread, key, learned=learned)
