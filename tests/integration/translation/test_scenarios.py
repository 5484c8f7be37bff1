"""The free texts of two real cases, there and back, through the real engine and the pivot.

The demo models know these sentences by heart; what is tested is that nothing of a name, a number or
a denial is altered on the way, and that a sentence they do not know is refused.
"""

import pytest

from translation.findings import Severity
from translation.languages import Language
from translation.names import DeclaredName
from translation.pipeline import Method
from translation.quality import Estimate
from translation.spans import Kind
from translation.translator import Translator

VI, ZH, EN = Language.VIETNAMESE, Language.CHINESE, Language.ENGLISH
LAN = DeclaredName(vi="Nguyễn Thị Lan", zh="阮氏兰")

#: Each text with what the reader must find in it.
TEXTS = {
    "the baby's mother": (
        ZH,
        (
            "2017年11月24日，一名出生约20天的女婴在我市被他人以4.2万元收买，现已解救。据嫌疑人供述，"
            "其生母阮氏兰，1996年生，住芒街市海和坊，系越南公民。请贵方核实阮氏兰的身份、住址及近亲属，"
            "并告知其是否报案。联系电话+84 912 345 078未必安全，请勿直接拨打。"
        ),
        [
            "24/11/2017",
            "20 ngày",
            "42.000 nhân dân tệ",
            "阮氏兰 (Nguyễn Thị Lan)",
            "năm 1996",
            "phường Hải Hòa",
            "thành phố Móng Cái",
            "+84 912 345 078",
        ],
    ),
    "urgency": (ZH, "婴儿需尽快送还亲属照料。", ["người thân"]),
    "the mother found": (
        VI,
        (
            "Qua xác minh, chị Nguyễn Thị Lan, sinh ngày 17/03/1996, số CCCD 022196001507, trú tại "
            "phường Hải Hòa, là công dân Việt Nam. Chị Lan không trình báo mất con. Chị đồng ý lấy "
            "mẫu ADN; mẫu số QN-2017-118 được gửi kèm."
        ),
        [
            "Nguyễn Thị Lan（阮氏兰）",
            "1996年3月17日",
            "022196001507",
            "海和坊",
            "Lan没有",
            "QN-2017-118",
        ],
    ),
    "DNA asked": (
        ZH,
        "经比对，女婴与QN-2017-118号样本符合亲生关系，现请贵方确认样本提取记录及同意书。",
        ["QN-2017-118"],
    ),
    "DNA answered": (
        VI,
        "Xác nhận biên bản lấy mẫu ngày 05/12/2017 và bản đồng ý của chị Lan là thật.",
        ["2017年12月5日", "Lan"],
    ),
    "danger": (VI, "Có người bị nhốt và bị đánh, sắp bị chuyển đi nơi khác.", ["殴打"]),
    "the guesthouse": (
        VI,
        (
            "Nhà nghỉ không rõ tên gần bến xe Liêm Giang, tỉnh Quảng Đông; có một biển hiệu màu "
            "xanh ghi số 168."
        ),
        ["广东省廉江", "168"],
    ),
    "seven found": (
        ZH,
        "已协调廉江市公安局核查。汽车站周边168号招待所发现7名越南妇女，其余人员去向不明，继续查找。",
        ["thành phố Liêm Giang", "168", "7 phụ nữ", "không rõ"],
    ),
    "seven rescued": (
        ZH,
        "7名妇女均已解救，身体状况稳定，其中2人受轻伤已就医。1人未满18岁。",
        ["7 phụ nữ", "2 người", "1 người chưa đủ 18 tuổi"],
    ),
    "fifteen not found": (ZH, "其余15人经多方查找未发现。", ["15 người", "không"]),
    "the dispute": (
        VI,
        (
            "Gia đình nhận được điện thoại của một người trong số 15 người vào ngày 09/06; đề nghị "
            "tiếp tục tìm."
        ),
        ["15", "6月9日"],
    ),
}


@pytest.mark.parametrize("case", TEXTS)
async def test_a_free_text_reads_whole_in_the_other_language(
    case: str, translator: Translator
) -> None:
    source, text, wanted = TEXTS[case]
    target = VI if source is ZH else ZH

    translation = await translator.translate(text, source, target, names=[LAN])

    said = "".join(s.target or "" for s in translation.segments)
    findings = [f for s in translation.segments for f in s.findings]
    assert [f for f in findings if f.severity is Severity.FAILS] == []
    assert [value for value in wanted if value not in said] == []
    assert {s.method for s in translation.segments} == {Method.MACHINE}
    assert {f.code for f in findings} <= {"model.demo", "fidelity.term_missing"}
    assert all(s.middle for s in translation.segments)


@pytest.mark.parametrize("case", TEXTS)
async def test_no_value_is_lost_or_altered_on_either_hop(case: str, translator: Translator) -> None:
    source, text, _ = TEXTS[case]
    target = VI if source is ZH else ZH

    translation = await translator.translate(text, source, target)

    for segment in translation.segments:
        assert segment.target is not None
        assert segment.middle is not None
        for span in segment.spans:
            # A place may have got a capital letter at the beginning of the sentence.
            assert span.of(target).casefold() in segment.target.casefold()
            assert span.of(EN).casefold() in segment.middle.casefold()


@pytest.mark.parametrize("case", TEXTS)
async def test_a_free_text_reads_in_english(case: str, translator: Translator) -> None:
    source, text, _ = TEXTS[case]

    translation = await translator.translate(text, source, EN)

    assert not translation.failed
    assert all(segment.middle is None for segment in translation.segments)


async def test_a_sentence_that_the_models_do_not_know_has_no_target(
    translator: Translator,
) -> None:
    text = "Con tàu chở gạo cập cảng lúc bình minh và các thủy thủ hát vang bài ca cũ."

    (segment,) = (await translator.translate(text, VI, ZH)).segments

    assert segment.target is None
    assert segment.middle is None
    assert segment.source == text
    assert segment.estimate is Estimate.RED
    assert any(finding.fails for finding in segment.findings)


async def test_a_phrase_and_a_code_need_no_machine(translator: Translator) -> None:
    text = "Có nguy cơ đe dọa tính mạng ngay tức khắc.\nP1: 17/03/1996, 022196001507"

    translation = await translator.translate(text, VI, ZH)

    assert [segment.method for segment in translation.segments] == [Method.PHRASE, Method.CODE]
    assert translation.segments[0].target == "存在危及生命的紧迫危险。"
    assert translation.segments[1].target == "P1：1996年3月17日，022196001507"
    assert translator.engine.process_id is None


async def test_a_number_with_a_wrong_check_digit_lowers_the_estimate(
    translator: Translator,
) -> None:
    text = "Đề nghị xác minh số CCCD 110105194912310023."

    (segment,) = (await translator.translate(text, VI, ZH)).segments

    assert segment.spans[0].kind is Kind.CHINESE_ID
    assert segment.estimate is Estimate.AMBER
