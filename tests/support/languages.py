"""What stands on a page in another language than its own."""

import re
from collections.abc import Iterator

from liaison.desk.web.i18n import TAGS
from protocols.casework.codes import Language
from tests.support.messages import extract
from tests.support.screens import Page

#: Case numbers, pseudonyms, countries, clocks, sizes and codes read alike in every language.
ALIKE = re.compile(
    r"[A-Z0-9]+(-[A-Z0-9]+)+|P\d+(\.\.P\d+)?|\((VN|CN)\)|UTC[+]\d|[a-z]+\.[a-z0-9_]+"
    r"|DNA|PDF|[KMG]iB|Liaison"
)
LATIN, HAN = re.compile(r"[A-Za-z]{3,}"), re.compile(r"[\u4e00-\u9fff]")


def untranslated(page: Page, lang: Language) -> Iterator[str]:
    """Yield what stands on the page as its own words and is not in its language."""
    english = set(extract())
    for text in page.texts:
        if text.is_code or text.lang != TAGS[lang]:
            continue
        plain = ALIKE.sub("", text.text)
        is_foreign = {
            Language.CHINESE: LATIN.search(plain) is not None,
            Language.VIETNAMESE: HAN.search(plain) is not None
            or (text.text in english and LATIN.search(plain) is not None),
            Language.ENGLISH: HAN.search(plain) is not None,
        }[lang]
        if is_foreign:
            yield text.text
