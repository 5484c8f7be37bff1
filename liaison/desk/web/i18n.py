"""The words of the screens in Vietnamese, simplified Chinese and English.

Screen text is gettext, its message ids are the English texts, and the catalogues are read as they
are committed; codes are the casework's catalogue, errors the error texts. Deadlines are counted
exactly: nothing here rounds "3 giờ 46 phút" to four hours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from config.schema import ErrorText
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language
from protocols.casework.errors import CatalogueError
from protocols.casework.moments import CHINA, VIET_NAM, format_moment

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "screens"
#: Each language's folder of messages; English is the language of the message ids.
FOLDERS = {Language.VIETNAMESE: "vi", Language.CHINESE: "zh_Hans"}
#: What the page says of its language; without the script a browser picks Japanese forms.
TAGS = {Language.VIETNAMESE: "vi", Language.CHINESE: "zh-Hans", Language.ENGLISH: "en"}
#: Each language by its own name.
OWN_NAMES = {
    Language.VIETNAMESE: "Tiếng Việt",
    Language.CHINESE: "中文",
    Language.ENGLISH: "English",
}
#: The sign of each state of a clock; the word stands beside it.
SIGNS = {
    "running": "○",
    "overdue": "‼",
    "met": "✓",
    "met_late": "✓!",
    "stopped": "-",
    "missed": "✗",
}
#: Between the parts of a length of time; Chinese writes them together.
_BETWEEN = {Language.CHINESE: ""}
MINUTE = timedelta(minutes=1)


@cache
def messages(lang: Language) -> NullTranslations:
    """Return the screen texts in ``lang``."""
    if lang not in FOLDERS:
        return NullTranslations()
    source = LOCALES / FOLDERS[lang] / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=FOLDERS[lang]))
    compiled.seek(0)
    return GNUTranslations(compiled)


def choose_language(chosen: str | None, accepted: str) -> Language:
    """Return the language of a screen.

    Args:
        chosen: what the officer chose before, if anything.
        accepted: the browser's Accept-Language; its first language that we have counts.
    """
    wanted = [chosen or "", *(part.split(";")[0].strip() for part in accepted.split(","))]
    for tag in wanted:
        if tag.split("-")[0].lower() in list(Language):
            return Language(tag.split("-")[0].lower())
    return Language.ENGLISH


@dataclass(frozen=True, slots=True)
class Words:
    """All words of one screen, for a reader of ``lang``."""

    lang: Language
    catalogue: Catalogue
    errors: Mapping[str, ErrorText]

    @property
    def tag(self) -> str:
        """Return the language as a page names it."""
        return TAGS[self.lang]

    def text(self, message: str, **values: object) -> str:
        """Return a screen text with its values filled in."""
        found = messages(self.lang).gettext(message)
        return found % values if values else found

    def label(self, kind: str, code: str) -> str:
        """Return what a code says; raise CatalogueError when nothing is known of it."""
        return self.catalogue.code(kind, code, self.lang)

    def error(self, code: str) -> str:
        """Return what an error or finding says happened; its code when nothing is known of it."""
        for kind in ("finding", "ruling"):
            try:
                return self.label(kind, code)
            except CatalogueError:
                continue
        known = self.errors.get(code)
        return code if known is None else known.what.of(self.lang)

    def advice(self, code: str) -> str:
        """Return what to do next; nothing when that names a command, which is for a terminal."""
        known = self.errors.get(code)
        found = "" if known is None else known.next.of(self.lang)
        return "" if "`" in found else found

    def size(self, count: int) -> str:
        """Return a size in bytes as people say it: 4 KiB, 2.5 MiB."""
        for unit, bytes_ in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if count >= bytes_:
                return f"{count / bytes_:.1f} {unit}".replace(".0 ", " ")
        return f"{count} B"

    def moment(self, at: str | datetime) -> str:
        """Return a time on both countries' clocks, each with its date."""
        return format_moment(_moment(at), self.lang)

    def hours(self, at: str | datetime) -> str:
        """Return a time of day on both clocks: 06:18 (VN) · 07:18 (CN)."""
        moment = _moment(at)
        return " · ".join(
            f"{moment.astimezone(zone):%H:%M} ({country})"
            for zone, country in ((VIET_NAM, "VN"), (CHINA, "CN"))
        )

    def duration(self, length: timedelta) -> str:
        """Return a length of time to the minute that has passed, in days, hours and minutes."""
        minutes = length // MINUTE
        if minutes < 1:
            return self.text("less than a minute")
        days, rest = divmod(minutes, 24 * 60)
        hours, left = divmod(rest, 60)
        parts = [
            self.text("%(count)d d", count=days) if days else "",
            self.text("%(count)d h", count=hours) if hours else "",
            self.text("%(count)d min", count=left) if left else "",
        ]
        return _BETWEEN.get(self.lang, " ").join(part for part in parts if part)

    def countdown(self, due: str | datetime, now: datetime) -> str:
        """Return how long there is until ``due``, or since when it is overdue."""
        left = _moment(due) - now
        if left < timedelta(0):
            return self.text("overdue by %(time)s", time=self.duration(-left))
        return self.text("%(time)s left", time=self.duration(left))

    def clock(self, limit: str) -> str:
        """Return the name of a clock by its code in a case, ``RESCUE.acknowledge#2``."""
        name, _, number = limit.partition("#")
        label = self.label("clock", name.rpartition(".")[2])
        return f"{label} ({number})" if number else label


def _moment(at: str | datetime) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)
