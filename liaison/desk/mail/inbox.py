"""The inbox: what the broker delivers is checked, kept, and only then acknowledged.

Checks in the order of docs/spec/envelope.md; any failure puts that one message into quarantine with
its code, and the next one is taken up. A message is *delivered* when it is durable here: the device
signs that after the store has it. The same message again is acknowledged again and stored once.
An installation that is no member yet leaves the desk's mail where it is, and takes only what a
colleague's device gives it; once it is a member it begins with the mailbox's first item.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from crypto.attest.directory import DirectoryError
from crypto.attest.header import (
    Sealed,
    envelope_id,
    parse_envelope,
)
from crypto.attest.signing import KeyId
from crypto.seal.content import NEVER_RECEIPTED, WITHIN_A_DESK
from crypto.seal.envelope import Opened
from liaison.desk.keys.devices import Devices, NotAColleagueError
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.keyring import Keyring
from liaison.desk.line.broker_client import Line
from liaison.desk.line.outbox import check_took
from liaison.desk.mail.ack_uptake import AckUptake
from liaison.desk.mail.acknowledgements import Acknowledgements
from liaison.desk.mail.alarms import Alarm
from liaison.desk.mail.intake import ConflictError, Entered, FalseItemError, check_calendar
from liaison.desk.mail.opener import BEHIND, Opener
from liaison.desk.mail.uptake import REFUSED, Uptake
from liaison.desk.store import Notice, Store
from protocols.wire import api
from protocols.wire.mailbox import ItemKind, MailLane, NoticeCode

#: An acknowledgement with this number says that we have a message, and moves no cursor.
MOVES_NO_CURSOR = 0
#: The broker takes no more acknowledgements in one frame than four times as many.
ACKS_AT_ONCE = 64
#: What is taken up again once there is more that we know: entries, colleagues, windows.
UNTIL_WE_KNOW = (*BEHIND, NotAColleagueError)


@dataclass(slots=True)
class Inbox:
    """Takes what comes for one installation."""

    store: Store
    replica: Replica
    keyring: Keyring
    line: Line
    acks: Acknowledgements
    ack_uptake: AckUptake
    devices: Devices
    uptake: Uptake
    opener: Opener
    changed: Callable[[], None]
    #: The line, the directory's growth and an officer may each have the same message taken up.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    #: Mail came while we were no member, and was left where it is.
    _has_left: bool = False

    async def take(self, frame: api.Deliver) -> None:
        """Deal with one item and acknowledge it; raises LineDownError when the line breaks."""
        async with self.turn:
            await self._take(frame)

    async def _take(self, frame: api.Deliver) -> None:
        lane, kind = api.lane_and_kind(frame)
        if lane is not MailLane.KEYS and not self.keyring.is_member():
            self._has_left = True
            return
        takers: dict[ItemKind, Callable[[api.Deliver], Awaitable[list[bytes]]]] = {
            ItemKind.ENVELOPE: self._take_envelope,
            ItemKind.ACK: self._take_ack,
            ItemKind.NOTICE: self._take_notice,
        }
        acks = await takers[kind](frame)
        if lane is MailLane.KEYS:
            await self._take_aside()
            await self.ack_uptake.take_aside()
        await self.store.move_cursor(frame.lane, frame.seq)
        await self.line.acknowledge(frame.lane, frame.seq, *acks)
        self.changed()
        await self._begin_anew()

    async def _take_envelope(self, frame: api.Deliver) -> list[bytes]:
        eid = envelope_id(frame.first)
        try:
            sealed = parse_envelope(frame.first)
            took = check_took(frame.second, sealed.mid, eid, self.replica.broker_key())
            if self._is_for_a_colleague(sealed):
                return []
            known = await self.store.message(sealed.mid)
            if known is None or known.is_unentered:
                return await self._open(sealed, Entered.by(took, frame.second))
            if known.eid != eid:
                raise ConflictError("the message of this id is here in other bytes")
        except REFUSED as e:
            await self.uptake.set_aside(eid, frame.first, e.code, receipt=frame.second)
            return []
        if known.outgoing:
            # Our own copy may tell of the receipt before the answer to our submission does.
            await self.store.mark_taken(sealed.mid, frame.second, position=took.index, at=took.at)
            return []
        is_told = known.kind in NEVER_RECEIPTED or await self.store.is_learned(sealed.mid)
        return [] if is_told else [self.acks.delivered(sealed)]

    async def try_again(self) -> None:
        """Take up what was set aside for what we did not know then, and may know now."""
        async with self.turn:
            await self._take_aside()
            await self.ack_uptake.take_aside()
            await self._begin_anew()

    async def _begin_anew(self) -> None:
        """Dial again once we are a member and mail was left: it comes again from its first item."""
        if self._has_left and self.keyring.is_member():
            self._has_left = False
            await self.line.redial()

    async def _take_aside(self) -> None:
        # What one message gives may be what another waits for.
        while await self._take_some_aside():
            pass

    async def _take_some_aside(self) -> bool:
        """Take up what can be; say whether anything could."""
        taken = False
        for envelope, receipt in await self.store.aside([kind.code for kind in UNTIL_WE_KNOW]):
            sealed = parse_envelope(envelope)
            try:
                took = check_took(receipt, sealed.mid, sealed.eid, self.replica.broker_key())
                acks = await self._open(sealed, Entered.by(took, receipt))
            except REFUSED as e:
                structlog.get_logger().info("inbox.still_aside", code=e.code)
                continue
            taken = True
            await self.store.release_from_quarantine(sealed.eid)
            await self._say_after_all(acks)
        for aside in await self.store.told_aside():
            told = await self.uptake.take_told(aside)
            if told is not None:
                taken = True
                await self._say_after_all(told)
        return taken

    async def _say_after_all(self, acks: list[bytes]) -> None:
        if acks:
            await self.line.acknowledge(MailLane.ORDINARY.value, MOVES_NO_CURSOR, *acks)
        self.changed()

    async def acknowledge_again(self) -> None:
        """Say once more that we have what the broker has not noted as delivered to us."""
        acks = await self.acks.still_to_say()
        for begin in range(0, len(acks), ACKS_AT_ONCE):
            some = acks[begin : begin + ACKS_AT_ONCE]
            await self.line.acknowledge(MailLane.ORDINARY.value, MOVES_NO_CURSOR, *some)

    async def _open(self, sealed: Sealed, entered: Entered) -> list[bytes]:
        opened = await self.opener.opened(sealed, entered)
        if opened.content.kind in WITHIN_A_DESK:
            await self._receive(opened)
            return []
        if opened.content.dirhead.size > self.replica.directory.head.size:
            await self.opener.catch_up()
        return await self.uptake.settle(opened, entered)

    async def _receive(self, opened: Opened) -> None:
        """Take what a colleague's device gives us; it may name windows that we do not know yet."""
        if opened.content.dirhead.size > self.replica.directory.head.size:
            await self.opener.catch_up()
        for remembered in await self.devices.receive(opened):
            await self.uptake.learn(remembered)

    def _is_for_a_colleague(self, sealed: Sealed) -> bool:
        """Say whether it is what one device gives another of our desk, and not to us."""
        header = sealed.header
        within = header.dst == (header.src,) or self._is_grant_key(header.kids[0])
        return within and not set(header.kids) & set(self.keyring.grant_keys())

    def _is_grant_key(self, kid: KeyId) -> bool:
        try:
            self.replica.directory.grantee(kid)
        except DirectoryError:
            return False
        return True

    async def _take_ack(self, frame: api.Deliver) -> list[bytes]:
        await self.ack_uptake.take(frame.first, frame.second)
        return []

    async def _take_notice(self, frame: api.Deliver) -> list[bytes]:
        try:
            await self.store.keep_notice(_checked_notice(frame.first))
        except (api.FrameError, FalseItemError) as e:
            await self.uptake.set_aside(envelope_id(frame.first), frame.first, e.code)
        return []

    async def compare_heads(self) -> None:
        """Compare what messages have said of the directory with what has come of it since."""
        for head in await self.uptake.intake.crosschecks.compared():
            about = self.replica.slug_of(head.peer)
            await self.uptake.alarms.raised(Alarm.DIRECTORY_FORK, head.hash.hex(), about=about)


def _checked_notice(raw: bytes) -> Notice:
    body = api.parse_notice_body(raw)
    if body.code not in set(NoticeCode):
        raise FalseItemError(f"an unknown notice {body.code}")
    check_calendar(body.due, body.at)
    return Notice(body.token, body.code, body.mid, body.due, body.at)


async def awaited(store: Store) -> set[KeyId]:
    """Return to which keys something is sealed that is here and may be taken up yet."""
    aside = await store.aside([kind.code for kind in UNTIL_WE_KNOW])
    return {kid for envelope, _ in aside for kid in parse_envelope(envelope).header.kids}
