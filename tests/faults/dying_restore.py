"""A desk is restored by a process that kills itself before one of its effects on the folder.

Told on standard input, as one JSON line: the folder, the files, the papers' secret and before which
effect. Effects are what the interpreter asks of the system (a name made, moved or removed) and each
transaction of the store, counted as they come.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from crypto.attest.statement import Role
from liaison.demo.hand_clock import HandClock
from liaison.desk.archive.restore import Officer, Sources, restore_desk
from liaison.desk.store.engine import Engine

#: Changes of names, as the interpreter announces them.
NAMES = frozenset({"os.mkdir", "os.rename", "os.rmdir", "os.remove"})


def count_effects(state: Path, before: int) -> list[str]:
    """Return the effects as they come; this process dies when number ``before`` would."""
    seen: list[str] = []

    def happens(what: str) -> None:
        if len(seen) == before:
            os.kill(os.getpid(), signal.SIGKILL)
        seen.append(what)

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event in NAMES and str(args[0]).startswith(str(state)):
            happens(f"{event} {Path(str(args[0])).name}")

    transaction = Engine.run

    async def run(store: Engine, work: Callable[[Connection], Any]) -> Any:  # noqa: ANN401
        happens("transaction")
        return await transaction(store, work)

    type.__setattr__(Engine, "run", run)
    sys.addaudithook(audit)
    return seen


def main() -> None:
    """Restore as told, and die or say which effects there were."""
    told: dict[str, Any] = json.loads(sys.stdin.readline())
    state = Path(told["state"])
    entries = [bytes.fromhex(entry) for entry in told["entries"]]
    sources = Sources(Path(told["backup"]), Path(told["keys"]), told["pins"], entries)
    officer = Officer("MC-20", Role.OFFICER, told["passphrase"])
    seed = bytes.fromhex(told["seed"])
    seen = count_effects(state, told["before"])
    asyncio.run(
        restore_desk(state, sources, seed, officer, HandClock(datetime.fromisoformat(told["at"])))
    )
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main()
