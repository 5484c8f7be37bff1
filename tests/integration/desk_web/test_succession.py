"""A desk that another follows, on the screens: names of then, and one confirmation."""

from collections.abc import Awaitable, Callable

from liaison.runtime.clock import timestamp
from tests.support.agencies import MONGCAI, QUANGNINH
from tests.support.installations import succeed
from tests.support.network import Desk, Network
from tests.support.screens import Screen

ScreenAt = Callable[[Desk], Awaitable[Screen]]

WARD, ABOVE = "越南芒街一坊公安派出所", "越南广宁省公安厅值班室"


async def test_a_case_stands_under_the_name_of_then_and_says_who_acts_in_whose_place(
    network: Network, screen_at: ScreenAt
) -> None:
    successor = network.desks[QUANGNINH]
    await successor.start()
    await succeed(network, network.mongcai, successor, begins=timestamp(network.clock.now()) - 1)
    await network.settle()
    ref = await network.dongxing.request(MONGCAI)
    await network.holds(successor, ref, 1)
    await successor.act(ref, "acknowledge")
    await network.holds(network.dongxing, ref, 2)
    here, there = await screen_at(network.dongxing), await screen_at(successor)

    board, case = await here.get("/board", lang="zh"), await here.get(f"/cases/{ref}", lang="zh")
    theirs = await there.get(f"/cases/{ref}", lang="en")
    devices = await (await screen_at(network.mongcai)).get("/devices", lang="en")

    assert "A computer of another desk: Duty desk, Quảng Ninh Provincial Police" in devices.text
    assert WARD in board.text
    assert ABOVE in case.text
    assert f"接替 {WARD}" in case.text
    assert "in the place of Móng Cái 1 Ward Police" in theirs.text
    assert f"/cases/{ref}/acts/accept" in theirs.html


async def test_an_officer_confirms_on_the_page_of_contacts_who_follows_a_desk(
    network: Network, screen_at: ScreenAt
) -> None:
    await network.desks[QUANGNINH].start()
    before = timestamp(network.clock.now()) - 1
    await succeed(network, network.mongcai, network.desks[QUANGNINH], begins=before)
    await network.settle()
    screen = await screen_at(network.dongxing)
    page = await screen.get("/contacts", lang="en")

    after = await screen.submit(page, f"/successors/{MONGCAI}", {})

    listed = (await network.dongxing.client.get("/api/successors"))["successors"]
    assert "only a rescue goes to that desk" in page.text
    assert "/successors/" not in after.html
    assert [one["confirmed"] for one in listed] == [True]
