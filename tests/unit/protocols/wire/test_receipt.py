from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.encoding import encode
from protocols.wire.receipt import (
    BODY_LIMIT,
    Ack,
    AckWhat,
    Noted,
    ReceiptError,
    Took,
    parse_ack,
    parse_noted,
    parse_took,
)

_ts = st.integers(0, 2**53)
_id = st.binary(min_size=16, max_size=16)
_hash = st.binary(min_size=32, max_size=32)

Receipt = Took | Ack | Noted
PARSERS: dict[type[Receipt], Callable[[bytes], Receipt]] = {
    Took: parse_took,
    Ack: parse_ack,
    Noted: parse_noted,
}
RECEIPTS: dict[type[Receipt], st.SearchStrategy[Receipt]] = {
    Took: st.builds(Took, _hash, _hash, _ts, _ts, _id),
    Ack: st.builds(Ack, st.sampled_from(AckWhat), _hash, _hash, _ts, _id),
    Noted: st.builds(Noted, _hash, _ts, _ts, _id),
}
KINDS = sorted(PARSERS, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_receipt_reads_back(kind: type[Receipt], data: st.DataObject) -> None:
    receipt = data.draw(RECEIPTS[kind])

    assert PARSERS[kind](receipt.encoded()) == receipt


@pytest.mark.parametrize("read_as", KINDS, ids=lambda kind: f"as {kind.__name__}")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_receipt_is_not_read_as_another_kind(
    kind: type[Receipt], read_as: type[Receipt], data: st.DataObject
) -> None:
    """Their labels differ too; here already their bytes do."""
    receipt = data.draw(RECEIPTS[kind])

    if kind is not read_as:
        with pytest.raises(ReceiptError):
            PARSERS[read_as](receipt.encoded())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(raw=st.binary(max_size=150))
def test_any_bytes_raise_only_the_receipts_own_error(kind: type[Receipt], raw: bytes) -> None:
    with pytest.raises(ReceiptError):
        PARSERS[kind](raw)


H, I = bytes(32), bytes(16)  # noqa: E741 - a hash and an id

SPOILT: dict[str, tuple[type[Receipt], bytes]] = {
    "took: mid too short": (Took, encode([bytes(31), H, 0, 0, I])),
    "took: eid too long": (Took, encode([H, bytes(33), 0, 0, I])),
    "took: broker too short": (Took, encode([H, H, 0, 0, bytes(15)])),
    "took: index in text": (Took, encode([H, H, "0", 0, I])),
    "took: field more": (Took, encode([H, H, 0, 0, I, 0])),
    "ack: said 0": (Ack, encode([0, H, H, 0, I])),
    "ack: said 4": (Ack, encode([4, H, H, 0, I])),
    "ack: device too long": (Ack, encode([1, H, H, 0, bytes(17)])),
    "ack: eid too short": (Ack, encode([1, H, I, 0, I])),
    "noted: ack too short": (Noted, encode([I, 0, 0, I])),
    "noted: time null": (Noted, encode([H, 0, None, I])),
    "noted: too long": (Noted, encode([H, 0, 0, bytes(BODY_LIMIT)])),
    "noted: trailing": (Noted, Noted(H, 0, 0, I).encoded() + b"\0"),
}


@pytest.mark.parametrize("kind, raw", SPOILT.values(), ids=SPOILT.keys())
def test_a_receipt_out_of_form_is_refused(kind: type[Receipt], raw: bytes) -> None:
    with pytest.raises(ReceiptError) as caught:
        PARSERS[kind](raw)

    assert caught.value.code == "receipt.malformed"
