"""The desk's replica of the directory: fetched from the broker, believed only from the pins.

The broker may withhold entries; it can neither add nor alter one. What does not stand is not
stored, and the replica stays where it was.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from crypto.attest.checkpoint import Policy
from crypto.attest.directory import Directory, DirectoryError, Signer
from crypto.attest.header import DeskId
from crypto.attest.note import NamedKey
from crypto.attest.signing import KeyId, VerifyKey
from crypto.attest.statement import AgencyId, InfraKind, Role
from liaison.desk.broker_client import Line
from liaison.desk.store import Store
from protocols.wire import api


class NoBrokerError(DirectoryError):
    """Our own agency has named no broker, or not the one that our desk's entry names."""

    code = "directory.no_broker"


class NoWitnessError(DirectoryError):
    """An agency with desks has named no witness: no checkpoint can count for both sides."""

    code = "directory.no_witness"


@dataclass(slots=True)
class Replica:
    """The replica of one desk, and who we are in it."""

    directory: Directory
    slug: str
    store: Store
    _syncing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def load(cls, pins: Iterable[str], slug: str, store: Store) -> "Replica":
        """Return the replica as the store holds it; every entry is verified anew."""
        entries = await store.directory_entries()
        return cls(Directory.replay(pins, entries), slug, store)

    @property
    def desk(self) -> DeskId:
        """Return our own desk's id."""
        return self.directory.desk_named(self.slug).id

    @property
    def agency(self) -> AgencyId:
        """Return our own agency's id."""
        return self.directory.desk_named(self.slug).agency

    def devices(self) -> list[Signer]:
        """Return our desk's devices, in the order in which they were enrolled."""
        return self.directory.signers(self.desk, Role.DEVICE)

    def slug_of(self, desk: DeskId) -> str:
        """Return a desk's slug; raise UnknownDeskError when the directory has none of this id."""
        return self.directory.desk(desk).payload.slug

    def pseudonym(self, kid: KeyId) -> str:
        """Return under which pseudonym a key signs, or signed; raises UnknownSignerError."""
        return self.directory.whose(kid).payload.pseudonym

    def broker_key(self) -> VerifyKey:
        """Return the key of the broker that our desk's entry names and our agency relies on.

        Raises:
            NoBrokerError: our agency has not named that broker.
        """
        kid = self.directory.desk_named(self.slug).payload.broker
        for infra in self.directory.infra(InfraKind.BROKER, agency=self.agency):
            if infra.kid == kid:
                return infra.payload.key
        raise NoBrokerError("our agency has not named the broker of our desk")

    def broker(self) -> KeyId:
        """Return the key id of our broker; raises what :meth:`broker_key` raises."""
        return self.broker_key().kid

    def policy(self) -> Policy:
        """Return whose signatures a checkpoint needs: our broker's and every agency's witness.

        Raises:
            NoBrokerError: our agency has not named our broker.
            NoWitnessError: an agency with desks has named no witness.
        """
        kid = self.broker()
        names = [
            item.payload.name
            for item in self.directory.infra(InfraKind.BROKER, agency=self.agency)
            if item.kid == kid
        ]
        named = self.directory.infra(InfraKind.WITNESS)
        sides = {desk.agency for desk in self.directory.desks()}
        if not sides <= {item.agency for item in named}:
            raise NoWitnessError("an agency has named no witness: its side has seen nothing")
        witnesses = [NamedKey(item.payload.name, item.payload.key) for item in named]
        return Policy.of_all(NamedKey(names[0], self.broker_key()), *witnesses)

    async def sync(self, line: Line) -> int:
        """Fetch what is new and return the size of the replica; raises what the line raises.

        Raises:
            DirectoryError: the broker offers an entry that does not stand.
        """
        async with self._syncing:
            while page := await line.page(api.DIRECTORY_PATH, **{"from": self.directory.head.size}):
                await self._take(page)
            return self.directory.head.size

    async def _take(self, page: list[bytes]) -> None:
        first, taken = self.directory.head.size, 0
        try:
            for entry in page:
                self.directory.append(entry)
                taken += 1
        finally:
            await self.store.add_directory_entries(first, page[:taken])
