"""An officer at a desk's screen without scripts: pages fetched and forms posted, as a browser does.

A form is read from the page, filled in, and posted with what its other fields hold; so a test
presses only what is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from aiohttp import ClientSession, CookieJar, FormData

from liaison.desk.web.session import SESSIONS
from tests.support.network import Desk

#: Elements that have no end.
VOID = frozenset({"meta", "link", "input", "br", "col", "img"})
#: What a reader of the page does not see.
UNSEEN = frozenset({"script", "style", "title"})


@dataclass
class Form:
    """A form of a page: where it is posted, what its fields hold, what its buttons say."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Text:
    """A piece of text and the language of the nearest element that names one."""

    lang: str
    text: str
    is_code: bool


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.texts: list[Text] = []
        self.tags: list[tuple[str, str]] = []
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        lang = given.get("lang") or (self.tags[-1][1] if self.tags else "")
        if tag not in VOID:
            self.tags.append((tag, lang))
        for name in ("aria-label", "title", "placeholder"):
            if name in given:
                self.texts.append(Text(lang, given[name], is_code=False))
        self._read_form(tag, given)

    def handle_endtag(self, tag: str) -> None:
        while self.tags and self.tags.pop()[0] != tag:
            pass
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        names = [name for name, _ in self.tags]
        if self._area is not None and self.forms:
            name, value = self.forms[-1].fields.pop()
            self.forms[-1].fields.append((name, value + data))
        elif data.strip() and not UNSEEN & set(names):
            lang = self.tags[-1][1] if self.tags else ""
            self.texts.append(Text(lang, data.strip(), is_code="code" in names))

    def _read_form(self, tag: str, given: dict[str, str]) -> None:
        if tag == "form":
            self.forms.append(Form(given["action"]))
        if not self.forms:
            return
        form, name = self.forms[-1], given.get("name", "")
        is_box = given.get("type") == "checkbox"
        if tag == "input" and name and (not is_box or "checked" in given):
            form.fields.append((name, given.get("value", "")))
        if tag == "textarea":
            self._area = name
            form.fields.append((name, ""))
        if tag == "select":
            self._select = name
        if tag == "option" and self._select is not None:
            first = all(known != self._select for known, _ in form.fields)
            if "selected" in given:
                form.fields = [pair for pair in form.fields if pair[0] != self._select]
            if first or "selected" in given:
                form.fields.append((self._select, given["value"]))
        if tag == "button":
            form.buttons.append((name, given.get("value", "")))


@dataclass
class Page:
    """What came back: status, address after redirects, the markup, its forms and its texts."""

    status: int
    path: str
    html: str
    forms: list[Form]
    texts: list[Text]

    def form(self, action: str) -> Form:
        """Return the form that is posted to ``action``."""
        return next(form for form in self.forms if form.action == action)

    @property
    def text(self) -> str:
        """Return all that is read on the page."""
        return "\n".join(text.text for text in self.texts)


def read_page(status: int, path: str, html: str) -> Page:
    """Return the page that ``html`` is."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Page(status, path, html, reader.forms, reader.texts)


@dataclass
class Screen:
    """One browser at one desk."""

    desk: Desk
    http: ClientSession

    @classmethod
    async def open(cls, desk: Desk, http: ClientSession) -> "Screen":
        """Return a screen that was opened with a launch link."""
        screen = cls(desk, http)
        await screen.get(desk.running[SESSIONS].launch_path())
        return screen

    async def get(self, path: str, *, lang: str = "vi") -> Page:
        """Return a page; a redirect is followed."""
        headers = {"Accept-Language": lang}
        async with self.http.get(self.desk.url + path, headers=headers) as answer:
            return read_page(answer.status, answer.url.path_qs, await answer.text())

    async def post(self, path: str, fields: list[tuple[str, str]], *, lang: str = "vi") -> Page:
        """Return where a form leads."""
        headers = {"Accept-Language": lang, "Origin": self.desk.url}
        url = urljoin(self.desk.url, path)
        async with self.http.post(url, data=fields, headers=headers) as answer:
            return read_page(answer.status, answer.url.path_qs, await answer.text())

    async def upload(
        self,
        path: str,
        fields: list[tuple[str, str]],
        *files: tuple[str, bytes],
        lang: str = "vi",
    ) -> Page:
        """Return where a form with files leads: the fields first, as on its page."""
        # As browsers do: names in UTF-8 as they are, and parts even without a file.
        form = FormData(quote_fields=False, default_to_multipart=True)
        for name, value in fields:
            form.add_field(name, value)
        for name, whole in files:
            form.add_field("file", whole, filename=name, content_type="application/octet-stream")
        headers = {"Accept-Language": lang, "Origin": self.desk.url}
        url = urljoin(self.desk.url, path)
        async with self.http.post(url, data=form, headers=headers) as answer:
            return read_page(answer.status, answer.url.path_qs, await answer.text())

    async def submit(
        self,
        page: Page,
        action: str,
        typed: Mapping[str, str | list[str]] | None = None,
        *,
        press: tuple[str, str] = ("", ""),
        lang: str = "vi",
    ) -> Page:
        """Fill in the form of ``page`` that is posted to ``action`` and post it."""
        form, changed = page.form(action), dict(typed or {})
        fields = [pair for pair in form.fields if pair[0] not in changed]
        for name, value in changed.items():
            fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        if press[0]:
            fields.append(press)
        return await self.post(action, fields, lang=lang)

    async def unlock(self, passphrase: str, officer: str | None = None) -> Page:
        """Unlock for the desk's officer and return the page that follows."""
        page = await self.get("/unlock")
        typed = {"officer": officer or self.desk.officer, "passphrase": passphrase}
        return await self.submit(page, "/unlock", typed)


def browser_session() -> ClientSession:
    """Return a client that keeps cookies of loopback addresses, as a browser does."""
    return ClientSession(cookie_jar=CookieJar(unsafe=True))


#: A rescue as an officer types it, by the names of its fields.
RESCUE: Mapping[str, str | list[str]] = {
    "request.persons_total": "3",
    "request.persons.0.names.vi": "Trần Thị Hồng Hạnh",
    "request.persons.0.sex": "female",
    "request.persons.0.birth": "21/08/1995",
    "request.persons.0.phone.number": "+86 138 0013 8007",
    "request.place": "Nhà nghỉ gần bến xe Đông Hưng",
    "request.dangers": ["locked_in", "beaten"],
    "request.do_not": ["do_not_call_number"],
    "request.asked": ["locate_and_protect"],
    "request.source_of_information": "hotline_111",
    "request.header.urgency_reason": "Có người bị nhốt và bị đánh.",
}
