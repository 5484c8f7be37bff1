"""Officers at two desks, each in their own language, in real browsers."""

from datetime import timedelta
from itertools import product

import pytest
from playwright.async_api import Error, Page

from tests.support.browser import NARROW, WIDE, Scheme, Window, chromium, open_window
from tests.support.network import AT, Network

#: Milliseconds within which what arrives is on the screen, with the browser's own time to draw it.
SOON = 2_000
SCHEMES: tuple[Scheme, Scheme] = ("light", "dark")
ANSWER = "已解救1名妇女\uff0c其余人员未找到。"


async def write_rescue(page: Page) -> None:
    """Fill in what a rescue needs, as typed in the first minute."""
    await page.fill('[name="request.persons_total"]', "3")
    await page.select_option('[name="request.source_of_information"]', "hotline_111")
    await page.fill('[name="request.persons.0.names.vi"]', "Trần Thị Hồng Hạnh")
    await page.select_option('[name="request.persons.0.sex"]', "female")
    await page.fill('[name="request.persons.0.birth"]', "21/08/1995")
    await page.fill('[name="request.persons.0.phone.number"]', "+86 138 0013 8007")
    await page.fill('[name="request.place"]', "Nhà nghỉ gần bến xe Đông Hưng, biển hiệu số 168")
    await page.fill('[name="request.header.urgency_reason"]', "Có người bị nhốt và bị đánh.")
    for code in ("locked_in", "beaten", "locate_and_protect", "do_not_call_number"):
        await page.check(f'[value="{code}"]')


async def send_rescue(window: Window) -> str:
    """Write and send a rescue, and return the case's address."""
    await window.page.click("nav a.rescue")
    await write_rescue(window.page)
    await window.page.click(".send button")
    await window.page.wait_for_url("**/cases/*")
    return window.page.url.removeprefix(window.desk.url)


async def test_a_rescue_in_vietnamese_is_read_in_chinese_and_its_answer_in_vietnamese(
    network: Network,
) -> None:
    async with chromium() as browser:
        vn = await open_window(browser, network.mongcai, "vi-VN")
        cn = await open_window(browser, network.dongxing, "zh-CN")
        await vn.go("/unlock")
        await vn.picture("01-no-session-vi")
        await vn.unlock(network.founded.passphrase)
        await cn.unlock(network.founded.passphrase)
        await vn.picture("02-board-empty-vi")

        await vn.page.click("nav a.rescue")
        await vn.picture("03-rescue-vi")
        await vn.page.click(".send button")
        await vn.picture("04-rescue-refused-vi")
        case = await send_rescue(vn)
        await cn.page.wait_for_selector("tbody tr", timeout=SOON)
        await cn.picture("05-board-zh")
        await vn.page.wait_for_selector(".clocks li", timeout=SOON)
        await vn.picture("06-case-sent-vi")

        await cn.page.click("tbody a")
        await cn.page.wait_for_selector(".acts button.main")
        await cn.picture("07-case-zh")
        received = await cn.page.inner_text("main")
        await cn.page.click(".acts button.main")
        await vn.page.wait_for_selector("form.new", timeout=SOON)
        await vn.picture("08-case-acknowledged-vi")

        await cn.page.click('.acts a[href$="/answer"]')
        await cn.page.select_option('[name="outcome.P1"]', "outcome:rescued")
        await cn.page.select_option('[name="outcome.rest"]', "outcome:not_found")
        await cn.page.fill('[name="text"]', ANSWER)
        await cn.picture("09-answer-zh")
        await cn.page.click(".send button")
        await cn.page.wait_for_selector("text=已解救1名妇女")
        await cn.picture("10-case-answered-zh")

        await vn.page.wait_for_selector("form.new >> text=Trả lời cuối cùng", timeout=SOON)
        await vn.page.click("form.new button")
        await vn.page.wait_for_selector("text=已解救1名妇女")
        await vn.picture("11-case-answered-vi")
        answered = await vn.page.inner_text("main")
        await vn.go("/board")
        await vn.picture("12-board-vi")
        await vn.go("/requests")
        await vn.picture("13-types-vi")
        await vn.page.click(".session button >> text=Khóa lại")
        await vn.picture("14-locked-vi")
        complaints = [*vn.complaints, *cn.complaints]

    assert case.startswith("/cases/QN-MC1-2026-")
    for shown in ("请勿拨打该号码", "被关押", "Trần Thị Hồng Hạnh", "1995年8月21日", "剩余30分钟"):
        assert shown in received
    for shown in ("Đã giải cứu", "Không tìm thấy", "已解救1名妇女", "Cán bộ bên nhận đã mở"):
        assert shown in answered
    # The first page was asked for without a link, and says so with 401.
    assert [c for c in complaints if "401 (Unauthorized)" not in c] == []


async def test_no_page_puts_a_barrier_up_or_breaks_its_policy_or_scrolls_sideways(
    network: Network,
) -> None:
    found = []
    async with chromium() as browser:
        writer = await open_window(browser, network.mongcai, "vi-VN")
        await writer.unlock(network.founded.passphrase)
        case = await send_rescue(writer)
        ref = case.removeprefix("/cases/")
        await network.holds(network.dongxing, ref, 1)
        await network.move(AT + timedelta(minutes=48))
        for scheme, (locale, size) in product(SCHEMES, (("zh-CN", WIDE), ("vi-VN", NARROW))):
            window = await open_window(browser, network.dongxing, locale, scheme=scheme, size=size)
            await window.go("/unlock")
            await window.unlock(network.founded.passphrase)
            for path in ("/board", case, "/requests/RESCUE", f"{case}/acts/answer", "/unlock"):
                await window.go(path)
                name = path.rpartition("/")[2]
                await window.picture(f"{name}-{locale}-{scheme}-{size[0]}")
                where = f"{path} {locale} {scheme} {size[0]}"
                found += [f"{where}: {barrier}" for barrier in await window.barriers()]
                if await window.overflow() > 0:
                    found.append(f"{where}: {await window.overflow()} px too wide")
            found += [c for c in window.complaints if "401 (Unauthorized)" not in c]

    assert found == []


async def test_barriers_and_broken_policies_are_heard_when_there_are_any(network: Network) -> None:
    async with chromium() as browser:
        window = await open_window(browser, network.mongcai, "vi-VN")
        await window.unlock(network.founded.passphrase)
        quiet = list(window.complaints)
        await window.page.evaluate("document.querySelector('main').append('x', new Image())")
        await window.page.evaluate("document.querySelector('img').src = 'https://evil.example/'")
        with pytest.raises(Error, match="TrustedHTML"):
            await window.page.evaluate("document.querySelector('main').innerHTML = '<b>x</b>'")
        barriers = await window.barriers()

    assert quiet == []
    assert any("img-src" in complaint for complaint in window.complaints)
    assert any(barrier.startswith("image-alt") for barrier in barriers)


async def test_a_rescue_fits_on_one_screen(network: Network) -> None:
    async with chromium() as browser:
        window = await open_window(browser, network.mongcai, "vi-VN")
        await window.unlock(network.founded.passphrase)
        await window.page.click("nav a.rescue")
        button = await window.page.locator(".send button").bounding_box()

    assert button is not None
    assert button["y"] + button["height"] <= 768


async def test_a_page_without_scripts_does_all_but_update_itself(network: Network) -> None:
    async with chromium() as browser:
        context = await browser.new_context(java_script_enabled=False, locale="zh-CN")
        window = Window(await context.new_page(), network.dongxing)
        await window.unlock(network.founded.passphrase)
        ref = await network.mongcai.request()
        await network.holds(network.dongxing, ref, 1)
        await window.go("/board")
        await window.page.click("tbody a")
        await window.page.click(".acts button.main")
        await network.settle()

    assert (await network.mongcai.case(ref))["stage"] == "acknowledged"
