"""Carrying files: what shall go is brought, what came is fetched and checked, one after the other.

Mail never waits for it: a note with files is sealed when all of them are at the broker and its
officer is here to sign it. What breaks goes on by itself; what was refused says so on the case and
stays until an officer asks again.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from crypto.attest.directory import DirectoryError
from crypto.attest.header import EnvelopeError, parse_envelope
from crypto.seal.stream import AttachmentError
from liaison.desk.broker_client import BrokerRefusedError, Line, LineDownError
from liaison.desk.compose import Composer
from liaison.desk.files.cabinet import Cabinet, NoRoomError, size_of
from liaison.desk.files.kinds import FileRefusedError
from liaison.desk.files.transfer import Transfer, come_so_far
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
        for file in await self.store.files_to_carry():
            try:
                await (self._bring if file.state is FileState.QUEUED else self._fetch)(file)
            except (BrokerRefusedError, NoRoomError) as e:
                is_put_off |= await self._put_off(file, e.code)
        await self._send_parcels()
        return is_put_off

    async def _bring(self, file: StoredFile) -> None:
        path, size = self.cabinet.path(file.blob), size_of(file.attachment)
        await Transfer(self.line).bring(path, file.blob, size)
        await self._set(file, FileState.SENT if file.parcel is None else FileState.UP)
        self.changed()
        if file.parcel is None:
            self.sent()

    async def _fetch(self, file: StoredFile) -> None:
        transfer = Transfer(self.line)
        if not await self._take(file, transfer):
            return
        with contextlib.suppress(BrokerRefusedError):  # it is gone there: all others had it
            await transfer.hold(file.blob)
        await self._set(file, FileState.HERE)
        self.changed()

    async def _take(self, file: StoredFile, transfer: Transfer) -> bool:
        """Fetch a file, unless another case has it, and check it; say whether it is good."""
        is_whole = self.cabinet.path(file.blob).exists()
        if not is_whole:
            coming, size = self.cabinet.coming(file.blob), size_of(file.attachment)
            self.cabinet.check_room(size - come_so_far(coming))
            await transfer.fetch(file.blob, coming, size)
        try:
            await self.cabinet.check(file.attachment)
        except (AttachmentError, FileRefusedError) as e:
            structlog.get_logger().warning("file.refused", code=e.code)
            await asyncio.to_thread(self.cabinet.drop_coming, file.blob)
            await self._set(file, FileState.REFUSED, e.code)
            self.changed()
            return False
        if not is_whole:
            self.cabinet.take(file.blob)
        return True

    async def _set(self, file: StoredFile, state: FileState, code: str | None = None) -> None:
        await self.store.set_file(file.thread, file.blob, state, code)

    async def _put_off(self, file: StoredFile, code: str) -> bool:
        """Keep why a file does not go on; say whether it may later by itself."""
        structlog.get_logger().warning("file.not_carried", code=code)
        is_passing = code in PASSING or code == NoRoomError.code
        state = file.state
        if not is_passing and file.state is FileState.COMING:
            state = FileState.REFUSED
        await self._set(file, state, code)
        self.changed()
        return is_passing

    async def _send_parcels(self) -> None:
        """Seal and send each note whose files are all at the broker and whose officer is here."""
        for parcel in await self.store.parcels():
            files = [
                f for f in await self.store.files_of(parcel.thread) if f.parcel == parcel.parcel
            ]
            is_ready = all(file.state is FileState.UP for file in files)
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
