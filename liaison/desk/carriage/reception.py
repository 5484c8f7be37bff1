"""Taking a message that came as a file: judged like what the broker brings, when it comes.

Follows docs/spec/carriage.md, "Reading". What is refused is told to whoever brought the file; it
goes into no quarantine, since they still have it.
"""

from dataclasses import dataclass

from crypto.attest.header import Header, Sealed
from liaison.desk.casework.dispatch import NotAdmittedError
from liaison.desk.mail.inbox import Inbox
from liaison.desk.mail.intake import (
    CLOCKS_DIFFER,
    ConflictError,
    Entered,
    FalseItemError,
    FalseTimeError,
)
from liaison.desk.mail.uptake import REFUSED
from liaison.runtime.clock import Clock, timestamp


class OwnMessageError(FalseItemError):
    """A file with a message that our own desk has written: it is for the other one."""

    code = "carriage.own_message"


class TooLateError(FalseItemError):
    """A file with a message that came after the time until which it might."""

    code = "carriage.too_late"


@dataclass(frozen=True, slots=True)
class Reception:
    """Takes messages from files, in turn with those of the inbox."""

    inbox: Inbox
    clock: Clock

    async def take(self, sealed: Sealed) -> bool:
        """Keep a message that came as a file, and say whether it was not here before.

        Raises:
            REFUSED: it does not hold; nothing is kept.
        """
        async with self.inbox.turn:
            known = await self.inbox.store.message(sealed.mid)
            if known is not None and known.eid == sealed.eid:
                return False
            if known is not None and not known.is_unentered:
                raise ConflictError("the message of this id is here in other bytes")
            try:
                await self._take(sealed, timestamp(self.clock.now()))
            except REFUSED as e:
                await self.inbox.uptake.accuse(e.code, sealed)
                raise
        self.inbox.changed()
        return known is None

    async def _take(self, sealed: Sealed, at: int) -> None:
        self._check(sealed.header, at)
        opened = await self.inbox.opener.opened_as_known(sealed, Entered(at))
        if opened.content.created > at + CLOCKS_DIFFER:
            raise FalseTimeError("a message that was written in the future")
        await self.inbox.uptake.settle(opened, Entered(at))

    def _check(self, header: Header, at: int) -> None:
        if not self.inbox.keyring.is_member():
            raise NotAdmittedError("this installation holds none of its desk's windows")
        if header.src == self.inbox.replica.desk:
            raise OwnMessageError("a message of another desk expected, one of our own found")
        if at >= header.exp:
            raise TooLateError(f"a message that may come until {header.exp}; it is {at}")
