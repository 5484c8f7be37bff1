"""The desk's own keys: the device's, the windows' seeds, and the weekly publication of new windows.

Seeds are stored before the window is published, so nobody can seal to a window that we could not
open. An office that was closed publishes what it missed as soon as it is on again. An installation
that holds none of its desk's windows is no member yet: it publishes nothing, and waits to be
admitted by a colleague's (:mod:`liaison.desk.keys.devices`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from crypto.attest.directory import DirectoryError
from crypto.attest.signing import KeyId, SigningKey, key_id
from crypto.attest.statement import What, Window
from crypto.seal.ceremony import publish_windows
from crypto.seal.primitives import OpeningKey
from crypto.seal.windows import (
    WEEK,
    OwnGrantKey,
    OwnWindow,
    make_window,
    next_publication,
    published_until,
    weeks_wanted,
)
from liaison.desk.keys.directory import Replica
from liaison.desk.line.broker_client import Line
from liaison.desk.store import Store
from liaison.runtime.clock import Clock, from_timestamp, timestamp


@dataclass(slots=True)
class Keyring:
    """The keys that one installation holds."""

    device: SigningKey
    store: Store
    replica: Replica
    clock: Clock
    is_restored: bool = False
    _windows: dict[KeyId, OpeningKey] = field(default_factory=dict, repr=False)
    _grant_keys: dict[KeyId, OpeningKey] = field(default_factory=dict, repr=False)
    #: Windows made since the desk's last revocation, by its entry's number and their week.
    _made_since: dict[tuple[int, int], Window] = field(default_factory=dict)

    async def load(self) -> None:
        """Take up the windows and grant keys whose seeds are in the store."""
        for kid, seed in await self.store.own_windows():
            self._windows.setdefault(kid, OpeningKey.from_seed(seed))
        for kid, seed in await self.store.grant_keys():
            self._grant_keys.setdefault(kid, OpeningKey.from_seed(seed))

    def windows(self) -> dict[KeyId, OpeningKey]:
        """Return the windows that we can open, by key id."""
        return self._windows

    def opening_keys(self) -> dict[KeyId, OpeningKey]:
        """Return all that messages to us may be wrapped to: windows and grant keys."""
        return {**self._windows, **self._grant_keys}

    def grant_keys(self) -> list[KeyId]:
        """Return our grant keys, the one that counts last."""
        return list(self._grant_keys)

    def is_member(self) -> bool:
        """Say whether we hold a window that the desk has published, or may publish its first."""
        published = self.replica.directory.windows(self.replica.desk)
        held = any(window.kid in self._windows for window in published)
        return held or self.begins()

    def begins(self) -> bool:
        """Say whether the desk's windows begin with us: nobody holds any, and nobody else could.

        A desk's first installation begins; so does one that was restored when every other one of
        the desk has ended. Nobody is then left who could give it a window of before.
        """
        published = self.replica.directory.windows(self.replica.desk)
        if any(window.kid in self._windows for window in published):
            return False
        if not published:
            return any(one.kid == self.device.kid for one in self.replica.devices())
        counting = self.replica.counting_devices(timestamp(self.clock.now()))
        return self.is_restored and [one.kid for one in counting] == [self.device.kid]

    def is_revoked(self) -> bool:
        """Say whether this installation's key, or the desk, was revoked."""
        directory = self.replica.directory
        try:
            return directory.is_revoked(directory.whose(self.device.kid))
        except DirectoryError:
            return False

    async def add_windows(self, windows: list[OwnWindow]) -> None:
        """Keep windows that a colleague has given us."""
        await self.store.add_windows(windows)
        await self.load()

    async def add_grant_key(self, made: OwnGrantKey) -> None:
        """Keep a grant key of ours before it is stated."""
        await self.store.add_grant_key(made)
        await self.load()

    def forget(self, kids: Iterable[KeyId]) -> None:
        """Drop windows and grant keys whose seeds were destroyed."""
        for kid in kids:
            self._windows.pop(kid, None)
            self._grant_keys.pop(kid, None)

    def publication_due(self) -> datetime:
        """Return when new windows must be published."""
        return from_timestamp(next_publication(self._published_until()))

    async def publish_when_due(self, line: Line) -> None:
        """Publish the windows that are wanted by now, if any.

        Raises what the line raises. After a revocation those that stand count for nothing, and new
        ones are wanted at once. Windows whose publication failed are kept and offered again: no
        seed is made twice.
        """
        now = timestamp(self.clock.now())
        until = self._published_until()
        if timestamp(self.publication_due()) > now or not self.is_member():
            return
        replica = self.replica
        made = [await self._window(begins) for begins in weeks_wanted(until, at=now)]
        if not made:
            return
        entry = publish_windows(
            replica.agency,
            replica.desk,
            made,
            device=self.device,
            after=replica.directory.last(What.WINDOWS, replica.agency, replica.desk),
        )
        await line.publish(entry)
        await replica.sync(line)

    async def _window(self, begins: int) -> Window:
        """Return the window of the week that begins then: the one already made, or a new one."""
        since = self.replica.directory.exposed_since(self.replica.desk)
        if since:
            return await self._window_since(since, begins)
        seed = await self.store.seed_for(begins, but=self._of_others())
        if seed is None:
            return await self._new_window(begins)
        public = OpeningKey.from_seed(seed).public
        return Window(key_id(public), public, begins, begins + WEEK)

    def _of_others(self) -> list[KeyId]:
        """Return the windows that are not our desk's: of desks whose mail is ours to open."""
        directory, ours = self.replica.directory, self.replica.desk
        return [
            window.kid for desk in directory.inherited(ours) for window in directory.windows(desk)
        ]

    async def _window_since(self, since: int, begins: int) -> Window:
        """Return a window made since a key of the desk was revoked: an older seed may be known."""
        if (since, begins) not in self._made_since:
            self._made_since[since, begins] = await self._new_window(begins)
        return self._made_since[since, begins]

    async def _new_window(self, begins: int) -> Window:
        made = make_window(begins)
        await self.add_windows([made])
        return made.window

    def _published_until(self) -> int | None:
        if self.begins():
            return None
        fresh = self.replica.directory.fresh_windows(self.replica.desk)
        return published_until(fresh, at=timestamp(self.clock.now()))
