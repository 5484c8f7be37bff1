"""A second computer at a desk, on the screen: what it says before it is admitted, and admitting."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from liaison.desk.web.i18n import TAGS
from protocols.casework.codes import Language
from tests.support.installations import PASSPHRASE, devices, enrol_installation
from tests.support.languages import untranslated
from tests.support.network import Desk, Network, until
from tests.support.screens import Screen, browser_session

ScreenAt = Callable[[Desk], Awaitable[Screen]]


@pytest.fixture
async def second(network: Network) -> Desk:
    """Return a second computer of Móng Cái, of which the first has heard."""
    desk = await enrol_installation(network, network.mongcai)
    await desk.start()
    await network.settle()
    return desk


@pytest.fixture
async def second_screen(second: Desk) -> AsyncIterator[Screen]:
    """Yield an unlocked screen at the second computer."""
    async with browser_session() as session:
        screen = await Screen.open(second, session)
        await screen.unlock(PASSPHRASE)
        yield screen


async def test_two_computers_are_admitted_on_their_screens(
    network: Network, second: Desk, second_screen: Screen, screen_at: ScreenAt
) -> None:
    first_screen = await screen_at(network.mongcai)
    ours, theirs = [(await devices(desk))["number"] for desk in (network.mongcai, second)]
    before = await second_screen.get("/board")
    told = await first_screen.get("/board")

    for screen, number in ((first_screen, theirs), (second_screen, ours)):
        page = await screen.get("/devices")
        assert number in page.text
        done = await screen.submit(page, "/devices", {"number": number})
        assert (done.status, done.path) == (200, "/devices")
        assert "đã kết nạp ở đây" in done.text
    await until(lambda: is_member(second), "the second computer is a member")
    await network.settle()
    after = await second_screen.get("/board")

    assert "Máy này chưa được kết nạp vào bàn trực" in before.text
    assert "1 máy khác của bàn trực chưa được kết nạp ở đây" in told.text
    assert "kết nạp" not in after.text


@pytest.mark.parametrize("typed", ["", "12345", "0" * 30, "<script>"])
async def test_a_wrong_number_is_told_at_its_field_and_stays_as_it_was_typed(
    network: Network, second: Desk, screen_at: ScreenAt, typed: str
) -> None:
    screen = await screen_at(network.mongcai)
    page = await screen.get("/devices")

    wrong = await screen.submit(page, "/devices", {"number": typed})

    assert wrong.status == 422
    assert 'aria-invalid="true"' in wrong.html
    assert dict(wrong.form("/devices").fields)["number"] == typed
    assert [one["admitted"] for one in (await devices(network.mongcai))["others"]] == [False]
    assert (await devices(second))["member"] is False


@pytest.mark.parametrize("lang", list(Language))
async def test_the_page_of_computers_is_whole_in_each_language(
    network: Network, second_screen: Screen, screen_at: ScreenAt, lang: Language
) -> None:
    for screen in (await screen_at(network.mongcai), second_screen):
        page = await screen.get("/devices", lang=lang)

        assert f'<html lang="{TAGS[lang]}"' in page.html
        assert list(untranslated(page, lang)) == []


async def is_member(desk: Desk) -> bool:
    """Say whether an installation has its desk's keys."""
    return bool((await devices(desk))["member"])
