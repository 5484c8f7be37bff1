"""Officers at two desks, each in their own language, in real browsers."""

from datetime import timedelta
from itertools import product

import pytest
from playwright.async_api import Error

from liaison.demo.hand_clock import HandClock
from liaison.desk.entrance.officers import LONGEST_IDLE, WARNED
from liaison.desk.mail.alarms import Alarm
from liaison.desk.store import FileState
from tests.support.agencies import MONGCAI
from tests.support.browser import NARROW, WIDE, Scheme, Window, chromium, open_window
from tests.support.carried import cut_off
from tests.support.files import PDF, attach, have_come, photograph
from tests.support.network import AT, GUANGXI, Network
from tests.support.officers import send_rescue
from tests.support.releases import asks_at, draft_in, refuse, request_dna

#: Whether what lies on top in the middle and in the corners of the page belongs to the veil.
COVERS = """[[0.5, 0.5], [0.02, 0.02], [0.98, 0.98]].every(([x, y]) =>
    document.elementFromPoint(x * innerWidth, y * innerHeight).closest(".veil"))"""
SCHEMES: tuple[Scheme, Scheme] = ("light", "dark")
PAGES = ("/board", "/requests/RESCUE", "/contacts")


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
            for path in (*PAGES, case, f"{case}/acts/answer", "/unlock"):
                await window.go(path)
                name = path.rpartition("/")[2]
                await window.picture(f"{name}-{locale}-{scheme}-{size[0]}")
                where = f"{path} {locale} {scheme} {size[0]}"
                found += [f"{where}: {barrier}" for barrier in await window.barriers()]
                if await window.overflow() > 0:
                    found.append(f"{where}: {await window.overflow()} px too wide")
            found += [c for c in window.complaints if "401 (Unauthorized)" not in c]

    assert found == []


async def test_no_page_of_a_release_puts_a_barrier_up_or_scrolls_sideways(network: Network) -> None:
    province = network.desks[GUANGXI]
    await province.start()
    await network.line_is(province, "up")
    case = f"/cases/{await request_dna(network)}"
    [ask] = await asks_at(province)
    path, found = f"/asks/{ask['ask']}", []
    pages = ((province, "/asks"), (province, path), (network.dongxing, case))
    kinds = [*product(SCHEMES, (("zh-CN", WIDE), ("vi-VN", NARROW)))]
    async with chromium() as browser:
        windows = {
            (desk.slug, kind): await open_window(
                browser, desk, kind[1][0], scheme=kind[0], size=kind[1][1]
            )
            for desk, kind in product((province, network.dongxing), kinds)
        }
        for window in windows.values():
            await window.unlock(network.founded.passphrase)
        for decided in (False, True):
            if decided:
                await refuse(province, "样本编号有误。")
                await draft_in(network.dongxing, "refused")
            for kind, (desk, page) in product(kinds, pages):
                window, (scheme, (locale, size)) = windows[desk.slug, kind], kind
                await window.go(page)
                name = f"{page.split('/')[1]}-{desk.slug}-{len(page)}"
                await window.picture(f"{name}-{decided}-{locale}-{scheme}")
                where = f"{page} {locale} {scheme} {size[0]}"
                found += [f"{where}: {barrier}" for barrier in await window.barriers()]
                if await window.overflow() > 0:
                    found.append(f"{where}: {await window.overflow()} px too wide")
        found += [complaint for window in windows.values() for complaint in window.complaints]

    assert found == []


async def test_no_page_of_files_carriage_keys_erasure_or_alarms_puts_a_barrier_up(
    network: Network,
) -> None:
    desk, ref, found = network.dongxing, await network.mongcai.request(), []
    await network.holds(desk, ref, 1)
    await attach(network.mongcai, ref, ("ảnh P1.jpg", photograph()), ("hộ chiếu.pdf", PDF))
    _, document = await have_come(desk, ref, 2)
    ((thread, _),) = await desk.agent.store.threads()
    blob, why = bytes.fromhex(document["blob"]), "attachment.chunk"
    await desk.agent.store.set_file(thread, blob, FileState.REFUSED, why)
    for alarm in (Alarm.LANE_GAP, Alarm.PEER_WINDOW, Alarm.FOLDER_OUT):
        await desk.agent.alarms.raised(alarm, "subject", about=f"{MONGCAI} MC-04 7-9")
    await cut_off(network)
    await desk.act(ref, "acknowledge")
    await attach(desk, ref, ("回执.pdf", PDF))
    case = f"/cases/{ref}"
    pages = {
        "board": "/board",
        "case": case,
        "files": f"{case}/files",
        "carriage": f"/carriage?case={ref}",
        "devices": "/devices",
        "contacts": "/contacts",
        "passphrase": "/passphrase",
        "erase": f"{case}/erase",
        "erased": "/erased",
    }
    kinds: tuple[tuple[Scheme, str, tuple[int, int]], ...] = (
        ("light", "zh-CN", WIDE),
        ("dark", "vi-VN", NARROW),
    )
    async with chromium() as browser:
        for scheme, locale, size in kinds:
            window = await open_window(browser, desk, locale, scheme=scheme, size=size)
            await window.unlock(network.founded.passphrase)
            for name, path in pages.items():
                await window.go(path)
                await window.picture(f"newer-{name}-{locale}")
                where = f"{name} {locale} {scheme} {size[0]}"
                found += [f"{where}: {barrier}" for barrier in await window.barriers()]
                if await window.overflow() > 0:
                    found.append(f"{where}: {await window.overflow()} px too wide")
            found += window.complaints

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


async def test_a_form_on_a_screen_that_locked_itself_is_covered_and_comes_back(
    network: Network,
) -> None:
    clock, desk = HandClock(AT), network.mongcai
    await desk.stop()
    desk.idle_clock = clock
    await desk.start()
    async with chromium() as browser:
        window = await open_window(browser, desk, "vi-VN")
        await window.unlock(network.founded.passphrase)
        await window.go("/requests/RESCUE")
        await window.page.fill('[name="request.place"]', "Nhà nghỉ số 168")
        clock.set(AT + LONGEST_IDLE - WARNED)
        desk.agent.news.tell()
        await window.page.wait_for_selector("#here", state="visible")
        barriers = await window.barriers()
        clock.set(AT + LONGEST_IDLE)
        desk.agent.news.tell()
        await window.page.wait_for_selector(".veil")
        covered = await window.page.evaluate(COVERS)
        barriers += await window.barriers()
        await window.follow(".veil button")
        await window.page.fill("#officer", desk.officer)
        await window.page.fill("#passphrase", network.founded.passphrase)
        await window.follow("main button.main")
        typed = await window.page.input_value('[name="request.place"]')

    assert covered
    assert typed == "Nhà nghỉ số 168"
    assert await desk.board() == []
    assert [barriers, window.complaints] == [[], []]
