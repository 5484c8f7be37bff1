import pytest

from protocols.casework.marking import SECRET_MARKINGS, find_secret_marking


@pytest.mark.parametrize("marking", SECRET_MARKINGS)
def test_every_marking_is_found_alone_and_in_a_line(marking: str) -> None:
    assert find_secret_marking(marking) == marking
    assert find_secret_marking(f"No. 7 ({marking.upper()})") == marking


@pytest.mark.parametrize("text", ["", "mặt trời", "mất tích", "机关", "只供警务使用", "matters"])
def test_other_words_are_no_marking(text: str) -> None:
    assert find_secret_marking(text) is None


@pytest.mark.parametrize("text", ["秘密关押", "mật ong"])
def test_ordinary_words_with_the_same_letters_are_found_too_so_a_text_only_warns(
    text: str,
) -> None:
    assert find_secret_marking(text) is not None
