"""Phrases, terms, marks, score: the layers beside the machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import load_catalogue
from translation.detectors import localise
from translation.languages import Language, legs
from translation.marks import restore_marks
from translation.phrases import PhraseBook
from translation.quality import chrf
from translation.termbase import Termbase

VI, ZH, EN = Language.VIETNAMESE, Language.CHINESE, Language.ENGLISH
SEED = load_catalogue()
BOOK = PhraseBook(SEED.phrases)
TERMS = Termbase(SEED.terms)
PLAIN = [phrase for phrase in SEED.phrases if "{" not in phrase.texts.en]


@pytest.mark.parametrize("phrase", PLAIN, ids=lambda phrase: phrase.id)
@pytest.mark.parametrize("source, target", [(VI, ZH), (ZH, VI), (EN, VI)])
def test_a_phrase_typed_by_hand_is_rendered_exactly(
    phrase: object, source: Language, target: Language
) -> None:
    texts = next(p.texts for p in PLAIN if p is phrase)

    match = BOOK.recognise(f"  {texts.of(source)} ", source, target, lambda _: None)

    assert match is not None
    assert match.target == texts.of(target)


def test_the_slots_of_a_phrase_return_in_the_readers_form() -> None:
    text = "Nạn nhân đã được giải cứu lúc 14h30 ngày 11/05/2018 và hiện an toàn."

    match = BOOK.recognise(text, VI, ZH, lambda value: localise(value, VI, ZH))

    assert match is not None
    assert (match.id, match.target) == ("REP-12", "受害人已于2018年5月11日14时30分获救，现已安全。")


def test_a_phrase_with_free_text_in_a_slot_is_no_phrase() -> None:
    text = "Lý do khẩn cấp: có người bị nhốt"

    assert BOOK.recognise(text, VI, ZH, lambda value: localise(value, VI, ZH)) is None


def test_a_phrase_with_one_word_more_is_no_phrase() -> None:
    assert BOOK.recognise("Có nguy cơ đe dọa tính mạng ngay tức khắc rồi.", VI, ZH, str) is None


def test_the_longest_term_is_found_and_missed_in_a_target_without_it() -> None:
    text = "nạn nhân bị mua bán cần người phiên dịch"

    assert TERMS.find(text, VI) == ["nạn nhân bị mua bán", "người phiên dịch"]
    assert TERMS.missing(text, VI, "被拐卖受害人需要翻译", ZH) == [("người phiên dịch", "口译人员")]


def test_an_english_term_may_be_inflected() -> None:
    assert TERMS.missing("请核实并查找", ZH, "please verify; he is being traced", EN) == []
    assert TERMS.missing("请核实", ZH, "please help", EN) == [("核实", "verification")]


def test_an_agency_is_a_term_that_needs_no_translation() -> None:
    assert TERMS.exact("Công an tỉnh Quảng Ninh", VI, ZH) == "广宁省公安厅"


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("经 核实 , ⟦1⟧ 系 越南 公民.", "经核实，⟦1⟧系越南公民。"),
        ("原因:⟦1⟧ (紧急)", "原因：⟦1⟧（紧急）"),
        ("DNA 样本", "DNA 样本"),
    ],
)
def test_chinese_marks_are_restored(text: str, wanted: str) -> None:
    assert restore_marks(text, ZH) == wanted


def test_chinese_marks_become_latin_ones_for_a_reader_of_latin_letters() -> None:
    assert restore_marks("⟦1⟧：⟦2⟧（⟦3⟧），⟦4⟧。", VI) == "⟦1⟧: ⟦2⟧ (⟦3⟧), ⟦4⟧."


@given(st.text(), st.text())
def test_a_score_lies_between_0_and_100(a: str, b: str) -> None:
    assert 0 <= chrf(a, b) <= 100 + 1e-9


@given(st.text())
def test_a_text_scores_100_against_itself(text: str) -> None:
    assert chrf(text, text) == pytest.approx(100)


def test_a_lost_half_lowers_the_score() -> None:
    assert chrf("该女子不同意", "该女子不同意采集样本；随函附上。") < 80


def test_the_path_between_the_two_languages_goes_through_english() -> None:
    assert legs(VI, ZH) == ((VI, EN), (EN, ZH))
    assert legs(EN, ZH) == ((EN, ZH),)
    assert legs(VI, VI) == ()
