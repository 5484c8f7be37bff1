from datetime import UTC, datetime, timedelta

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from config.load import bundled_corridor, load_catalogue, load_errors
from liaison.desk.web.i18n import DOMAIN, FOLDERS, LOCALES, Words, choose_language
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language
from tests.support.messages import extract

CATALOGUE = Catalogue(load_catalogue(), bundled_corridor("quangninh-guangxi"))
ERRORS = load_errors()
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
VI, ZH, EN = (Words(lang, CATALOGUE, ERRORS) for lang in Language)


@pytest.mark.parametrize("folder", sorted(FOLDERS.values()))
def test_every_text_of_the_screens_is_translated_and_none_is_left_over(folder: str) -> None:
    with (LOCALES / folder / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, locale=folder)
    known = {message.id: message for message in catalogue if message.id}

    assert sorted(known) == extract()
    assert [m.id for m in known.values() if not m.string or m.fuzzy] == []
    assert [m.id for m in known.values() if list(m.check(catalogue))] == []


@pytest.mark.parametrize(
    "length,vi,zh,en",
    [
        (timedelta(hours=3, minutes=46), "3 giờ 46 phút", "3小时46分钟", "3 h 46 min"),
        (timedelta(days=2, minutes=5), "2 ngày 5 phút", "2天5分钟", "2 d 5 min"),
        (timedelta(hours=4), "4 giờ", "4小时", "4 h"),
        (timedelta(minutes=1, seconds=59), "1 phút", "1分钟", "1 min"),
        (timedelta(seconds=59), "chưa đến 1 phút", "不足1分钟", "less than a minute"),
    ],
)
def test_a_length_of_time_is_exact_to_the_minute(
    length: timedelta, vi: str, zh: str, en: str
) -> None:
    assert [w.duration(length) for w in (VI, ZH, EN)] == [vi, zh, en]


@given(st.integers(1, 60 * 24 * 400))
def test_a_length_of_time_never_says_more_or_less_than_it_is(minutes: int) -> None:
    parts = VI.duration(timedelta(minutes=minutes)).split()
    size = {"ngày": 24 * 60, "giờ": 60, "phút": 1}

    assert sum(int(n) * size[unit] for n, unit in zip(parts[::2], parts[1::2], strict=True)) == (
        minutes
    )


def test_a_countdown_says_left_before_and_overdue_after() -> None:
    assert VI.countdown(NOW + timedelta(minutes=42), NOW) == "còn 42 phút"
    assert ZH.countdown(NOW - timedelta(minutes=18), NOW) == "逾期18分钟"


@pytest.mark.parametrize(
    "chosen,accepted,lang",
    [
        (None, "vi-VN,vi;q=0.9", Language.VIETNAMESE),
        (None, "zh-CN", Language.CHINESE),
        (None, "fr-FR, zh-Hans;q=0.8", Language.CHINESE),
        (None, "fr-FR", Language.ENGLISH),
        (None, "", Language.ENGLISH),
        ("vi", "zh-CN", Language.VIETNAMESE),
        ("nonsense", "zh-CN", Language.CHINESE),
    ],
)
def test_a_screen_speaks_the_language_that_was_chosen_or_is_accepted(
    chosen: str | None, accepted: str, lang: Language
) -> None:
    assert choose_language(chosen, accepted) is lang


def test_advice_that_names_a_command_is_not_given_on_a_screen() -> None:
    assert "`" in ERRORS["casework.unknown_case"].next.en
    assert EN.advice("casework.unknown_case") == ""
    assert EN.advice("guard.launch") != ""


def test_an_error_of_which_nothing_is_known_shows_its_code() -> None:
    assert EN.error("nowhere.known") == "nowhere.known"
