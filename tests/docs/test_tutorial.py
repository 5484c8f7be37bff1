"""The tutorial shows pictures that exist, and names what stands on the screens."""

import re
import struct

import pytest
from babel.messages.pofile import read_po

from config.load import find_corridor, load_catalogue
from liaison.desk.web.i18n import DOMAIN, FOLDERS, LOCALES
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language
from tests.support.requirements import REPOSITORY

TUTORIAL = REPOSITORY / "docs/tutorial.md"
PICTURES = REPOSITORY / "docs/tutorial"
TEXT = TUTORIAL.read_text(encoding="utf-8")
#: Width of the screen on which the pictures are taken, and bytes that all of them may have.
WIDTH, LARGEST = 1366, 1_500_000
SHOWN = re.compile(r"!\[([^\]]*)\]\(tutorial/([^)]+)\)")
NAMED = re.compile(r"\*\*([^*]+)\*\*")


def on_screens() -> set[str]:
    """Return every text and label that a screen can show in Vietnamese or Chinese."""
    found: set[str] = set()
    for folder in FOLDERS.values():
        with (LOCALES / folder / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
            found |= {str(message.string) for message in read_po(file)}
    catalogue = Catalogue(load_catalogue(), find_corridor("quangninh-guangxi"))
    for kind, codes in catalogue.kinds().items():
        found |= {catalogue.code(kind, code, lang) for code in codes for lang in Language}
    return found


def test_every_picture_that_is_shown_exists_and_every_one_that_exists_is_shown() -> None:
    shown = [name for _, name in SHOWN.findall(TEXT)]

    assert sorted(shown) == sorted(path.name for path in PICTURES.iterdir())
    assert len(shown) == len(set(shown)) > 10


def test_every_picture_says_in_words_what_it_shows() -> None:
    said = [text for text, _ in SHOWN.findall(TEXT)]

    assert [text for text in said if len(text.split()) < 3] == []
    assert len(said) == len(set(said))


def test_the_pictures_are_the_officers_screens_and_small() -> None:
    sizes = {path.name: path.stat().st_size for path in PICTURES.iterdir()}
    widths = {
        path.name: struct.unpack(">I", path.read_bytes()[16:20])[0] for path in PICTURES.iterdir()
    }

    assert set(widths.values()) == {WIDTH}
    assert sum(sizes.values()) < LARGEST


@pytest.mark.parametrize("words", sorted(set(NAMED.findall(TEXT)) - {"bold"}))
def test_what_the_tutorial_names_stands_on_a_screen(words: str) -> None:
    assert words in on_screens()


def test_a_button_that_no_screen_has_would_be_found() -> None:
    assert "Ký và gửi nhanh" not in on_screens()
    assert "Ký và gửi" in on_screens()
