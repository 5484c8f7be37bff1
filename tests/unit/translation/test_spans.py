import pytest
from hypothesis import given
from hypothesis import strategies as st

from translation.detectors import localise, protect
from translation.languages import Language
from translation.names import DeclaredName
from translation.spans import PLACEHOLDER, Kind, restore

VI, ZH, EN = Language.VIETNAMESE, Language.CHINESE, Language.ENGLISH
LAN = DeclaredName(vi="Nguyễn Thị Lan", zh="阮氏兰")

#: Pieces that detectors look for, and pieces that look like their own marks.
PIECES = [
    "⟦1⟧",
    "⟦",
    "⟧",
    "⟦0⟧",
    "⟦99⟧",
    "022196001507",
    "450681199003070015",
    "桂P·A1234",
    "14A-123.45",
    "+84 912 345 078",
    "21/08/1995",
    "1995年8月21日",
    "14h30",
    "4.2万元",
    "15 triệu đồng",
    "18岁",
    "a@b.vn",
    "https://x.vn/1",
    "QN-2017-118",
    "桂公刑(2018)007号",
    "chị Lan",
    "阮氏兰",
    "芒街市",
    "Móng Cái",
    "không",
    "不",
    "①",
    "１２",
    " ",
    ".",
    "，",
    "\n",
    "Nguyễn Thị Lan",
    "5 days",
    "x",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join))


@given(TEXTS, st.sampled_from(Language))
def test_masking_and_restoring_is_the_identity_for_any_text(text: str, lang: Language) -> None:
    masked = protect(text, lang, [LAN])

    assert restore(masked.text, masked.spans, lang) == text


@given(TEXTS, st.sampled_from(Language))
def test_no_digit_is_left_for_the_machine(text: str, lang: Language) -> None:
    masked = protect(text, lang, [LAN])

    assert not any(c.isdecimal() for c in PLACEHOLDER.sub("", masked.text))


@given(TEXTS, st.sampled_from(Language))
def test_every_placeholder_stands_once_and_in_order(text: str, lang: Language) -> None:
    masked = protect(text, lang, [LAN])

    numbers = [int(number) for number in PLACEHOLDER.findall(masked.text)]
    assert numbers == list(range(1, len(masked.spans) + 1))


@pytest.mark.parametrize(
    "lang, text, kind, target, said",
    [
        (ZH, "2017年11月24日", Kind.DATE, VI, "24/11/2017"),
        (VI, "17/03/1996", Kind.DATE, ZH, "1996年3月17日"),
        (VI, "21 tháng 8 năm 1995", Kind.DATE, EN, "21 August 1995"),
        (EN, "21 August 1995", Kind.DATE, ZH, "1995年8月21日"),
        (ZH, "1996年", Kind.DATE, VI, "năm 1996"),
        (VI, "2018-05-11", Kind.DATE, ZH, "2018年5月11日"),
        (ZH, "6月9日", Kind.DATE, VI, "09/06"),
        (VI, "14h30", Kind.TIME, ZH, "14时30分"),
        (ZH, "14时30分", Kind.TIME, VI, "14h30"),
        (VI, "19:30", Kind.TIME, ZH, "19时30分"),
        (ZH, "4.2万元", Kind.MONEY, VI, "42.000 nhân dân tệ"),
        (VI, "15 triệu đồng", Kind.MONEY, ZH, "15,000,000越南盾"),
        (VI, "1.500.000 đồng", Kind.MONEY, EN, "1,500,000 dong"),
        (ZH, "18岁", Kind.AGE, VI, "18 tuổi"),
        (ZH, "20天", Kind.DURATION, VI, "20 ngày"),
        (VI, "3 tháng", Kind.DURATION, ZH, "3个月"),
        (VI, "1.234,5", Kind.NUMBER, ZH, "1,234.5"),
        (ZH, "芒街市", Kind.PLACE, VI, "thành phố Móng Cái"),
        (VI, "tỉnh Quảng Đông", Kind.PLACE, ZH, "广东省"),
    ],
)
def test_a_value_returns_in_the_readers_form(
    lang: Language, text: str, kind: Kind, target: Language, said: str
) -> None:
    masked = protect(text, lang)

    assert [span.kind for span in masked.spans] == [kind]
    assert localise(text, lang, target) == said


@pytest.mark.parametrize(
    "lang, text, kind",
    [
        (VI, "022196001507", Kind.VIETNAMESE_ID),
        (ZH, "450681199003070015", Kind.CHINESE_ID),
        (ZH, "11010519491231002X", Kind.CHINESE_ID),
        (EN, "€1,500", Kind.MONEY),
        (VI, "20.000₫", Kind.MONEY),
        (VI, "B1234567", Kind.PASSPORT),
        (ZH, "E12345678", Kind.PASSPORT),
        (ZH, "桂P·A1234", Kind.PLATE),
        (VI, "14A-123.45", Kind.PLATE),
        (VI, "+84 912 345 078", Kind.PHONE),
        (ZH, "13800138007", Kind.PHONE),
        (VI, "0912 345 078", Kind.PHONE),
        (VI, "a.b@congan.vn", Kind.EMAIL),
        (ZH, "https://example.cn/a?b=1", Kind.URL),
        (VI, "QN-MC1-2026-0117", Kind.CASE_NUMBER),
        (ZH, "桂公刑(2018)007号", Kind.FILE_NUMBER),
        (VI, "118/BC-CAT-PC02", Kind.FILE_NUMBER),
        (VI, "53/2024/QH15", Kind.FILE_NUMBER),
        (ZH, "QN-2017-118", Kind.CODE),
        (ZH, "P3..P22", Kind.CODE),
        (VI, "31/02/2017", Kind.DATE),
    ],
)
def test_what_has_no_form_of_its_own_stays_as_written(
    lang: Language, text: str, kind: Kind
) -> None:
    masked = protect(text, lang)

    assert masked.spans[0].kind == kind
    assert restore(masked.text, masked.spans, EN) == text


def test_a_chinese_number_with_a_wrong_check_digit_is_doubted() -> None:
    right = protect("11010519491231002X", ZH).spans[0]
    wrong = protect("110105194912310023", ZH).spans[0]

    assert [right.doubt, wrong.doubt] == ["", "span.check_digit"]


def test_a_declared_name_is_shown_as_written_with_its_reading() -> None:
    chinese = protect("生母阮氏兰的住址", ZH, [LAN])
    vietnamese = protect("chị Nguyễn Thị Lan trú tại", VI, [LAN])

    assert chinese.text == "生母⟦1⟧的住址"
    assert chinese.spans[0].of(VI) == "阮氏兰 (Nguyễn Thị Lan)"
    assert vietnamese.spans[0].of(ZH) == "Nguyễn Thị Lan（阮氏兰）"


def test_a_name_that_no_form_declares_is_found_by_its_shape() -> None:
    assert protect("chị ấy gặp Trần Thị Hồng Hạnh và bé Lan", VI).text == "chị ấy gặp ⟦1⟧ và bé ⟦2⟧"
    assert protect("核实阮氏兰的身份", ZH).text == "核实⟦1⟧的身份"


def test_a_sentence_of_values_alone_is_bare() -> None:
    assert protect("P1: 17/03/1996, 022196001507", VI).is_bare
    assert not protect("sinh 17/03/1996", VI).is_bare
