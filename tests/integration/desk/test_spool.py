"""Folders that are watched: each thing is written once, and nothing half-written is read."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from config.load import find_corridor, load_catalogue
from liaison.desk.app import DeskParts, build_app
from liaison.desk.carriage import spool
from liaison.desk.carriage.folder import SUFFIX
from liaison.desk.carriage.spool import Spool
from liaison.runtime.tasks import Tasks
from protocols.wire.carriage import blob_head
from tests.support.network import CORRIDOR, Desk, Network, until


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


@dataclass(frozen=True)
class Watched:
    """The folder between two desks, and who watches it at each."""

    folder: Path
    there: Spool
    here: Spool
    network: Network

    async def looks(self, at: Spool, times: int = 2) -> None:
        """Have a desk look so often."""
        for _ in range(times):
            await at(self.network.clock.now())


@pytest.fixture
async def watched(network: Network, tmp_path: Path) -> AsyncIterator[Watched]:
    """Yield a folder from Móng Cái to Dongxing; no desk has a line."""
    folder = tmp_path / "between"
    folder.mkdir()
    await network.broker.stop()
    for desk in (network.mongcai, network.dongxing):
        await network.line_is(desk, "down")
    sender, reader = network.mongcai.agent, network.dongxing.agent
    tasks = Tasks()
    there = Spool(sender.carrier, sender.line, folder, None, sender.alarms, tasks)
    here = Spool(reader.carrier, reader.line, None, folder, reader.alarms, tasks)
    yield Watched(folder, there, here, network)
    await tasks.stop()


async def alarmed(desk: Desk) -> list[tuple[str, str]]:
    """Return code and subject of the alarms that stand at a desk."""
    return [(alarm.code, alarm.about) for alarm in await desk.agent.alarms.standing()]


async def test_what_waits_is_written_once_and_taken_and_removed(watched: Watched) -> None:
    ref = await watched.network.mongcai.request()

    await watched.looks(watched.there)
    written = names_in(watched.folder)
    await watched.looks(watched.here)
    await watched.looks(watched.there)

    assert len(written) == 1
    assert names_in(watched.folder) == []
    assert [row["case"] for row in await watched.network.dongxing.board()] == [ref]


async def test_files_of_no_message_keep_no_message_waiting(watched: Watched) -> None:
    for number in range(spool.AT_ONCE):
        (watched.folder / f"!{number:02}{SUFFIX}").write_bytes(blob_head(bytes([number]) * 32))
    ref = await watched.network.mongcai.request()

    await watched.looks(watched.there)
    await watched.looks(watched.here, 3)

    assert [row["case"] for row in await watched.network.dongxing.board()] == [ref]
    assert len(names_in(watched.folder)) == spool.AT_ONCE


async def test_a_file_that_grows_is_not_read_before_it_is_whole(watched: Watched) -> None:
    await watched.network.mongcai.request()
    await watched.looks(watched.there)
    (path,) = watched.folder.glob("*")
    whole = path.read_bytes()

    for size in (10, 1_000, len(whole)):
        path.write_bytes(whole[:size])
        await watched.looks(watched.here, 1)
        assert await watched.network.dongxing.board() == []
    await watched.looks(watched.here, 1)

    assert len(await watched.network.dongxing.board()) == 1


async def test_what_is_refused_stays_and_is_not_looked_at_again_until_it_changes(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = watched.folder / "bad.liaison"
    foreign.write_bytes(b"%PDF-1.7")
    (watched.folder / "letter.pdf").write_bytes(b"%PDF-1.7")

    await watched.looks(watched.here, 5)
    told = capsys.readouterr().out.count("carriage.malformed")
    foreign.write_bytes(b"%PDF-1.7 again")
    await watched.looks(watched.here, 5)

    assert told == 1
    assert capsys.readouterr().out.count("carriage.malformed") == 1
    assert names_in(watched.folder) == ["bad.liaison", "letter.pdf"]


async def test_a_folder_that_is_gone_is_an_alarm_until_it_is_back_and_the_next_look_goes_on(
    watched: Watched, network: Network
) -> None:
    await network.mongcai.request()
    watched.folder.rmdir()

    await watched.looks(watched.there, 1)
    await watched.looks(watched.here, 1)
    told = await alarmed(network.mongcai), await alarmed(network.dongxing)
    watched.folder.mkdir()
    await watched.looks(watched.there, 1)
    await watched.looks(watched.here)

    assert told == ([("spool.out_away", "spool_out")], [("spool.in_away", "spool_in")])
    assert await alarmed(network.mongcai) == await alarmed(network.dongxing) == []
    assert len(await network.dongxing.board()) == 1


async def test_a_folder_that_cannot_even_be_asked_for_stops_no_other(
    watched: Watched, network: Network
) -> None:
    await network.mongcai.request()
    broken = watched.folder / ("x" * 1_000)  # no system has a name so long

    await watched.looks(replace(watched.there, incoming=broken), 1)

    assert len(names_in(watched.folder)) == 1
    assert await alarmed(network.mongcai) == [("spool.in_away", "spool_in")]


async def test_a_look_that_takes_long_goes_on_and_keeps_no_sweep(
    watched: Watched, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "AT_MOST", 0.01)
    await network.mongcai.request()
    await watched.looks(watched.there)
    await until(lambda: _is_written(watched.folder), "the file is written")
    await watched.looks(watched.here, 1)
    await until(lambda: _has_looked(watched.here), "the reader has looked once")

    async with network.dongxing.agent.inbox.turn:  # whoever takes a message waits for it
        looking = asyncio.get_running_loop().create_task(watched.looks(watched.here, 3))
        ended, _ = await asyncio.wait({looking}, timeout=5)
    await looking
    await until(lambda: _has_looked(watched.here), "the look has ended")

    assert ended == {looking}
    assert len(await network.dongxing.board()) == 1


async def _is_written(folder: Path) -> bool:
    return [name.rpartition(".")[2] for name in names_in(folder)] == ["liaison"]


async def _has_looked(here: Spool) -> bool:
    return here._looking is not None and here._looking.done()  # noqa: SLF001 - nothing else tells


async def test_a_file_that_shows_nothing_of_itself_is_passed_over(
    watched: Watched, network: Network
) -> None:
    await network.mongcai.request()
    await watched.looks(watched.there)
    (watched.folder / "0.liaison").symlink_to(watched.folder / "gone")

    await watched.looks(watched.here)

    assert names_in(watched.folder) == ["0.liaison"]
    assert len(await network.dongxing.board()) == 1
    assert await alarmed(network.dongxing) == []


async def test_a_desk_watches_the_folders_of_its_settings(
    watched: Watched, network: Network
) -> None:
    desk = network.dongxing
    desk.build = lambda: build_app(_parts(desk, network, watched.folder), clock=network.clock)
    await desk.stop()
    await desk.start()
    await network.mongcai.request()
    await watched.looks(watched.there)

    async def is_taken() -> bool:
        assert desk.agent.spool is not None
        await desk.agent.spool.sweep()
        return names_in(watched.folder) == []

    await until(is_taken, "the file is taken")
    assert len(await desk.board()) == 1


def _parts(desk: Desk, network: Network, folder: Path) -> DeskParts:
    return DeskParts(
        state=desk.state,
        broker_url=network.broker.url,
        keys=desk.keys,
        corridor=find_corridor(CORRIDOR),
        catalogue=load_catalogue(),
        token=desk.token,
        spool_in=folder,
    )
