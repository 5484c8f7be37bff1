"""The desk's replica of the directory: fetched from the broker, believed only from the pins.

The broker may withhold entries; it can neither add nor alter one. What does not stand is not
stored, and the replica stays where it was. Entries that came as files stand beside the log, checked
from the same pins, until the log has them: they are known here, and move no head of it.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from crypto.attest.checkpoint import Policy
from crypto.attest.directory import (
    Directory,
    DirectoryError,
    NotPinnedError,
    Signer,
    UnknownDeskError,
    UnknownSignerError,
)
from crypto.attest.header import DeskId
from crypto.attest.note import NamedKey
from crypto.attest.signing import KeyId, VerifyKey
from crypto.attest.statement import (
    AgencyId,
    InfraKind,
    Reason,
    Role,
    Statement,
    StatementError,
    What,
    parse_entry,
)
from liaison.desk.line.broker_client import Line
from liaison.desk.store import Store
from protocols.wire import api


class NoBrokerError(DirectoryError):
    """Our own agency has named no broker, or not the one that our desk's entry names."""

    code = "directory.no_broker"


class NoWitnessError(DirectoryError):
    """An agency with desks has named no witness: no checkpoint can count for both sides."""

    code = "directory.no_witness"


#: How a key or desk is called that nothing knows: the log has contradicted what a file told of it.
UNKNOWN = "?"
#: Entries of one kind by one agency that came as files and that the log has not: more are not kept.
#: What one agency, or one of its devices, signs takes no place from a revocation.
MOST_CARRIED = 250


@dataclass(slots=True)
class Replica:
    """The replica of one desk, and who we are in it. ``directory`` is the log that is followed."""

    directory: Directory
    slug: str
    store: Store
    _carried: list[bytes] = field(default_factory=list)
    _known: Directory | None = None
    #: How many entries the log had when what stands beside it was last looked at.
    _stood_at: int = 0
    #: A first root that the log goes on with and nobody here has pinned: nothing after it is taken.
    offered: Statement | None = None
    _syncing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    async def load(cls, pins: Iterable[str], slug: str, store: Store) -> "Replica":
        """Return the replica as the store holds it; every entry is verified anew."""
        entries = await store.directory_entries()
        replica = cls(Directory.replay(pins, entries), slug, store)
        await replica.learn(await store.carried_entries())
        return replica

    @property
    def known(self) -> Directory:
        """Return all that is known: the log, and what came as files beside it.

        By it what others have signed is judged; what we state ourselves follows the log.
        """
        return self.directory if self._known is None else self._known

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

    def revoked_devices(self) -> list[tuple[Signer, Reason]]:
        """Return our desk's devices that were revoked, each with the reason last given."""
        reasons: dict[KeyId, Reason] = {}
        for revocation in self.directory.revocations():
            what, agency, subject = revocation.subject
            if what is What.DEVICE and agency == self.agency:
                reasons[KeyId(subject)] = revocation.payload.reason
        signers = ((self.directory.whose(kid), reason) for kid, reason in reasons.items())
        return [
            (signer, reason)
            for signer, reason in signers
            if signer.payload.desk == self.desk and signer.payload.role is Role.DEVICE
        ]

    def before(self, desk: DeskId) -> list[DeskId]:
        """Return the desks whose place a desk has: what they began it may go on with."""
        return self.known.before(desk)

    def inherited(self, desk: DeskId) -> list[DeskId]:
        """Return the desks of which a desk is an heir: their mail is for it to open."""
        return self.known.inherited(desk)

    def kin(self) -> list[DeskId]:
        """Return the desks whose place ours has, and those that follow ours, in all or in part.

        Their devices and ours give each other what the one that follows needs.
        """
        followed = {one.new for one in self.directory.successions(self.desk)}
        after = {*followed, *self.directory.heirs(self.desk)}
        return [desk for desk in (*self.before(self.desk), *sorted(after)) if desk != self.desk]

    def slug_of(self, desk: DeskId) -> str:
        """Return a desk's slug; UNKNOWN when nothing knows a desk of this id."""
        try:
            return self.known.desk(desk).payload.slug
        except UnknownDeskError:
            return UNKNOWN

    def desk_of(self, kid: KeyId) -> DeskId | None:
        """Return the desk for which a key signs, or signed; None when nothing knows the key."""
        try:
            return self.known.whose(kid).payload.desk
        except UnknownSignerError:
            return None

    def pseudonym(self, kid: KeyId) -> str:
        """Return under which pseudonym a key signs, or signed; UNKNOWN when nothing knows it."""
        try:
            return self.known.whose(kid).payload.pseudonym
        except UnknownSignerError:
            return UNKNOWN

    def counting_devices(self, at: int) -> list[Signer]:
        """Return those of our desk's devices that count at ``at`` (ts)."""
        return [one for one in self.devices() if self._counts(one, at)]

    def devices_of_kin(self, at: int) -> list[Signer]:
        """Return the devices that count at ``at`` (ts) of desks before or after ours."""
        every = (one for desk in self.kin() for one in self.directory.signers(desk, Role.DEVICE))
        return [one for one in every if self._counts(one, at)]

    def _counts(self, one: Signer, at: int) -> bool:
        try:
            self.directory.signer(one.kid, at=at)
        except DirectoryError:
            return False
        return True

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

    def log(self) -> NamedKey:
        """Return by what our broker signs its ledger; raises what :meth:`broker_key` raises."""
        key = self.broker_key()
        infra = self.directory.infra(InfraKind.BROKER, agency=self.agency)
        return NamedKey(next(one.payload.name for one in infra if one.kid == key.kid), key)

    def policy(self, *, without: Collection[KeyId] = ()) -> Policy:
        """Return whose signatures a checkpoint needs: our broker's and every agency's witness.

        Args:
            without: witnesses that need not cosign it.

        Raises:
            NoBrokerError: our agency has not named our broker.
            NoWitnessError: an agency with desks has named no witness.
        """
        log = self.log()
        every = self.directory.infra(InfraKind.WITNESS)
        named = [item for item in every if item.kid not in without]
        sides = {desk.agency for desk in self.directory.desks()}
        if not sides <= {item.agency for item in named}:
            raise NoWitnessError("an agency has named no witness: its side has seen nothing")
        # Two agencies may rely on one witness: it counts for both, and once.
        witnesses = dict.fromkeys((item.payload.name, item.payload.key) for item in named)
        return Policy.of_all(log, *(NamedKey(name, key) for name, key in witnesses))

    async def sync(self, line: Line) -> int:
        """Fetch what is new and return the size of the replica; raises what the line raises.

        Raises:
            DirectoryError: the broker offers an entry that does not stand.
        """
        async with self._syncing:
            log = self.directory
            try:
                while page := await line.page(api.DIRECTORY_PATH, **{"from": log.head.size}):
                    await self._take(page)
            finally:
                # What came before the line broke, or before what does not stand, is known too.
                if self._carried and log.head.size != self._stood_at:
                    await self._stand_beside(self._carried)
            return log.head.size

    def pin(self, digits: str) -> None:
        """Believe a first root of these digits from now on, in the log and beside it."""
        self.directory.pins |= {digits}
        self.known.pins = self.directory.pins

    async def learn(self, entries: Sequence[bytes]) -> None:
        """Take up entries that came as a file; what does not stand, or is known, changes nothing.

        They never outdo the log: where the two contradict each other, the log holds.
        """
        async with self._syncing:
            shown = {*await self.store.directory_entries(), *self._carried}
            if fresh := [entry for entry in entries if entry not in shown]:
                await self._stand_beside([*self._carried, *fresh])

    async def _stand_beside(self, entries: Sequence[bytes]) -> None:
        """Keep those of ``entries`` that the log has not and that stand upon it."""
        log = await self.store.directory_entries()
        shown = set(log)
        new = [entry for entry in dict.fromkeys(entries) if entry not in shown]
        known, standing = await asyncio.to_thread(_standing, self.directory.pins, log, new)
        if standing != self._carried:
            await self.store.set_carried_entries(standing)
        if known is not None:
            known.share_places(self.directory)
            known.pins = self.directory.pins
        self._carried, self._known = standing, known if standing else None
        self._stood_at = len(log)

    async def _take(self, page: list[bytes]) -> None:
        first, taken, self.offered = self.directory.head.size, 0, None
        try:
            for entry in page:
                self.directory.append(entry)
                taken += 1
        except NotPinnedError:
            stopped_at = parse_entry(page[taken]).statement
            self.offered = stopped_at if stopped_at.what is What.ROOT else None
            raise
        finally:
            await self.store.add_directory_entries(first, page[:taken])


def _standing(
    pins: Iterable[str], log: Sequence[bytes], new: Sequence[bytes]
) -> tuple[Directory | None, list[bytes]]:
    """Return the log with those of ``new`` that stand upon it, and which these are."""
    if not new:
        return None, []
    known, standing = Directory.replay(pins, log), list[bytes]()
    kept = Counter[tuple[AgencyId, What]]()
    for entry in new:
        try:
            statement = parse_entry(entry).statement
            place = statement.agency, statement.what
            if kept[place] == MOST_CARRIED:
                continue
            known.append(entry)
        except (DirectoryError, StatementError) as e:
            structlog.get_logger().info("directory.carried_refused", code=e.code)
            continue
        kept[place] += 1
        standing.append(entry)
    return known, standing
