"""Taking up acknowledgements: kept, or set aside until enough is known to judge them.

Who signed one may be in a part of the directory that we have not yet, a revocation may have no
known place, and the message may still be on its way: then it waits, with the broker's note of it,
and is looked at again. One that does not hold is set aside for good.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from crypto.attest.directory import DirectoryError, RevokedError, UnknownSignerError
from crypto.attest.header import envelope_id
from crypto.attest.signing import SignatureError
from liaison.desk.mail.acknowledgements import Acknowledgements, NotHereError
from liaison.desk.mail.intake import FalseItemError
from liaison.desk.mail.opener import Opener
from liaison.desk.mail.uptake import Uptake
from liaison.desk.store import Store
from protocols.wire.receipt import AckWhat, ReceiptError

#: What is wrong with an acknowledgement only until more is known: entries, places, messages.
UNTIL_MORE_IS_KNOWN = (UnknownSignerError, RevokedError, NotHereError)
#: What may be wrong with one at all.
NONE_THAT_COUNTS = (SignatureError, ReceiptError, DirectoryError, FalseItemError)


@dataclass(frozen=True, slots=True)
class AckUptake:
    """Takes up what others say of messages; ``changed`` is called when one counts after all."""

    store: Store
    acks: Acknowledgements
    uptake: Uptake
    opener: Opener
    changed: Callable[[], None]

    async def take(self, first: bytes, second: bytes) -> None:
        """Keep the acknowledgement ``first`` with ``second``, the broker's note; or set it aside.

        Raises:
            LineDownError: it may be for want of entries, and they cannot be had.
        """
        try:
            await self._keep_or_catch_up(first, second)
        except UNTIL_MORE_IS_KNOWN as e:
            await self.uptake.set_aside(envelope_id(first), first, e.code, receipt=second)
        except NONE_THAT_COUNTS as e:
            await self.uptake.set_aside(envelope_id(first), first, e.code)

    async def take_aside(self) -> None:
        """Keep those of which enough is known by now."""
        for ack, noted in await self.store.aside([kind.code for kind in UNTIL_MORE_IS_KNOWN]):
            try:
                await self._keep(ack, noted)
            except NONE_THAT_COUNTS as e:
                structlog.get_logger().info("inbox.still_aside", code=e.code)
                continue
            await self.store.release_from_quarantine(envelope_id(ack))
            self.changed()

    async def _keep_or_catch_up(self, first: bytes, second: bytes) -> None:
        try:
            await self._keep(first, second)
        except UnknownSignerError:
            await self.opener.catch_up()
            await self._keep(first, second)

    async def _keep(self, first: bytes, second: bytes) -> None:
        ack = await self.acks.checked(first, second)
        if ack.what == AckWhat.CARRIED:
            word = await self.acks.carried_word(first, at=ack.at, index=ack.position)
            await self.store.keep_carried(word)
        await self.store.keep_ack(ack)
