"""The desk's files on its disk: ciphertext only, each by the name of its blob.

What an officer attaches is looked into, made anew if it is a picture, and sealed as it comes; what
came from elsewhere is opened once, whole, before anything of it counts. No plaintext is ever
written, and nothing here is ever run.
"""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from crypto.attest.blob import blob_size
from crypto.seal.attachment import Attachment, AttachmentFormError, is_safe_name
from crypto.seal.stream import EmptyFileError, Opening, Sealing
from liaison.desk.files.darkroom import make_anew
from liaison.desk.files.kinds import (
    LARGEST_PICTURE,
    LARGEST_TEXT,
    TEXT,
    FileKind,
    FileRefusedError,
    FileTooLargeError,
)
from liaison.desk.files.sniffing import HEAD, Watcher, check_ending, check_text, kind_of

FOLDER = "files"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
COMING = ".part"
#: The name of a blob in hex; what is still being sealed has a shorter one.
NAME_LENGTH = 64
PIECE = 1 << 20
#: Bytes of the disk that files leave free for mail.
RESERVE = 512 << 20


class NoRoomError(FileRefusedError):
    """The disk of this computer is nearly full."""

    code = "file.no_room"


class NotHereError(FileRefusedError):
    """The file has not come to this computer, or is gone from it."""

    code = "file.not_here"


class OtherKindError(FileRefusedError):
    """What is in the file is of another kind than its sender said."""

    code = "file.other_kind"


class Cabinet:
    """The files of one installation, in the folder ``root``."""

    def __init__(self, root: Path) -> None:
        """Take the folder, made at first use; what an end of the program cut off in it goes."""
        self._root = root
        #: A file takes its name, and is known to the store, in one turn.
        self.turn = asyncio.Lock()
        root.mkdir(mode=FOLDER_MODE, exist_ok=True)
        for path in root.glob(f"*{COMING}"):
            if len(path.stem) != NAME_LENGTH:
                path.unlink()

    def path(self, blob: bytes) -> Path:
        """Return where a blob lies once it is whole."""
        return self._root / blob.hex()

    def coming(self, blob: bytes) -> Path:
        """Return where a blob lies while it comes."""
        return self.path(blob).with_suffix(COMING)

    async def seal(
        self, name: str, pieces: AsyncIterator[bytes], keep: Callable[[Attachment], Awaitable[None]]
    ) -> Attachment:
        """Return what a message will say of a file; its ciphertext lies on the disk.

        Args:
            name: the file's own name, without a path.
            pieces: its bytes.
            keep: makes it known to the store.

        Raises:
            FileRefusedError, AttachmentError, AttachmentFormError: nothing is kept.
        """
        if not is_safe_name(name):
            raise AttachmentFormError("a plain file name expected")
        head, rest = await _head(pieces)
        if not head:
            raise EmptyFileError("a file of at least one byte expected, none found")
        kind = kind_of(head)
        check_ending(name, kind)
        return await self._seal(name, kind, _checked(kind, head, rest), keep)

    async def check(self, attachment: Attachment, path: Path) -> None:
        """Return once the blob in ``path`` is seen to be the file, and of the kind it is said.

        Raises:
            AttachmentError: it is not the file that the message names.
            FileRefusedError: it is a file that may not be shown.
        """
        pieces = self._opened(attachment, path)
        head, rest = await _head(pieces)
        kind = _kind_said(attachment, head)
        if kind is TEXT:
            check_text(await _whole(head, rest, LARGEST_TEXT))
            return
        watcher = Watcher(kind)
        watcher.see(head)
        async for piece in rest:
            watcher.see(piece)

    def take(self, blob: bytes, path: Path) -> None:
        """Give a blob that has come in ``path`` and was checked its name."""
        path.replace(self.path(blob))

    @asynccontextmanager
    async def held(self, pieces: AsyncIterator[bytes], *, most: int) -> AsyncIterator[Path]:
        """Yield where ciphertext that comes lies, to be checked and taken; else it goes again.

        Args:
            pieces: its bytes, as they come.
            most: of more bytes one more is kept: that is how a longer blob is seen.

        Raises:
            NoRoomError: the disk takes no more.
        """
        path = self._temporary()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                async for piece in pieces:
                    self.check_room(len(piece))
                    await asyncio.to_thread(_put, file, piece[: most + 1 - file.tell()])
                    if file.tell() > most:
                        break
                await asyncio.to_thread(_settle, file)
            yield path
        finally:
            path.unlink(missing_ok=True)

    async def read(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Yield the file, piece by piece, each authenticated; raises as :meth:`check` does."""
        path = self.path(attachment.blob)
        if not path.exists():
            raise NotHereError("the file has not come to this computer, or is gone from it")
        async for piece in self._opened(attachment, path):
            yield piece

    async def whole(self, attachment: Attachment, *, most: int) -> bytes:
        """Return the file; raise FileTooLargeError above ``most`` bytes."""
        if attachment.size > most:
            raise FileTooLargeError(f"up to {most} bytes expected, {attachment.size} found")
        return b"".join([piece async for piece in self.read(attachment)])

    def check_room(self, size: int) -> None:
        """Raise NoRoomError unless ``size`` bytes more leave enough of the disk free."""
        if shutil.disk_usage(self._root).free - size < RESERVE:
            raise NoRoomError("more room on this computer's disk expected")

    def drop_coming(self, blob: bytes) -> None:
        """Remove what has come of a blob, if it is not whole; what is whole stays."""
        self.coming(blob).unlink(missing_ok=True)

    async def _seal(
        self,
        name: str,
        kind: FileKind,
        pieces: AsyncIterator[bytes],
        keep: Callable[[Attachment], Awaitable[None]],
    ) -> Attachment:
        sealing, temporary = Sealing(), self._temporary()
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                async for piece in pieces:
                    self.check_room(len(piece))
                    await asyncio.to_thread(_write, file, sealing, piece)
                await asyncio.to_thread(_finish, file, sealing)
            attachment = sealing.attachment(name, kind.media_type)
            async with self.turn:
                temporary.replace(self.path(attachment.blob))
                await keep(attachment)
        finally:
            temporary.unlink(missing_ok=True)
        return attachment

    def keep_only(self, known: Collection[bytes]) -> None:
        """Remove every blob, whole or coming, that is not among ``known``."""
        names = {blob.hex() for blob in known}
        for path in self._root.iterdir():
            if path.stem not in names and len(path.stem) == NAME_LENGTH:
                path.unlink()

    def _temporary(self) -> Path:
        return self._root / f"{secrets.token_hex(16)}{COMING}"

    async def _opened(self, attachment: Attachment, path: Path) -> AsyncIterator[bytes]:
        opening = Opening(attachment)
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, PIECE):
                yield await asyncio.to_thread(opening.pull, piece)
        opening.finish()


def size_of(attachment: Attachment) -> int:
    """Return how many bytes the blob of an attachment has."""
    return blob_size(attachment.size)


async def _head(pieces: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """Return the first bytes, and an iterator of all that follows them."""
    head = b""
    async for piece in pieces:
        head += piece
        if len(head) >= HEAD:
            break
    return head, pieces


async def _checked(kind: FileKind, head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what is to be sealed: the file, or the picture made anew."""
    if kind.is_picture:
        yield await make_anew(await _whole(head, rest, LARGEST_PICTURE))
        return
    if kind is TEXT:
        whole = await _whole(head, rest, LARGEST_TEXT)
        check_text(whole)
        yield whole
        return
    watcher = Watcher(kind)
    watcher.see(head)
    yield head
    async for piece in rest:
        watcher.see(piece)
        yield piece


async def _whole(head: bytes, rest: AsyncIterator[bytes], most: int) -> bytes:
    whole = bytearray(head)
    async for piece in rest:
        whole += piece
        if len(whole) > most:
            raise FileTooLargeError(f"up to {most} bytes expected, more found")
    return bytes(whole)


def _kind_said(attachment: Attachment, head: bytes) -> FileKind:
    kind = kind_of(head)
    if kind.media_type != attachment.media_type:
        raise OtherKindError(f"{attachment.media_type} was said, {kind.media_type} found")
    check_ending(attachment.name, kind)
    return kind


def _write(file: BinaryIO, sealing: Sealing, piece: bytes) -> None:
    file.write(sealing.push(piece))


def _finish(file: BinaryIO, sealing: Sealing) -> None:
    file.writelines(sealing.finish())
    _settle(file)


def _put(file: BinaryIO, piece: bytes) -> None:
    try:
        file.write(piece)
    except OSError as e:
        raise NoRoomError("more room on this computer's disk expected") from e


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
