"""Carrying files: what shall go is brought, what came is fetched and checked, one after the other.

Mail never waits for it: a note with files is sealed when all of them are at the broker and its
officer is here to sign it. What breaks goes on by itself; what was refused says so on the case and
stays until an officer asks again.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import structlog

from crypto.attest.directory import DirectoryError
from crypto.attest.header import EnvelopeError, parse_envelope
from crypto.seal.stream import AttachmentError
from liaison.desk.casework.compose import Composer
from liaison.desk.files.cabinet import Cabinet, NoRoomError, size_of
from liaison.desk.files.kinds import FileRefusedError
from liaison.desk.files.transfer import Transfer, come_so_far
from liaison.desk.line.broker_client import BrokerRefusedError, Line, LineDownError
from liaison.desk.store import FileState, Store, StoredFile, StoredMessage, StoreError
from protocols.casework.errors import CaseworkError
from protocols.wire.api import Refusal

#: Refusals that time cures: the file stays in line, and the case says why it waits.
PASSING = frozenset({Refusal.BUSY, Refusal.BLOB_QUOTA, Refusal.BLOB_DISK, Refusal.BLOB_OFFSET})
#: Seconds until what was put off is tried again, and until a broken transfer goes on.
PAUSE, LINE_PAUSE = 30.0, 1.0


@dataclass(slots=True)
class FileCarrier:
    """Carries the files of one installation. ``changed`` is called when one has moved."""

    store: Store
    cabinet: Cabinet
    line: Line
    composer: Composer
    changed: Callable[[], None]
    sent: Callable[[], None]
    _awake: asyncio.Event = field(default_factory=asyncio.Event)
    #: A note is sealed once: by the carrying over the line or for the carrying by hand.
    _sealing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def wake(self) -> None:
        """Look again: there is something to carry, the line is back, or an officer is here."""
        self._awake.set()

    async def run(self) -> None:
        """Carry what is to be carried, until cancelled."""
        await self.tidy()
        while True:
            self._awake.clear()
            pause = await self._attempt()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._awake.wait()

    async def tidy(self) -> None:
        """Remove from the disk what belongs to no case: it was dropped, or its case erased."""
        async with self.cabinet.turn:
            known = await self.store.file_blobs()
            await asyncio.to_thread(self.cabinet.keep_only, known)

    async def bring_again(self, message: StoredMessage) -> None:
        """Put in line again the files of a message that the broker has no whole blobs for."""
        for blob in parse_envelope(message.envelope).header.blobs:
            await self.store.set_file(message.thread, blob, FileState.QUEUED)
        self.wake()

    async def fetch_again(self, file: StoredFile) -> None:
        """Fetch anew a file that was refused."""
        await asyncio.to_thread(self.cabinet.drop_coming, file.blob)
        await self._set(file, FileState.COMING)
        self.wake()

    async def _attempt(self) -> float | None:
        """Carry what can be carried now; return after how many seconds to try again by itself."""
        try:
            is_put_off = await self._carry_all() if self.line.is_up else False
        except LineDownError:
            return LINE_PAUSE if self.line.is_up else None  # else the line's return wakes us
        except StoreError as e:
            structlog.get_logger().error("files.stopped", code=e.code)
            return PAUSE
        return PAUSE if is_put_off else None

    async def _carry_all(self) -> bool:
        is_put_off = False
        ways = {
            FileState.QUEUED: self._bring,
            FileState.COMING: self._fetch,
            FileState.CARRIED: self._tell,
        }
        for file in await self.store.files_to_carry():
            try:
                await ways[file.state](file)
            except (BrokerRefusedError, NoRoomError) as e:
                is_put_off |= await self._put_off(file, e.code)
        await self._send_parcels()
        return is_put_off

    async def _bring(self, file: StoredFile) -> None:
        path, size = self.cabinet.path(file.blob), size_of(file.attachment)
        await Transfer(self.line).bring(path, file.blob, size)
        now = await self._as_now(file)  # its note may have been sealed meanwhile, to go by hand
        if now is None:
            return
        await self._set(now, FileState.SENT if now.parcel is None else FileState.UP)
        self.changed()
        if now.parcel is None:
            self.sent()

    async def _fetch(self, file: StoredFile) -> None:
        if await self._take(file, Transfer(self.line)):
            await self._tell(file)

    async def _tell(self, file: StoredFile) -> None:
        """Say to the broker that this computer holds a file; then it is here for good."""
        try:
            await Transfer(self.line).hold(file.blob)
        except BrokerRefusedError:
            if await self._is_ahead(file):
                return  # it came by hand, and its message has not come to the broker yet
            # Else it is gone there: all others had it.
        await asyncio.to_thread(self.cabinet.drop_coming, file.blob)
        await self._set(file, FileState.HERE)
        self.changed()

    async def _is_ahead(self, file: StoredFile) -> bool:
        """Say whether a file is of a message that came by hand and that no ledger has yet."""
        return any(
            message.is_unentered and file.blob in parse_envelope(message.envelope).header.blobs
            for message in await self.store.messages_of(file.thread)
        )

    async def _as_now(self, file: StoredFile) -> StoredFile | None:
        return await self.store.file(file.thread, file.blob)

    async def _take(self, file: StoredFile, transfer: Transfer) -> bool:
        """Fetch a file, unless another case has it, and check it; say whether it is good."""
        path = self.cabinet.path(file.blob)
        is_whole = path.exists()
        if not is_whole:
            path, size = self.cabinet.coming(file.blob), size_of(file.attachment)
            self.cabinet.check_room(size - come_so_far(path))
            await transfer.fetch(file.blob, path, size)
        now = await self._as_now(file)
        if now is None or now.state is not FileState.COMING:
            return False  # it came by hand meanwhile, or its case was erased
        try:
            await self.cabinet.check(file.attachment, path)
        except (AttachmentError, FileRefusedError) as e:
            structlog.get_logger().warning("file.refused", code=e.code)
            await asyncio.to_thread(self.cabinet.drop_coming, file.blob)
            await self._set(file, FileState.REFUSED, e.code)
            self.changed()
            return False
        if not is_whole:
            self.cabinet.take(file.blob, path)
        return True

    async def _set(self, file: StoredFile, state: FileState, code: str | None = None) -> None:
        await self.store.set_file(file.thread, file.blob, state, code)

    async def _put_off(self, file: StoredFile, code: str) -> bool:
        """Keep why a file does not go on; say whether it may later by itself."""
        structlog.get_logger().warning("file.not_carried", code=code)
        is_passing = code in PASSING or code == NoRoomError.code
        state = file.state
        if not is_passing and state is FileState.COMING and not await self._is_ahead(file):
            state = FileState.REFUSED
        await self._set(file, state, code)
        self.changed()
        return is_passing

    async def seal_without_line(self) -> None:
        """Seal each note that waits with its files, if its officer is here and no line is.

        It goes by hand then, or when there is a line: its files first, as with any other.
        """
        if not self.line.is_up:
            await self._send_parcels(frozenset({FileState.QUEUED, FileState.UP}))

    async def _send_parcels(self, ready: Collection[FileState] = frozenset({FileState.UP})) -> None:
        """Seal and send each note whose files are all ``ready`` and whose officer is here."""
        async with self._sealing:
            await self._seal_parcels(ready)

    async def _seal_parcels(self, ready: Collection[FileState]) -> None:
        for parcel in await self.store.parcels():
            files = [
                f for f in await self.store.files_of(parcel.thread) if f.parcel == parcel.parcel
            ]
            is_ready = all(file.state in ready for file in files)
            if not is_ready or parcel.officer not in self.composer.officers.present():
                continue
            attachments = tuple(file.attachment for file in files)
            try:
                if await self.composer.send_files(parcel, attachments):
                    self.changed()
            except (CaseworkError, EnvelopeError, DirectoryError) as e:
                structlog.get_logger().error("parcel.not_sent", code=e.code)
                await self.store.set_parcel(parcel.parcel, e.code)
                self.changed()
