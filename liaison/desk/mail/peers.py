"""The other desks: what ours tells each of them every day, and what theirs tells us is compared.

Follows docs/spec/envelope.md, "Status". A status goes out once for each day's instant, and when the
line is back if an instant passed meanwhile. What contradicts ours is an alarm; what is missing is
asked for like any other gap. A desk of which no status comes is silent: not the same as a desk that
is there and does not answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from config.errors import ConfigError
from config.schema import Corridor
from crypto.attest.directory import DirectoryError
from crypto.attest.header import DeskId, PriorityClass
from crypto.attest.note import NoteError
from crypto.attest.signing import KeyId
from crypto.seal.content import NO_CASE, Kind, Lane
from crypto.seal.envelope import Opened
from crypto.seal.lanes import Gap
from crypto.seal.resends import MOST_WANTED, Void
from crypto.seal.status import Status, status_from_value, status_to_value
from liaison.desk.casework.dispatch import Address, Dispatch, Letter
from liaison.desk.keys.directory import Replica
from liaison.desk.line.backlog import Backlog
from liaison.desk.line.witnesses import Witnesses
from liaison.desk.mail.alarms import Alarm, Alarms
from liaison.desk.mail.crosschecks import check_head, tell_of_false_voids
from liaison.desk.mail.intake import FalseItemError
from liaison.desk.mail.resends import Resends
from liaison.desk.store import Peer, Seen, Shown, Store
from liaison.runtime.clock import from_timestamp, timestamp

#: A status is due at each midnight, UTC: 7 in Móng Cái, 8 in Dongxing, before an office opens.
DAY = timedelta(days=1)
#: From a status until the desk that sent it counts as silent: a day, and what a line may take.
SILENT_AFTER = DAY + timedelta(hours=1)
#: What the broker took this long before a status was written, its writer has received.
ON_ITS_WAY = timedelta(minutes=15)
#: From a message until the directory and ledger that it names must have been shown to us.
BEHIND_AFTER = timedelta(hours=1)
#: The fact under which the store keeps the last checkpoint that held.
CHECKPOINT = "checkpoint"


class FalseStatusError(FalseItemError):
    """A status for another desk, of another time, or of lanes that are not its sender's."""

    code = "status.false"


class Presence(StrEnum):
    """How another desk stands, as far as we can know."""

    UNHEARD = "unheard"  # no status has come yet, and none had to
    HERE = "here"
    SILENT = "silent"
    UNKNOWN = "unknown"  # our own line is down, or the mailbox is not read


@dataclass(frozen=True, slots=True)
class Peers:
    """What one installation tells other desks and hears of them.

    ``heard`` is called when a status has brought something to compare with the ledger.
    """

    store: Store
    replica: Replica
    dispatch: Dispatch
    corridor: Corridor
    resends: Resends
    backlog: Backlog
    alarms: Alarms
    witnesses: Witnesses
    heard: Callable[[], None]
    #: By slug, the desks to which nothing fresh vouches for a message, as of the last look.
    _stale: set[str] = field(default_factory=set)

    def is_stale(self, slug: str) -> bool:
        """Say whether a message to this desk leaves without anything fresh that speaks for it.

        Its own word is a day old, or the ledger's: it may be off, or its keys may have changed. It
        is told once before sending, and holds up nothing.
        """
        return slug in self._stale

    def desks(self) -> list[DeskId]:
        """Return the desks with which ours has a channel and that the directory has."""
        found = []
        for desk in self.replica.directory.desks():
            try:
                self.corridor.channel(self.replica.slug, desk.payload.slug)
            except ConfigError:
                continue
            found.append(desk.id)
        return found

    async def keep_up(self, now: datetime, *, is_up: bool) -> None:
        """Tell each desk how ours stands, if that is due, and alarm of those that are silent.

        Args:
            now: the time.
            is_up: whether the line is up; while it is down nothing is known of the others.
        """
        known = await self.store.peers()
        for desk in self.desks():
            if desk not in known:
                await self.store.add_peer(desk, timestamp(now))
        if not self._can_judge(is_up=is_up):
            return
        peers = await self.store.peers()
        for desk in self.desks():
            if from_timestamp(peers[desk].told) < last_instant(now):
                await self._tell(desk, now)
        silent = {
            desk.hex(): self.replica.slug_of(desk)
            for desk in self.desks()
            if self._presence(peers[desk], now) is Presence.SILENT
        }
        await self.alarms.stand(Alarm.PEER_SILENT, silent)
        # What another desk has seen of the ledger is kept from us: ours would have reached it.
        hidden = {
            one.desk.hex(): self.replica.slug_of(one.desk)
            for one in await self.store.shown()
            if now - from_timestamp(one.at) > BEHIND_AFTER
        }
        await self.alarms.stand(Alarm.LEDGER_BEHIND, hidden)
        stale = {"": ""} if await self.is_ledger_stale(now) else {}
        await self.alarms.stand(Alarm.LEDGER_STALE, stale)
        self._stale.clear()
        everybody = [self.replica.slug_of(desk) for desk in peers]
        self._stale.update(everybody if stale else silent.values())
        ahead = {
            head.peer.hex(): self.replica.slug_of(head.peer)
            for head in await self.store.heads_ahead()
            if now - from_timestamp(head.noticed) > BEHIND_AFTER
        }
        await self.alarms.stand(Alarm.DIRECTORY_BEHIND, ahead)

    async def is_ledger_stale(self, now: datetime) -> bool:
        """Say whether no new cosigned checkpoint was seen for a day; never on a new desk.

        One that not all have cosigned who must by now says nothing of the time.
        """
        raw = await self.store.fact(CHECKPOINT)
        if raw is None:
            return False
        try:
            seen = await self.witnesses.verified(raw)
        except (NoteError, DirectoryError):
            return True
        return now - min(one.at for one in seen.cosignatures) > SILENT_AFTER

    async def presences(self, now: datetime, *, is_up: bool) -> list[tuple[Peer, Presence]]:
        """Return every desk with which ours has a channel, and how it stands."""
        peers = await self.store.peers()
        can_judge = self._can_judge(is_up=is_up)
        return [
            (peers[desk], self._presence(peers[desk], now) if can_judge else Presence.UNKNOWN)
            for desk in self.desks()
            if desk in peers
        ]

    async def receive(self, opened: Opened) -> None:
        """Compare what another desk's device says with what we know, and keep when it was said.

        Raises:
            StatusError, FalseStatusError: it is no status for us of that desk.
            DirectoryForkError: it sees another directory.
        """
        status, src = status_from_value(opened.content.form), opened.sealed.header.src
        self._check(status, opened)
        check_head(status.dirhead, self.replica)
        await self._compare_sent(status, src)
        for void in status.voids:
            await self.resends.close_place(void)
        await self._compare_received(status, opened)
        await self._compare_windows(status, src)
        await self.store.add_peer(src, status.at)
        # A clock that is ahead of ours makes nobody heard in the future.
        at = min(status.at, timestamp(self.dispatch.clock.now()))
        await self.store.mark_heard(src, at)
        if status.checkpoint is not None:
            seen = Shown(opened.signer.kid, src, at, status.checkpoint)
            await self.store.keep_shown(seen)
            self.heard()

    def _can_judge(self, *, is_up: bool) -> bool:
        return is_up and self.backlog.is_read and self.dispatch.keyring.is_member()

    def _presence(self, peer: Peer, now: datetime) -> Presence:
        last = from_timestamp(peer.since if peer.heard is None else peer.heard)
        if now - last > SILENT_AFTER:
            return Presence.SILENT
        return Presence.UNHEARD if peer.heard is None else Presence.HERE

    async def _tell(self, desk: DeskId, now: datetime) -> None:
        status = await self._status(desk, timestamp(now))
        letter = Letter(Kind.STATUS, NO_CASE, status_to_value(status))
        if await self.dispatch.say(letter, Address(desk, PriorityClass.ROUTINE)):
            await self.store.mark_told(desk, timestamp(now))

    async def _status(self, desk: DeskId, at: int) -> Status:
        ours, directory = self.replica.desk, self.replica.directory
        voids = await self.store.void_places(desk, MOST_WANTED)
        opening = self.dispatch.keyring.windows()
        return Status(
            peer=desk,
            at=at,
            sent=await self.store.lane_ends(self._signers(ours), desk),
            received=await self.store.lane_ends(self._signers(desk), ours),
            dirhead=directory.head,
            checkpoint=await self.store.fact(CHECKPOINT),
            windows=tuple(
                window.kid
                for window in directory.windows(ours)
                if window.kid in opening and window.not_after > at
            ),
            voids=tuple(Void(*void) for void in voids),
        )

    def _signers(self, desk: DeskId) -> list[KeyId]:
        """Return every key that ever signed for a desk: its lane ends, and is not forgotten."""
        return [one.kid for one in self.replica.known.keys_of(desk)]

    def _check(self, status: Status, opened: Opened) -> None:
        src, ours = opened.sealed.header.src, self.replica.desk
        if status.peer != ours or status.at != opened.content.created:
            raise FalseStatusError("a status for us, of the time at which it was written, expected")
        theirs, own = set(self._signers(src)), set(self._signers(ours))
        said = {*status.sent, *(void.signer for void in status.voids)}
        if not said <= theirs or not status.received.keys() <= own:
            raise FalseStatusError("lanes from its sender to us, and from us to it, expected")

    async def _compare_sent(self, status: Status, src: DeskId) -> None:
        """Note what they have sent and we lack; another message at a place of ours is a fork."""
        ours, now = self.replica.desk, timestamp(self.dispatch.clock.now())
        for signer, (seq, mid) in status.sent.items():
            here = (await self.store.places(signer, ours, Gap(seq, seq))).get(seq)
            if here is None or (here.is_void and here.mid != mid):
                belied = () if here is None else (seq,)
                end = Seen(ours, Lane(seq, mid), src, now, belied)
                await tell_of_false_voids(self.alarms, self.replica, signer, end)
                await self.store.notice_end(signer, end)
            elif here.mid != mid:
                await self._raise_fork(signer, seq, src)

    async def _compare_received(self, status: Status, opened: Opened) -> None:
        """Alarm of what we have sent and they lack, though the broker had taken it before.

        A computer that was enrolled later than that need not have it.
        """
        lacking: dict[str, str] = {}
        src, since = opened.sealed.header.src, opened.signer.payload.not_before
        before = timestamp(from_timestamp(status.at) - ON_ITS_WAY)
        ends = await self.store.lane_ends(self._signers(self.replica.desk), src)
        for signer in ends:
            seq, mid = status.received.get(signer, (0, None))
            here = (await self.store.places(signer, src, Gap(seq, seq))).get(seq)
            if here is not None and here.mid != mid:
                await self._raise_fork(signer, seq, src)
            taken_at = await self.store.first_taken(
                signer, src, beyond=seq, since=since, before=before
            )
            if taken_at is not None:
                who = f"{self.replica.slug_of(src)} {self.replica.pseudonym(signer)}"
                when = f"{from_timestamp(taken_at):%Y-%m-%d %H:%MZ}"
                lacking[f"{signer.hex()} {src.hex()}"] = f"{who} > {seq}, {when}"
        lanes = {f"{signer.hex()} {src.hex()}" for signer in ends}
        await self.alarms.stand(Alarm.LANE_UNRECEIVED, lacking, among=lanes)

    async def _compare_windows(self, status: Status, src: DeskId) -> None:
        """Alarm of a window in their name that their own computer does not hold.

        One that was published later than the directory that it saw it could not name.
        """
        try:
            size = status.dirhead.size
            window = self.replica.directory.open_window(src, at=status.at, size=size)
        except DirectoryError:
            return
        strange = window.kid not in status.windows and window.not_after > status.at
        about = {window.kid.hex(): self.replica.slug_of(src)} if strange else {}
        known = {one.kid.hex() for one in self.replica.directory.windows(src)}
        await self.alarms.stand(Alarm.PEER_WINDOW, about, among=known)

    async def _raise_fork(self, signer: KeyId, seq: int, src: DeskId) -> None:
        about = f"{self.replica.slug_of(src)} {self.replica.pseudonym(signer)} {seq}"
        await self.alarms.raised(Alarm.LANE_FORK, f"{signer.hex()} {src.hex()} {seq}", about=about)


def last_instant(now: datetime) -> datetime:
    """Return the last instant by which a status was due: the midnight, UTC, that has passed."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
