"""A status is read as it was written, or not at all."""

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.directory import Head
from crypto.attest.header import DeskId, MessageId
from crypto.attest.signing import KeyId
from crypto.seal.resends import MOST_WANTED, Void
from crypto.seal.status import (
    MOST_LANES,
    Status,
    StatusError,
    status_from_value,
    status_to_value,
)

KIDS = st.binary(min_size=16, max_size=16).map(KeyId)
MIDS = st.binary(min_size=32, max_size=32).map(MessageId)
SEQS = st.integers(1, 2**53)
ENDS = st.dictionaries(KIDS, st.tuples(SEQS, MIDS), max_size=3)
STATUSES = st.builds(
    Status,
    peer=KIDS.map(lambda kid: DeskId(bytes(kid))),
    at=st.integers(0, 2**53),
    sent=ENDS,
    received=ENDS,
    dirhead=st.builds(Head, st.integers(0, 2**53), st.binary(min_size=32, max_size=32)),
    checkpoint=st.none() | st.binary(max_size=60),
    windows=st.lists(KIDS, max_size=3).map(tuple),
    voids=st.lists(st.builds(Void, KIDS, SEQS, MIDS), max_size=3).map(tuple),
)
ONE = Status(
    peer=DeskId(bytes(16)),
    at=1,
    sent={KeyId(bytes(16)): (1, MessageId(bytes(32)))},
    received={},
    dirhead=Head(0, bytes(32)),
    checkpoint=None,
    windows=(),
)


@given(STATUSES)
def test_a_status_reads_back(status: Status) -> None:
    assert status_from_value(status_to_value(status)) == status


@pytest.mark.parametrize("field", range(1, 9))
def test_a_status_without_a_field_is_refused(field: int) -> None:
    fields = cast("dict[int, Any]", status_to_value(ONE))
    del fields[field]

    with pytest.raises(StatusError):
        status_from_value(fields)


@pytest.mark.parametrize(
    "field, value",
    [
        (1, bytes(15)),
        (3, {bytes(16): [0, bytes(32)]}),
        (3, {bytes(16): [1, bytes(31)]}),
        (4, {bytes(16): [1]}),
        (5, [0, bytes(31)]),
        (6, 7),
        (7, [bytes(15)]),
        (8, [[bytes(16), 0, bytes(32)]]),
        (9, 0),
    ],
)
def test_a_status_of_another_form_is_refused(field: int, value: object) -> None:
    fields = {**cast("dict[int, Any]", status_to_value(ONE)), field: value}

    with pytest.raises(StatusError):
        status_from_value(fields)


@pytest.mark.parametrize("part", ["sent", "received", "windows"])
def test_a_status_of_too_many_lanes_or_windows_is_refused(part: str) -> None:
    kids = [KeyId(number.to_bytes(16, "big")) for number in range(MOST_LANES + 1)]
    ends = {kid: (1, MessageId(bytes(32))) for kid in kids}
    many: Any = tuple(kids) if part == "windows" else ends

    with pytest.raises(StatusError):
        status_from_value(status_to_value(replace(ONE, **{part: many})))


def test_a_status_of_too_many_places_is_refused() -> None:
    void = Void(KeyId(bytes(16)), 1, MessageId(bytes(32)))
    many = replace(ONE, voids=(void,) * (MOST_WANTED + 1))

    with pytest.raises(StatusError):
        status_from_value(status_to_value(many))
