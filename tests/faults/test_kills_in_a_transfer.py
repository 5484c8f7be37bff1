"""Desks and broker are killed in the middle of a file: it goes on, and it comes once and whole."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from liaison.desk.files.cabinet import FOLDER
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.files import PDF, in_pieces
from tests.support.gate import Gate, gate_to
from tests.support.killed import BROKER
from tests.support.storm import STAFF, Storm, storm, until

SENT, ALSO_SENT = (PDF + bytes(range(256)) * 32_000 + end for end in (b"1", b"2"))
#: A connection is held after so many bytes, a third of a file; the broker writes 1 MiB at once.
SHARE = 2_700_000
BLOBS = (BROKER, "blobs")


@dataclass(frozen=True)
class Transfers:
    """Two desks, each behind a gate, and the case whose files go from one to the other."""

    storm: Storm
    here: Gate
    there: Gate

    async def attach(self, whole: bytes) -> str:
        """Have Móng Cái add a file to the case and put it in line; return its blob."""
        officer = STAFF[MONGCAI][0].officer
        client = await self.storm.network.be_present(MONGCAI, officer)
        path = f"/api/cases/{self.storm.ref}"
        added = await client.upload(
            f"{path}/files", in_pieces(whole), officer=officer, name="a.pdf"
        )
        await client.post(f"{path}/parcels", officer=officer, files=[added["blob"]], lang="vi")
        return str(added["blob"])

    async def killed(self, name: str) -> None:
        """Kill a process and start it again."""
        await self.storm.kill(name)
        await self.storm.start_again(name)

    async def come(self) -> list[dict[str, Any]]:
        """Return the files that Dongxing has, in the order of their notes."""
        steps = (await self.storm.case(DONGXING))["steps"]
        return [file for step in steps for file in step["files"] if file["state"] == "here"]

    async def read(self, blob: str) -> bytes:
        """Return a file as Dongxing hands it out."""
        client = self.storm.network.desks[DONGXING]
        path = f"/api/cases/{self.storm.ref}/files/{blob}"
        return b"".join([piece async for piece in client.download(path)])

    async def half_here(self, gate: Gate, *folder: str) -> None:
        """Return once a file is held half-way and some of it has come to lie in a folder."""

        async def has_some() -> bool:
            parts = self.storm.network.state.joinpath(*folder).rglob("*.part")
            return any(path.stat().st_size for path in parts)

        await gate.held()
        await until(has_some, f"something has come into {folder}")

    def lying(self, *folder: str) -> list[str]:
        """Return the names of the files that lie in a folder of the network."""
        found = self.storm.network.state.joinpath(*folder).rglob("*")
        return sorted(path.name for path in found if path.is_file())


@pytest.fixture
async def transfers(tmp_path: Path) -> AsyncIterator[Transfers]:
    """Yield two desks as processes, of which each has its own gate to the broker."""
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(storm(tmp_path))
        gates = []
        for slug in (MONGCAI, DONGXING):
            gate = await stack.enter_async_context(gate_to(network.network.broker_url))
            network.network.node(slug).told["broker"] = gate.url
            await network.kill(slug)
            await network.start_again(slug)
            gates.append(gate)
        yield Transfers(network, *gates)


async def test_a_file_goes_on_after_sender_reader_and_broker_were_killed_in_the_middle_of_it(
    transfers: Transfers,
) -> None:
    here, there = transfers.here, transfers.there
    there.open_for(SHARE)

    here.open_for(SHARE)
    first = await transfers.attach(SENT)
    await transfers.half_here(here, *BLOBS)
    here.open_for(None)
    await transfers.killed(MONGCAI)
    await transfers.half_here(there, DONGXING, FOLDER)
    there.open_for(SHARE)
    await transfers.killed(DONGXING)
    await there.held()
    here.open_for(SHARE)
    second = await transfers.attach(ALSO_SENT)
    await transfers.half_here(here, *BLOBS)
    there.open_for(None)
    here.open_for(None)
    await transfers.killed(BROKER)

    await until(lambda: _have_come(transfers, 2), "both files have come")
    await until(lambda: _is_empty(transfers), "the broker keeps nothing of them")
    assert [file["blob"] for file in await transfers.come()] == [first, second]
    assert [await transfers.read(blob) for blob in (first, second)] == [SENT, ALSO_SENT]
    for begun in (here.brought, there.fetched):
        places = [[place for blob, place in begun if blob == one] for one in (first, second)]
        assert all(found == sorted(found) for found in places), f"begun anew: {places}"
        assert all(found.count(0) == 1 for found in places), f"begun anew: {places}"
    assert min(len(here.brought), len(there.fetched)) >= 4
    assert transfers.lying(MONGCAI, FOLDER) == transfers.lying(DONGXING, FOLDER)
    assert transfers.lying(MONGCAI, FOLDER) == sorted([first, second])


async def _have_come(transfers: Transfers, count: int) -> bool:
    return len(await transfers.come()) == count


async def _is_empty(transfers: Transfers) -> bool:
    return transfers.lying(*BLOBS) == []
