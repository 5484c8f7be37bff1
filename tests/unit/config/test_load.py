import re
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.errors import (
    CatalogueFileError,
    ConfigError,
    DuplicateNameError,
    FileUnreadableError,
    MissingKeyError,
    UnknownKeyError,
    UnknownNameError,
    WrongTypeError,
    WrongValueError,
)
from config.load import (
    CALENDARS,
    CATALOGUE,
    CORRIDORS,
    bundled_corridor,
    find_corridor,
    load_calendars,
    load_catalogue,
    load_corridor,
)
from config.schema import Country

NAME = "quangninh-guangxi"
CORRIDOR = bundled_corridor(NAME)
DAY = date(2026, 11, 24)

Edit = Callable[[str, str, str], Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """Return a function that copies the corridor and replaces text in one of its files."""

    def edit(file: str, old: str, new: str) -> Path:
        folder = tmp_path / NAME
        shutil.copytree(CORRIDORS / NAME, folder)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return edit


def test_the_corridor_has_two_desks_a_side_and_their_channels() -> None:
    assert {desk.slug: CORRIDOR.country(desk.slug) for desk in CORRIDOR.desks} == {
        "vn-quangninh": Country.VIET_NAM,
        "vn-mongcai-1": Country.VIET_NAM,
        "cn-guangxi": Country.CHINA,
        "cn-dongxing": Country.CHINA,
    }
    assert CORRIDOR.peers("vn-mongcai-1") == ("cn-dongxing", "vn-quangninh")


def test_border_desks_escalate_to_their_province() -> None:
    assert CORRIDOR.desk("vn-mongcai-1").escalates_to == "vn-quangninh"
    assert CORRIDOR.desk("cn-dongxing").escalates_to == "cn-guangxi"


def test_the_ward_exists_since_the_city_was_dissolved() -> None:
    ward = CORRIDOR.desk("vn-mongcai-1")

    assert not ward.is_valid(date(2025, 6, 30))
    assert ward.is_valid(date(2025, 7, 1))


def test_channels_go_both_ways_and_no_further() -> None:
    assert CORRIDOR.channel("cn-dongxing", "vn-mongcai-1") == CORRIDOR.channel(
        "vn-mongcai-1", "cn-dongxing"
    )
    with pytest.raises(
        UnknownNameError, match="may write to cn-dongxing, vn-quangninh; found cn-g"
    ):
        CORRIDOR.channel("vn-mongcai-1", "cn-guangxi")


@pytest.mark.parametrize("urgency", ["U0", "U1", "U2", "U3"])
def test_a_rescue_has_these_limits_in_every_urgency(urgency: str) -> None:
    limits = CORRIDOR.limits_for("RESCUE", urgency, on=DAY)

    assert [(x.code, x.allowed, x.repeats) for x in limits] == [
        ("rescue.acknowledge", timedelta(minutes=30), False),
        ("rescue.accept", timedelta(hours=2), False),
        ("rescue.situation_report", timedelta(hours=8), False),
        ("rescue.situation_report", timedelta(hours=12), True),
    ]


def test_limits_are_dated_and_have_sources() -> None:
    assert CORRIDOR.limits_for("RESCUE", "U0", on=date(2010, 9, 14)) == ()
    assert len(CORRIDOR.limits_for("RESCUE", "U0", on=date(2010, 9, 15))) == 4
    assert all(len(limit.source) > 20 for limit in CORRIDOR.limits)


def test_other_types_have_no_limits_yet() -> None:
    assert CORRIDOR.limits_for("INVEST", "U0", on=DAY) == ()
    assert CORRIDOR.ladder_for("INVEST", "U0", on=DAY) == ()


@pytest.mark.parametrize(
    "kind,urgency,lies,expected",
    [
        ("VERIFY-ID", "U1", "direct", "12 hours, 12 hours, 8 hours"),
        ("VERIFY-ID", "U0", "indirect", "12 hours, 12 hours, 3 calendar_days"),
        ("VERIFY-ID", "U2", "indirect", "12 hours, 12 hours, 7 calendar_days"),
        ("VERIFY-ID", "U1", "field_inquiry", "12 hours, 12 hours, 15 calendar_days"),
        ("DNA", "U2", None, "12 hours, 24 hours, 30 calendar_days"),
        ("RETURN", "U2", None, "12 hours, 12 hours, 5 calendar_days"),
    ],
)
def test_delivery_acknowledgement_and_answer_have_these_limits(
    kind: str, urgency: str, lies: str | None, expected: str
) -> None:
    limits = CORRIDOR.limits_for(kind, urgency, on=DAY, accessibility=lies)

    assert [limit.clock for limit in limits] == ["delivery", "acknowledge", "answer"]
    assert ", ".join(f"{limit.amount} {limit.unit}" for limit in limits) == expected


def test_a_ladder_of_its_own_goes_before_the_ladder_of_the_type() -> None:
    delivery = CORRIDOR.ladder_for("DNA", "U2", on=DAY, clock="delivery")
    answer = CORRIDOR.ladder_for("DNA", "U2", on=DAY, clock="answer")

    assert [step.at_minutes for step in delivery] == [60, None]
    assert [step.percent for step in answer] == [50, 80, 100, None]


def test_a_limit_in_days_has_no_length_without_a_calendar() -> None:
    limits = CORRIDOR.limits_for("DNA", "U2", on=DAY)

    assert [limit.allowed is None for limit in limits] == [False, False, True]


def test_every_desk_holds_a_class_and_every_type_with_limits_needs_one() -> None:
    types = {limit.type for limit in CORRIDOR.limits}
    desks = [desk.slug for desk in CORRIDOR.desks]

    assert [CORRIDOR.authority_held(desk) for desk in desks] == [
        *("provincial", "local", "provincial", "local")
    ]
    for kind in types:
        assert all(CORRIDOR.authority_needed(kind, desk, on=DAY) for desk in desks)
    assert CORRIDOR.authority_needed("DNA", desks[0], on=date(2010, 9, 14)) is None


def test_the_calendars_are_dated_sourced_and_say_where_no_notice_is_read() -> None:
    years = {year.code: year for year in load_calendars()}

    assert {code for code, year in years.items() if year.provisional} == {"vn-2027", "cn-2027"}
    assert {"vn-2017", "vn-2018", "vn-2026", "cn-2017", "cn-2018", "cn-2026"} <= years.keys()
    assert all(len(year.source) > 20 and year.version == 1 for year in years.values())
    assert str(years["vn-2026"].notice_date) == "2025-12-25"


def test_the_swaps_of_2026_stand_with_their_source() -> None:
    year = next(year for year in load_calendars() if year.code == "vn-2026")

    assert [(str(shift.off), str(shift.worked)) for shift in year.shift] == [
        ("2026-01-02", "2026-01-10"),
        ("2026-08-31", "2026-08-22"),
    ]
    assert "12729/VPCP-KGVX" in year.shift[0].source


@pytest.mark.parametrize(
    "old,new,error",
    [
        ("year = 2026", "year = 2025", WrongValueError),
        ('country = "VN"', 'country = "CN"', WrongValueError),
        ("first = 2026-11-24", "first = 2027-11-24", WrongValueError),
        ("first = 2026-11-24", "first = 2026-09-02", DuplicateNameError),
        ("worked = 2026-01-10", "worked = 2026-01-09", WrongValueError),
        ("provisional = false", "", MissingKeyError),
        ("[[shift]]", "[[shifts]]", UnknownKeyError),
    ],
)
def test_a_mistake_in_a_calendar_is_refused(
    tmp_path: Path, old: str, new: str, error: type[ConfigError]
) -> None:
    text = (CALENDARS / "vn-2026.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "vn-2026.toml").write_text(text.replace(old, new), encoding="utf-8")

    with pytest.raises(error, match=r"vn-2026\.toml"):
        load_calendars(tmp_path)


def test_a_lookup_of_what_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(
        UnknownNameError, match="desk: 'cn-dongxin' does not exist; did you mean 'cn-d"
    ):
        CORRIDOR.desk("cn-dongxin")
    with pytest.raises(UnknownNameError, match="agency: 'vn' does not exist"):
        CORRIDOR.agency("vn")
    with pytest.raises(UnknownNameError, match="did you mean 'quangninh-guangxi'"):
        bundled_corridor("quang-ninh-guangxi")


def test_names_are_read_by_language() -> None:
    names = CORRIDOR.desk("cn-dongxing").names

    assert (names.of("zh"), names.of("en")[:8]) == ("东兴市公安局", "Dongxing")
    with pytest.raises(UnknownNameError, match="expected vi, zh or en, found 'fr'"):
        names.of("fr")


def test_every_name_stands_in_three_languages_in_its_own_script() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    entries = [agency.names for agency in CORRIDOR.agencies]
    entries += [names for desk in CORRIDOR.desks for names in (desk.names, desk.place)]

    for names in entries:
        assert chinese.search(names.zh)
        assert not chinese.search(names.vi + names.en)


def test_a_setting_may_name_a_corridor_or_its_folder() -> None:
    assert find_corridor(NAME) == CORRIDOR
    assert find_corridor(str(CORRIDORS / NAME)) == CORRIDOR


@pytest.mark.parametrize(
    "file,old,new,error",
    [
        ("agencies.toml", "escalates_to", "escalate_to", UnknownKeyError),
        ("agencies.toml", "[[desk]]", "[[desks]]", UnknownKeyError),
        ("agencies.toml", 'slug = "vn-quangninh"', 'slug = "cn-guangxi"', DuplicateNameError),
        ("agencies.toml", 'code = "QN-CAT"', 'code = "QN-MC1"', DuplicateNameError),
        ("agencies.toml", 'agency = "cn-guangxi-police"', 'agency = "cn"', UnknownNameError),
        ("agencies.toml", 'escalates_to = "vn-quangninh"', 'escalates_to = "vn"', UnknownNameError),
        ("agencies.toml", 'country = "VN"', 'country = "XX"', WrongValueError),
        ("agencies.toml", "version = 1", 'version = "1"', WrongTypeError),
        ("agencies.toml", "version = 1", "", MissingKeyError),
        ("agencies.toml", "valid_from = 2025-07-01", 'valid_from = "2025"', WrongTypeError),
        ("channels.toml", 'b = "cn-dongxing"', 'b = "cn-dongxin"', UnknownNameError),
        ("limits.toml", "amount = 30", "amount = 0", WrongValueError),
        ("limits.toml", 'unit = "minutes"', 'unit = "fortnights"', WrongValueError),
        ("limits.toml", "percent = 50,", "percent = 50, after_minutes = 1,", WrongValueError),
        ("limits.toml", "at_minutes = 60,", "at_minutes = 60, percent = 1,", WrongValueError),
        ("limits.toml", "[[limit]]", "[[limit", FileUnreadableError),
        ("authority.toml", 'level = "local"', 'level = "lokal"', WrongValueError),
    ],
)
def test_a_mistake_in_a_corridor_is_refused_with_its_place(
    edited: Edit, file: str, old: str, new: str, error: type[ConfigError]
) -> None:
    folder = edited(file, old, new)

    with pytest.raises(error) as refused:
        load_corridor(folder)
    assert refused.value.code == error.code


def test_the_catalogue_holds_every_phrase_and_term_of_its_files() -> None:
    seed = load_catalogue()

    assert (len(seed.phrases), len(seed.terms)) == (59, 328)
    assert seed.phrases[0].texts.vi == "Kính gửi: {agency}"


@pytest.mark.parametrize(
    "content,message",
    [
        ("id\tuse\tvi\ten\tzh\n", "expected columns"),
        ("id\tuse\ten\tvi\tzh\nREQ-01\topening\tTo\n", "line 2: expected 5 columns, found 3"),
    ],
)
def test_a_table_of_another_shape_is_refused_by_line(
    tmp_path: Path, content: str, message: str
) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(CATALOGUE, folder)
    (folder / "phrases.tsv").write_text(content, encoding="utf-8")

    with pytest.raises(CatalogueFileError, match=message):
        load_catalogue(folder)


def test_a_label_without_one_of_its_languages_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(CATALOGUE, folder)
    (folder / "codes.toml").write_text('[sex]\nmale = { vi = "Nam", en = "Male" }\n')

    with pytest.raises(MissingKeyError, match=r"sex\.male: expected zh; not found"):
        load_catalogue(folder)
