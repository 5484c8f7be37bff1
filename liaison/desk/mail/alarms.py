"""Alarms: what an officer must know of beside the cases, each with its cause and the next act.

One table of codes; what each says and what to do next stands in the catalogue of errors under the
same code. An alarm is raised once for what it is about, is never deleted, and is settled when what
it tells of has come right by itself. Nothing waits for it: mail goes on.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

import structlog

from crypto.attest.header import DeskId
from crypto.attest.signing import SigningKey
from crypto.seal.seen import SeenAlarm, sign_seen
from liaison.desk.store import RaisedAlarm, Store
from liaison.runtime.clock import Clock, timestamp
from protocols.casework.errors import CaseworkError


class Alarm(StrEnum):
    """Every alarm; docs/spec/envelope.md, "What a desk is told" says when each is raised."""

    LANE_FORK = "lane.fork"
    LANE_GAP = "lane.gap"
    LANE_VOID = "lane.void"
    PARENT_MISSING = "parent.missing"
    PARENT_UNKNOWN = "parent.unknown"
    DIRECTORY_FORK = "directory.fork"
    DIRECTORY_BEHIND = "directory.behind"
    DIRECTORY_FALSE = "directory.false_head"
    TIME_FELL_BACK = "ledger.time_fell_back"
    MAILBOX_AHEAD = "mailbox.ahead"
    LEDGER_FORK = "ledger.fork"
    LEDGER_BEHIND = "ledger.behind"
    LANE_UNRECEIVED = "lane.unreceived"
    LEDGER_STALE = "ledger.stale"
    PEER_SILENT = "peer.silent"
    PEER_WINDOW = "peer.window"
    PEER_CHECKPOINT = "peer.checkpoint"
    FOLDER_IN = "spool.in_away"
    FOLDER_OUT = "spool.out_away"


class UnknownAlarmError(CaseworkError):
    """No alarm of this number waits to be seen."""

    code = "alarm.unknown"


#: Refusals that are also an accusation: of the broker, or of whoever holds the sender's keys.
ACCUSING = frozenset({Alarm.LANE_FORK, Alarm.DIRECTORY_FORK})


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms of one installation. ``changed`` is called when one was raised or settled."""

    store: Store
    clock: Clock
    changed: Callable[[], None]

    async def raised(self, alarm: str, subject: str, *, about: str) -> None:
        """Raise an alarm; one that stands already is told of anew and not raised again.

        Args:
            alarm: which: an :class:`Alarm`, or the code of what the broker is accused of.
            subject: what it is about, by ids; told to nobody.
            about: what an officer is told of it: desks, posts and numbers, never a name.
        """
        at = timestamp(self.clock.now())
        if await self.store.raise_alarm(alarm, subject, about=about, at=at):
            structlog.get_logger().error("alarm.raised", code=str(alarm))
            self.changed()

    async def settled(self, alarm: Alarm, subject: str) -> None:
        """Note that what was raised, if it was, has come right by itself."""
        if await self.store.settle_alarm(alarm, subject, timestamp(self.clock.now())):
            structlog.get_logger().info("alarm.settled", code=str(alarm))
            self.changed()

    async def stand(
        self, alarm: Alarm, subjects: Mapping[str, str], *, among: Collection[str] | None = None
    ) -> None:
        """Have an alarm stand about exactly these subjects; what else it told of has come right.

        Args:
            alarm: which.
            subjects: what it is about, each with what an officer is told of it.
            among: the subjects that were looked at; None for all there are.
        """
        for subject, about in subjects.items():
            await self.raised(alarm, subject, about=about)
        for raised in await self.standing():
            is_looked_at = among is None or raised.subject in among
            if raised.code == alarm and is_looked_at and raised.subject not in subjects:
                await self.settled(alarm, raised.subject)

    async def mark_seen(self, number: int, key: SigningKey, desk: DeskId) -> None:
        """Keep an officer's signed word that they have seen an alarm.

        Raises:
            UnknownAlarmError: there is no such alarm, or somebody has seen it.
        """
        found = next((a for a in await self.store.alarms() if a.number == number), None)
        if found is None or found.seen is not None:
            raise UnknownAlarmError("no alarm of this number waits to be seen")
        at = timestamp(self.clock.now())
        word = SeenAlarm(desk, found.code, found.subject, found.raised, at)
        await self.store.mark_seen(number, key.kid, sign_seen(word, key), at)
        self.changed()

    async def standing(self) -> list[RaisedAlarm]:
        """Return what has not come right, the newest first, whether or not it was seen."""
        return [alarm for alarm in await self.store.alarms() if alarm.settled is None]
