"""Adding files to a case, and handing out those that came: what screens and commands ask for.

A file never holds words back: it goes in a note of its own, after the step that it belongs to, and
so a deadline is met and a rescue leaves while a film is still on its way.
"""

import re
import unicodedata
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from crypto.seal.attachment import FORBIDDEN, LONGEST_NAME, Attachment
from crypto.seal.primitives import fresh
from liaison.desk.casework.cases import Casebook, UnknownCaseError
from liaison.desk.entrance.officers import Officers
from liaison.desk.files.cabinet import Cabinet, NotHereError
from liaison.desk.files.carrier import FileCarrier
from liaison.desk.files.darkroom import make_anew
from liaison.desk.files.kinds import BY_MEDIA_TYPE, LARGEST_PICTURE, FileRefusedError, KindError
from liaison.desk.store import FileState, Parcel, Store, StoredFile
from liaison.runtime.clock import Clock, timestamp

PARCEL_BYTES = 16
#: States in which the whole file lies here, checked.
READABLE = frozenset(FileState) - {FileState.COMING, FileState.REFUSED}
#: Spaces, and whatever a file system or a screen would take for something else.
_UNSAFE = re.compile(f"[{re.escape(''.join(FORBIDDEN))}]")


class UnknownFileError(FileRefusedError):
    """The case has no such file, or it has gone already."""

    code = "file.unknown"


class NoFilesError(FileRefusedError):
    """Files were to be sent, and none was chosen."""

    code = "file.none"


@dataclass(frozen=True, slots=True)
class Filing:
    """The files of one desk's cases, for its officers."""

    store: Store
    cabinet: Cabinet
    casebook: Casebook
    officers: Officers
    carrier: FileCarrier
    clock: Clock

    async def add(self, ref: str, name: str, pieces: AsyncIterator[bytes]) -> Attachment:
        """Return a file of the case, sealed here and ready to go with :meth:`send`.

        Args:
            ref: the case's number.
            name: the file's name as its computer calls it.
            pieces: its bytes, as they come.

        Raises:
            UnknownCaseError: there is no such case here.
            FileRefusedError, AttachmentError, AttachmentFormError: nothing is kept.
        """
        thread = await self.store.thread_of(ref)
        if thread is None:
            raise UnknownCaseError(f"case {ref}: not on this desk")

        async def keep(attachment: Attachment) -> None:
            await self.store.stage_file(thread, attachment)

        return await self.cabinet.seal(plain_name(name), pieces, keep)

    async def send(
        self, officer: str, ref: str, blobs: Sequence[bytes], *, lang: str, text: str = ""
    ) -> bytes:
        """Put files that were added in line with a note of ``officer``; return the parcel's id.

        Args:
            officer: the pseudonym of the officer who signs; must have unlocked.
            ref: the case's number.
            blobs: the files, by their blobs.
            lang: the language of ``text``.
            text: what the note says; without one it says that files were added.

        Raises:
            LockedError, UnknownCaseError: as their names say.
            NoFilesError: there is none.
            UnknownFileError: a file that was not added to this case, or has gone.
        """
        self.officers.key(officer)
        thread = await self.store.thread_of(ref)
        if thread is None:
            raise UnknownCaseError(f"case {ref}: not on this desk")
        at = timestamp(self.clock.now())
        parcel = Parcel(fresh(PARCEL_BYTES), thread, ref, officer, lang, text, at)
        if not blobs:
            raise NoFilesError("a file expected, none found")
        if await self.store.queue_parcel(parcel, blobs) != len(set(blobs)):
            raise UnknownFileError("files that were added to this case and have not gone expected")
        self.carrier.changed()
        self.carrier.wake()
        return parcel.parcel

    async def find(self, ref: str, blob: bytes) -> StoredFile:
        """Return a file of a case; raise UnknownFileError, UnknownCaseError when there is none."""
        thread = await self.store.thread_of(ref)
        if thread is None:
            raise UnknownCaseError(f"case {ref}: not on this desk")
        found = await self.store.file(thread, blob)
        if found is None:
            raise UnknownFileError("the case has no such file")
        return found

    async def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Yield a file, piece by piece; raise NotHereError while it is not here, or was refused."""
        if file.state not in READABLE:
            raise NotHereError("a file that is here and was checked expected")
        async for piece in self.cabinet.read(file.attachment):
            yield piece

    async def preview(self, file: StoredFile) -> bytes:
        """Return a small JPEG of a picture, made anew; raises FileRefusedError for all else."""
        kind = BY_MEDIA_TYPE.get(file.attachment.media_type)
        if kind is None or not kind.is_picture:
            raise KindError("a picture expected")
        if file.state not in READABLE:
            raise NotHereError("a file that is here and was checked expected")
        whole = await self.cabinet.whole(file.attachment, most=LARGEST_PICTURE)
        return await make_anew(whole, preview=True)

    async def drop(self, ref: str, blob: bytes) -> None:
        """Forget a file that was added and has not been sent; raises as :meth:`find` does."""
        file = await self.find(ref, blob)
        if file.state is not FileState.STAGED:
            raise UnknownFileError("a file that has not been sent expected")
        await self.store.forget_file(file.thread, blob)
        await self.carrier.tidy()

    async def fetch_again(self, ref: str, blob: bytes) -> None:
        """Fetch a file anew that failed a check; raises as :meth:`find` does."""
        file = await self.find(ref, blob)
        if file.state not in (FileState.REFUSED, FileState.COMING):
            raise UnknownFileError("a file that was refused expected")
        await self.carrier.fetch_again(file)


def plain_name(name: str) -> str:
    """Return ``name`` as it may travel: without its path, and with _ for what is not safe.

    The end of the name stays, since it is held against what is in the file.
    """
    base = re.split(r"[/\\]", name)[-1]
    safe = "".join(
        "_" if _UNSAFE.match(char) or unicodedata.category(char)[0] == "C" else char
        for char in unicodedata.normalize("NFC", base)
    ).strip(" .")
    ending = PurePosixPath(safe).suffix
    stem = safe.removesuffix(ending)
    while len(f"{stem}{ending}".encode()) > LONGEST_NAME and stem:
        stem = stem[:-1]
    return f"{stem}{ending}"
