"""The desk's agent: all parts of one installation, and what they tell each other.

It receives, checks, stores and acknowledges whether or not an officer is at the screen. The
broker's news arrive here and are handed to the part they concern.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from crypto.attest.directory import DirectoryError
from crypto.attest.header import envelope_id
from crypto.attest.note import NoteError
from liaison.desk.archive.backup import Backups
from liaison.desk.archive.erasure import Eraser, Why
from liaison.desk.archive.oversight import Overseer, Shown
from liaison.desk.carriage.carrier import Carrier
from liaison.desk.casework.cases import Case, Casebook
from liaison.desk.casework.compose import Composer
from liaison.desk.casework.reader import Reader
from liaison.desk.casework.release import Releases
from liaison.desk.casework.watched import alarm_view, missing_view, peer_view
from liaison.desk.disclosure.disclose import Discloser
from liaison.desk.entrance.officers import Officers
from liaison.desk.entrance.roster import Roster
from liaison.desk.files.carrier import FileCarrier
from liaison.desk.files.filing import Filing
from liaison.desk.keys.contacts import Contacts
from liaison.desk.keys.devices import Devices
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.key_standing import KeyStanding
from liaison.desk.keys.keyring import Keyring
from liaison.desk.keys.successors import Successors
from liaison.desk.line.backlog import Backlog
from liaison.desk.line.broker_client import Line, LineDownError
from liaison.desk.line.follower import Follower
from liaison.desk.line.outbox import Outbox
from liaison.desk.line.proof import Prover
from liaison.desk.mail.alarms import Alarm, Alarms, UnknownAlarmError
from liaison.desk.mail.inbox import Inbox
from liaison.desk.mail.peers import Peers
from liaison.desk.news import News
from liaison.desk.store import Store, StoreError
from liaison.runtime.clock import Clock, timestamp
from liaison.runtime.pins import Comparison, Means
from liaison.runtime.scheduler import Waker
from protocols.casework.catalogue import Catalogue
from protocols.casework.moments import iso
from protocols.wire import api
from protocols.wire.mailbox import MailLane


class UnforeseenItemError(Exception):
    """An item of the mailbox broke our own code: it is set aside, and the next one comes."""

    code = "inbox.unforeseen"


@dataclass(slots=True)
class Agent:
    """One installation of a desk."""

    store: Store
    replica: Replica
    keyring: Keyring
    devices: Devices
    contacts: Contacts
    successors: Successors
    key_standing: KeyStanding
    alarms: Alarms
    peers: Peers
    officers: Officers
    roster: Roster
    catalogue: Catalogue
    casebook: Casebook
    composer: Composer
    releases: Releases
    reader: Reader
    eraser: Eraser
    filing: Filing
    file_carrier: FileCarrier
    overseer: Overseer
    backups: Backups
    discloser: Discloser
    line: Line
    outbox: Outbox
    inbox: Inbox
    carrier: Carrier
    backlog: Backlog
    prover: Prover
    follower: Follower
    waker: Waker
    spool: Waker | None
    news: News
    clock: Clock

    @property
    def slug(self) -> str:
        """Return our desk's slug."""
        return self.replica.slug

    async def line_up(self, welcome: api.Welcome) -> None:
        """Catch up: directory, windows, what waits to be sent; the mailbox comes by itself."""
        self.backlog.begins(welcome.waiting)
        with _store_needed():
            await self._check_mailbox(welcome)
            await self.inbox.acknowledge_again()
        self.follower.grew(api.Grew(welcome.directory, welcome.ledger))
        self.outbox.wake()
        self.file_carrier.wake()
        self.waker.wake()
        self.news.tell()

    def line_down(self) -> None:
        """Tell the screens; what was composed waits, and what is due by what we know is due."""
        self.backlog.cannot_be_had()
        self.waker.wake()
        self.news.tell()

    async def delivered(self, frame: api.Deliver) -> None:
        """Take an item of the mailbox; one that breaks our own code is set aside like a bad one."""
        with _store_needed():
            try:
                await self.inbox.take(frame)
            except (StoreError, LineDownError):
                raise
            except Exception as e:  # noqa: BLE001 - one bad item must never stop the next
                structlog.get_logger().error(UnforeseenItemError.code, error=type(e).__name__)
                eid, at = envelope_id(frame.first), timestamp(self.clock.now())
                code = UnforeseenItemError.code
                await self.store.set_aside(eid, frame.first, code=code, at=at)
                await self.store.move_cursor(frame.lane, frame.seq)
                await self.line.acknowledge(frame.lane, frame.seq)
        if self.backlog.ends_with_one():
            self.waker.wake()

    async def grew(self, frame: api.Grew) -> None:
        """Follow directory and ledger, without keeping the next item waiting."""
        self.follower.grew(frame)

    async def admit(self, officer: str, number: str) -> str:
        """Admit another installation of our desk; raises what :meth:`Devices.admit` raises."""
        admitted = await self.devices.admit(officer, number)
        await self.inbox.try_again()
        self.waker.wake()
        return admitted

    async def compare(
        self, officer: str, agency: bytes, typed: str, means: Means
    ) -> Comparison | None:
        """Take what an officer typed of a root; raises what :meth:`Contacts.compare` raises.

        The directory is followed again at once: it may have waited for this root.
        """
        made = await self.contacts.compare(officer, agency, typed, means)
        if made is not None:
            self.follower.awake.set()
            self.news.tell()
        return made

    async def open_case(self, officer: str, ref: str) -> int:
        """Sign receipts for what ``officer`` had not opened of a case; return how many."""
        key = self.officers.key(officer)
        found = await self.casebook.find(ref)
        seen = {opening.mid for opening in found.openings if opening.officer == key.kid}
        unseen = [s for s in found.steps if not s.message.outgoing and s.message.mid not in seen]
        for held in unseen:
            await self.composer.opened(officer, held)
        return len(unseen)

    async def unlock(self, officer: str, passphrase: str) -> str:
        """Admit an officer and return their new session.

        Their drafts that were signed meanwhile leave, and the reader opens.

        Raises:
            VaultError, NoVaultError: the passphrase does not open the officer's slot.
        """
        was_locked = not self.officers.present()
        session = await self.roster.unlock(officer, passphrase)
        if was_locked:
            await self.reader.translator.start()
        self.file_carrier.wake()
        self.waker.wake()
        return session

    async def remove(self, by: str, passphrase: str, officer: str) -> None:
        """Take an officer out of the vault; raises what :meth:`Roster.remove` raises."""
        await self.roster.remove(by, passphrase, officer)
        self.news.tell()

    async def erase(self, ref: str, officer: str, second: str, passphrase: str, why: Why) -> None:
        """Erase a case, here and at the desk's other computers; raises as :meth:`Eraser.erase`."""
        await self.eraser.erase(ref, officer, second, passphrase, why)
        self.waker.wake()
        self.news.tell()

    async def review(self, ref: str, shown: Shown) -> Case:
        """Return a case to two supervisors and tell of it; raises as :meth:`Overseer.review`."""
        found = await self.overseer.review(ref, shown)
        self.waker.wake()
        self.news.tell()
        return found

    async def lock(self) -> None:
        """Drop every officer's key and the translation worker; the agent goes on receiving."""
        self.officers.lock()
        await self.locked()

    async def locked(self) -> None:
        """Tell the screens that officers were locked out; without any, no text is translated."""
        if not self.officers.present():
            await self.reader.translator.close()
        self.news.tell()

    async def status(self) -> dict[str, Any]:
        """Return how this installation stands."""
        waiting = await self.store.waiting()
        return {
            "desk": self.slug,
            "now": iso(self.clock.now()),
            "line": "up" if self.line.is_up else "down",
            "refusal": self.line.refusal,
            "present": self.officers.present(),
            "unsent": waiting.unsent,
            "unproven": waiting.unproven,
            "mailbox": {lane.name.lower(): await self.store.cursor(lane) for lane in MailLane},
            "directory": self.replica.directory.head.size,
            "ledger": await self._ledger_view(),
            "set_aside": len(await self.store.quarantined()),
            "alarms": await self.alarm_views(),
            "missing": await self.missing_views(),
            "peers": await self.peer_views(),
            "devices": await self.devices.listed(),
            "sweep": {
                "state": str(self.waker.state),
                "last": None if self.waker.last_success is None else iso(self.waker.last_success),
            },
        }

    async def mark_alarm_seen(self, officer: str, number: str) -> None:
        """Keep an officer's signed word that they have seen the alarm of this number.

        Raises:
            LockedError: the officer has not unlocked.
            UnknownAlarmError: no alarm of this number waits to be seen.
        """
        key = self.officers.key(officer)
        if not number.isdecimal():
            raise UnknownAlarmError("the number of an alarm expected")
        await self.alarms.mark_seen(int(number), key, self.replica.desk)

    async def alarm_views(self) -> list[dict[str, Any]]:
        """Return the alarms that have not come right, the newest first."""
        return [alarm_view(alarm, self.replica) for alarm in await self.alarms.standing()]

    async def peer_views(self) -> list[dict[str, Any]]:
        """Return the desks with which ours has a channel: how each stands, and when it said so."""
        found = await self.peers.presences(self.clock.now(), is_up=self.line.is_up)
        return [peer_view(peer, presence, self.replica) for peer, presence in found]

    async def missing_views(self) -> list[dict[str, Any]]:
        """Return what is missing in the lanes to us, what was noticed first on top."""
        return [missing_view(gap, self.replica) for gap in await self.store.missing()]

    async def _ledger_view(self) -> dict[str, Any]:
        """Return how far the ledger was seen; by whom cosigned, once by all who must."""
        view: dict[str, Any] = {"size": 0, "cosignatures": [], "alarm": self.prover.alarm}
        try:
            seen = await self.prover.last_seen()
            view["size"] = 0 if seen is None else seen.size
            cosigned = await self.prover.last_cosigned()
            view["cosignatures"] = [c.name for c in cosigned.cosignatures] if cosigned else []
        except (NoteError, DirectoryError) as e:
            structlog.get_logger().warning("ledger.not_cosigned", code=e.code)
        return view

    async def _check_mailbox(self, welcome: api.Welcome) -> None:
        for lane, theirs in (
            (MailLane.ORDINARY, welcome.ordinary),
            (MailLane.RESCUE, welcome.rescue),
            (MailLane.KEYS, welcome.keys),
        ):
            if theirs > await self.store.cursor(lane):
                # Somebody acknowledged mail in our name that is not here: an old copy, or a clone.
                about = lane.name.lower()
                await self.alarms.raised(Alarm.MAILBOX_AHEAD, about, about=about)


@contextmanager
def _store_needed() -> Iterator[None]:
    """Drop the line when the store fails: unacknowledged, the item comes again."""
    try:
        yield
    except StoreError as e:
        structlog.get_logger().error("store.not_written", code=e.code)
        raise LineDownError("the store failed") from e
