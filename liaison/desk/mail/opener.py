"""Opening what comes with the desk's keys, once more when only our replica may have been behind."""

from dataclasses import dataclass

import structlog

from crypto.attest.directory import DirectoryError
from crypto.attest.header import Sealed
from crypto.seal.envelope import (
    NoLiveWindowError,
    NotForUsError,
    Opened,
    SignerError,
    open_envelope,
)
from crypto.seal.readers import ReadersError
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.keyring import Keyring
from liaison.desk.line.broker_client import BrokerRefusedError, Line, LineDownError
from liaison.desk.mail.intake import Entered, FalseItemError
from liaison.desk.store import Store
from protocols.wire import api

#: What may fail only because our replica of the directory is behind.
BEHIND = (NotForUsError, NoLiveWindowError, SignerError, ReadersError)


class SeedDestroyedError(FalseItemError):
    """Nobody at this desk can open it any more: the seed of its window is gone."""

    code = "inbox.undecryptable"


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens messages for one installation."""

    replica: Replica
    keyring: Keyring
    line: Line
    store: Store

    async def opened(self, sealed: Sealed, entered: Entered) -> Opened:
        """Return the message in ``sealed``, judged where and when it stands in the ledger.

        Raises:
            EnvelopeError: a subclass for each check of the seal.
            LineDownError: it may be for want of entries, and they cannot be had.
        """
        try:
            return self._try(sealed, entered)
        except BEHIND:
            await self._check_not_destroyed(sealed)
            await self.catch_up()
            await self.keyring.load()
            return self._try(sealed, entered)

    async def opened_as_known(self, sealed: Sealed, entered: Entered) -> Opened:
        """Return the same, by what is known here where nothing more can be had."""
        try:
            return await self.opened(sealed, entered)
        except LineDownError:
            return self._try(sealed, entered)

    async def catch_up(self) -> None:
        """Bring our replica up to date; raise LineDownError when that cannot be."""
        try:
            await self.replica.sync(self.line)
        except (DirectoryError, BrokerRefusedError, api.FrameError) as e:
            structlog.get_logger().error("broker.not_followed", code=e.code)

    async def _check_not_destroyed(self, sealed: Sealed) -> None:
        if await self.store.destroyed(sealed.header.kids):
            raise SeedDestroyedError("sealed to a window whose seed was destroyed in its time")

    def _try(self, sealed: Sealed, entered: Entered) -> Opened:
        return open_envelope(
            sealed,
            desk=self.replica.desk,
            windows=self.keyring.opening_keys(),
            directory=self.replica.known,
            at=entered.at,
            index=entered.index,
        )
