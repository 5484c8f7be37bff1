import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import ClientResponse

from tests.support.network import AT, Desk, Network
from tests.support.screens import RESCUE, Screen

ScreenAt = Callable[[Desk], Awaitable[Screen]]
#: An officer sees what has come within this many seconds.
SOON = 1.0


async def heard(stream: ClientResponse) -> str:
    """Return the next part that a stream sends."""
    raw = (await stream.content.readuntil(b"\r\n\r\n")).decode()
    return "\n".join(line.removeprefix("data: ") for line in raw.splitlines())


async def heard_until(stream: ClientResponse, word: str) -> str:
    """Return the first part that holds ``word``."""
    while word not in (part := await heard(stream)):
        pass
    return part


async def test_what_arrives_appears_on_board_and_case_within_a_second(
    network: Network, screen_at: ScreenAt
) -> None:
    ours, theirs = await screen_at(network.mongcai), await screen_at(network.dongxing)
    async with theirs.http.get(network.dongxing.url + "/board/live") as board:
        await heard(board)
        case = await ours.submit(await ours.get("/requests/RESCUE"), "/requests/RESCUE", RESCUE)
        async with asyncio.timeout(SOON):
            row = await heard_until(board, case.path)
        async with ours.http.get(network.mongcai.url + case.path + "/live") as shown:
            await heard(shown)
            await network.dongxing.act(case.path.removeprefix("/cases/"), "acknowledge")
            async with asyncio.timeout(SOON):
                step = await heard_until(shown, "Acknowledge receipt")

    assert "<tr" in row
    assert "<article" in step


async def test_a_broken_line_appears_within_a_second(network: Network, screen_at: ScreenAt) -> None:
    screen = await screen_at(network.mongcai)
    async with screen.http.get(network.mongcai.url + "/board/live") as board:
        before = await heard(board)
        await network.broker.stop()
        async with asyncio.timeout(SOON):
            after = await heard_until(board, "Line down")

    assert "Line down" not in before
    assert "<table" not in after


async def test_a_page_that_goes_away_leaves_nothing_behind(
    network: Network, screen_at: ScreenAt
) -> None:
    screen, news = await screen_at(network.mongcai), network.mongcai.agent.news
    stream = await screen.http.get(network.mongcai.url + "/board/live")
    await heard(stream)
    listening = len(news._listeners)  # noqa: SLF001 - who listens is nobody else's business
    stream.close()

    for _ in range(100):
        news.tell()
        await asyncio.sleep(0.02)
        await network.mongcai.request()
        if not news._listeners:  # noqa: SLF001
            break

    assert listening == 1
    assert not news._listeners  # noqa: SLF001


async def test_a_desk_with_open_pages_stops_at_once(network: Network, screen_at: ScreenAt) -> None:
    screen = await screen_at(network.mongcai)
    async with screen.http.get(network.mongcai.url + "/board/live") as stream:
        await heard(stream)
        async with asyncio.timeout(SOON):
            await network.mongcai.stop()
        rest = await stream.content.read()

    assert rest == b""


async def test_a_reminder_appears_on_the_open_case_by_itself(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    page = await screen.submit(await screen.get("/requests/RESCUE"), "/requests/RESCUE", RESCUE)
    await network.settle()
    async with screen.http.get(network.mongcai.url + page.path + "/live") as case:
        before = await heard_until(case, "<article")
        await network.move(AT + timedelta(minutes=15))
        async with asyncio.timeout(SOON):
            await heard_until(case, "Case officer")

    assert "Case officer" not in before
