"""The carrier: what may leave this desk as files, and what is done with a file that comes.

Follows docs/spec/carriage.md. What is written to a file stays in the outbox, and goes over the line
too when there is one; whoever has both keeps one. A file is judged like what the broker brings, at
the time at which it comes, and is believed no more for the hand that brings it.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from crypto.attest import labels
from crypto.attest.directory import DirectoryError
from crypto.attest.hashing import digest
from crypto.attest.header import MessageId, parse_envelope
from crypto.attest.signing import SignatureError
from crypto.seal.content import WITHIN_A_DESK
from crypto.seal.stream import AttachmentError
from liaison.desk.carriage.blobs import CarriedBlobs, UnaskedBlobError
from liaison.desk.carriage.entries import entries_about
from liaison.desk.carriage.outgoing import Outgoing
from liaison.desk.carriage.reception import Reception
from liaison.desk.casework.cases import UnknownCaseError
from liaison.desk.files.kinds import FileRefusedError
from liaison.desk.keys.directory import Replica
from liaison.desk.mail.acknowledgements import Acknowledgements
from liaison.desk.mail.uptake import REFUSED
from liaison.desk.store import Store
from liaison.runtime.clock import Clock, timestamp
from protocols.wire.carriage import CarriedFile, CarriedFileError, parse_carried
from protocols.wire.receipt import ReceiptError

#: A word that a file came is written again for so long (s), until the broker has noted it.
WORDS_SINCE = 35 * 86_400
#: What may be wrong with a file: it is refused with this code, and left where it is.
FILE_REFUSED = (*REFUSED, CarriedFileError, SignatureError, ReceiptError, DirectoryError)
BLOB_REFUSED = (UnaskedBlobError, AttachmentError, FileRefusedError)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries by hand for one installation."""

    store: Store
    replica: Replica
    reception: Reception
    acks: Acknowledgements
    clock: Clock
    blobs: CarriedBlobs
    #: Seals the notes that wait with their files, while there is no line.
    seal_waiting: Callable[[], Awaitable[None]]

    async def outgoing(self) -> list[Outgoing]:
        """Return what the other desks have not said to have, oldest first, and our words to them.

        The files of messages are last, also of those that only by hand were had: no word tells of a
        file. What our own devices give each other goes over the line alone.
        """
        waiting = await self.store.unconfirmed()
        now = timestamp(self.clock.now())
        words = await self.store.words_to_carry(self.acks.device.kid, since=now - WORDS_SINCE)
        entries = await self._entries(now)
        found = [
            _outgoing(message.mid, message.envelope, message.eid, entries)
            for message in waiting
            if message.kind not in WITHIN_A_DESK
        ]
        found += [
            replace(_outgoing(one.mid, one.ack, _name(one.ack), entries), is_word=True)
            for one in words
        ]
        return found + self.blobs.outgoing([*waiting, *await self.store.untaken()])

    async def files_of(self, ref: str) -> list[Outgoing]:
        """Return the files of a case that lie here, for whoever has its messages and lacks these.

        Raises:
            UnknownCaseError: there is no such case here.
        """
        thread = await self.store.thread_of(ref)
        if thread is None:
            raise UnknownCaseError(f"case {ref}: not on this desk")
        messages = await self.store.messages_of(thread)
        return self.blobs.outgoing(message for message in messages if not message.is_erased)

    async def take(self, raw: bytes) -> bool:
        """Take what lies in a file; say whether it was new here.

        Raises:
            CarriedFileError, EnvelopeError, CaseworkError, FalseItemError, SignatureError,
            ReceiptError, DirectoryError: it is refused; nothing of it is kept.
        """
        file = parse_carried(raw)
        await self.replica.learn(file.entries)
        if file.is_envelope:
            return await self.reception.take(parse_envelope(file.item))
        return await self._take_word(file.item)

    async def mark_written(self, files: Iterable[Outgoing]) -> None:
        """Keep that these were written to files now."""
        items = [(file.item, file.mid) for file in files]
        await self.store.mark_written(items, at=timestamp(self.clock.now()))
        self.reception.inbox.changed()

    async def _take_word(self, raw: bytes) -> bool:
        word = await self.acks.carried_word(raw, at=timestamp(self.clock.now()))
        if await self.store.carried_here(word.mid, word.device) is not None:
            return False
        await self.store.keep_carried(word)
        self.reception.inbox.changed()
        return True

    async def _entries(self, now: int) -> tuple[bytes, ...]:
        known = [*await self.store.directory_entries(), *await self.store.carried_entries()]
        directory = self.replica.directory
        return entries_about(known, directory.desk(self.replica.desk), directory, now=now)


def _name(word: bytes) -> bytes:
    return digest(labels.P_PERSISTED, word)


def _outgoing(mid: MessageId, item: bytes, name: bytes, entries: tuple[bytes, ...]) -> Outgoing:
    file = CarriedFile(item, entries)
    to = parse_envelope(item).header.dst[0] if file.is_envelope else None
    return Outgoing(name.hex(), mid, file.encoded(), to=to)
