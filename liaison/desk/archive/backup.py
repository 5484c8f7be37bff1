"""Making a backup of a desk that runs, and checking one; see docs/spec/backup.md.

A backup needs no secret: it is sealed to the key of two papers, of which the desk knows the public
half. It is written beside its place, read again to its end, and put there whole or not at all. The
cases' keys go into a file of their own, and those that are older than 35 days are removed with it.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from crypto.attest.directory import Directory
from crypto.attest.encoding import Value
from crypto.attest.signing import SigningKey, key_id
from crypto.seal.backup import (
    ACCOUNT_LIMIT,
    About,
    Account,
    BackupError,
    BackupKind,
    BackupWriter,
    check_stream,
    split_account,
    verify_account,
)
from crypto.seal.papers import part
from crypto.seal.primitives import KEY_BYTES, OpeningKey, WrappingKey, fresh
from liaison.desk.entrance.roster import opened
from liaison.desk.keys.directory import Replica
from liaison.desk.store import Store
from liaison.desk.store.engine import SCHEMA
from liaison.desk.store.snapshot import rows_of
from liaison.runtime.clock import Clock, timestamp
from liaison.runtime.seeds import OWNER_ONLY, sync_folder

#: The fact that holds the public half of the papers' key.
RESTORE_KEY = "restore-key"
#: A backup of cases' keys lies beside the other and is kept so long (s): an erased case is then
#: erased from backups too.
KEYS_SUFFIX, KEYS_KEPT = ".keys", 35 * 86_400
PIECE = 1 << 20


class NoRestoreKeyError(BackupError):
    """The desk has no papers to which a backup could be sealed."""

    code = "backup.no_papers"


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: how many rows and bytes, and how many old key files were removed."""

    rows: int
    size: int
    removed: int


@dataclass(frozen=True, slots=True)
class Backups:
    """Makes the backups of one installation."""

    store: Store
    replica: Replica
    device: SigningKey
    clock: Clock

    async def make(self, path: Path) -> Made:
        """Write a backup to the new file ``path``, and the cases' keys to the one beside it.

        Raises:
            NoRestoreKeyError: there are no papers.
            FileExistsError, OSError: it cannot be written; nothing is left of it.
            BackupError: what was written does not read as it should; nothing is left of it.
        """
        public = await self.store.fact(RESTORE_KEY)
        if public is None:
            raise NoRestoreKeyError("`liaison desk backup-papers` makes the papers for it")
        beside = keys_beside(path)
        _check_new(path, beside)
        # The keys last: of a case that is erased in between there is none.
        rows = await self._write(path, BackupKind.ROWS, public)
        try:
            keys = await self._write(beside, BackupKind.CASE_KEYS, public)
        except BaseException:
            _remove(path)
            raise
        removed = await asyncio.to_thread(self._remove_old_keys, path.parent)
        structlog.get_logger().info("backup.made", rows=rows, keys=keys)
        return Made(rows, _sizes(path, beside), removed)

    async def _write(self, path: Path, kind: BackupKind, public: bytes) -> int:
        about = About(kind, self.replica.desk, timestamp(self.clock.now()), SCHEMA.decode())
        writer = BackupWriter(about, WrappingKey.from_public(public), key_id(public))
        unready = path.with_name(path.name + ".part")
        _remove(unready)

        try:
            count = await self.store.read_apart(
                lambda db: _write_rows(unready, writer, rows_of(db, kind), self.device)
            )
            await asyncio.to_thread(verify_backup, unready, self.replica.directory)
            await asyncio.to_thread(unready.replace, path)
            await asyncio.to_thread(sync_folder, path.parent)
        finally:
            _remove(unready)
        return count

    def _remove_old_keys(self, folder: Path) -> int:
        oldest, removed = timestamp(self.clock.now()) - KEYS_KEPT, 0
        for path in folder.glob(f"*{KEYS_SUFFIX}"):
            try:
                account, _ = read_account(path, self.replica.directory)
            except (BackupError, OSError):
                continue  # not ours to remove
            is_ours = account.desk == self.replica.desk and account.kind is BackupKind.CASE_KEYS
            if is_ours and account.at < oldest:
                path.unlink()
                removed += 1
        return removed


def keys_beside(path: Path) -> Path:
    """Return where the cases' keys of the backup in ``path`` lie."""
    return path.with_name(path.name + KEYS_SUFFIX)


def _check_new(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise FileExistsError(None, "a backup is never written over another", str(path))


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _sizes(*paths: Path) -> int:
    return sum(path.stat().st_size for path in paths)


def read_account(path: Path, directory: Directory) -> tuple[Account, int]:
    """Return the verified account of the file and the size of its stream; raises BackupError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - ACCOUNT_LIMIT))
        signed, stream = split_account(file.read(), size)
    return verify_account(signed, stream, directory), stream


def verify_backup(path: Path, directory: Directory) -> Account:
    """Return the account of a backup whose every byte is the one that its device signed.

    Raises:
        BackupError: it is not; a subclass says why.
        OSError: it cannot be read.
    """
    account, stream = read_account(path, directory)
    with path.open("rb") as file:
        check_stream(account, _pieces(file, stream))
    return account


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left > 0 and (piece := file.read(min(PIECE, left))):
        left -= len(piece)
        yield piece


def _write_rows(path: Path, writer: BackupWriter, rows: Iterator[Value], device: SigningKey) -> int:
    count = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        for row in rows:
            file.write(writer.push(row))
            count += 1
        file.write(writer.finish(device))
        file.flush()
        os.fsync(file.fileno())
    return count


async def backup_papers(
    state: Path, officer: str, passphrase: str, write: Callable[[bytes, bytes], None]
) -> None:
    """Make two papers to which backups are sealed from now on; ``write`` puts them on paper.

    Raises:
        NoVaultError, VaultError, StoreError: the desk does not open; nothing has changed.
    """
    async with opened(state, officer, passphrase) as (store, _):
        seed = fresh(KEY_BYTES)
        write(*part(seed))
        await store.set_fact(RESTORE_KEY, OpeningKey.from_seed(seed).public)
