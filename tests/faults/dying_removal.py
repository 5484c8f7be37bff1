"""An officer is taken out of a desk by a process that kills itself at a named point.

Told on standard input, as one JSON line: the folder, who removes whom, the passphrase and the
point. ``rekeying`` says so on standard output and goes on: whoever listens kills it in the middle.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from liaison.desk.entrance import vault
from liaison.desk.entrance.roster import remove_from
from liaison.desk.store.engine import Engine

#: Where it dies, in the order in which it comes there; the last is anywhere within the rekeying.
POINTS = (
    "before the pending vault",
    "in the pending vault",
    "before the store",
    "after the store",
    "after all",
    "within",
)


def die() -> None:
    """End this process without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def dying_at(point: str) -> None:
    """Make this process die at ``point``."""
    write, rekey = vars(vault)["write_private"], Engine.rekey

    def write_pending(path: Path, content: bytes) -> None:
        if point == "before the pending vault":
            die()
        if point == "in the pending vault":
            write(path, content[: len(content) // 2])
            die()
        write(path, content)

    async def change(store: Engine, key: bytes) -> None:
        if point == "before the store":
            die()
        sys.stdout.write("rekeying\n")
        sys.stdout.flush()
        await rekey(store, key)
        if point == "after the store":
            die()

    vars(vault)["write_private"] = write_pending
    type.__setattr__(Engine, "rekey", change)


def main() -> None:
    """Remove an officer as told, and die."""
    told: dict[str, Any] = json.loads(sys.stdin.readline())
    dying_at(told["point"])
    asyncio.run(remove_from(Path(told["state"]), told["by"], told["passphrase"], told["removed"]))
    die()


if __name__ == "__main__":
    main()
