"""Attachments at the broker: brought, gone on with, fetched by whom they concern, gone in time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest

from crypto.attest.blob import CHUNK
from liaison.broker.blobs.files import FOLDER
from liaison.broker.blobs.keeping import COMING_FOR, UNNAMED_FOR
from liaison.broker.blobs.routes import COMING, GATHER
from liaison.broker.blobs.tokens import LASTS
from tests.support.agencies import DAY, DONGXING, MONGCAI, MONGCAI_2
from tests.support.blobs import (
    SMALLEST_BLOB,
    Answer,
    Carrier,
    ask_token,
    carrier,
    name_of,
    sealed_file,
)
from tests.support.broker import RefusalError, Served
from tests.support.network import until

FILE, BLOB = sealed_file()
LARGE, LARGE_BLOB = sealed_file(bytes(2 * CHUNK))


async def is_free(served: Served) -> bool:
    """Say whether no blob is coming."""
    assert served.app is not None
    return not served.app[COMING]


def told(answer: Answer) -> tuple[int, object]:
    """Return the status and the code of an answer; None for one that is no refusal."""
    return answer[0], answer[1].get("code")


def files(served: Served) -> list[Path]:
    """Return all files of blobs, whole or not."""
    folder = served.settings.state / FOLDER
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def test_a_blob_is_fetched_by_the_desks_of_the_message_that_names_it(either: Served) -> None:
    sender = await carrier(either, MONGCAI)
    await sender.bring_all(BLOB)
    caller = await either.call(MONGCAI, 1)
    await caller.submit(either.corridor.seal(attachments=(FILE,)))

    for slug in (DONGXING, MONGCAI):
        reader = await carrier(either, slug)
        assert await reader.fetch(FILE.blob) == (206, BLOB)


async def test_a_blob_is_fetched_by_nobody_else_and_by_nobody_before_a_message_names_it(
    either: Served,
) -> None:
    sender = await carrier(either, MONGCAI)
    await sender.bring_all(BLOB)
    reader, stranger = await carrier(either, DONGXING), await carrier(either, MONGCAI_2)

    before = await reader.fetch(FILE.blob)
    caller = await either.call(MONGCAI, 1)
    await caller.submit(either.corridor.seal(attachments=(FILE,)))
    after = await stranger.fetch(FILE.blob)

    assert (before[0], after[0]) == (404, 404)
    assert b"blob.none" in before[1]
    assert b"blob.none" in after[1]
    assert told(await stranger.hold(FILE.blob)) == (404, "blob.none")


async def test_a_message_that_names_a_blob_which_is_not_whole_here_is_refused(
    either: Served,
) -> None:
    sender = await carrier(either, MONGCAI)
    caller = await either.call(MONGCAI, 1)
    envelope = either.corridor.seal(attachments=(LARGE,))
    await sender.bring(LARGE.blob, LARGE_BLOB[:-1], size=len(LARGE_BLOB))

    with pytest.raises(RefusalError) as refused:
        await caller.submit(envelope)
    await sender.bring(LARGE.blob, LARGE_BLOB[-1:], size=len(LARGE_BLOB), begin=len(LARGE_BLOB) - 1)

    assert refused.value.code == "submit.unknown_blob"
    assert await caller.submit(envelope)


async def test_a_message_cannot_name_what_another_desk_has_brought(broker: Served) -> None:
    await (await carrier(broker, MONGCAI)).bring_all(BLOB)
    caller = await broker.call(DONGXING)

    with pytest.raises(RefusalError) as refused:
        await caller.submit(broker.corridor.seal(DONGXING, (MONGCAI,), attachments=(FILE,)))

    assert refused.value.code == "submit.unknown_blob"


async def broken(body: bytes, when: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
    """Yield ``body``, then break the line when ``when`` says so."""
    yield body
    await until(when, "what was sent so far has come")
    raise ConnectionResetError


async def test_a_blob_goes_on_where_the_line_was_cut(broker: Served) -> None:
    sender = await carrier(broker, MONGCAI)
    file, blob = sealed_file(bytes(3 * GATHER))
    half = len(blob) // 2

    async def has_begun() -> bool:
        return await offset() > 0

    async def offset() -> int:
        _, found = await sender.progress(file.blob, len(blob))
        return int(str(found["offset"]))

    with pytest.raises(aiohttp.ClientError):
        await sender.bring(file.blob, broken(blob[:half], has_begun), size=len(blob))
    await until(lambda: is_free(broker), "the broker has let go of what was coming")
    come = await offset()
    rest = await sender.bring(file.blob, BytesIO(blob[come:]), size=len(blob), begin=come)

    assert GATHER <= come <= half
    assert rest == (200, {"offset": len(blob), "whole": True})


async def test_a_blob_goes_on_after_the_broker_was_ended_and_started(broker: Served) -> None:
    sender = await carrier(broker, MONGCAI)
    await sender.bring(LARGE.blob, LARGE_BLOB[:CHUNK], size=len(LARGE_BLOB))
    await broker.restart()
    sender = await carrier(broker, MONGCAI)

    found = await sender.progress(LARGE.blob, len(LARGE_BLOB))
    rest = await sender.bring(LARGE.blob, LARGE_BLOB[CHUNK:], size=len(LARGE_BLOB), begin=CHUNK)

    assert found[1]["offset"] == CHUNK
    assert rest[1]["whole"] is True


async def test_other_bytes_than_the_name_says_are_refused_and_nothing_is_kept(
    broker: Served,
) -> None:
    sender = await carrier(broker, MONGCAI)

    refused = await sender.bring(name_of(b"another"), BLOB, size=len(BLOB))

    assert told(refused) == (422, "blob.hash")
    assert files(broker) == []


@pytest.mark.parametrize(
    "size, begin, body, status, code",
    [
        (len(BLOB), 1, BLOB[1:], 409, "blob.offset"),
        (len(BLOB), 0, BLOB + b"\0", 400, "blob.malformed"),
        (len(BLOB) - 1, 0, BLOB[:-1], 400, "blob.malformed"),
        ((1 << 31), 0, b"", 400, "blob.malformed"),
    ],
    ids=["at another place", "more than its size", "a size of no blob", "more than 1 GiB"],
)
async def test_what_is_no_part_of_a_blob_is_refused(
    broker: Served, size: int, begin: int, body: bytes, status: int, code: str
) -> None:
    sender = await carrier(broker, MONGCAI)

    refused = await sender.bring(FILE.blob, body, size=size, begin=begin)

    assert told(refused) == (status, code)


@pytest.mark.parametrize("name", [b"", bytes(31), bytes(33)])
async def test_what_is_no_blobs_name_is_refused(broker: Served, name: bytes) -> None:
    sender = await carrier(broker, MONGCAI)

    status, _ = await sender.fetch(name)

    assert status in (400, 404)


async def test_a_blob_that_is_here_is_not_brought_again(broker: Served) -> None:
    sender = await carrier(broker, MONGCAI)
    await sender.bring_all(BLOB)

    again = await sender.bring(FILE.blob, b"", size=len(BLOB), begin=len(BLOB))

    assert again == await sender.progress(FILE.blob, len(BLOB))
    assert again == (200, {"offset": len(BLOB), "whole": True})


async def test_without_a_token_nothing_is_brought_fetched_or_told(broker: Served) -> None:
    stranger = Carrier(broker.http, broker.url, "")
    guesser = Carrier(broker.http, broker.url, "00" * 32)
    nobody = Carrier(broker.http, broker.url, "người lạ")

    for who in (stranger, guesser, nobody):
        answers = [
            await who.bring(FILE.blob, BLOB, size=len(BLOB)),
            await who.progress(FILE.blob, len(BLOB)),
            await who.hold(FILE.blob),
        ]
        assert [told(answer) for answer in answers] == [(401, "blob.token")] * 3
        assert (await who.fetch(FILE.blob))[0] == 401
    assert files(broker) == []


async def test_a_token_counts_for_ten_minutes(broker: Served) -> None:
    sender = await carrier(broker, MONGCAI)

    broker.move(LASTS - 1)
    last = await sender.progress(FILE.blob, len(BLOB))
    broker.move(1)
    late = await sender.progress(FILE.blob, len(BLOB))

    assert (last[0], late[0]) == (200, 401)


async def test_a_token_counts_no_longer_than_its_connection(broker: Served) -> None:
    caller = await broker.call(MONGCAI)
    sender = Carrier(broker.http, broker.url, (await ask_token(caller)).token.hex())
    assert (await sender.progress(FILE.blob, len(BLOB)))[0] == 200

    await caller.ws.close()

    async def is_over() -> bool:
        return (await sender.progress(FILE.blob, len(BLOB)))[0] == HTTPStatus.UNAUTHORIZED

    await until(is_over, "the token counts no more")


async def test_a_second_token_takes_the_place_of_the_first(broker: Served) -> None:
    caller = await broker.call(MONGCAI)
    first = Carrier(broker.http, broker.url, (await ask_token(caller)).token.hex())
    second = Carrier(broker.http, broker.url, (await ask_token(caller)).token.hex())

    assert (await first.progress(FILE.blob, len(BLOB)))[0] == 401
    assert (await second.progress(FILE.blob, len(BLOB)))[0] == 200


async def test_a_desk_brings_no_more_than_its_quota_and_others_still_bring(
    broker: Served,
) -> None:
    broker.settings = replace(broker.settings, blob_quota=2 * len(BLOB))
    await broker.restart()
    sender, other = await carrier(broker, MONGCAI), await carrier(broker, DONGXING)
    half, half_blob = sealed_file()
    await sender.bring_all(BLOB)
    await sender.bring(half.blob, half_blob[:-1], size=len(half_blob))
    third, third_blob = sealed_file()

    refused = await sender.bring(third.blob, third_blob, size=len(third_blob))

    assert told(refused) == (413, "blob.quota")
    assert told(await sender.progress(third.blob, SMALLEST_BLOB)) == (413, "blob.quota")
    await other.bring_all(third_blob)


async def test_a_disk_that_is_nearly_full_takes_no_blob_and_still_takes_messages(
    broker: Served,
) -> None:
    broker.settings = replace(broker.settings, disk_reserve=1 << 60)
    await broker.restart()
    sender, caller = await carrier(broker, MONGCAI), await broker.call(MONGCAI, 1)

    refused = await sender.bring(FILE.blob, BLOB, size=len(BLOB))

    assert told(refused) == (507, "blob.disk")
    assert files(broker) == []
    assert await caller.submit(broker.corridor.seal())


async def named(served: Served, exp: int | None = None) -> None:
    """Have a blob brought, and named by a message from one desk to another."""
    await (await carrier(served, MONGCAI)).bring_all(BLOB)
    caller = await served.call(MONGCAI)
    await caller.submit(served.corridor.seal(attachments=(FILE,), exp=exp))


async def test_a_blob_goes_once_every_device_of_its_desks_holds_it(either: Served) -> None:
    await named(either)
    devices = [(MONGCAI, 1), (DONGXING, 0), (DONGXING, 1)]
    kept = []

    for slug, device in devices:
        kept.append(len(files(either)))
        assert (await (await carrier(either, slug, device)).hold(FILE.blob))[0] == 200

    assert kept == [1, 1, 1]
    assert files(either) == []
    assert (await (await carrier(either, DONGXING)).fetch(FILE.blob))[0] == 404


async def test_a_blob_goes_when_its_message_has_expired(either: Served) -> None:
    await named(either)

    due = await either.sweep()
    either.move(7 * DAY - 1)
    await either.sweep()
    before = len(files(either))
    either.move(1)
    await either.sweep()

    assert due is not None
    assert due.timestamp() == either.corridor.at + 7 * DAY
    assert (before, len(files(either))) == (1, 0)


async def test_a_blob_is_kept_for_the_last_of_its_messages(broker: Served) -> None:
    await named(broker, exp=broker.corridor.at + DAY)
    await named(broker, exp=broker.corridor.at + 3 * DAY)

    broker.move(2 * DAY)
    await broker.sweep()
    before = len(files(broker))
    broker.move(DAY)
    await broker.sweep()

    assert (before, len(files(broker))) == (1, 0)


async def test_a_blob_that_no_message_names_goes_after_a_week(broker: Served) -> None:
    await (await carrier(broker, MONGCAI)).bring_all(BLOB)

    broker.move(UNNAMED_FOR - 1)
    await broker.sweep()
    before = len(files(broker))
    broker.move(1)
    await broker.sweep()

    assert (before, len(files(broker))) == (1, 0)


async def test_a_blob_that_stopped_coming_goes_after_a_day(broker: Served) -> None:
    sender = await carrier(broker, MONGCAI)
    await sender.bring(FILE.blob, BLOB[:-1], size=len(BLOB))

    broker.move(COMING_FOR - 1)
    await broker.sweep()
    before = len(files(broker))
    broker.move(2)
    await broker.sweep()

    assert (before, len(files(broker))) == (1, 0)


async def test_a_file_that_a_crash_left_without_its_row_is_looked_at_again(broker: Served) -> None:
    sender = await carrier(broker, MONGCAI)
    await sender.bring(FILE.blob, BLOB[:-1], size=len(BLOB))
    await broker.stop()
    (part,) = files(broker)
    part.write_bytes(BLOB)
    part.rename(part.with_suffix(""))
    await broker.start()
    sender = await carrier(broker, MONGCAI)

    found = await sender.progress(FILE.blob, len(BLOB))
    whole = await sender.bring(FILE.blob, b"", size=len(BLOB), begin=len(BLOB))

    assert found == (200, {"offset": len(BLOB), "whole": False})
    assert whole == (200, {"offset": len(BLOB), "whole": True})


async def test_a_blob_whose_file_is_gone_is_brought_again(broker: Served) -> None:
    sender = await carrier(broker, MONGCAI)
    await sender.bring_all(BLOB)
    await broker.stop()
    files(broker)[0].unlink()
    await broker.start()

    sender = await carrier(broker, MONGCAI)

    assert (await sender.progress(FILE.blob, len(BLOB)))[1] == {"offset": 0, "whole": False}
    await sender.bring_all(BLOB)


async def test_a_part_of_a_blob_is_fetched_from_any_byte_on(broker: Served) -> None:
    await named(broker)
    reader = await carrier(broker, DONGXING)

    assert await reader.fetch(FILE.blob, 100) == (206, BLOB[100:])
    assert (await reader.fetch(FILE.blob, len(BLOB)))[0] == 416
