"""The desk's own keys: the device's, the windows' seeds, and the weekly publication of new windows.

Seeds are stored before the window is published, so nobody can seal to a window that we could not
open. An office that was closed publishes what it missed as soon as it is on again.
"""

from dataclasses import dataclass, field
from datetime import datetime

from crypto.attest.signing import KeyId, SigningKey, key_id
from crypto.attest.statement import What, Window
from crypto.seal.ceremony import publish_windows
from crypto.seal.primitives import OpeningKey
from crypto.seal.windows import WEEK, make_window, next_publication, weeks_wanted
from liaison.desk.broker_client import Line
from liaison.desk.directory import Replica
from liaison.desk.store import Store
from liaison.runtime.clock import Clock, from_timestamp, timestamp


@dataclass(slots=True)
class Keyring:
    """The keys that one installation holds."""

    device: SigningKey
    store: Store
    replica: Replica
    clock: Clock
    _opening: dict[KeyId, OpeningKey] = field(default_factory=dict, repr=False)

    async def load(self) -> None:
        """Take up the windows whose seeds are in the store."""
        for kid, seed in await self.store.own_windows():
            self._opening.setdefault(kid, OpeningKey.from_seed(seed))

    def opening_keys(self) -> dict[KeyId, OpeningKey]:
        """Return the windows that we can open, by key id."""
        return self._opening

    def publication_due(self) -> datetime:
        """Return when new windows must be published."""
        return from_timestamp(next_publication(self._published_until()))

    async def publish_when_due(self, line: Line) -> None:
        """Publish the windows that are wanted by now, if any; raises what the line raises.

        Windows whose publication failed are kept and offered again: no seed is made twice.
        """
        now = timestamp(self.clock.now())
        until = self._published_until()
        if timestamp(self.publication_due()) > now:
            return
        replica = self.replica
        made = [await self._window(begins) for begins in weeks_wanted(until, at=now)]
        if not made:
            return
        await self.load()
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
        seed = await self.store.seed_for(begins)
        if seed is None:
            made = make_window(begins)
            await self.store.add_windows([made])
            return made.window
        public = OpeningKey.from_seed(seed).public
        return Window(key_id(public), public, begins, begins + WEEK)

    def _published_until(self) -> int | None:
        windows = self.replica.directory.windows(self.replica.desk)
        return windows[-1].not_after if windows else None
