"""Restoring a desk from its backup: a new installation with the old cases and no old key.

Follows docs/spec/backup.md, "Restoring". Everything is read and checked before anything is made.
The new installation has a new vault, device and officer's key, and asks the registrar for them like
any other; it is given the live windows by a colleague or, alone, begins new ones. What the broker
showed the desk before, it must show again: nothing smaller is followed.

It is made in a folder of its own within the desk's, and takes its place with the vault last: what a
kill leaves is no desk, says so, and is cleared away by the next try.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crypto.attest.directory import Directory
from crypto.attest.encoding import Value
from crypto.attest.statement import Role
from crypto.seal.backup import Account, BackupError, BackupKind, open_rows
from crypto.seal.primitives import OpeningKey
from liaison.desk.archive.backup import KEYS_KEPT, verify_backup
from liaison.desk.entrance.admin import NewDesk, init_desk
from liaison.desk.entrance.folder import RESTORING, held
from liaison.desk.entrance.roster import STORE
from liaison.desk.entrance.vault import VAULT
from liaison.desk.store import Store
from liaison.desk.store.engine import SCHEMA
from liaison.desk.tables import directory as replica_table
from liaison.runtime.clock import Clock, timestamp
from liaison.runtime.pins import parse_pins
from liaison.runtime.seeds import sync_folder

#: What an installation consists of before it has run.
MADE = (VAULT, STORE, f"{STORE}-wal", f"{STORE}-shm")
#: Rows that are written in one transaction.
AT_ONCE = 500


class BackupsApartError(BackupError):
    """The two files are not a backup and the cases' keys of the same desk."""

    code = "backup.apart"


class OldKeysError(BackupError):
    """The file of the cases' keys is older than it may be kept."""

    code = "backup.old_keys"


class OtherSchemaError(BackupError):
    """The backup was made by another version."""

    code = "backup.schema"


class DirectoryBehindError(BackupError):
    """The broker shows another directory, or less of it, than it showed before the backup."""

    code = "backup.directory_behind"


class FolderInUseError(BackupError):
    """The folder holds a desk already."""

    code = "backup.folder"


@dataclass(frozen=True, slots=True)
class Sources:
    """The two files, and by what to judge them: pins as typed, entries from the broker."""

    backup: Path
    keys: Path
    pins: Sequence[str]
    entries: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Officer:
    """The first officer of the restored installation."""

    pseudonym: str
    role: Role
    passphrase: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A desk that waits for the registrar, its requests by their files, and what it has again."""

    desk: NewDesk
    requests: dict[Path, bytes]
    slug: str
    made_at: int
    cases: int
    without_key: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What a backup was found to be; ``rows`` when it was opened to its end."""

    slug: str
    kind: str
    made_at: int
    rows: int | None


async def check_backup(
    path: Path, entries: Sequence[bytes], pins: Sequence[str], seed: bytes | None
) -> Checked:
    """Return what the backup in ``path`` is, and open it when ``seed`` is what its papers give.

    Raises:
        BackupError, DirectoryError, PinsFileError, OSError: it is none that could be restored.
    """
    directory = Directory.replay([pin.digits for pin in parse_pins(pins)], entries)
    account = verify_backup(path, directory)
    rows = None
    if seed is not None:
        rows = sum(1 for _ in rows_in(path, account, OpeningKey.from_seed(seed)))
    slug = directory.desk(account.desk).payload.slug
    return Checked(slug, account.kind.name.lower().replace("_", " "), account.at, rows)


async def restore_desk(
    state: Path, sources: Sources, seed: bytes, officer: Officer, clock: Clock
) -> Restored:
    """Make an installation in the empty folder ``state`` from a backup.

    Args:
        state: a folder without a desk.
        sources: the backup's files and the directory.
        seed: what the two papers give.
        officer: who opens it first.
        clock: says when it is.

    Raises:
        BackupError, DirectoryError, PinsFileError, StoreError, VaultError, OSError: nothing is
            left in the folder.
    """
    directory = Directory.replay([pin.digits for pin in parse_pins(sources.pins)], sources.entries)
    accounts = _verified(sources, directory, timestamp(clock.now()))
    key = OpeningKey.from_seed(seed)
    _read_to_the_end(sources, accounts, key)
    with held(state):
        _begin(state)
        try:
            return await _make(state, sources, accounts, key, officer, clock)
        except BaseException:
            _take_back(state)
            raise


def _begin(state: Path) -> None:
    is_half = (state / RESTORING).exists() and not (state / VAULT).exists()
    if not is_half and any((state / name).exists() for name in MADE):
        raise FolderInUseError("a folder without a desk expected")
    _take_back(state)
    (state / RESTORING).mkdir(mode=0o700)
    sync_folder(state)


def _take_back(state: Path) -> None:
    """Clear away what a restore has made; the mark goes last, so that this may be cut short too."""
    for name in MADE:
        (state / name).unlink(missing_ok=True)
    if (state / RESTORING).exists():
        shutil.rmtree(state / RESTORING)


def _take_place(state: Path) -> None:
    """Let what was made be the desk: the vault's new name is the one act by which it is."""
    made = state / RESTORING
    for path in sorted(made.iterdir(), key=lambda path: path.name == VAULT):
        if path.name == VAULT:
            sync_folder(state)
        path.replace(state / path.name)
    sync_folder(state)
    made.rmdir()


def _verified(sources: Sources, directory: Directory, now: int) -> tuple[Account, Account]:
    rows = verify_backup(sources.backup, directory)
    keys = verify_backup(sources.keys, directory)
    kinds = (rows.kind, keys.kind)
    if kinds != (BackupKind.ROWS, BackupKind.CASE_KEYS) or rows.desk != keys.desk:
        raise BackupsApartError("a backup and the file of case keys of the same desk expected")
    if now - keys.at > KEYS_KEPT:
        raise OldKeysError(f"case keys are kept {KEYS_KEPT // 86_400} days")
    if rows.schema != SCHEMA.decode():
        raise OtherSchemaError(f"schema {SCHEMA.decode()} expected, {rows.schema} found")
    return rows, keys


def _read_to_the_end(sources: Sources, accounts: tuple[Account, Account], key: OpeningKey) -> None:
    """Open every row once; raise BackupError, or DirectoryBehindError for less than was known."""
    known = [
        values[names.index("entry")]
        for row in rows_in(sources.backup, accounts[0], key)
        for names, values in _of_directory(row)
    ]
    if known != list(sources.entries[: len(known)]):
        raise DirectoryBehindError(
            f"a directory that goes on from {len(known)} entries expected,"
            f" {len(sources.entries)} others or fewer found"
        )
    for _ in rows_in(sources.keys, accounts[1], key):
        pass


def _of_directory(row: Value) -> Iterator[tuple[list[Value], list[Value]]]:
    match row:
        case [replica_table.name, list(names), list(values)]:
            yield names, values


async def _make(
    state: Path,
    sources: Sources,
    accounts: tuple[Account, Account],
    key: OpeningKey,
    officer: Officer,
    clock: Clock,
) -> Restored:
    directory = Directory.replay([pin.digits for pin in parse_pins(sources.pins)], sources.entries)
    slug = directory.desk(accounts[0].desk).payload.slug
    place = state / RESTORING
    made = await init_desk(
        place,
        slug=slug,
        pins=sources.pins,
        entries=sources.entries,
        officer=officer.pseudonym,
        role=officer.role,
        passphrase=officer.passphrase,
        clock=clock,
    )
    store = Store(place / STORE, made.keys.master)
    await store.open()
    try:
        for path, account in zip((sources.keys, sources.backup), accounts[::-1], strict=True):
            for some in _parted(rows_in(path, account, key)):
                await store.take_rows(some)
        cases, without_key = await store.settle_restored(timestamp(clock.now()))
    finally:
        await store.close()
    names = {f"request-{n}.cbor": raw for n, raw in enumerate(made.requests, 1)}
    for name, request in names.items():
        (place / name).write_bytes(request)
    _take_place(state)
    requests = {state / name: request for name, request in names.items()}
    return Restored(made, requests, slug, accounts[0].at, cases, without_key)


def rows_in(path: Path, account: Account, key: OpeningKey) -> Iterator[Value]:
    """Yield the rows of a verified backup; raises what :func:`open_rows` raises."""
    with path.open("rb") as file:
        yield from open_rows(account, key, file.read)


def _parted(rows: Iterator[Value]) -> Iterator[list[Value]]:
    some: list[Value] = []
    for row in rows:
        some.append(row)
        if len(some) == AT_ONCE:
            yield some
            some = []
    yield some
