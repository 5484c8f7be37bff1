from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.pin import (
    CODE_DIGITS,
    CodeError,
    PinError,
    PinsDifferError,
    WrongCodeError,
    WrongPinError,
    agree,
    check_code,
    fingerprint,
    request_code,
)

ROOT = b"a root's payload"
DIGITS = fingerprint(ROOT)


def mistyped(number: str, place: int) -> str:
    """Return ``number`` with another digit in this place (of its digits)."""
    digits = list(number.replace(" ", ""))
    digits[place] = str((int(digits[place]) + 1) % 10)
    return "".join(digits)


@given(st.integers(0, 59))
def test_every_digit_of_the_two_typings_counts(place: int) -> None:
    group = place // 5 + 1

    with pytest.raises(PinsDifferError, match=rf"^group {group} of 12"):
        agree(ROOT, DIGITS, mistyped(DIGITS, place))
    with pytest.raises(WrongPinError, match=rf"^group {group} of 12"):
        agree(ROOT, mistyped(DIGITS, place), mistyped(DIGITS, place))


def test_what_two_have_typed_and_the_root_has_is_agreed() -> None:
    assert agree(ROOT, DIGITS, DIGITS.replace(" ", "")) == DIGITS


def test_no_digit_is_told_of_what_was_typed_or_should_have_been() -> None:
    with pytest.raises(WrongPinError) as refused:
        agree(ROOT, mistyped(DIGITS, 0), mistyped(DIGITS, 0))

    assert DIGITS[:5] not in str(refused.value)


@pytest.mark.parametrize("short", ["", DIGITS[:-1], DIGITS + "0", DIGITS.replace("0", "o", 1)])
def test_each_of_the_two_types_all_sixty(short: str) -> None:
    with pytest.raises(PinError):
        agree(ROOT, DIGITS, short)
    with pytest.raises(PinError):
        agree(ROOT, short, DIGITS)


def test_a_code_is_of_all_requests_in_any_order() -> None:
    code = request_code([b"device", b"officer"])

    assert code == request_code([b"officer", b"device"])
    assert [len(group) for group in code.split()] == [5] * (CODE_DIGITS // 5)
    assert len({code, request_code([b"device"]), request_code([b"deviceofficer"])}) == 3


def test_a_code_that_was_typed_with_other_spaces_is_the_code() -> None:
    code = request_code([b"request"])

    check_code(code.replace(" ", ""), code)


def test_another_code_is_refused_by_its_group_and_without_its_digits() -> None:
    code = request_code([b"request"])

    with pytest.raises(WrongCodeError, match=r"^group 2 of 4") as refused:
        check_code(mistyped(code, 7), code)
    assert code[6:11] not in str(refused.value)


@pytest.mark.parametrize("change", [lambda _: "", lambda c: c[:-1], lambda c: f"{c}1"])
def test_what_has_not_twenty_digits_is_no_code(change: Callable[[str], str]) -> None:
    code = request_code([b"request"])

    with pytest.raises(CodeError):
        check_code(change(code), code)
