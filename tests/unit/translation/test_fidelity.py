import pytest
from hypothesis import given
from hypothesis import strategies as st

from translation.fidelity import check, count_negations
from translation.languages import Language

VI, ZH, EN = Language.VIETNAMESE, Language.CHINESE, Language.ENGLISH

SOURCE = "Chị ⟦1⟧ không trình báo mất con ngày ⟦2⟧."
GOOD = "⟦1⟧没有在⟦2⟧报案称孩子丢失。"

#: Each corruption of a good translation, and the finding that must name it.
CORRUPTIONS = [
    ("⟦1⟧没有报案称孩子丢失。", "fidelity.placeholder_lost"),
    ("没有报案称孩子丢失。", "fidelity.placeholder_lost"),
    ("⟦1⟧没有在⟦2⟧⟦2⟧报案称孩子丢失。", "fidelity.placeholder_doubled"),
    ("⟦1⟧没有在⟦3⟧报案称孩子丢失。", "fidelity.placeholder_foreign"),
    ("⟦1⟧没有在⟦2⟧报案称孩子丢失⟦。", "fidelity.placeholder_foreign"),
    ("⟦1⟧没有在⟦2⟧报案称2个孩子丢失。", "fidelity.digits"),
    ("⟦1⟧没有在⟦2⟧报案称①孩子丢失。", "fidelity.digits"),
    ("⟦1⟧已在⟦2⟧报案称孩子丢失。", "fidelity.negation"),
    ("⟦1⟧没有在⟦2⟧报案称孩子没有丢失。", "fidelity.negation"),
    ("⟦1⟧没有在⟦2⟧报案报案报案称孩子丢失。", "fidelity.repetition"),
    ("⟦1⟧没有⟦2⟧" + "在当地派出所报案称自己的孩子于日前丢失" * 2, "fidelity.length"),
    ("⟦1⟧没⟦2⟧", "fidelity.length"),
    ("⟦1⟧ has not reported a lost child on ⟦2⟧.", "fidelity.script"),
    (SOURCE, "fidelity.copy"),
    ("⟦1⟧没有在⟦2⟧报案称♪孩子丢失。", "fidelity.unknown_mark"),
    ("⟦1⟧没有在⟦2⟧报案称孩子 ⁇ 。", "fidelity.unknown_mark"),
    ("♪", "fidelity.placeholder_lost"),
    ("", "fidelity.length"),
]


def test_a_good_translation_has_no_finding() -> None:
    assert check(SOURCE, GOOD, 2, (VI, ZH)) == []


@pytest.mark.parametrize("target, code", CORRUPTIONS)
def test_each_corruption_is_caught_by_its_name(target: str, code: str) -> None:
    findings = check(SOURCE, target, 2, (VI, ZH))

    assert code in {finding.code for finding in findings}
    assert all(finding.fails for finding in findings)


def test_two_denials_where_nothing_was_denied_are_caught() -> None:
    findings = check("Chị ⟦1⟧ trình báo mất con.", "⟦1⟧没有报案称孩子没有丢失。", 1, (VI, ZH))

    assert [finding.code for finding in findings] == ["fidelity.negation"]


@given(st.data())
def test_dropping_or_doubling_any_placeholder_is_caught(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 9))
    marks = [f"⟦{n}⟧" for n in range(1, count + 1)]
    changed = data.draw(st.sampled_from(marks))
    doubled = data.draw(st.booleans())
    target = "".join(marks).replace(changed, changed * 2 if doubled else "")

    codes = {finding.code for finding in check("".join(marks), target, count, (VI, ZH))}

    assert codes & {"fidelity.placeholder_lost", "fidelity.placeholder_doubled"}


@pytest.mark.parametrize(
    "lang, text, count",
    [
        (ZH, "是否报案", 0),
        (ZH, "否", 1),
        (ZH, "未成年人非常害怕", 0),
        (ZH, "未必安全，请勿直接拨打", 2),
        (ZH, "该女子不同意", 1),
        (VI, "đã trình báo hay chưa", 0),
        (VI, "chưa chắc an toàn, không gọi", 2),
        (VI, "người chưa thành niên", 0),
        (EN, "is not certain; do not call", 2),
        (EN, "don't call", 1),
        (EN, "whether or not", 0),
        (EN, "No. ⟦1⟧", 0),
    ],
)
def test_only_what_denies_counts_as_a_negation(lang: Language, text: str, count: int) -> None:
    assert count_negations(text, lang) == count


@pytest.mark.parametrize(
    "lang, target",
    [(VI, "Day la mot cau khong dau"), (VI, "这是中文"), (EN, "Đây là tiếng Việt"), (EN, "好")],
)
def test_another_language_than_asked_for_is_caught(lang: Language, target: str) -> None:
    source = "这是一个句子" if lang is not ZH else "Một câu"

    assert "fidelity.script" in {f.code for f in check(source, target, 0, (ZH, lang))}
