"""Telling a sender that their message was refused here, or could not be opened.

Follows docs/spec/envelope.md, "Receipts between desks". The device says so once for each envelope,
where the sender's desk is known: the broker has taken the envelope from that desk and vouches for
it. Nothing is said of what is itself an answer, and no more a day than a broker that garbles all
could provoke without end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crypto.attest.header import EnvelopeError, PriorityClass, Sealed, parse_envelope
from crypto.seal.content import NEVER_RECEIPTED, NO_CASE, Kind
from crypto.seal.envelope import NoLiveWindowError, open_envelope
from liaison.desk.casework.dispatch import Address, Dispatch, Letter
from liaison.desk.line.outbox import FalseReceiptError, check_took
from liaison.desk.mail.inbox import UNTIL_WE_KNOW
from liaison.desk.mail.opener import SeedDestroyedError
from liaison.desk.mail.peers import Peers
from liaison.desk.store import Aside, Keeping, Store
from liaison.runtime.clock import from_timestamp, timestamp
from protocols.casework.receipt import FailedReceipt, Outcome, receipt_to_value
from protocols.wire.receipt import Took

#: From setting aside what may yet be opened until the sender is told that it could not be.
TELL_AFTER = timedelta(minutes=2)
#: No computer of the desk can open it: its window's seed is gone, or never came.
UNREADABLE = frozenset({NoLiveWindowError.code, SeedDestroyedError.code})
#: So many refusals are told to one desk within a day.
MOST_A_DAY = 32


@dataclass(frozen=True, slots=True)
class Refusals:
    """What one installation tells of messages that it has set aside."""

    store: Store
    dispatch: Dispatch
    peers: Peers

    async def keep_up(self, now: datetime, *, is_up: bool) -> datetime | None:
        """Tell of what was set aside and must be told by ``now``; return when more is due."""
        if not is_up or not self.dispatch.keyring.is_member():
            return None
        due = []
        for aside in await self.store.untold():
            at = from_timestamp(aside.at)
            if aside.code in {kind.code for kind in UNTIL_WE_KNOW} and at + TELL_AFTER > now:
                due.append(at + TELL_AFTER)
            else:
                await self._tell(aside, now)
        return min(due, default=None)

    async def _tell(self, aside: Aside, now: datetime) -> None:
        found = self._sender(aside)
        at = timestamp(now)
        if found is None:
            await self.store.mark_told_of(aside.eid, None, at)
            return
        sealed, took = found
        src = sealed.header.src
        told = await self.store.told_since(src, timestamp(now - timedelta(days=1)))
        is_quiet = self._kind(sealed, took) in NEVER_RECEIPTED or told >= MOST_A_DAY
        if is_quiet or await self._is_delivered(sealed):
            await self.store.mark_told_of(aside.eid, None, at)
            return
        device = self.dispatch.keyring.device
        receipt = FailedReceipt(
            Outcome.UNDECRYPTABLE if aside.code in UNREADABLE else Outcome.REFUSED,
            sealed.mid,
            sealed.eid,
            aside.code,
            at,
            device.kid,
        )
        letter = Letter(Kind.RECEIPT, NO_CASE, receipt_to_value(receipt))
        keeping = Keeping(told=(aside.eid, src, at))
        await self.dispatch.say(letter, Address(src, PriorityClass.ROUTINE), keeping=keeping)

    def _sender(self, aside: Aside) -> tuple[Sealed, Took] | None:
        """Return what the broker vouches for, if it came from a desk that we write to."""
        replica = self.dispatch.replica
        try:
            sealed = parse_envelope(aside.envelope)
            took = check_took(aside.receipt, sealed.mid, sealed.eid, replica.broker_key())
        except (EnvelopeError, FalseReceiptError):
            return None
        return (sealed, took) if sealed.header.src in self.peers.desks() else None

    def _kind(self, sealed: Sealed, took: Took) -> Kind | None:
        """Return the kind of a message that opens; None of one that does not."""
        replica = self.dispatch.replica
        try:
            opened = open_envelope(
                sealed,
                desk=replica.desk,
                windows=self.dispatch.keyring.opening_keys(),
                directory=replica.known,
                at=took.at,
                index=took.index,
            )
        except EnvelopeError:
            return None
        return opened.content.kind

    async def _is_delivered(self, sealed: Sealed) -> bool:
        """Say whether a colleague's computer has it: then the desk can read it."""
        ours = {one.kid for one in self.dispatch.replica.devices()}
        return any(ack.device in ours for ack in await self.store.acks_of([sealed.mid]))
