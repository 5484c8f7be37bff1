"""One program at a time in a desk's folder: the agent that runs there, or one command.

Vault and store change together, and a second device of one key would tear its lanes, so whoever
opens them holds the folder. The lock is the operating system's own: it ends with its process,
however that ends. The lock's file stays, and holds nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

#: The file whose lock is the folder's.
LOCK = "lock"
#: Where a desk is restored before it takes its place; while it lies there, there is no desk.
RESTORING = "restoring"


class DeskBusyError(Exception):
    """Another program has the desk's folder open, or has changed its vault meanwhile."""

    code = "desk.busy"


class NoVaultError(Exception):
    """The folder holds no desk."""

    code = "desk.no_vault"


class HalfRestoredError(NoVaultError):
    """The folder holds what is left of a restore that was cut short, and no desk yet."""

    code = "desk.half_restored"


@contextmanager
def held(state: Path) -> Iterator[None]:
    """Hold the folder for this program alone.

    Raises:
        NoVaultError: there is no such folder.
        DeskBusyError: the desk runs, or another command has it open.
    """
    if not state.is_dir():
        raise NoVaultError("no such folder; `liaison desk init` makes a desk")
    lock = FileLock(state / LOCK, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout as e:
        raise DeskBusyError("the desk runs in this folder, or another command has it open") from e
    try:
        yield
    finally:
        lock.release()
