"""Where a ledger comes from: a folder, or a broker that may answer anything."""

import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from liaison.audit.sources import (
    LedgerCopy,
    MalformedCopyError,
    NotReachableError,
    SourceError,
    fetch_ledger,
    read_copy,
    write_copy,
)
from protocols.wire import api

#: One page more than fits a single read of a socket, so that it comes in several pieces.
LEAVES = tuple(os.urandom(1_000) for _ in range(1_500))
COPY = LedgerCopy((b"entry",), LEAVES, b"origin\n1500\nroot\n")

Answer = Callable[[web.Request], Coroutine[None, None, web.Response]]


@asynccontextmanager
async def broker(checkpoint: Answer, ledger: Answer, directory: Answer) -> AsyncIterator[str]:
    """Serve a broker's three paths on a free port and give its URL."""
    app = web.Application()
    app.router.add_get(api.CHECKPOINT_PATH, checkpoint)
    app.router.add_get(api.LEDGER_PATH, ledger)
    app.router.add_get(api.DIRECTORY_PATH, directory)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def says(body: bytes, status: int = 200) -> Answer:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, status=status)

    return answer


def pages(items: tuple[bytes, ...]) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        start = int(request.query["from"])
        end = min(int(request.query.get("to", len(items))), start + api.PAGE)
        return web.Response(body=api.encode_page(items[start:end]))

    return answer


def test_a_copy_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_copy(tmp_path / "copy", COPY)

    assert read_copy(tmp_path / "copy") == COPY


@pytest.mark.parametrize("name", ["directory", "leaves", "checkpoint"])
def test_a_copy_needs_its_three_files(tmp_path: Path, name: str) -> None:
    write_copy(tmp_path, COPY)
    (tmp_path / name).unlink()

    with pytest.raises(SourceError, match="expected the files") as caught:
        read_copy(tmp_path)
    assert caught.value.code == "audit.source"


@pytest.mark.parametrize("name", ["directory", "leaves"])
def test_a_file_that_was_added_to_is_malformed(tmp_path: Path, name: str) -> None:
    write_copy(tmp_path, COPY)
    with (tmp_path / name).open("ab") as file:
        file.write(b"x")

    with pytest.raises(MalformedCopyError, match=name):
        read_copy(tmp_path)


async def test_a_ledger_of_several_pages_is_fetched_whole() -> None:
    async with broker(says(COPY.checkpoint), pages(LEAVES), pages(COPY.directory)) as url:
        assert await fetch_ledger(url + "/") == COPY


async def test_a_broker_that_withholds_leaves_gives_a_shorter_ledger() -> None:
    async with broker(says(COPY.checkpoint), pages(LEAVES[:1_200]), pages(())) as url:
        fetched = await fetch_ledger(url)

    assert fetched.leaves == LEAVES[:1_200]


async def test_a_broker_without_a_checkpoint_is_no_source() -> None:
    async with broker(says(b"", status=404), pages(()), pages(())) as url:
        with pytest.raises(SourceError, match="found 404"):
            await fetch_ledger(url)


@pytest.mark.parametrize("checkpoint", [b"", b"origin", b"origin\nmany\n"])
async def test_a_checkpoint_without_a_size_is_malformed(checkpoint: bytes) -> None:
    async with broker(says(checkpoint), pages(()), pages(())) as url:
        with pytest.raises(MalformedCopyError, match="a size"):
            await fetch_ledger(url)


async def test_a_page_that_is_no_list_is_malformed() -> None:
    async with broker(says(COPY.checkpoint), says(b"<html>"), pages(())) as url:
        with pytest.raises(MalformedCopyError, match=api.LEDGER_PATH):
            await fetch_ledger(url)


async def test_an_endless_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.audit.sources.LARGEST_ANSWER", 1_000)
    async with broker(says(COPY.checkpoint), pages(LEAVES), pages(())) as url:
        with pytest.raises(MalformedCopyError, match="at most 1000 bytes"):
            await fetch_ledger(url)


async def test_nobody_at_the_address_is_not_reachable() -> None:
    async with broker(says(b""), says(b""), says(b"")) as url:
        pass

    with pytest.raises(NotReachableError):
        await fetch_ledger(url)
