"""A play in which every process is killed before every step, and some in the middle of it.

SIGKILL by process id: nothing is flushed, said or closed. Each step goes through two kills. Before
it, all processes at once, which are dead while the clock runs on to the step: what fell due in
between fell due with nobody there. Then, once its desk has said that it keeps the step, that desk
and the broker: at odd steps the broker was dead before the desk could send, at even ones both are
alive and the message may be anywhere.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from config.load import bundled_corridor
from crypto.attest.checkpoint import open_checkpoint
from crypto.attest.note import NamedKey
from crypto.attest.tree import Frontier, TreeHead, hash_leaf
from liaison.audit.sources import LedgerCopy, read_copy
from liaison.demo.network import Network
from liaison.demo.play import Player, play
from liaison.demo.report import Report
from liaison.demo.scenario import ScenarioStep
from liaison.demo.scenario_file import find_scenario, load_scenario
from protocols.wire import api
from protocols.wire.ledger_event import EventKind, parse_leaf

BROKER, CORRIDOR = "broker", "quangninh-guangxi"
View = dict[str, Any]


@dataclass(slots=True)
class KilledPlayer(Player):
    """Plays a scenario although all that it plays with is killed again and again."""

    kills: Counter[str] = field(default_factory=Counter)
    #: Every checkpoint that the broker gave out while the play asked.
    handed_out: set[bytes] = field(default_factory=set)
    #: The cases at the end, by name: as the Vietnamese and as the Chinese desk holds them.
    ended: dict[str, tuple[View, View]] = field(default_factory=dict)

    # A class with slots is made anew by its decorator: super() without arguments would miss it.

    async def pass_time(self, until: datetime) -> None:
        """Pass the time with everything dead; begin again at ``until``."""
        everything = [node.name for node in self.network.nodes]
        await self._kill(everything)
        await self._begin_again(everything, until)
        self._next = None
        await Player.pass_time(self, until)

    async def say(self, step: ScenarioStep) -> None:
        """Enter a step at its desk; kill that desk and the broker at two different moments."""
        await self._collect()
        if step.number % 2:
            await self._kill([BROKER])
        await Player.say(self, step)
        await self._kill([name for name in (BROKER, step.desk) if self._is_alive(name)])
        await self._begin_again([BROKER, step.desk], step.at)

    async def play(self) -> None:
        """Play, and keep how the cases stand at the end."""
        await Player.play(self)
        for parties in self._cases.values():
            self.ended[parties.case] = await self.views(parties)

    async def ask_broker(self, path: str, **query: int) -> bytes:
        """Return what the broker answers, and keep every checkpoint of it."""
        answer = await Player.ask_broker(self, path, **query)
        if path == api.CHECKPOINT_PATH:
            self.handed_out.add(answer)
        return answer

    async def _collect(self) -> None:
        await self.ask_broker(api.CHECKPOINT_PATH, any=1)
        await self.ask_broker(api.CHECKPOINT_PATH)

    def _is_alive(self, name: str) -> bool:
        return self.network.node(name).process.returncode is None

    async def _kill(self, names: Iterable[str]) -> None:
        await asyncio.gather(*(self.network.node(name).kill() for name in names))
        self.kills.update(names)

    async def _begin_again(self, names: Iterable[str], at: datetime) -> None:
        await asyncio.gather(*(self.network.start_again(name, at=at) for name in names))


@dataclass(frozen=True)
class Survived:
    """What a play with kills came to."""

    report: Report
    player: KilledPlayer
    network: Network
    ledger: LedgerCopy
    seconds: float

    def printed(self) -> str:
        """Return the figures in one line."""
        ended = self.player.ended.values()
        steps = [[step["mid"] for step in view["steps"]] for pair in ended for view in pair]
        taken = accepted(self.ledger)
        return (
            f"{sum(self.player.kills.values())} kills {dict(sorted(self.player.kills.items()))}; "
            f"{self.report.messages} messages, {self.report.delivered} delivered, "
            f"{self.report.messages - self.report.delivered} lost, "
            f"{sum(len(mids) - len(set(mids)) for mids in steps)} doubled on a desk, "
            f"{len(taken) - len(set(taken))} in the ledger; "
            f"{len(self.player.handed_out)} checkpoints; {self.seconds:.0f} s"
        )


async def play_with_kills(name: str, state: Path) -> Survived:
    """Play the bundled scenario ``name`` in the empty folder ``state``, killing all the time."""
    corridor = bundled_corridor(CORRIDOR)
    script = load_scenario(find_scenario(name), corridor)
    report, players = Report(script.name), list[KilledPlayer]()

    def player(*parts: Any) -> KilledPlayer:  # noqa: ANN401 - what a player is made from
        players.append(KilledPlayer(*parts))
        return players[-1]

    seconds = await play(
        script, corridor, state, report=report, progress=lambda _: None, player=player
    )
    (played,) = players
    return Survived(report, played, played.network, read_copy(state / "ledger"), seconds)


def accepted(ledger: LedgerCopy) -> list[bytes]:
    """Return the ids of the messages that the ledger says were taken, in its order."""
    leaves = [parse_leaf(raw) for raw in ledger.leaves]
    return [leaf.objects[0] for leaf in leaves if leaf.kind is EventKind.MESSAGE_ACCEPTED]


def contradicted(ledger: LedgerCopy, handed_out: Iterable[bytes], log: NamedKey) -> list[TreeHead]:
    """Return the heads, among the checkpoints handed out, that ``ledger`` does not begin with."""
    frontier, heads = Frontier(), {Frontier().head()}
    for leaf in ledger.leaves:
        frontier, _ = frontier.append(hash_leaf(leaf))
        heads.add(frontier.head())
    given = [open_checkpoint(raw, log).head for raw in handed_out]
    return [head for head in given if head not in heads]
