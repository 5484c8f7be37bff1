from dataclasses import replace
from typing import cast

import pytest

from crypto.attest.encoding import Value
from protocols.casework.receipt import (
    FailedReceipt,
    OpenedReceipt,
    Outcome,
    ReceiptFormError,
    receipt_from_value,
    receipt_to_value,
)

RECEIPT = OpenedReceipt(bytes([2]) * 32, bytes([3]) * 32, bytes([4]) * 32, 5, bytes([6]) * 16)
FIELDS: dict[int, Value] = {1: 1, 2: bytes(32), 3: bytes(32), 4: bytes(32), 5: 5, 6: bytes(16)}


def test_a_receipt_of_opening_reads_back() -> None:
    assert receipt_from_value(receipt_to_value(RECEIPT)) == RECEIPT


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({1: 2}, id="says something else than opened"),
        pytest.param({7: 0}, id="a field more"),
        pytest.param({2: bytes(31)}, id="a short message id"),
        pytest.param({3: bytes(33)}, id="a long envelope id"),
        pytest.param({4: bytes(16)}, id="a short hash"),
        pytest.param({5: None}, id="no time"),
        pytest.param({6: bytes(32)}, id="a long key id"),
    ],
)
def test_a_receipt_out_of_form_is_refused(changes: dict[int, Value]) -> None:
    value: Value = FIELDS | changes

    with pytest.raises(ReceiptFormError):
        receipt_from_value(value)


def test_a_receipt_without_one_of_its_fields_is_refused() -> None:
    for left_out in FIELDS:
        value: Value = {key: field for key, field in FIELDS.items() if key != left_out}

        with pytest.raises(ReceiptFormError):
            receipt_from_value(value)


FAILED = FailedReceipt(Outcome.REFUSED, bytes(32), bytes(32), "lane.fork", 5, bytes(16))


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.UNDECRYPTABLE])
def test_a_receipt_of_failure_reads_back(outcome: Outcome) -> None:
    receipt = replace(FAILED, outcome=outcome)

    assert receipt_from_value(receipt_to_value(receipt)) == receipt


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({1: 1}, id="says that it was opened"),
        pytest.param({1: 4}, id="says something unknown"),
        pytest.param({4: bytes(32)}, id="a field more"),
        pytest.param({7: ""}, id="no code"),
        pytest.param({7: "x" * 65}, id="a long code"),
        pytest.param({7: 7}, id="a code that is no text"),
    ],
)
def test_a_receipt_of_failure_out_of_form_is_refused(changes: dict[int, Value]) -> None:
    fields = cast("dict[int, Value]", receipt_to_value(FAILED))
    value: Value = fields | changes

    with pytest.raises(ReceiptFormError):
        receipt_from_value(value)
