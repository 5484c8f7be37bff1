from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.encoding import Value, decode, encode
from protocols.wire.ledger_event import LEAF_LIMIT, Event, EventKind, LeafError, parse_leaf

_ts = st.integers(0, 2**53)
_bytes = st.binary(max_size=40)
EVENTS = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    log=_bytes,
    at=_ts,
    actor=st.none() | _bytes,
    agency=st.none() | _bytes,
    objects=st.lists(_bytes, max_size=4).map(tuple),
    codes=st.lists(_ts | st.text(max_size=10), max_size=4).map(tuple),
    commitment=st.none() | _bytes,
    evidence=st.none() | st.binary(max_size=200),
)
PLAIN = Event(EventKind.MESSAGE_ACCEPTED, bytes(16), 1_772_438_400)


@given(EVENTS)
def test_a_leaf_reads_back(event: Event) -> None:
    assert parse_leaf(event.encoded()) == event


@given(EVENTS, st.data())
def test_a_leaf_changed_anywhere_is_refused_or_another(event: Event, data: st.DataObject) -> None:
    raw = event.encoded()
    at = data.draw(st.integers(0, len(raw) - 1))
    spoilt = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]

    try:
        found = parse_leaf(spoilt)
    except LeafError:
        return

    assert found != event
    assert found.encoded() == spoilt


@given(st.binary(max_size=150))
def test_bytes_drawn_at_random_raise_only_the_leafs_own_error(raw: bytes) -> None:
    with pytest.raises(LeafError):
        parse_leaf(raw)


def with_field(index: int, value: Value) -> bytes:
    """Return a leaf with another value in one field."""
    fields = cast("list[Value]", decode(PLAIN.encoded(), limit=LEAF_LIMIT))
    fields[index] = value
    return encode(fields)


SPOILT: dict[str, bytes] = {
    "nothing": b"",
    "a number": encode(1),
    "version 2": with_field(0, 2),
    "no version": with_field(0, None),
    "an unknown kind": with_field(1, "msg.read"),
    "a kind by number": with_field(1, 1),
    "a log in text": with_field(2, "log"),
    "no time": with_field(3, None),
    "an actor by name": with_field(4, "somebody"),
    "an agency by name": with_field(5, "an agency"),
    "objects in text": with_field(6, ["mid"]),
    "a code in bytes": with_field(7, [b"1"]),
    "a commitment in text": with_field(8, "x"),
    "evidence by number": with_field(9, 1),
    "trailing": PLAIN.encoded() + b"\0",
    "too long": with_field(9, bytes(LEAF_LIMIT)),
}


@pytest.mark.parametrize("raw", SPOILT.values(), ids=SPOILT.keys())
def test_what_is_no_leaf_is_refused(raw: bytes) -> None:
    with pytest.raises(LeafError) as caught:
        parse_leaf(raw)

    assert caught.value.code == "ledger.leaf"


def test_a_leaf_that_no_reader_would_take_is_not_written() -> None:
    """In the ledger for ever, it would make every audit of it fail."""
    fits = Event(EventKind.DIRECTORY_STATED, b"", 0, evidence=bytes(LEAF_LIMIT - 40))

    assert parse_leaf(fits.encoded()) == fits
    with pytest.raises(LeafError, match=f"at most {LEAF_LIMIT}"):
        Event(EventKind.DIRECTORY_STATED, b"", 0, evidence=bytes(LEAF_LIMIT)).encoded()
