"""The files of messages, by hand: the ciphertext as it lies, each in a file of its own.

Follows docs/spec/carriage.md, "Files of messages". Nothing is believed of a blob for having come:
it is copied beside the others, checked by what the signed message says, and only then has its name.
What breaks off or fails leaves nothing. The same over the line changes nothing, in either order.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from crypto.attest.header import parse_envelope
from crypto.seal.stream import AttachmentError
from liaison.desk.carriage.outgoing import Outgoing
from liaison.desk.files.cabinet import Cabinet, size_of
from liaison.desk.files.kinds import FileRefusedError
from liaison.desk.store import FileState, Store, StoredFile, StoredMessage
from protocols.wire.carriage import blob_head

#: What a file can still come for: it is on its way, or what came was none.
WANTED = frozenset({FileState.COMING, FileState.REFUSED})


class UnaskedBlobError(Exception):
    """A file of no message that is here: the message comes first."""

    code = "carriage.unknown_blob"


@dataclass(frozen=True, slots=True)
class CarriedBlobs:
    """Carries files by hand for one installation. ``changed`` is called when one has come."""

    store: Store
    cabinet: Cabinet
    changed: Callable[[], None]

    def outgoing(self, messages: Iterable[StoredMessage]) -> list[Outgoing]:
        """Return the files that these messages name and that lie here, each once."""
        found: dict[bytes, Outgoing] = {}
        for message in messages:
            header = parse_envelope(message.envelope).header
            for blob in header.blobs:
                path = self.cabinet.path(blob)
                if path.exists():
                    head = blob_head(blob)
                    one = Outgoing(blob.hex(), message.mid, head, to=header.dst[0], body=path)
                    found.setdefault(blob, one)
        return list(found.values())

    async def take(self, blob: bytes, pieces: AsyncIterator[bytes]) -> bool:
        """Take the ciphertext of a blob as it is read; say whether it was wanted here.

        Raises:
            UnaskedBlobError: no message that is here names it.
            AttachmentError, FileRefusedError: it is not the file; nothing of it is kept.
        """
        wanted = await self.wanted(blob)
        if not wanted:
            return False
        most = max(size_of(file.attachment) for file in wanted)
        async with self.cabinet.held(pieces, most=most) as path:
            return await self.take_held(blob, path)

    async def take_held(self, blob: bytes, path: Path) -> bool:
        """Take the ciphertext that lies in ``path`` in the cabinet; raises as :meth:`take` does."""
        wanted = await self.wanted(blob)
        bad: dict[StoredFile, AttachmentError | FileRefusedError] = {}
        for file in wanted:
            try:
                await self.cabinet.check(file.attachment, path)
            except (AttachmentError, FileRefusedError) as e:
                bad[file] = e
        good = [file for file in wanted if file not in bad]
        if not good:
            if bad:
                raise next(iter(bad.values()))
            return False
        async with self.cabinet.turn:
            await asyncio.to_thread(self.cabinet.take, blob, path)
            for file in good:
                await self.store.set_file(file.thread, blob, FileState.CARRIED)
        self.changed()
        return True

    async def wanted(self, blob: bytes) -> list[StoredFile]:
        """Return what it can still come for; raise UnaskedBlobError when no message names it."""
        named = await self.store.files_of_blob(blob)
        if not named:
            raise UnaskedBlobError("a file of a message that is here expected")
        return [file for file in named if file.state in WANTED]
