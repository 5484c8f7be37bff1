"""Real browsers at the desks' screens, with a record of what they complain of.

Debian's Chromium, driven over its own protocol; nothing is downloaded. Screenshots are kept only in
the folder that LIAISON_SCREENSHOTS names, the tutorial's pictures in that of LIAISON_TUTORIAL.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, FloatRect, async_playwright
from playwright.async_api import Page as BrowserPage

from liaison.desk.web.session import SESSIONS
from tests.support.network import Desk
from tests.support.requirements import require
from tests.support.screens import Page, read_page

SCREENSHOTS = "LIAISON_SCREENSHOTS"
#: The folder in which the pictures of the tutorial are kept.
TUTORIAL = "LIAISON_TUTORIAL"
Scheme: TypeAlias = Literal["light", "dark"]
WIDE, NARROW = (1366, 768), (390, 844)
#: Most pictures of the tutorial are no taller: they are part of every copy of the project.
TALLEST = 540
#: An answer that refuses a form is an answer; the browser's console calls it a failure.
REFUSED_FORM = "422 (Unprocessable Entity)"
#: Tells the console of everything that the policy of a page has stopped.
WATCH = """document.addEventListener("securitypolicyviolation", (event) =>
    console.error("policy", event.violatedDirective, event.blockedURI, event.sample));"""


@dataclass
class Window:
    """A page of one officer's browser, and what its console has said."""

    page: BrowserPage
    desk: Desk
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep errors and warnings."""
        if message.type in ("error", "warning") and REFUSED_FORM not in message.text:
            self.complaints.append(message.text)

    async def go(self, path: str) -> None:
        """Go to a page of the desk."""
        await self.page.goto(self.desk.url + path)

    async def follow(self, selector: str) -> None:
        """Press what leads to another page, and wait until that is there."""
        async with self.page.expect_navigation():
            await self.page.click(selector)

    async def unlock(self, passphrase: str) -> None:
        """Open the desk's launch link and unlock for its officer."""
        await self.go(self.desk.running[SESSIONS].launch_path())
        await self.page.fill("#officer", self.desk.officer)
        await self.plate(f"01-unlock-{await self.page.get_attribute('html', 'lang')}")
        await self.page.fill("#passphrase", passphrase)
        await self.page.click("main button.main")
        await self.page.wait_for_url("**/board")

    async def picture(self, name: str) -> None:
        """Keep a screenshot of the whole page, if a folder for them is named."""
        folder = os.environ.get(SCREENSHOTS)
        if folder:
            await self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    async def plate(self, name: str, *, at: str = "body", height: int = TALLEST) -> None:
        """Keep what the officer sees now as a picture of the tutorial, if its folder is named.

        ``at`` is what is brought to the top first; the picture ends after ``height`` pixels, or
        where the page ends.
        """
        folder = os.environ.get(TUTORIAL)
        if not folder:
            return
        await self.page.locator(at).first.evaluate("e => e.scrollIntoView()")
        end = await self.page.evaluate(
            "document.querySelector('main').getBoundingClientRect().bottom"
        )
        clip: FloatRect = {"x": 0, "y": 0, "width": WIDE[0], "height": min(height, float(end))}
        await self.page.screenshot(path=Path(folder) / f"{name}.png", clip=clip)

    async def text(self) -> Page:
        """Return the page as it stands now, for what is read on it."""
        return read_page(200, "", await self.page.content())

    async def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        found = await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return int(found)

    async def barriers(self) -> list[str]:
        """Return the serious barriers to use that axe finds on the page."""
        found = (await Axe().run(self.page)).response["violations"]
        return [
            f"{v['id']}: {node['html'][:120]}"
            for v in found
            if v["impact"] in ("serious", "critical")
            for node in v["nodes"]
        ]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Give a browser without a window."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=str(require("chromium")), args=["--disable-gpu", *sandbox]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def open_window(
    browser: Browser,
    desk: Desk,
    locale: str,
    *,
    scheme: Scheme = "light",
    size: tuple[int, int] = WIDE,
) -> Window:
    """Return a window of its own, in the officer's language."""
    context = await browser.new_context(
        locale=locale, color_scheme=scheme, viewport={"width": size[0], "height": size[1]}
    )
    window = Window(await context.new_page(), desk)
    await context.add_init_script(WATCH)
    window.page.on("console", window.hear)
    window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
    return window
