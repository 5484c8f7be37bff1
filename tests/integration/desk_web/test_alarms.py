"""Alarms on the board: what happened, what to do next, who has seen it; and a warning to phone."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from liaison.desk.mail.peers import SILENT_AFTER
from tests.integration.desk.test_status import MIDNIGHT, to
from tests.support.network import Desk, Network
from tests.support.screens import Screen

ScreenAt = Callable[[Desk], Awaitable[Screen]]


async def silence(network: Network) -> None:
    """Have Dongxing be silent for longer than a day."""
    await to(network, MIDNIGHT)
    await network.dongxing.stop()
    await to(network, MIDNIGHT + SILENT_AFTER + timedelta(seconds=1))


async def test_an_alarm_says_what_to_do_and_is_marked_as_seen_on_the_board(
    network: Network, screen_at: ScreenAt
) -> None:
    await silence(network)
    ours = await screen_at(network.mongcai)
    board = await ours.get("/board", lang="vi")
    assert "đừng coi việc chưa trả lời là từ chối" in board.text

    number = next(
        alarm["number"]
        for alarm in (await network.mongcai.status())["alarms"]
        if alarm["about"] == "cn-dongxing"
    )
    path = f"/alarms/{number}/seen"
    after = await ours.submit(board, path)

    assert path not in after.html
    assert "MC-04 đã xem" in after.text


async def test_who_writes_to_a_silent_desk_is_told_once_to_phone_as_well(
    network: Network, screen_at: ScreenAt
) -> None:
    await silence(network)
    ours = await screen_at(network.mongcai)

    form = await ours.get("/requests/RESCUE", lang="zh")

    assert form.text.count("请同时致电") == 1
