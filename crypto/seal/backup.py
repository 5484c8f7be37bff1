"""A backup as a file: rows as a sealed stream, and behind it a signed account of what it is.

Follows docs/spec/backup.md. Sealed to a key that exists on two papers only, so that whoever makes
backups at night needs no secret; signed by the device, so that nobody else's is restored. It is
written and read in constant memory. Pure: bytes in, bytes out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b

from crypto.attest import labels
from crypto.attest.directory import GRACE, Directory, DirectoryError
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.hashing import DIGEST_BYTES
from crypto.attest.header import ID_BYTES, WRAP_BYTES, DeskId
from crypto.attest.signing import (
    KeyId,
    SignatureError,
    SigningKey,
    open_signed,
    pack_signed,
    split_signed,
)
from crypto.attest.statement import Role
from crypto.seal.archive import RECORD_LIMIT
from crypto.seal.primitives import (
    KEY_BYTES,
    STREAM_HEADER_BYTES,
    DoesNotOpenError,
    OpeningKey,
    SecretStream,
    WrappingKey,
    fresh,
)

VERSION = 1
CHUNK, CHUNK_ADDS = 65_536, 17
#: At the end of the file: how long the signed account before it is.
LENGTH_BYTES = 4
ACCOUNT_LIMIT = 4_096
ROW_LIMIT = RECORD_LIMIT + 4_096


class BackupError(Exception):
    """A backup cannot be used."""

    code = "backup"


class MalformedBackupError(BackupError):
    """The file is no backup, or was cut."""

    code = "backup.malformed"


class BackupSignerError(BackupError):
    """It is not signed by a device of the desk whose backup it says it is."""

    code = "backup.signer"


class AlteredBackupError(BackupError):
    """The file is not the one that was signed."""

    code = "backup.altered"


class WrongPapersError(BackupError):
    """The papers are not those to which it was sealed."""

    code = "backup.wrong_papers"


class BackupKind(IntEnum):
    """What is in a backup: all that may be kept for long, or the cases' keys, kept 35 days."""

    ROWS = 1
    CASE_KEYS = 2


@dataclass(frozen=True, slots=True)
class Account:
    """What a backup is: whose, made when (ts) by which device, by which schema, sealed to what.

    ``size`` and ``hash`` are those of the stream before it.
    """

    kind: BackupKind
    desk: DeskId
    device: KeyId
    at: int
    schema: str
    kid: KeyId
    wrap: bytes
    header: bytes
    size: int
    hash: bytes

    def encoded(self) -> bytes:
        """Return the bytes that are signed."""
        return encode(
            [
                VERSION,
                int(self.kind),
                self.desk,
                self.device,
                self.at,
                self.schema,
                self.kid,
                self.wrap,
                self.header,
                self.size,
                self.hash,
            ]
        )


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a backup before a byte of it is written."""

    kind: BackupKind
    desk: DeskId
    at: int
    schema: str


class BackupWriter:
    """Seals the rows of one backup; the account comes behind them."""

    def __init__(self, about: About, to: WrappingKey, kid: KeyId) -> None:
        """Draw a key for this backup alone, and wrap it to the papers' key."""
        self._about, self._kid, key = about, kid, fresh(KEY_BYTES)
        self._header = fresh(STREAM_HEADER_BYTES)
        self._wrap = to.wrap(key, info=_info(about.kind, about.desk, about.at, kid))
        self._stream = SecretStream(key, self._header)
        self._waiting, self._size, self._hash = bytearray(), 0, _hash()

    def push(self, row: Value) -> bytes:
        """Return the sealed chunks that a row completes, to be written behind those before."""
        raw = encode(row)
        self._waiting += len(raw).to_bytes(LENGTH_BYTES, "big") + raw
        whole = max(0, len(self._waiting) - 1) // CHUNK * CHUNK
        sealed = b"".join(
            self._stream.push(bytes(self._waiting[at : at + CHUNK]), final=False)
            for at in range(0, whole, CHUNK)
        )
        del self._waiting[:whole]
        return self._counted(sealed)

    def finish(self, device: SigningKey) -> bytes:
        """Return the end of the file: the last chunk, and the account signed by ``device``."""
        last = self._counted(self._stream.push(bytes(self._waiting), final=True))
        account = Account(
            kind=self._about.kind,
            desk=self._about.desk,
            device=device.kid,
            at=self._about.at,
            schema=self._about.schema,
            kid=self._kid,
            wrap=self._wrap,
            header=self._header,
            size=self._size,
            hash=self._hash.digest(),
        )
        signed = pack_signed(device, labels.BACKUP, account.encoded())
        return last + signed + len(signed).to_bytes(LENGTH_BYTES, "big")

    def _counted(self, sealed: bytes) -> bytes:
        self._size += len(sealed)
        self._hash.update(sealed)
        return sealed


def split_account(tail: bytes, size: int) -> tuple[bytes, int]:
    """Return the signed account at the end of a file, and how long the stream before it is.

    Args:
        tail: the last bytes of the file, ``ACCOUNT_LIMIT`` of them or all.
        size: the size of the whole file.

    Raises:
        MalformedBackupError: there is none.
    """
    length = int.from_bytes(tail[-LENGTH_BYTES:], "big")
    if not LENGTH_BYTES < length + LENGTH_BYTES <= len(tail):
        raise MalformedBackupError("a backup ends with its account and the account's length")
    return tail[-LENGTH_BYTES - length : -LENGTH_BYTES], size - length - LENGTH_BYTES


def verify_account(signed: bytes, stream: int, directory: Directory) -> Account:
    """Return the account of a file whose stream has so many bytes, signed by a device of its desk.

    Raises:
        MalformedBackupError: it is no account.
        BackupSignerError: not signed by a device of the desk within its time. That the device was
            revoked since does not matter: a lost one is what backups are for.
        AlteredBackupError: the file has another size.
    """
    try:
        account = _account(split_signed(signed)[0])
        signer = directory.whose(account.device)
        open_signed(signer.payload.key, labels.BACKUP, signed)
    except (SignatureError, DirectoryError) as e:
        raise BackupSignerError(f"{e.code}: {e}") from e
    payload = signer.payload
    if payload.role is not Role.DEVICE or payload.desk != account.desk:
        raise BackupSignerError("a backup is signed by a device of its desk")
    if not payload.not_before <= account.at < payload.not_after + GRACE:
        raise BackupSignerError("the device did not count when the backup is said to be made")
    if account.size != stream:
        raise AlteredBackupError(f"a stream of {account.size} bytes expected, {stream} found")
    return account


def check_stream(account: Account, pieces: Iterator[bytes]) -> None:
    """Raise AlteredBackupError unless ``pieces`` are the stream that was signed."""
    found = _hash()
    for piece in pieces:
        found.update(piece)
    if found.digest() != account.hash:
        raise AlteredBackupError("the stream is not the one that was signed")


def open_rows(account: Account, key: OpeningKey, read: Callable[[int], bytes]) -> Iterator[Value]:
    """Yield the rows of a backup; all of them count once the last has been yielded.

    Args:
        account: verified.
        key: of the papers.
        read: gives the next so many bytes of the stream, fewer at its end.

    Raises:
        WrongPapersError: it was sealed to another key.
        AlteredBackupError: a chunk does not open, or the last is missing.
    """
    info = _info(account.kind, account.desk, account.at, account.kid)
    try:
        stream = SecretStream(key.unwrap(account.wrap, info=info), account.header)
    except DoesNotOpenError as e:
        raise WrongPapersError("the papers are not those of this backup") from e
    waiting, left = bytearray(), account.size
    while left > 0:
        chunk = read(min(left, CHUNK + CHUNK_ADDS))
        left -= len(chunk)
        waiting += _opened(stream, chunk, is_last=left == 0)
        yield from _whole_rows(waiting)
    if waiting:
        raise AlteredBackupError("the last row is cut")


def _opened(stream: SecretStream, chunk: bytes, *, is_last: bool) -> bytes:
    try:
        plain, mark = stream.pull(chunk)
    except DoesNotOpenError as e:
        raise AlteredBackupError("a chunk does not open at its place") from e
    if (mark == SecretStream.FINAL) is not is_last:
        raise AlteredBackupError("the last chunk, and no other, is marked as the last")
    return plain


def _whole_rows(waiting: bytearray) -> Iterator[Value]:
    while len(waiting) >= LENGTH_BYTES:
        end = LENGTH_BYTES + int.from_bytes(waiting[:LENGTH_BYTES], "big")
        if len(waiting) < end:
            return
        raw = bytes(waiting[LENGTH_BYTES:end])
        del waiting[:end]
        try:
            yield decode(raw, limit=ROW_LIMIT)
        except EncodingError as e:
            raise MalformedBackupError(f"{e.code}: {e}") from e


def _account(raw: bytes) -> Account:
    try:
        value = decode(raw, limit=ACCOUNT_LIMIT)
    except EncodingError as e:
        raise MalformedBackupError(f"{e.code}: {e}") from e
    match value:
        case [
            int(version),
            int(kind),
            bytes(desk),
            bytes(device),
            int(at),
            str(schema),
            bytes(kid),
            bytes(wrap),
            bytes(header),
            int(size),
            bytes(found),
        ] if version == VERSION and kind in tuple(BackupKind):
            sizes = [len(part) for part in (desk, device, kid, wrap, header, found)]
            if sizes == [ID_BYTES] * 3 + [WRAP_BYTES, STREAM_HEADER_BYTES, DIGEST_BYTES]:
                return Account(
                    BackupKind(kind),
                    DeskId(desk),
                    KeyId(device),
                    at,
                    schema,
                    KeyId(kid),
                    wrap,
                    header,
                    size,
                    found,
                )
    raise MalformedBackupError(f"the account of a backup of version {VERSION} expected")


def _info(kind: BackupKind, desk: DeskId, at: int, kid: KeyId) -> bytes:
    return labels.RESTORE + bytes([kind]) + desk + at.to_bytes(8, "big") + kid


def _hash() -> blake2b:
    return blake2b(digest_size=DIGEST_BYTES, person=labels.P_BACKUP)
