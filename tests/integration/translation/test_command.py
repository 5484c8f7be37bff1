"""``liaison translate`` as an officer runs it: a process of its own, without a desk."""

import shutil
from pathlib import Path

import pytest

from tests.support.command import environment, liaison
from translation.models import DEMO

SENTENCE = "Chị Lan không trình báo mất con."
UNKNOWN = "Con tàu chở gạo cập cảng lúc bình minh và các thủy thủ hát vang bài ca cũ."
TO_CHINESE = ("translate", "--from", "vi", "--to", "zh")
KEYS = {"source", "target", "method", "middle", "spans", "findings", "estimate"}


def test_a_known_sentence_is_printed_as_one_object_and_exits_0() -> None:
    outcome = liaison(*TO_CHINESE, "--json", "-", typed=SENTENCE)

    (segment,) = outcome.json["segments"]
    assert outcome.code == 0
    assert segment.keys() == KEYS
    assert segment["target"] == "Lan没有报案称孩子丢失。"
    assert segment["middle"] == "Lan has not reported a lost child."
    assert (segment["method"], segment["estimate"]) == ("machine", "green")
    assert segment["spans"] == [{"kind": "name", "text": "Lan", "target": "Lan"}]
    assert [f["code"] for f in segment["findings"]] == ["model.demo"]


def test_it_says_once_that_the_models_are_for_demonstration() -> None:
    outcome = liaison(*TO_CHINESE, typed=f"{SENTENCE} {SENTENCE}")

    assert outcome.err.count("not for casework") == 1
    assert "demo" not in outcome.out


def test_the_original_stands_beside_its_translation_with_the_method() -> None:
    outcome = liaison("translate", "--from", "zh", "--to", "vi", typed="1人未满18岁。")

    original, translated = outcome.out.splitlines()
    assert original == "1人未满18岁。"
    assert translated.strip() == "[machine, green] 1 người chưa đủ 18 tuổi."


def test_a_sentence_that_fails_the_gate_has_a_mark_and_no_target_and_exits_1() -> None:
    told = liaison(*TO_CHINESE, typed=UNKNOWN)
    as_json = liaison(*TO_CHINESE, "--json", typed=UNKNOWN)

    assert (told.code, as_json.code) == (1, 1)
    assert told.out.splitlines()[:2] == [UNKNOWN, "  [machine, red] ✗"]
    assert "ask for a human translation" in told.out
    assert as_json.json["segments"][0]["target"] is None
    assert as_json.json["segments"][0]["middle"] is None


def test_a_file_is_read_and_a_declared_name_gets_its_reading(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("阮氏兰已报案称孩子丢失。", encoding="utf-8")
    names = ("--name", "Nguyễn Thị Lan=阮氏兰")

    outcome = liaison("translate", "--from", "zh", "--to", "vi", *names, "--json", file)

    assert outcome.code == 0
    assert outcome.json["segments"][0]["target"].startswith("Chị 阮氏兰 (Nguyễn Thị Lan) ")


@pytest.mark.parametrize(
    "arguments, code",
    [
        (("translate", "--from", "vi", "--to", "vi"), "translate.pair"),
        (("translate", "--from", "vi", "--to", "fr"), "translate.pair"),
        ((*TO_CHINESE, "no-such-file"), "translate.input"),
    ],
)
def test_bad_input_exits_2_and_says_its_code(arguments: tuple[str, ...], code: str) -> None:
    outcome = liaison(*arguments, typed="")

    assert outcome.code == 2
    assert f"[{code}]" in outcome.err


def test_a_text_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes("tiếng Việt".encode("utf-16"))

    outcome = liaison(*TO_CHINESE, file)

    assert (outcome.code, "[translate.input]" in outcome.err) == (2, True)


@pytest.mark.parametrize("kind, code", [("missing", "unreadable"), ("wrong", "unlisted")])
def test_a_model_that_cannot_be_used_is_told_and_the_original_printed(
    kind: str, code: str, tmp_path: Path
) -> None:
    file = tmp_path / "given.argosmodel"
    if kind == "wrong":
        shutil.copy(DEMO / "vi-en.argosmodel", file)
        with file.open("ab") as end:
            end.write(b"\0")

    outcome = liaison(*TO_CHINESE, "--models", file, "--json", typed=SENTENCE)

    assert outcome.code == 2
    assert f"[model.{code}]" in outcome.err
    assert outcome.json["segments"][0]["source"] == SENTENCE
    assert outcome.json["segments"][0]["target"] is None


def test_a_path_without_its_second_model_exits_3_with_the_original() -> None:
    only = DEMO / "vi-en.argosmodel"

    outcome = liaison(*TO_CHINESE, "--models", only, "--json", typed=SENTENCE)

    (segment,) = outcome.json["segments"]
    assert outcome.code == 3
    assert (segment["target"], segment["method"]) == (None, "none")
    assert segment["findings"][0] == {
        "code": "model.missing",
        "severity": "fails",
        "detail": "en-zh",
    }


def test_a_phrase_needs_no_model(tmp_path: Path) -> None:
    empty = tmp_path / "models"
    empty.mkdir()
    text = "Trân trọng cảm ơn sự phối hợp của Quý cơ quan."

    outcome = liaison(*TO_CHINESE, "--models", empty, "--json", typed=text)

    assert outcome.code == 0
    assert outcome.json["segments"][0]["target"] == "感谢贵方的配合。"
    assert outcome.json["segments"][0]["method"] == "phrase"
    assert outcome.err == ""


def test_findings_are_told_in_the_officers_language() -> None:
    outcome = liaison(*TO_CHINESE, typed=UNKNOWN, env=environment(LIAISON_LANG="vi"))

    assert "nhờ người dịch" in outcome.out
