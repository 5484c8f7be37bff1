"""Officers in their browsers: where they sit, what they type, what is wrong with what they see."""

from playwright.async_api import Browser

from protocols.casework.codes import Language
from tests.support.browser import WIDE, Window, open_window
from tests.support.languages import untranslated
from tests.support.network import Desk

#: Sentences that the demonstration's models know, and what they make of them. A name as it was
#: given stands in a translation too, beside the one that the reader knows.
STATEMENT = "Nạn nhân tự khai tên là Vương Tiểu Mai, 26 tuổi."
SUMMARY = "Người này không có giấy tờ tùy thân."
ANSWER = "经核实，王小梅，1999年5月12日出生，系中国公民。"  # noqa: RUF001 - as an officer types it
READ = "Qua xác minh, 王小梅 (Vương Tiểu Mai), sinh ngày 12/05/1999, là công dân Trung Quốc."
MIXED = {READ, "受害人自称名叫Vương Tiểu Mai（王小梅），26岁。"}  # noqa: RUF001 - as the models write
#: A sentence that they do not know.
CUSTODY = "该女子同意采集DNA样本；样本由东兴市公安局保管。"  # noqa: RUF001 - as above


class Officers:
    """The windows of one journey, and what is wrong with the pages that they saw."""

    def __init__(self, browser: Browser, passphrase: str) -> None:
        """Begin with no window."""
        self._browser, self._passphrase = browser, passphrase
        self.windows: list[Window] = []
        self.foreign: list[str] = []

    async def at(self, desk: Desk, locale: str) -> Window:
        """Return a window at ``desk``, unlocked by its officer."""
        window = await open_window(self._browser, desk, locale)
        self.windows.append(window)
        await window.unlock(self._passphrase)
        return window

    async def read(self, window: Window, lang: Language) -> str:
        """Return what stands on the page, and note what of it is in another language."""
        page = await window.text()
        self.foreign += [text for text in untranslated(page, lang) if text not in MIXED]
        return page.text

    @property
    def complaints(self) -> list[str]:
        """Return all that the browsers' consoles have said."""
        return [complaint for window in self.windows for complaint in window.complaints]


async def write_verification(window: Window) -> None:
    """Fill in who is asked about, and what is asked, as an officer types it."""
    page = window.page
    await page.fill('[name="request.persons_total"]', "2")
    await page.click('button[name="add"][value="request.persons"]')
    for row, (vietnamese, chinese, birth) in enumerate(
        (("Vương Tiểu Mai", "王小梅", "12/05/1999"), ("Lý Thu", "李秋", "2001"))
    ):
        person = f"request.persons.{row}"
        await page.fill(f'[name="{person}.names.vi"]', vietnamese)
        await page.fill(f'[name="{person}.names.zh"]', chinese)
        await page.select_option(f'[name="{person}.sex"]', "female")
        await page.fill(f'[name="{person}.birth"]', birth)
    for question in ("identity", "nationality", "relatives"):
        await page.check(f'[value="{question}"]')
    await page.fill('[name="request.statement"]', STATEMENT)
    await page.fill('[name="request.header.summary"]', SUMMARY)


async def write_dna(window: Window) -> None:
    """Ask for a comparison of a sample, as an officer in Dongxing types it."""
    page = window.page
    await window.follow('nav a[href="/requests"]')
    await window.follow('main a[href="/requests/DNA"]')
    await page.fill('[name="request.persons_total"]', "1")
    await page.fill('[name="request.persons.0.names.zh"]', "阮氏兰")
    await page.fill('[name="request.persons.0.names.vi"]', "Nguyễn Thị Lan")
    await page.select_option('[name="request.persons.0.sex"]', "female")
    await page.fill('[name="request.persons.0.birth"]', "1996")
    await page.select_option('[name="request.sample.kind"]', index=1)
    await page.fill('[name="request.sample.number"]', "GX-2026-0118")
    await page.select_option('[name="request.sample.consent"]', "yes")
    await page.fill('[name="request.sample.laboratory"]', "GX-LAB-1")
    await page.fill('[name="request.custody"]', CUSTODY)
    await window.follow(".send button")


async def write_rescue(window: Window) -> None:
    """Fill in what a rescue needs, as typed in the first minute."""
    await window.page.fill('[name="request.persons_total"]', "3")
    await window.page.select_option('[name="request.source_of_information"]', "hotline_111")
    await window.page.fill('[name="request.persons.0.names.vi"]', "Trần Thị Hồng Hạnh")
    await window.page.select_option('[name="request.persons.0.sex"]', "female")
    await window.page.fill('[name="request.persons.0.birth"]', "21/08/1995")
    await window.page.fill('[name="request.persons.0.phone.number"]', "+86 138 0013 8007")
    await window.page.fill(
        '[name="request.place"]', "Nhà nghỉ gần bến xe Đông Hưng, biển hiệu số 168"
    )
    await window.page.fill('[name="request.header.urgency_reason"]', "Có người bị nhốt và bị đánh.")
    for code in ("locked_in", "beaten", "locate_and_protect", "do_not_call_number"):
        await window.page.check(f'[value="{code}"]')


async def send_rescue(window: Window) -> str:
    """Write and send a rescue, and return the case's address."""
    await window.page.click("nav a.rescue")
    await write_rescue(window)
    await window.plate("12-rescue-vi", height=WIDE[1])
    await window.follow(".send button")
    return window.page.url.removeprefix(window.desk.url)
