"""Destroying the seeds of windows and grant keys to which nothing can be on its way any more.

Follows docs/spec/archive.md, "Seeds". Looked at in each sweep, line or no line; what is destroyed
is gone from the file, from its log and from this process. Until both clocks say so nothing is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from crypto.attest.directory import DirectoryError, NoGrantKeyError
from crypto.attest.note import NoteError
from crypto.attest.signing import KeyId
from crypto.attest.statement import Window
from crypto.seal.destruction import (
    Times,
    follower,
    grant_key_is_over,
    served_until,
    window_is_over,
)
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.keyring import Keyring
from liaison.desk.line.backlog import Backlog
from liaison.desk.line.broker_client import Line
from liaison.desk.line.proof import Prover
from liaison.desk.store import Store
from liaison.runtime.clock import Clock, timestamp


@dataclass(frozen=True, slots=True)
class Destruction:
    """The ends of one installation's seeds.

    ``awaited`` gives the keys to which something is sealed that is here and not taken up yet.
    """

    store: Store
    replica: Replica
    keyring: Keyring
    prover: Prover
    line: Line
    backlog: Backlog
    clock: Clock
    awaited: Callable[[], Awaitable[set[KeyId]]]

    async def destroy_due(self) -> list[KeyId]:
        """Destroy what is due, and return what was."""
        await self._note()
        times = await self._times()
        if times is None:
            return []
        due = [*await self._windows_over(times), *await self._grant_keys_over(times)]
        if due:
            await self.store.destroy_seeds(due, times.cosigned)
            self.keyring.forget(due)
            structlog.get_logger().info("seeds.destroyed", count=len(due))
        return due

    async def _note(self) -> None:
        """Note which windows and grant keys others have come after, as far as we know by now."""
        now = timestamp(self.clock.now())
        followed = [
            one.kid
            for one in await self.store.held_windows()
            if one.followed is None
            and follower(one.not_after, self._chosen_from(one.kid)) is not None
        ]
        held, stated = self.keyring.grant_keys(), self._stated()
        replaced = held[: held.index(stated)] if stated in held else []
        if followed:
            await self.store.note_followed(followed, now)
        if replaced:
            await self.store.note_replaced(replaced, now)

    def _chosen_from(self, kid: KeyId) -> list[Window]:
        """Return the windows among which senders choose who could choose this one.

        Those of its desk; of one that ours follows and that was revoked, ours: nobody writes to it.
        """
        directory, desk = self.replica.directory, self.replica.desk
        for old in directory.inherited(desk):
            is_its = any(window.kid == kid for window in directory.windows(old))
            if is_its and not directory.is_revoked(directory.desk(old)):
                desk = old
        return directory.fresh_windows(desk) or directory.windows(desk)

    def _stated(self) -> KeyId | None:
        try:
            return self.replica.directory.grant_key(self.keyring.device.kid).kid
        except NoGrantKeyError:
            return None

    async def _times(self) -> Times | None:
        """Return what time it is by both clocks, or None before any checkpoint was seen."""
        try:
            seen = await self.prover.last_cosigned()
        except (NoteError, DirectoryError) as e:
            # Who must cosign has changed since: there is no time until they have.
            structlog.get_logger().warning("seeds.no_cosigned_time", code=e.code)
            return None
        if seen is None:
            return None
        cosigned = min(timestamp(cosignature.at) for cosignature in seen.cosignatures)
        is_read = self.line.is_up and self.backlog.is_read
        return Times(timestamp(self.clock.now()), cosigned, is_read)

    async def _windows_over(self, times: Times) -> list[KeyId]:
        awaited = await self.awaited()
        over = []
        for one in await self.store.held_windows():
            begins = follower(one.not_after, self._chosen_from(one.kid))
            if begins is None or one.followed is None:
                continue  # senders use it still
            until = served_until(one.not_after, one.followed, begins)
            if window_is_over(until, _without(times, one.kid, awaited)):
                over.append(one.kid)
        return over

    async def _grant_keys_over(self, times: Times) -> list[KeyId]:
        awaited, replaced = await self.awaited(), await self.store.replaced()
        return [
            kid
            for kid, at in replaced.items()
            if at is not None and grant_key_is_over(at, _without(times, kid, awaited))
        ]


def _without(times: Times, kid: KeyId, awaited: set[KeyId]) -> Times:
    """Return the times as they are for one key: not all is read while something waits for it."""
    return replace(times, is_read=times.is_read and kid not in awaited)
