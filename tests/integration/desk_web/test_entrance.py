from http import HTTPStatus

from tests.support.network import Network
from tests.support.screens import Screen, browser_session


async def test_a_launch_link_works_once(network: Network) -> None:
    async with browser_session() as first, browser_session() as second:
        screen = await Screen.open(network.mongcai, first)
        path = (await network.mongcai.client.post("/api/launch"))["path"]
        opened = await screen.get(path)
        again = await Screen(network.mongcai, second).get(path)
        unlocking = await Screen(network.mongcai, second).get("/unlock")

    assert opened.path.startswith("/unlock")
    assert again.status == HTTPStatus.FORBIDDEN
    assert "Liên kết mở màn hình này đã được dùng" in again.text
    assert unlocking.status == HTTPStatus.UNAUTHORIZED


async def test_the_cookie_is_for_this_site_only_and_not_for_scripts(network: Network) -> None:
    path = (await network.mongcai.client.post("/api/launch"))["path"]

    async with network.http.get(network.mongcai.url + path, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]

    assert cookie.startswith(f"session-{network.mongcai.port}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


async def test_a_wrong_passphrase_is_said_in_the_officers_language(network: Network) -> None:
    said = {
        "vi-VN": "Mật khẩu không đúng",
        "zh-CN": "口令不正确",
        "en-GB": "The passphrase is not right",
    }
    async with browser_session() as http:
        screen = await Screen.open(network.mongcai, http)
        for lang, text in said.items():
            page = await screen.get("/unlock?next=/requests", lang=lang)
            typed = {"officer": "MC-04", "passphrase": "no such passphrase"}
            refused = await screen.submit(page, "/unlock", typed, lang=lang)

            assert refused.status == HTTPStatus.FORBIDDEN
            assert text in refused.text
            fields = dict(refused.form("/unlock").fields)
            assert fields == {"next": "/requests", "officer": "MC-04", "passphrase": ""}


async def test_unlocking_leads_to_a_page_of_this_desk_only(network: Network) -> None:
    elsewhere = ["//evil.example/", "/\\evil.example", "http://evil.example", "/board\r\nX: y"]
    reached = {}
    async with browser_session() as http:
        screen = await Screen.open(network.mongcai, http)
        for wanted in ["/requests", *elsewhere]:
            page = await screen.get("/unlock")
            typed = {"officer": "MC-04", "passphrase": network.founded.passphrase, "next": wanted}
            reached[wanted] = (await screen.submit(page, "/unlock", typed)).path

    assert reached.pop("/requests") == "/requests"
    assert set(reached.values()) == {"/board"}


async def test_locking_drops_the_key_and_clears_every_screen(network: Network) -> None:
    async with browser_session() as one, browser_session() as other:
        here = await Screen.open(network.mongcai, one)
        there = await Screen.open(network.mongcai, other)
        for screen in (here, there):
            await screen.unlock(network.founded.passphrase)
        async with other.get(network.mongcai.url + "/board/live") as stream:
            await stream.content.readuntil(b"\r\n\r\n")
            board = await here.get("/board")
            locked = await here.submit(board, "/lock")
            shown = (await stream.content.read()).decode()
        elsewhere = await there.get("/board")

    assert locked.path == "/unlock"
    assert elsewhere.path.startswith("/unlock")
    assert "Unlock" in shown
    assert network.mongcai.agent.officers.present() == []


async def test_a_screen_is_its_officers_while_the_unlocking_on_it_lasts(network: Network) -> None:
    officers = network.mongcai.agent.officers
    async with browser_session() as http:
        screen = await Screen.open(network.mongcai, http)
        await screen.unlock(network.founded.passphrase)
        before = await screen.get("/board")

        officers.lock()
        officers.admit(network.mongcai.keys)  # the officer is here again, on another screen
        after = await screen.get("/board")

    assert officers.present() == ["MC-04"]
    assert before.path == "/board"
    assert after.path.startswith("/unlock")


async def test_the_language_that_was_chosen_stays(network: Network) -> None:
    async with browser_session() as http:
        screen = await Screen.open(network.mongcai, http)
        page = await screen.get("/unlock", lang="vi")
        chosen = await screen.submit(page, "/language", press=("language", "zh"), lang="vi")
        later = await screen.get("/unlock", lang="vi")

    assert chosen.path == "/unlock"
    assert "解锁值班席" in later.text


async def test_two_desks_in_one_browser_keep_their_sessions_apart(network: Network) -> None:
    async with browser_session() as http:
        here = await Screen.open(network.mongcai, http)
        there = await Screen.open(network.dongxing, http)
        await here.unlock(network.founded.passphrase)
        await there.unlock(network.founded.passphrase)

        pages = [await here.get("/board"), await there.get("/board")]

    assert ["MC-04" in pages[0].text, "DX-02" in pages[1].text] == [True, True]
