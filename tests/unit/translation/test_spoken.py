import pytest

from translation.spoken import read_aloud


def test_digits_are_read_one_by_one_in_both_languages() -> None:
    [one, other] = read_aloud("48213 07796")

    assert (one.digits, one.vi, one.zh) == ("48213", "bốn tám hai một ba", "四八二一三")
    assert one.pinyin == "sì bā èr yāo sān"
    assert (other.vi, other.zh) == ("không bảy bảy chín sáu", "零七七九六")


def test_one_is_not_read_like_seven() -> None:
    [one] = read_aloud("17")

    assert one.pinyin == "yāo qī"


@pytest.mark.parametrize("number", ["4821a", "٣٤٥", "12.3"])
def test_what_is_no_digit_is_not_read(number: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        read_aloud(number)
