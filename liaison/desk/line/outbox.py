"""The outbox: what was composed is sent, the same bytes again and again, until it is receipted.

A message is durable before it comes here. The line may break at any point: before the broker had
it, after it had committed, before its receipt came back. Submitting the very same bytes again is
always right.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from crypto.attest import labels
from crypto.attest.signing import SignatureError, VerifyKey, open_signed
from liaison.desk.keys.directory import NoBrokerError, Replica
from liaison.desk.line.broker_client import BrokerRefusedError, Line, LineDownError
from liaison.desk.store import Store, StoredMessage, StoreError
from protocols.wire.api import Refusal
from protocols.wire.receipt import ReceiptError, Took, parse_took

#: A refusal that time cures; the message stays in the outbox.
PASSING = frozenset({Refusal.BUSY})
PAUSE = 1.0
#: The last second (ts) of the year 9998: later ones are no time on every clock of the world.
LATEST = 253_370_764_799


class FalseReceiptError(Exception):
    """The broker's receipt is not its own, or not for this message: it is no receipt."""

    code = "line.false_receipt"


@dataclass(slots=True)
class Outbox:
    """Sends what waits, in order, whenever the line is up."""

    store: Store
    replica: Replica
    line: Line
    changed: Callable[[], None]
    #: Called with a message of which the broker lacks a blob; once that is brought, it goes again.
    lacking: Callable[[StoredMessage], Awaitable[None]]
    _awake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Look again: something was composed, or the line has come back."""
        self._awake.set()

    async def run(self) -> None:
        """Send what waits until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self._send_all()
            except LineDownError:
                if self.line.is_up:  # no answer in time; otherwise the line's return wakes us
                    self.wake()
            except (FalseReceiptError, NoBrokerError, StoreError) as e:
                structlog.get_logger().error("outbox.stopped", code=e.code)
                await asyncio.sleep(PAUSE)
                self.wake()

    async def _send_all(self) -> None:
        for message in await self.store.outbox():
            try:
                took = await self.line.submit(message.envelope)
            except BrokerRefusedError as e:
                if e.code in PASSING:
                    await asyncio.sleep(PAUSE)
                    self.wake()
                    return
                if e.code == Refusal.UNKNOWN_BLOB:
                    await self.lacking(message)
                    continue
                structlog.get_logger().error("outbox.refused", code=e.code)
                await self.store.mark_refused(message.mid, e.code)
                self.changed()
                continue
            receipt = check_took(took, message.mid, message.eid, self.replica.broker_key())
            await self.store.mark_taken(message.mid, took, position=receipt.index, at=receipt.at)
            self.changed()


def check_took(took: bytes, mid: bytes, eid: bytes, broker: VerifyKey) -> Took:
    """Return the broker's receipt once it is seen to be signed by it for this very envelope.

    Raises:
        FalseReceiptError: another signer, label, message, envelope or broker.
    """
    try:
        receipt = parse_took(open_signed(broker, labels.TOOK, took))
    except (SignatureError, ReceiptError) as e:
        raise FalseReceiptError(f"{e.code}: {e}") from e
    if (receipt.mid, receipt.eid, receipt.broker) != (mid, eid, broker.kid):
        raise FalseReceiptError("the receipt is for another envelope or by another broker")
    if receipt.at > LATEST:
        raise FalseReceiptError("the receipt is of a time that no calendar has")
    return receipt
