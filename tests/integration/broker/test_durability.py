"""What was answered is stored, what failed is not, and a past that was signed cannot be changed."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from crypto.attest.header import parse_envelope
from crypto.attest.note import parse_note, sign_note
from crypto.attest.signing import SigningKey, split_signed
from crypto.attest.statement import Role
from liaison.broker.admin import InitialisedError, enroll_entries, init_broker
from liaison.broker.checkpoints import FILE_NAME
from liaison.broker.errors import (
    ForeignDatabaseError,
    NotInitialisedError,
    RefusedError,
    RegressedLedgerError,
    RunningError,
)
from liaison.broker.settings import DATABASE_NAME, KEY_NAME
from liaison.runtime.clock import SystemClock, timestamp
from protocols.wire.api import FRAME_LIMIT, WEBSOCKET_PATH, Hello, parse_frame, parse_page
from protocols.wire.receipt import parse_took
from tests.support.agencies import DONGXING, MONGCAI, Corridor, found, found_corridor
from tests.support.broker import Caller, RefusalError, Served
from tests.support.requirements import REPOSITORY

SERVE = Path(__file__).with_name("serve.py")


@asynccontextmanager
async def process(state: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Give a broker that serves ``state`` as a process of its own, and its URL; kill it at last."""
    served = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SERVE),
        str(state),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(REPOSITORY)},
    )
    try:
        assert served.stdout is not None
        yield served, f"http://127.0.0.1:{int(await served.stdout.readline())}"
    finally:
        if served.returncode is None:
            served.kill()
        await served.wait()


@asynccontextmanager
async def calling(url: str, corridor: Corridor, slug: str) -> AsyncIterator[Caller]:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url + WEBSOCKET_PATH, max_msg_size=FRAME_LIMIT) as ws,
    ):
        hello = parse_frame(await ws.receive_bytes())
        assert isinstance(hello, Hello)
        caller = Caller(ws, corridor.office(slug).device, hello)
        await caller.login(timestamp(SystemClock().now()))
        yield caller


async def test_a_message_is_there_after_the_broker_was_killed_right_after_its_receipt(
    tmp_path: Path,
) -> None:
    state = tmp_path / "broker"
    made = await init_broker(state)
    corridor = found_corridor(timestamp(SystemClock().now()), broker=made.kid)
    await enroll_entries(state, corridor.entries, clock=SystemClock(), pins=corridor.pins)
    envelope = corridor.seal()

    async with process(state) as (served, url), calling(url, corridor, MONGCAI) as sender:
        receipt = await sender.submit(envelope)
        served.kill()
        await served.wait()

    async with process(state) as (_, url), calling(url, corridor, DONGXING) as reader:
        (item,) = await reader.items(1)
        assert (item.first, item.second) == (envelope, receipt)
    async with process(state) as (_, url), calling(url, corridor, MONGCAI) as sender:
        assert await sender.submit(envelope) == receipt


def database(broker: Served) -> Path:
    return broker.settings.state / DATABASE_NAME


async def change(broker: Served, *statements: str) -> None:
    """Change the stopped or running broker's database behind its back."""

    def execute() -> None:
        with closing(sqlite3.connect(database(broker))) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    await asyncio.to_thread(execute)  # the broker runs in this loop, and may hold the lock


async def test_a_database_that_fails_refuses_as_busy_and_skips_no_leaf_and_no_number(
    broker: Served,
) -> None:
    sender, reader = await broker.call(MONGCAI), await broker.call(DONGXING)
    await sender.submit(broker.corridor.seal(own_copy=False))
    size = len(await broker.leaves())
    envelope = broker.corridor.seal(own_copy=False)
    await change(broker, "ALTER TABLE mailbox RENAME TO elsewhere")
    with pytest.raises(RefusalError, match=r"broker\.busy"):
        await sender.submit(envelope)
    assert (await broker.get("/readyz"))[0] == 503
    await change(broker, "ALTER TABLE elsewhere RENAME TO mailbox")

    receipt = await sender.submit(envelope)

    assert parse_took(split_signed(receipt)[0]).index == size
    assert len(await broker.leaves()) == size + 1
    assert [item.seq for item in await reader.items(2)] == [1, 2]


async def test_an_entry_whose_commit_failed_does_not_stand(broker: Served) -> None:
    office = broker.corridor.office(MONGCAI)
    size = broker.corridor.directory.head.size
    entry = broker.corridor.vietnam.enrol(office, Role.OFFICER, at=broker.corridor.at)[1]
    await change(broker, "ALTER TABLE directory RENAME TO elsewhere")
    assert (await broker.post("/v1/directory", entry))[1]["code"] == "broker.busy"
    await change(broker, "ALTER TABLE elsewhere RENAME TO directory")

    assert await broker.post("/v1/directory", entry) == (200, {"size": size + 1})
    _, served = await broker.get("/v1/directory")
    assert parse_page(served, limit=1 << 20)[size:] == [entry]


async def test_sequence_numbers_go_on_after_a_restart(either: Served) -> None:
    sender = await either.call(MONGCAI)
    await sender.submit(either.corridor.seal(own_copy=False))
    await either.restart()
    sender = await either.call(MONGCAI)

    await sender.submit(either.corridor.seal(own_copy=False))

    reader = await either.call(DONGXING)
    assert [item.seq for item in await reader.items(2)] == [1, 2]


async def test_a_ledger_shorter_than_what_was_signed_is_not_served(broker: Served) -> None:
    await broker.cosigned(len(await broker.leaves()))
    await broker.stop()
    await change(
        broker,
        "DELETE FROM ledger_leaves WHERE position >= 5",
        "DELETE FROM ledger_nodes WHERE (position + 1) << level > 5",
    )

    with pytest.raises(RegressedLedgerError):
        await broker.start()


async def test_a_database_put_back_to_an_older_state_is_not_served(broker: Served) -> None:
    await broker.cosigned(len(await broker.leaves()))
    await broker.stop()
    older = broker.settings.state / "older"
    shutil.copy(database(broker), older)
    await broker.start()
    sender = await broker.call(MONGCAI)
    await sender.submit(broker.corridor.seal())
    await broker.cosigned(len(await broker.leaves()))
    await broker.stop()
    older.replace(database(broker))

    with pytest.raises(RegressedLedgerError):
        await broker.start()


async def test_a_ledger_with_another_leaf_under_a_signed_head_is_not_served(
    broker: Served,
) -> None:
    await broker.cosigned(len(await broker.leaves()))
    await broker.stop()
    await change(broker, "UPDATE ledger_nodes SET hash = zeroblob(32) WHERE level = 4")

    with pytest.raises(RegressedLedgerError):
        await broker.start()


async def test_a_checkpoint_of_another_key_is_not_taken_for_ours(broker: Served) -> None:
    await broker.cosigned(len(await broker.leaves()))
    await broker.stop()
    (broker.settings.state / FILE_NAME).write_bytes(b"liaison/x\n1\n\n\xe2\x80\x94 x AAAAAAA=\n")

    with pytest.raises(RegressedLedgerError):
        await broker.start()


async def test_another_key_that_signs_our_very_head_is_not_taken_for_ours(broker: Served) -> None:
    await broker.cosigned(len(await broker.leaves()))
    file = broker.settings.state / FILE_NAME
    text = parse_note(file.read_bytes()).text
    await broker.stop()
    other = SigningKey.from_seed(bytes(32))
    file.write_bytes(sign_note(text, text.splitlines()[0], other).raw())

    with pytest.raises(RegressedLedgerError):
        await broker.start()


async def test_two_processes_cannot_work_on_one_folder(broker: Served) -> None:
    with pytest.raises(RunningError):
        await enroll_entries(broker.settings.state, [], clock=broker.clock)


async def test_a_broker_is_made_once(broker: Served) -> None:
    await broker.stop()

    with pytest.raises(InitialisedError):
        await init_broker(broker.settings.state)


async def test_an_init_that_was_cut_short_is_taken_up_with_its_key(tmp_path: Path) -> None:
    first = await init_broker(tmp_path)
    (tmp_path / DATABASE_NAME).unlink()

    second = await init_broker(tmp_path)

    assert second == first


async def test_a_folder_without_a_broker_is_not_served(tmp_path: Path) -> None:
    with pytest.raises(NotInitialisedError):
        await enroll_entries(tmp_path, [], clock=SystemClock())


async def test_a_database_of_another_broker_is_not_served(tmp_path: Path) -> None:
    for name in ("one", "two"):
        await init_broker(tmp_path / name)
    (tmp_path / "one" / DATABASE_NAME).replace(tmp_path / "two" / DATABASE_NAME)

    with pytest.raises(ForeignDatabaseError):
        await enroll_entries(tmp_path / "two", [], clock=SystemClock())


async def test_a_database_of_another_broker_is_not_made_ours(tmp_path: Path) -> None:
    await init_broker(tmp_path / "one")
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / DATABASE_NAME).replace(tmp_path / "two" / DATABASE_NAME)

    with pytest.raises(ForeignDatabaseError):
        await init_broker(tmp_path / "two")


async def test_an_agency_whose_root_was_not_pinned_cannot_be_enrolled(tmp_path: Path) -> None:
    await init_broker(tmp_path)
    agency = found("VN")

    with pytest.raises(RefusedError, match="pinned"):
        await enroll_entries(tmp_path, agency.entries, clock=SystemClock())
    size = await enroll_entries(
        tmp_path, agency.entries, clock=SystemClock(), pins=[agency.pin.replace(" ", "")]
    )

    assert size == 1


async def test_pins_are_kept_beside_those_typed_before(tmp_path: Path) -> None:
    one, two = found("VN"), found("CN")
    await init_broker(tmp_path, pins=[one.pin])
    await enroll_entries(tmp_path, one.entries, clock=SystemClock())

    assert await enroll_entries(tmp_path, two.entries, clock=SystemClock(), pins=[two.pin]) == 2


async def test_the_brokers_files_hold_no_plaintext_and_no_key_that_opens_a_message(
    broker: Served,
) -> None:
    canary = "Nguyễn Thị Hoa, số hộ chiếu C1234567"
    sender, reader = await broker.call(MONGCAI), await broker.call(DONGXING)
    envelope = broker.corridor.seal(text=canary)
    await sender.submit(envelope)
    await reader.items(1)
    await broker.cosigned(len(await broker.leaves()))
    await broker.stop()

    files = {
        path.name: path.read_bytes()
        for path in broker.settings.state.rglob("*")
        if path.is_file() and path.name != KEY_NAME
    }

    secrets = [canary.encode(), (broker.settings.state / KEY_NAME).read_bytes()]
    for agency in (broker.corridor.vietnam, broker.corridor.china):
        for office in agency.offices.values():
            secrets += [own.seed for own in office.windows]
    assert parse_envelope(envelope).body in files[DATABASE_NAME]  # else nothing was looked at
    assert [name for name, raw in files.items() if any(s in raw for s in secrets)] == []
