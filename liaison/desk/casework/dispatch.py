"""Dispatch: what is to be said is sealed for the other desk and for ourselves, and kept.

The one place where this desk seals. It gives the message its lane, its readers and its expiry,
opens it again before it leaves (what we cannot read ourselves we do not send), and keeps it with
all that belongs to it in one transaction; sending is the outbox's. What is given to a colleague's
device is for that device alone: of it only the envelope is kept.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from crypto.attest.directory import GRANT_WAITS, DirectoryError
from crypto.attest.encoding import Value
from crypto.attest.header import (
    ClockToken,
    DeskId,
    EnvelopeError,
    MessageId,
    PriorityClass,
    StartClock,
    parse_envelope,
)
from crypto.attest.signing import KeyId, SigningKey
from crypto.attest.statement import GrantKey
from crypto.seal.attachment import Attachment
from crypto.seal.content import Content, Kind, ReaderRole, ThreadId, encode_draft
from crypto.seal.envelope import Outside, open_envelope, seal
from crypto.seal.lanes import next_lane
from crypto.seal.primitives import fresh
from crypto.seal.readers import Reader, with_readers
from liaison.desk.casework.holding import check_root
from liaison.desk.keys.directory import Replica
from liaison.desk.keys.keyring import Keyring
from liaison.desk.keys.successors import Successors
from liaison.desk.store import Given, Keeping, Store, StoredMessage
from liaison.runtime.clock import Clock, timestamp
from protocols.casework.errors import CaseworkError

#: The broker's clock may be behind ours by this (seconds), and still takes what we send.
SLACK = 3_600
THREAD_BYTES = 16
#: What people say goes to whoever has the addressed desk's place; what devices say stays theirs.
PEOPLES = frozenset({Kind.STEP, Kind.COUNTERSIGN})


class NotAdmittedError(CaseworkError):
    """This installation has not been given the desk's keys: it can neither read nor send."""

    code = "desk.not_admitted"


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said: the draft that a second signer is asked about, and its parents."""

    kind: Kind
    thread: ThreadId
    form: Value
    lang: str = ""
    subject: str = ""
    parents: tuple[MessageId, ...] = ()
    resend_of: MessageId | None = None
    attachments: tuple[Attachment, ...] = ()

    def draft(self, sender: KeyId) -> bytes:
        """Return the bytes that a second signature covers when ``sender`` signs the letter."""
        return encode_draft(
            sender,
            self.kind,
            self.thread,
            lang=self.lang,
            subject=self.subject,
            text="",
            form=self.form,
            attachments=self.attachments,
        )


@dataclass(frozen=True, slots=True)
class Address:
    """To whom a letter goes, how urgently, and what it does to the broker's blind clocks."""

    to: DeskId
    priority: PriorityClass
    start: StartClock | None = None
    stop: tuple[ClockToken, ...] = ()


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Seals and keeps the messages of one desk. ``queued`` is called when one waits to be sent."""

    replica: Replica
    keyring: Keyring
    store: Store
    clock: Clock
    successors: Successors
    queued: Callable[[], None]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(
        self,
        key: SigningKey,
        letter: Letter,
        address: Address,
        *,
        countersignatures: tuple[tuple[KeyId, bytes], ...] = (),
        keeping: Keeping | None = None,
    ) -> MessageId:
        """Return the id of ``letter``, sealed, kept and in line to be sent.

        Args:
            key: the officer's, who signs.
            letter: what is said.
            address: to whom and how urgently.
            countersignatures: second signatures over the letter's draft.
            keeping: what is kept with the message, in the same transaction.

        Raises:
            NotAdmittedError: this installation holds none of its desk's windows.
            UnconfirmedSuccessorError: another desk has the place of the addressed one.
            UnconfirmedRootError: the addressed agency has a new root that nobody compared.
            DirectoryError, EnvelopeError, PaddingError, PrimitiveError: nothing is kept or sent.
        """
        if not self.keyring.is_member():
            raise NotAdmittedError("this installation holds none of its desk's windows")
        if letter.kind in PEOPLES:
            place = await self.successors.place_of(
                address.to, thread=letter.thread, priority=address.priority
            )
            check_root(self.replica, place, address.priority)
            address = replace(address, to=place)
        # The officers and the device may speak at once; no number of a lane is given twice.
        async with self._turn:
            return await self._send(key, letter, address, countersignatures, keeping)

    async def _send(
        self,
        key: SigningKey,
        letter: Letter,
        address: Address,
        countersignatures: tuple[tuple[KeyId, bytes], ...],
        keeping: Keeping | None,
    ) -> MessageId:
        directory, ours = self.replica.known, self.replica.desk
        created = timestamp(self.clock.now())
        for kid in (key.kid, self.keyring.device.kid):
            directory.signer(kid, at=created)
        readers = [
            Reader(directory.open_window(address.to, at=created), ReaderRole.DESK),
            Reader(directory.open_window(ours, at=created), ReaderRole.OWN_COPY),
        ]
        content = Content(
            sender=key.kid,
            kind=letter.kind,
            created=created,
            thread=letter.thread,
            lanes={address.to: next_lane(await self.store.lane_end(key.kid, address.to))},
            parents=letter.parents,
            dirhead=self.replica.directory.head,
            lang=letter.lang,
            subject=letter.subject,
            text="",
            form=letter.form,
            resend_of=letter.resend_of,
            attachments=letter.attachments,
        )
        content = with_readers(content, readers).with_countersignatures(*countersignatures)
        outside = Outside(
            src=ours,
            dst=(address.to,),
            priority=address.priority,
            start=address.start,
            stop=address.stop,
            exp=directory.latest_expiry((r.window.kid for r in readers), at=created - SLACK),
        )
        message = self._checked(seal(content, outside, readers=readers, signer=key), content)
        await self.store.keep(message, keeping or Keeping(), sent_lanes=content.lanes)
        self.queued()
        return message.mid

    async def say(
        self, letter: Letter, address: Address, *, keeping: Keeping | None = None
    ) -> bool:
        """Have this installation's device say something to a desk; say whether it could.

        It cannot while that desk has no window, or while ours of this week cannot be opened here:
        what is due is then said later, and nothing else waits for it.
        """
        try:
            await self.send(self.keyring.device, letter, address, keeping=keeping)
        except (DirectoryError, EnvelopeError) as e:
            structlog.get_logger().warning("device.not_sealed", code=e.code)
            return False
        return True

    async def give(self, kind: Kind, form: Value, to: GrantKey, given: Given) -> MessageId:
        """Return the id of what this device gives another, kept and in line to be sent.

        That is a colleague's, or one of the desk that follows ours.

        Args:
            kind: a grant or a history.
            form: what is given.
            to: the grant key that the colleague's device has now.
            given: what is kept of it.

        Raises:
            DirectoryError, EnvelopeError, PaddingError, PrimitiveError: nothing is kept or sent.
        """
        key, ours = self.keyring.device, self.replica.desk
        desk = self.replica.directory.grantee(to.kid).payload.desk
        created = timestamp(self.clock.now())
        readers = [Reader(to, ReaderRole.DEVICE)]
        content = Content(
            sender=key.kid,
            kind=kind,
            created=created,
            thread=ThreadId(fresh(THREAD_BYTES)),
            lanes={desk: next_lane(await self.store.lane_end(key.kid, desk))},
            parents=(),
            dirhead=self.replica.directory.head,
            lang="",
            subject="",
            text="",
            form=form,
        )
        content = with_readers(content, readers)
        outside = Outside(
            src=ours,
            dst=(desk,),
            priority=PriorityClass.ROUTINE,
            start=None,
            stop=(),
            exp=created - SLACK + GRANT_WAITS,
        )
        sealed = parse_envelope(seal(content, outside, readers=readers, signer=key))
        message = StoredMessage(
            mid=sealed.mid,
            eid=sealed.eid,
            outgoing=True,
            src=ours,
            thread=content.thread,
            kind=int(kind),
            signer=key.kid,
            envelope=sealed.raw,
            content_key=b"",
            content=b"",
        )
        await self.store.keep(message, Keeping(given=given), sent_lanes=content.lanes)
        self.queued()
        return message.mid

    def _checked(self, envelope: bytes, content: Content) -> StoredMessage:
        sealed = parse_envelope(envelope)
        opened = open_envelope(
            sealed,
            desk=self.replica.desk,
            windows=self.keyring.opening_keys(),
            directory=self.replica.known,
            at=content.created,
        )
        return StoredMessage(
            mid=sealed.mid,
            eid=sealed.eid,
            outgoing=True,
            src=sealed.header.src,
            thread=content.thread,
            kind=int(content.kind),
            signer=content.sender,
            envelope=envelope,
            content_key=opened.content_key,
            content=content.encoded(),
        )
