"""The directory at the broker: who may bring entries, and what it answers."""

import pytest

from crypto.attest.directory import Directory
from crypto.attest.statement import ENTRY_LIMIT, Role
from protocols.wire.api import DIRECTORY_PATH, Grew, parse_page
from tests.support.agencies import MONGCAI, found
from tests.support.broker import NOW, Served


async def entries(broker: Served, after: int = 0) -> list[bytes]:
    _, body = await broker.get(DIRECTORY_PATH, **{"from": after})
    return parse_page(body, limit=1 << 24)


async def test_anyone_may_bring_an_entry_that_stands(either: Served) -> None:
    size = either.corridor.directory.head.size
    office = either.corridor.office(MONGCAI)
    _, entry = either.corridor.vietnam.enrol(office, Role.OFFICER, at=NOW)

    assert await either.post(DIRECTORY_PATH, entry) == (200, {"size": size + 1})

    assert await entries(either, size) == [entry]


async def test_an_entry_brought_again_is_answered_as_before(either: Served) -> None:
    leaves = len(await either.leaves())
    old = either.corridor.entries[4]

    assert await either.post(DIRECTORY_PATH, old) == (200, {"size": 5})

    assert len(await either.leaves()) == leaves


async def test_a_replica_is_fetched_in_parts_and_verifies(either: Served) -> None:
    whole = [*await entries(either, 0)][:7] + await entries(either, 7)

    assert Directory.replay(either.corridor.pins, whole).head == either.corridor.directory.head


async def test_a_root_enters_only_by_the_operators_hand(either: Served) -> None:
    status, body = await either.post(DIRECTORY_PATH, found("LA").entries[0])

    assert (status, body["code"]) == (403, "directory.root_by_operator")


async def test_an_entry_signed_by_the_wrong_registrar_is_refused_and_changes_nothing(
    either: Served,
) -> None:
    before = await entries(either)
    office = either.corridor.office(MONGCAI)
    _, entry = either.corridor.china.enrol(office, Role.DEVICE, at=NOW)

    status, body = await either.post(DIRECTORY_PATH, entry)

    assert (status, body["code"]) == (400, "directory.refused")
    assert await entries(either) == before


@pytest.mark.parametrize("raw", [b"", b"\x80", b"\xff" * 100])
async def test_what_is_no_entry_is_refused(broker: Served, raw: bytes) -> None:
    status, body = await broker.post(DIRECTORY_PATH, raw)

    assert (status, body["code"]) == (400, "directory.refused")


async def test_more_bytes_than_an_entry_has_are_not_read(broker: Served) -> None:
    status, body = await broker.post(DIRECTORY_PATH, bytes(ENTRY_LIMIT + 1))

    assert (status, body["code"]) == (413, "http.413")


async def test_a_device_hears_that_the_directory_has_grown(broker: Served) -> None:
    caller = await broker.call(MONGCAI)
    _, entry = broker.corridor.vietnam.enrol(broker.corridor.office(MONGCAI), Role.OFFICER, at=NOW)
    _, answer = await broker.post(DIRECTORY_PATH, entry)

    while (grew := await caller.wait(Grew)).directory != answer["size"]:
        pass

    assert grew.directory == broker.corridor.directory.head.size + 1


async def test_a_broker_that_serves_is_alive_and_ready(either: Served) -> None:
    await either.sweep()

    assert (await either.get("/livez"))[0] == 200
    assert (await either.get("/readyz"))[0] == 200
