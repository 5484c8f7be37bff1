"""A screen that locks itself: it says so before, and nothing that was typed on it is lost."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from aiohttp import ClientResponse

from liaison.demo.hand_clock import HandClock
from liaison.desk.entrance.officers import LONGEST_IDLE, WARNED
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.network import AT, Foundation, Network, start
from tests.support.screens import RESCUE, Page, Screen, browser_session

NOTE = "Người báo tin vừa gọi lại."
MINUTE = timedelta(minutes=1)


@dataclass
class Idle:
    """A network whose desks go by a clock of their own for idling."""

    network: Network
    clock: HandClock
    screen: Screen

    async def wait(self, by: timedelta) -> None:
        """Let time pass in which nobody does anything."""
        self.clock.set(self.clock.now() + by)

    async def act(self) -> str:
        """Return where an act is written in a case that has come from Dongxing."""
        ref = await self.network.dongxing.request(to=MONGCAI)
        await self.network.holds(self.network.mongcai, ref, 1)
        return f"/cases/{ref}/acts/situation_report"

    async def unlock(self, page: Page, officer: str = "MC-04") -> Page:
        """Unlock on the page to which a locked screen has led."""
        typed = {"officer": officer, "passphrase": self.network.founded.passphrase}
        return await self.screen.submit(page, "/unlock", typed)


@pytest.fixture
async def idle(founded: Foundation, tmp_path: Path) -> AsyncIterator[Idle]:
    """Yield an unlocked screen in Móng Cái, and the clock by which it idles."""
    clock = HandClock(AT)
    async with founded.copy(tmp_path / "network", idle_clock=clock) as network:
        await start(network, MONGCAI, DONGXING)
        async with browser_session() as http:
            screen = await Screen.open(network.mongcai, http)
            await screen.unlock(founded.founded.passphrase)
            yield Idle(network, clock, screen)


async def test_a_rescue_that_was_being_written_comes_back_after_unlocking_and_was_not_sent(
    idle: Idle,
) -> None:
    form = await idle.screen.get("/requests/RESCUE")
    await idle.wait(LONGEST_IDLE)

    asked = await idle.screen.submit(form, "/requests/RESCUE", RESCUE)
    back = await idle.unlock(asked)

    assert asked.path.startswith("/unlock?next=")
    assert await idle.network.mongcai.board() == []
    assert "Chưa gửi gì cả" in back.text
    typed = dict(back.form("/requests/RESCUE").fields)
    assert typed["request.persons.0.names.vi"] == RESCUE["request.persons.0.names.vi"]
    assert typed["request.place"] == RESCUE["request.place"]
    sent = await idle.screen.submit(back, "/requests/RESCUE")
    assert sent.path.startswith("/cases/")
    assert len(await idle.network.mongcai.board()) == 1
    assert await idle.network.mongcai.agent.store.kept_forms("MC-04") == []


async def test_what_was_written_waits_on_the_board_until_it_is_sent_or_thrown_away(
    idle: Idle,
) -> None:
    form = await idle.screen.get("/requests/RESCUE")
    await idle.wait(LONGEST_IDLE)
    await idle.screen.submit(form, "/requests/RESCUE", RESCUE)
    await idle.network.mongcai.stop()
    await idle.network.mongcai.start()
    screen = await Screen.open(idle.network.mongcai, idle.screen.http)
    board = await screen.unlock(idle.network.founded.passphrase)

    [dropping] = [one.action for one in board.forms if one.action.endswith("/drop")]
    after = await screen.submit(board, dropping)

    assert "Đã viết, chưa gửi" in board.text
    assert "Đã viết, chưa gửi" not in after.text


async def test_what_one_officer_wrote_is_shown_to_no_other(idle: Idle) -> None:
    form = await idle.screen.get("/requests/RESCUE")
    await idle.wait(LONGEST_IDLE)
    asked = await idle.screen.submit(form, "/requests/RESCUE", RESCUE)

    other = await idle.unlock(asked, "MC-05")
    board = await idle.screen.get("/board")

    assert str(RESCUE["request.place"]) not in other.html
    assert "Đã viết, chưa gửi" not in board.text
    [kept] = await idle.network.mongcai.agent.store.kept_forms("MC-04")
    assert ("request.place", RESCUE["request.place"]) in kept.fields


async def test_an_act_that_was_being_written_comes_back_too(idle: Idle) -> None:
    path = await idle.act()
    ref = path.split("/")[2]
    form = await idle.screen.get(path)
    await idle.wait(LONGEST_IDLE)

    back = await idle.unlock(await idle.screen.submit(form, path, {"text": NOTE}))

    assert dict(back.form(path).fields)["text"] == NOTE
    assert len(await idle.network.mongcai.steps(ref)) == 1


async def test_the_button_of_a_covered_form_never_sends_it(idle: Idle) -> None:
    path = await idle.act()
    ref = path.split("/")[2]
    form = await idle.screen.get(path)

    shown = await idle.screen.submit(form, path, {"text": NOTE}, press=("check", "1"))

    assert shown.path == path
    assert dict(shown.form(path).fields)["text"] == NOTE
    assert len(await idle.network.mongcai.steps(ref)) == 1


async def test_a_form_of_a_screen_that_nobody_has_unlocked_is_not_kept(idle: Idle) -> None:
    async with browser_session() as http:
        stranger = await Screen.open(idle.network.mongcai, http)
        typed = [("request.place", "x")]
        await stranger.post("/requests/RESCUE", typed)

    assert await idle.network.mongcai.agent.store.kept_forms("MC-04") == []


async def heard(stream: ClientResponse) -> str:
    return (await stream.content.readuntil(b"\r\n\r\n")).decode()


async def test_a_form_is_told_before_it_locks_and_covered_when_it_has(idle: Idle) -> None:
    agent, url = idle.network.mongcai.agent, idle.network.mongcai.url
    headers = {"Accept-Language": "vi"}
    async with idle.screen.http.get(f"{url}/idle/live", headers=headers) as stream:
        first = await heard(stream)
        await idle.wait(LONGEST_IDLE - WARNED)
        agent.news.tell()
        warned = await heard(stream)
        woken = await idle.screen.post("/awake", [])
        again = await heard(stream)
        await idle.wait(LONGEST_IDLE)
        agent.news.tell()
        covered = (await stream.content.read()).decode()

    assert woken.status == HTTPStatus.NO_CONTENT
    assert ["sẽ khóa lúc" in part for part in (first, warned, again)] == [False, True, False]
    assert 'class="veil"' in covered
    assert 'form="writing"' in covered


async def test_a_page_that_only_lies_open_keeps_nobody_here(idle: Idle) -> None:
    await idle.wait(LONGEST_IDLE - MINUTE)
    async with idle.screen.http.get(idle.network.mongcai.url + "/board/live") as stream:
        await heard(stream)

    await idle.wait(MINUTE)

    assert idle.network.mongcai.agent.officers.present() == []
    assert (await idle.screen.get("/board")).path.startswith("/unlock")


async def test_the_desk_that_locked_itself_goes_on_receiving(idle: Idle) -> None:
    await idle.wait(LONGEST_IDLE)
    await idle.network.dongxing.client.post(
        "/api/unlock", officer="DX-02", passphrase=idle.network.founded.passphrase
    )

    ref = await idle.network.dongxing.request(to=MONGCAI)
    await idle.network.settle()

    await idle.unlock(await idle.screen.get("/unlock"))
    assert len(await idle.network.mongcai.steps(ref)) == 1


async def test_a_passphrase_is_changed_on_the_screen(idle: Idle) -> None:
    words = idle.network.founded.passphrase
    page = await idle.screen.get("/passphrase")
    new = "cá sông trâu đồng"

    tried = [
        await idle.screen.submit(page, "/passphrase", {"old": old, "new": first, "again": second})
        for old, first, second in (
            (words, new, "another altogether"),
            ("not the old one", new, new),
            (words, "short", "short"),
            (words, new, new),
        )
    ]

    assert [one.status for one in tried] == [422, 422, 422, 200]
    assert "Đã đổi mật khẩu" in tried[-1].text
    assert [new in one.html or words in one.html for one in tried] == [False] * 4
    await idle.wait(LONGEST_IDLE)
    page = await idle.screen.get("/unlock")
    typed = {"officer": "MC-04", "passphrase": new}
    assert (await idle.screen.submit(page, "/unlock", typed)).path == "/board"
