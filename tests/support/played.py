"""One play of each bundled scenario by the installed command, for all tests that look at it.

Each is played once a test run, also when several processes share the tests: the first one plays
while the others wait for it. A process that was told where another has played (``PLAYED``) looks
there.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crypto.attest.checkpoint import Checkpoint, cosign, sign_checkpoint
from crypto.attest.note import parse_note
from crypto.attest.tree import Frontier, hash_leaf
from liaison.audit.sources import LedgerCopy, read_copy
from liaison.broker.settings import KEY_NAME
from liaison.demo.network import witness_name
from liaison.demo.node import WITNESS_KEY
from liaison.runtime.clock import from_timestamp
from liaison.runtime.seeds import load_key
from protocols.wire.ledger_event import parse_leaf
from tests.support.command import Outcome, environment, liaison, running_with

SCENARIO, BABY = "twenty-two-women.toml", "baby-handover.toml"
AGENCIES = ("vn-quangninh-police", "cn-guangxi-police")
#: Marks the processes of a play, which inherit it.
MARK = "PLAYED_BY_TEST"
#: Names the folder in which another process has played; it outlives this one.
PLAYED = "LIAISON_TEST_PLAYED"


@dataclass(frozen=True)
class Played:
    """The play: its folder, and what the command came to."""

    state: Path
    outcome: Outcome
    left_behind: int

    @property
    def answer(self) -> dict[str, Any]:
        """Return the object that it printed."""
        return self.outcome.json

    @property
    def ledger(self) -> LedgerCopy:
        """Return the kept copy of the ledger."""
        return read_copy(self.state / "ledger")

    @property
    def pins_file(self) -> Path:
        """Return the file of the agencies' fingerprints."""
        return self.state / "ceremony" / "pins.txt"

    @property
    def pins(self) -> list[str]:
        """Return the agencies' fingerprints."""
        return self.pins_file.read_text(encoding="ascii").splitlines()

    def signed(self, *leaves: bytes, by: Mapping[str, str] | None = None) -> LedgerCopy:
        """Return the ledger with these leaves, signed by the play's own broker and witnesses.

        What a broker could show if both witnesses were in league with it. ``by`` gives, for each
        agency whose witness cosigns, the agency whose witness's key it signs with.
        """
        frontier = Frontier()
        for leaf in leaves:
            frontier, _ = frontier.append(hash_leaf(leaf))
        origin = self.ledger.checkpoint.split(b"\n", 1)[0].decode()
        head = frontier.head()
        broker = load_key(self.state / "broker" / KEY_NAME)
        raw = sign_checkpoint(Checkpoint(origin, head.size, head.root), broker)
        at = from_timestamp(parse_leaf(self.ledger.leaves[-1]).at)
        note = parse_note(raw)
        chosen = {name: name for name in AGENCIES} if by is None else by
        for agency, signer in chosen.items():
            key = load_key(self.state / f"witness-{signer}" / WITNESS_KEY)
            note = note.adding(cosign(raw, witness_name(agency), key, at=at))
        return LedgerCopy(self.ledger.directory, tuple(leaves), note.raw())


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Return the one play of the 22 women of this test run."""
    return _once(tmp_path_factory, "played", SCENARIO)


@pytest.fixture(scope="session")
def baby(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Return the one play of the baby's handover of this test run."""
    return _once(tmp_path_factory, "baby", BABY)


def _once(factory: pytest.TempPathFactory, name: str, scenario: str) -> Played:
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    shared = Path(os.environ.get(PLAYED, shared))
    result = shared / f"{name}.json"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            mark = f"{shared}/{name}"
            result.write_text(json.dumps(_play(shared / name, scenario, mark=mark)))
    kept = json.loads(result.read_text())
    return Played(shared / name, Outcome(**kept["outcome"]), kept["left_behind"])


def _play(state: Path, scenario: str, *, mark: str) -> dict[str, Any]:
    outcome = liaison(
        "demo", "--play", scenario, "--json", "--state", state, env=environment(**{MARK: mark})
    )
    left = len(running_with(MARK, mark))
    return {
        "outcome": {"code": outcome.code, "out": outcome.out, "err": outcome.err},
        "left_behind": left,
    }
