"""Whole cases between officers in real browsers, each in their own language; nobody reloads a page.

With LIAISON_TUTORIAL naming a folder these runs take the pictures of docs/tutorial (``make
screenshots``).
"""

from collections.abc import AsyncIterator

import pytest

from protocols.casework.codes import Language
from tests.support.browser import WIDE, Window, chromium
from tests.support.network import GUANGXI, Desk, Network
from tests.support.officers import (
    ANSWER,
    CUSTODY,
    READ,
    Officers,
    send_rescue,
    write_dna,
    write_verification,
)

#: Milliseconds within which what arrives is on the screen, with the browser's own time to draw it.
SOON = 2_000
#: A mark that a page loses when it is loaded again.
MARK, IS_MARKED = "window.isTheSamePage = true", "window.isTheSamePage === true"
FILE = "2026-007"
RESCUED = "已解救1名妇女\uff0c其余人员未找到。"


@pytest.fixture
async def officers(network: Network) -> AsyncIterator[Officers]:
    """Yield the officers of a journey."""
    async with chromium() as browser:
        yield Officers(browser, network.founded.passphrase)


@pytest.fixture
async def province(network: Network) -> Desk:
    """Return the desk whose approver releases what Dongxing asks."""
    desk = network.desks[GUANGXI]
    await desk.start()
    await network.line_is(desk, "up")
    return desk


async def send_verification(window: Window, officers: Officers) -> None:
    """Write a verification, press its button, and stay on the case."""
    await window.plate("02-board-vi")
    await window.follow('nav a[href="/requests"]')
    await window.follow('main a[href="/requests/VERIFY-ID"]')
    await write_verification(window)
    await window.plate("03-request-vi")
    await officers.read(window, Language.VIETNAMESE)
    await window.follow(".send button")
    await window.page.evaluate(MARK)


async def receive(window: Window, officers: Officers) -> str:
    """See a request arrive, open it, confirm that it is here, and return what was read."""
    await window.page.wait_for_selector("tbody tr", timeout=SOON)
    assert await window.page.evaluate(IS_MARKED)
    await window.plate("05-board-zh")
    await window.follow("tbody a")
    await window.page.wait_for_selector(".read.machine .text")
    await window.plate("06-case-zh")
    await window.plate("07-text-zh", at="#steps")
    received = await officers.read(window, Language.CHINESE)
    await window.follow('form[action$="/acknowledge"] button')
    return received


async def answer(window: Window, officers: Officers) -> None:
    """Take the case on and say of each person what was found."""
    await window.follow('form[action$="/accept"] button')
    await window.follow('.acts a[href$="/answer"]')
    await window.page.select_option('[name="outcome.P1"]', "outcome:match")
    await window.page.select_option('[name="outcome.P2"]', "reason:DATA_NOT_HELD")
    await window.page.fill('[name="text"]', ANSWER)
    await window.plate("08-answer-zh")
    await officers.read(window, Language.CHINESE)
    await window.follow(".send button")


async def read_answer(window: Window, officers: Officers) -> str:
    """See the answer announced, open it, and return what was read."""
    await window.page.wait_for_selector("form.new >> text=Trả lời cuối cùng", timeout=SOON)
    assert await window.page.evaluate(IS_MARKED)
    await window.plate("09-new-vi")
    await window.follow("form.new button")
    await window.page.wait_for_selector(f"text={READ}")
    await window.plate("10-answer-vi", at="#latest", height=WIDE[1])
    return await officers.read(window, Language.VIETNAMESE)


async def test_a_verification_is_asked_in_vietnamese_and_answered_person_by_person_in_chinese(
    network: Network, officers: Officers
) -> None:
    vn = await officers.at(network.mongcai, "vi-VN")
    cn = await officers.at(network.dongxing, "zh-CN")
    await cn.page.evaluate(MARK)

    await send_verification(vn, officers)
    received = await receive(cn, officers)
    await vn.page.wait_for_selector("form.new", timeout=SOON)
    await vn.follow("form.new button")
    await vn.page.wait_for_selector(".ladder li.reached:last-child")
    await vn.plate("04-sent-vi", at=".ladder", height=600)
    await vn.page.evaluate(MARK)
    await answer(cn, officers)
    answered = await read_answer(vn, officers)
    await vn.follow('.acts a[href$="/close"]')
    await vn.follow(".send button")
    await vn.page.wait_for_selector("text=Đã kết thúc")
    await vn.plate("11-closed-vi")

    for shown in ("王小梅", "1999年5月12日", "该人没有身份证件。", "机器翻译", "亲属"):
        assert shown in received
    for shown in ("Trùng khớp", READ, ANSWER, "Máy dịch"):
        assert shown in answered
    await network.settle()
    ref = vn.page.url.rpartition("/")[2].partition("#")[0]
    for desk in (network.mongcai, network.dongxing):
        case = await desk.case(ref)
        assert case["stage"] == "closed"
        said = [(person["outcome"], person["reason"]) for person in case["persons"]]
        assert said == [("match", None), (None, "DATA_NOT_HELD")]
    assert (officers.complaints, officers.foreign) == ([], [])


async def test_a_rescue_in_vietnamese_is_read_in_chinese_and_its_answer_in_vietnamese(
    network: Network, officers: Officers
) -> None:
    vn = await officers.at(network.mongcai, "vi-VN")
    cn = await officers.at(network.dongxing, "zh-CN")
    await cn.page.evaluate(MARK)

    await vn.follow("nav a.rescue")
    await vn.follow(".send button")
    await vn.picture("rescue-refused-vi")
    case = await send_rescue(vn)
    await vn.page.evaluate(MARK)
    await cn.page.wait_for_selector("tbody tr", timeout=SOON)
    await cn.follow("tbody a")
    await cn.plate("13-rescue-zh")
    received = await officers.read(cn, Language.CHINESE)
    await cn.follow(".acts button.main")
    await vn.page.wait_for_selector("form.new", timeout=SOON)
    await cn.follow('.acts a[href$="/answer"]')
    await cn.page.select_option('[name="outcome.P1"]', "outcome:rescued")
    await cn.page.select_option('[name="outcome.rest"]', "outcome:not_found")
    await cn.page.fill('[name="text"]', RESCUED)
    await cn.follow(".send button")
    await vn.page.wait_for_selector("form.new >> text=Trả lời cuối cùng", timeout=SOON)
    assert [await window.page.evaluate(IS_MARKED) for window in (vn,)] == [True]
    await vn.follow("form.new button")
    await vn.page.wait_for_selector(f"text={RESCUED}")
    await vn.picture("rescue-answered-vi")
    answered = await officers.read(vn, Language.VIETNAMESE)

    assert case.startswith("/cases/QN-MC1-2026-")
    for shown in ("请勿拨打该号码", "被关押", "Trần Thị Hồng Hạnh", "1995年8月21日", "剩余30分钟"):
        assert shown in received
    for shown in ("Đã giải cứu", "Không tìm thấy", RESCUED, "Cán bộ bên nhận đã mở"):
        assert shown in answered
    assert (officers.complaints, officers.foreign) == ([], [])


async def test_a_request_above_the_desks_class_is_released_on_the_approvers_screen(
    network: Network, province: Desk, officers: Officers
) -> None:
    cn = await officers.at(network.dongxing, "zh-CN")
    approver = await officers.at(province, "zh-CN")
    vn = await officers.at(network.mongcai, "vi-VN")
    for window in (approver, vn):
        await window.page.evaluate(MARK)

    await write_dna(cn)
    await cn.page.wait_for_selector("text=内容尚未发出")
    await cn.plate("14-waits-zh")
    await officers.read(cn, Language.CHINESE)
    await cn.page.evaluate(MARK)
    await approver.page.wait_for_selector("text=1项请求待在此签批", timeout=SOON)
    await approver.page.wait_for_selector("nav >> text=(1)", timeout=SOON)
    assert await approver.page.evaluate(IS_MARKED)
    await officers.read(approver, Language.CHINESE)
    read = await release(approver, officers)

    await cn.page.wait_for_selector(".ladder li.reached:nth-child(3)", timeout=SOON)
    await vn.page.wait_for_selector("tbody tr", timeout=SOON)
    assert [await window.page.evaluate(IS_MARKED) for window in (cn, vn)] == [True, True]
    await vn.follow("tbody a")
    await vn.page.wait_for_selector("text=Có thêm chữ ký của GX-01")
    await vn.plate("18-released-vi", at="#steps")
    arrived = await officers.read(vn, Language.VIETNAMESE)

    assert CUSTODY in read
    for shown in ("ADN", CUSTODY, "DX-02"):
        assert shown in arrived
    assert (officers.complaints, officers.foreign) == ([], [])


async def release(window: Window, officers: Officers) -> str:
    """Read the one question that waits, forget the file number once, and release it."""
    await window.follow('nav a[href="/asks"]')
    await window.plate("15-asks-zh")
    await officers.read(window, Language.CHINESE)
    await window.follow("tbody a")
    await window.plate("16-ask-zh")
    read = await officers.read(window, Language.CHINESE)
    await window.follow('form[action$="/grant"] button')
    await window.page.wait_for_selector("#file-wrong")
    await window.page.fill("#file", FILE)
    await window.plate("17-decide-zh", at="#decide", height=WIDE[1])
    await window.follow('form[action$="/grant"] button')
    await window.page.wait_for_selector(".decided >> text=信件即发出")
    await officers.read(window, Language.CHINESE)
    return read


async def test_a_refused_release_is_told_on_the_asking_screen_by_itself(
    network: Network, province: Desk, officers: Officers
) -> None:
    cn = await officers.at(network.dongxing, "zh-CN")
    approver = await officers.at(province, "zh-CN")
    await write_dna(cn)
    await cn.page.wait_for_selector("text=内容尚未发出")
    await cn.page.evaluate(MARK)

    await approver.page.wait_for_selector("text=1项请求待在此签批", timeout=SOON)
    await approver.follow('nav a[href="/asks"]')
    await approver.follow("tbody a")
    await approver.page.fill("#reason", "样本编号有误。")
    await approver.follow('form[action$="/refuse"] button')
    await approver.page.wait_for_selector(".decided")
    await cn.page.wait_for_selector("text=样本编号有误。", timeout=SOON)
    await cn.plate("19-refused-zh")

    told = await officers.read(cn, Language.CHINESE)
    assert await cn.page.evaluate(IS_MARKED)
    assert "内容没有发出" in told
    assert CUSTODY in told
    assert (officers.complaints, officers.foreign) == ([], [])


async def test_a_desk_that_is_locked_elsewhere_clears_the_open_page_and_says_so(
    network: Network, officers: Officers
) -> None:
    open_page = await officers.at(network.mongcai, "vi-VN")
    elsewhere = await officers.at(network.mongcai, "vi-VN")
    await send_rescue(elsewhere)
    await open_page.page.wait_for_selector("tbody tr", timeout=SOON)

    await elsewhere.follow('form[action="/lock"] button')
    await open_page.page.wait_for_selector("text=Bàn trực đang khóa.", timeout=SOON)
    shown = await officers.read(open_page, Language.VIETNAMESE)

    assert "QN-MC1-2026-0001" not in shown
    assert "khóa đã mở" not in shown
    assert (officers.complaints, officers.foreign) == ([], [])
