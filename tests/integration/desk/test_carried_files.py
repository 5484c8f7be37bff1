"""Files of messages go by hand beside them: whole or not at all, once, whichever way they come."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crypto.attest.blob import CHUNK, CHUNK_ADDS
from liaison.desk.carriage.folder import NotReadError
from liaison.desk.carriage.handing import handed
from liaison.desk.carriage.spool import Spool
from liaison.desk.files.cabinet import FOLDER
from liaison.desk.store import FileState
from liaison.runtime.tasks import Tasks
from protocols.wire.carriage import BLOB_HEAD
from tests.support.carried import carry_in, carry_out, cut_off
from tests.support.files import PDF, attach, files_at, have_come, read
from tests.support.interposed import interpose
from tests.support.network import Desk, Network, until

#: Of several chunks, and not a whole number of them.
LONG_PDF = PDF + bytes(range(256)) * 1_000
SEALED_CHUNK = CHUNK + CHUNK_ADDS


@dataclass(frozen=True)
class Carried:
    """A case of which a note with a file waits on a stick; neither desk has a line."""

    network: Network
    ref: str
    stick: Path
    blob: str

    @property
    def there(self) -> Desk:
        """Return the desk to which the stick goes."""
        return self.network.dongxing

    @property
    def note(self) -> Path:
        """Return the file with the note."""
        (found,) = (path for path in self.stick.iterdir() if path != self.file)
        return found

    @property
    def file(self) -> Path:
        """Return the file with the ciphertext of the note's file."""
        return self.stick / f"{self.blob}.liaison"

    async def taken(self, *paths: Path) -> list[str]:
        """Have files taken and return what became of each."""
        return [one["code"] or one["outcome"] for one in await carry_in(self.there, *paths)]

    async def states(self) -> list[str]:
        """Return how far the files of the case have come."""
        return [file["state"] for file in await files_at(self.there, self.ref)]

    async def state(self) -> FileState:
        """Return how far the one file of the reader's one case has come."""
        ((thread, _),) = await self.there.agent.store.threads()
        (file,) = await self.there.agent.store.files_of(thread)
        return file.state

    async def readers_line_is_back_first(self) -> None:
        """Have the reader carry what it can while the broker has not heard of the note."""
        await self.network.mongcai.stop()
        await self.network.broker.start()
        await self.network.line_is(self.there, "up")
        await self.there.agent.file_carrier._attempt()  # noqa: SLF001 - at this very moment

    def lying(self) -> list[str]:
        """Return the names of what lies in the reader's folder of files."""
        return sorted(path.name for path in (self.there.state / FOLDER).iterdir())


@pytest.fixture
async def carried(network: Network, tmp_path: Path) -> Carried:
    """Return a note with a file that Móng Cái has written to a stick without a line."""
    stick = tmp_path / "stick"
    stick.mkdir()
    ref = await network.mongcai.request()
    await network.holds(network.dongxing, ref, 1)
    await network.settle()
    await cut_off(network)
    (added,) = await attach(network.mongcai, ref, ("hộ chiếu.pdf", LONG_PDF))
    await carry_out(network.mongcai, stick)
    return Carried(network, ref, stick, added["blob"])


async def test_a_note_is_sealed_for_the_stick_and_its_file_goes_beside_it_as_it_lies(
    carried: Carried,
) -> None:
    mongcai = carried.network.mongcai

    first = await carried.taken(carried.stick)
    again = await carried.taken(carried.stick)

    assert first == ["taken", "taken"]
    assert again == ["known", "known"]
    assert await carried.states() == ["here"]
    assert await read(carried.there, carried.ref, carried.blob) == LONG_PDF
    assert (await mongcai.case(carried.ref))["parcels"] == []
    on_disk = (mongcai.state / FOLDER / carried.blob).read_bytes()
    assert carried.file.read_bytes()[BLOB_HEAD:] == on_disk
    assert all(b"passport" not in path.read_bytes() for path in carried.stick.iterdir())


async def test_a_file_that_comes_before_its_message_waits_for_it_on_the_stick(
    carried: Carried,
) -> None:
    early = await carried.taken(carried.file)
    lying = carried.lying()
    later = await carried.taken(carried.note, carried.file)

    assert early == ["carriage.unknown_blob"]
    assert lying == []
    assert later == ["taken", "taken"]


def _cut(sealed: bytes) -> bytes:
    return sealed[:-1]


def _swap(sealed: bytes) -> bytes:
    return (
        sealed[SEALED_CHUNK : 2 * SEALED_CHUNK] + sealed[:SEALED_CHUNK] + sealed[2 * SEALED_CHUNK :]
    )


def _alter(sealed: bytes) -> bytes:
    return sealed[:-1] + bytes([sealed[-1] ^ 1])


def _lengthen(sealed: bytes) -> bytes:
    return sealed + b"\0"


SPOILT = {
    _cut: "attachment.truncated",
    _swap: "attachment.chunk",
    _alter: "attachment.chunk",
    _lengthen: "attachment.extended",
}


async def test_a_file_that_was_spoilt_on_its_way_is_refused_and_nothing_of_it_is_kept(
    carried: Carried,
) -> None:
    raw = carried.file.read_bytes()
    assert await carried.taken(carried.note) == ["taken"]

    codes: list[str] = []
    for spoil in SPOILT:
        carried.file.write_bytes(raw[:BLOB_HEAD] + spoil(raw[BLOB_HEAD:]))
        codes += await carried.taken(carried.file)
    states, lying = await carried.states(), carried.lying()
    carried.file.write_bytes(raw)

    assert codes == list(SPOILT.values())
    assert (states, lying) == (["coming"], [])
    assert await carried.taken(carried.file) == ["taken"]


async def test_a_stick_that_is_pulled_out_half_way_leaves_nothing_half_stored(
    carried: Carried,
) -> None:
    blobs, lying = carried.there.agent.carrier.blobs, list[str]()
    assert await carried.taken(carried.note) == ["taken"]

    async def pulled_out() -> AsyncIterator[bytes]:
        yield carried.file.read_bytes()[BLOB_HEAD : 2 * SEALED_CHUNK]
        lying.extend(carried.lying())
        raise NotReadError("the file cannot be read: Input/output error")

    told = await handed("name", blobs.take(bytes.fromhex(carried.blob), pulled_out()))

    assert (told.outcome, told.code) == ("refused", "carriage.not_read")
    assert len(lying) == 1
    assert (await carried.states(), carried.lying()) == (["coming"], [])
    assert await carried.taken(carried.file) == ["taken"]


async def test_what_came_by_hand_is_brought_to_the_broker_later_and_stands_once(
    carried: Carried,
) -> None:
    network = carried.network
    assert await carried.taken(carried.stick) == ["taken", "taken"]

    await carried.readers_line_is_back_first()
    early = await carried.state()
    await network.mongcai.start()
    await network.settle()

    async def is_settled() -> bool:
        blobs = network.state / "broker" / "blobs"
        kept = [path for path in blobs.rglob("*") if path.is_file()]
        return await carried.state() is FileState.HERE and not kept

    assert early is FileState.CARRIED
    await until(is_settled, "the broker has been told, and keeps nothing")
    assert len(await carried.there.steps(carried.ref)) == 2
    assert await read(carried.there, carried.ref, carried.blob) == LONG_PDF
    assert await carried.there.set_aside() == []


async def test_a_message_that_came_alone_has_its_file_over_the_line(carried: Carried) -> None:
    assert await carried.taken(carried.note) == ["taken"]

    await carried.readers_line_is_back_first()
    early = await carried.state()
    await carried.network.mongcai.start()
    await have_come(carried.there, carried.ref, 1)

    assert early is FileState.COMING
    assert await read(carried.there, carried.ref, carried.blob) == LONG_PDF
    assert await carried.taken(carried.file) == ["known"]


async def test_a_watched_folder_takes_a_file_once_its_message_has_come(
    carried: Carried, tmp_path: Path
) -> None:
    agent, folder = carried.there.agent, tmp_path / "watched"
    folder.mkdir()
    tasks = Tasks()
    spool = Spool(agent.carrier, agent.line, None, folder, agent.alarms, tasks)
    now = carried.network.clock.now()

    carried.file.rename(folder / carried.file.name)
    for _ in range(3):
        await spool(now)
    early = sorted(folder.iterdir())
    carried.note.rename(folder / carried.note.name)
    for _ in range(2):
        await spool(now)

    await tasks.stop()
    assert early == [folder / carried.file.name]
    assert list(folder.iterdir()) == []
    assert await carried.states() == ["here"]


async def test_with_a_line_no_note_is_sealed_before_its_files_are_at_the_broker(
    network: Network, tmp_path: Path
) -> None:
    desk, ref = network.mongcai, await network.mongcai.request()
    await network.settle()
    between = await interpose(network, desk)
    await desk.stop()
    between.cuts = [1] * 1_000
    await desk.start()
    await network.line_is(desk, "up")
    await attach(desk, ref, ("a.pdf", LONG_PDF))

    written = await carry_out(desk, tmp_path)
    steps = await desk.steps(ref)
    between.cuts = []

    assert written == []
    assert [step["act"] for step in steps] == ["request"]
    await have_come(network.dongxing, ref, 1)
