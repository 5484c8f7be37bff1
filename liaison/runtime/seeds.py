"""Key seeds of servers: made once, kept in a file that only its owner may read.

A broker's or witness's signing seed never leaves its folder. A file that others may read is
refused: a copied key can sign a second history.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from crypto.attest.self_test import self_test
from crypto.attest.signing import KEY_BYTES, SigningKey

OWNER_ONLY = 0o600
OTHERS = 0o077


class SeedError(Exception):
    """A seed file cannot be used."""

    code = "runtime.seed"


def create_key(path: Path) -> SigningKey:
    """Return a new key, its seed durably in the new file ``path``.

    Raises:
        SeedError: there is such a file.
        SelfTestError: this machine does not sign or hash rightly; there is no key.
    """
    self_test()
    seed = secrets.token_bytes(KEY_BYTES)
    try:
        write_private(path, seed)
    except FileExistsError as e:
        raise SeedError(f"{path.name} exists already; a key is never replaced in place") from e
    return SigningKey.from_seed(seed)


def load_key(path: Path) -> SigningKey:
    """Return the key whose seed is in ``path``.

    Raises:
        SeedError: no such file, not 32 bytes, or readable by others.
        SelfTestError: this machine does not sign or hash rightly; no key is used on it.
    """
    self_test()
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        seed = path.read_bytes()
    except OSError as e:
        raise SeedError(f"{path.name} cannot be read: {e.strerror}") from e
    if os.name == "posix" and mode & OTHERS:
        raise SeedError(
            f"{path.name} may be read by others (mode {mode:o}); expected {OWNER_ONLY:o}"
        )
    if len(seed) != KEY_BYTES:
        raise SeedError(f"{path.name} holds {len(seed)} bytes; a seed has {KEY_BYTES}")
    return SigningKey.from_seed(seed)


def create_private(path: Path) -> BinaryIO:
    """Return the new file ``path`` (mode 0600), open to be written, or raise FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    return os.fdopen(descriptor, "wb")


def write_private(path: Path, content: bytes) -> None:
    """Write ``content`` durably to the new file ``path`` (mode 0600) or raise FileExistsError."""
    with create_private(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names of the files in ``folder`` durable; a file's own sync does not do that."""
    if os.name != "posix":  # elsewhere a folder cannot be opened, and its names are journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
