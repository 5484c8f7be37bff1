import time
from collections.abc import Callable
from typing import cast

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crypto.attest.encoding import (
    MAX_DEPTH,
    MAX_INT,
    EncodingError,
    MalformedError,
    NotCanonicalError,
    TooLargeError,
    TypeNotAllowedError,
    Value,
    decode,
    encode,
)

LIMIT = 1 << 20

_leaves = st.none() | st.integers(0, MAX_INT) | st.binary(max_size=40) | st.text(max_size=20)
_ids = st.binary(min_size=16, max_size=16)
#: Values of the profile, of less depth than it allows.
VALUES = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(0, 23), inner, max_size=4)
        | st.dictionaries(_ids, inner, max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=30), inner | st.booleans(), max_size=4)
    ),
    max_leaves=12,
).filter(lambda value: depth(value) <= MAX_DEPTH)


def depth(value: object) -> int:
    """Return how deep lists and maps lie in one another."""
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 0


def nested(levels: int) -> Value:
    """Return lists in lists."""
    value: Value = []
    for _ in range(levels - 1):
        value = [value]
    return value


@given(VALUES)
def test_a_value_reads_back(value: Value) -> None:
    raw = encode(value)

    assert decode(raw, limit=len(raw)) == value


@given(VALUES)
def test_the_bytes_do_not_depend_on_the_order_in_which_a_map_was_built(value: Value) -> None:
    def reversed_maps(item: object) -> object:
        if isinstance(item, dict):
            return {key: reversed_maps(item[key]) for key in reversed(list(item))}
        return [reversed_maps(each) for each in item] if isinstance(item, list) else item

    assert encode(cast("Value", reversed_maps(value))) == encode(value)


@pytest.mark.parametrize(
    "value",
    [{3: 0, 1: 0}, {b"\2" * 16: 0, b"\1" * 16: 0}, {"b": 0, "a": 0}, [{1: {3: 0, 2: 0}}]],
    ids=["numbers", "ids", "text", "within"],
)
def test_a_map_is_written_in_the_order_of_its_keys(value: Value) -> None:
    assert decode(encode(value), limit=LIMIT) == value


@given(st.binary(max_size=120))
@example(bytes.fromhex("d81e820100"))  # 1/0
@example(bytes.fromhex("d81c81d81d00"))  # a list that holds itself
@example(bytes.fromhex("c11b7fffffffffffffff"))  # a date beyond the calendar
@example(bytes.fromhex("62c328"))  # text that is not UTF-8
@example(bytes.fromhex("9bffffffffffffffff"))  # a list longer than memory
@example(bytes.fromhex("5bffffffffffffffff"))  # a string longer than memory
@example(bytes.fromhex("bbffffffffffffffff"))  # a map longer than memory
def test_any_bytes_are_refused_by_name_or_are_the_encoding_of_what_they_give(raw: bytes) -> None:
    try:
        value = decode(raw, limit=LIMIT)
    except EncodingError:
        return

    assert encode(value) == raw


@given(VALUES, st.data())
def test_an_encoding_with_a_byte_changed_is_refused_or_another_value(
    value: Value, data: st.DataObject
) -> None:
    raw = encode(value)
    at = data.draw(st.integers(0, len(raw) - 1))
    spoilt = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]

    try:
        found = decode(spoilt, limit=LIMIT)
    except EncodingError:
        return

    assert encode(found) == spoilt


def is_read(raw: bytes) -> bool:
    """Say whether ``raw`` is read."""
    try:
        decode(raw, limit=LIMIT)
    except EncodingError:
        return False
    return True


def is_read_by_cbor2(raw: bytes) -> bool:
    """Say whether cbor2 reads ``raw``, and writes what it has read in the same bytes."""
    try:
        value = cbor2.loads(
            raw, max_depth=MAX_DEPTH, allow_indefinite=False, allow_duplicate_keys=False
        )
        return encode(value) == raw
    except (cbor2.CBORError, EncodingError, ArithmeticError, RecursionError, TypeError, ValueError):
        return False


@given(st.binary(max_size=40), VALUES, st.data())
def test_cbor2_reads_and_writes_again_what_is_read_and_nothing_else(
    drawn: bytes, value: Value, data: st.DataObject
) -> None:
    raw = encode(value)
    at = data.draw(st.integers(0, len(raw)))
    sewn = raw[:at] + drawn[:2] + raw[at + data.draw(st.integers(0, 3)) :]

    for offered in (drawn, raw, sewn):
        assert is_read(offered) == is_read_by_cbor2(offered)


@pytest.mark.parametrize(
    "value, raw",
    [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (1_000_000, "1a000f4240"),
        (2**53, "1b0020000000000000"),
        (b"\1\2\3\4", "4401020304"),
        ("水", "63e6b0b4"),
        ([], "80"),
        ([1, [2, 3]], "8201820203"),
        ({1: 2, 3: 4}, "a201020304"),
        ({"a": True, "b": False}, "a26161f56162f4"),
        (None, "f6"),
    ],
    ids=str,
)
def test_the_examples_of_the_rfc_encode_as_printed(value: Value, raw: str) -> None:
    """RFC 8949, appendix A, as far as the profile goes; and its largest number."""
    assert encode(value).hex() == raw
    assert decode(bytes.fromhex(raw), limit=LIMIT) == value


TYPES: dict[str, object] = {
    "a float": 1.5,
    "not a number": float("nan"),
    "a negative number": -1,
    "a number over 2^53": 2**53 + 1,
    "a big number": 2**64,
    "a true outside a form": True,
    "a false in a list": [False],
    "a true under a number": {1: True},
    "a tuple": (1,),
    "a set": {1},
    "a key of 24": {24: 0},
    "a key that is negative": {-1: 0},
    "an id of 15 bytes": {bytes(15): 0},
    "an empty text as key": {"": 0},
    "a true as key": {True: 0},
    "null as key": {None: 0},
    "keys of two kinds": {1: 0, "a": 0},
    "lists nine deep": nested(MAX_DEPTH + 1),
    "a lone surrogate": "\ud800",
    "a lone surrogate as key": {"\udfff": 0},
}


@pytest.mark.parametrize("value", TYPES.values(), ids=TYPES.keys())
def test_a_value_outside_the_profile_is_not_encoded(value: object) -> None:
    with pytest.raises(TypeNotAllowedError) as caught:
        encode(cast("Value", value))

    assert caught.value.code == "encoding.type"


def test_what_is_encoded_at_the_greatest_depth_is_read() -> None:
    raw = encode(nested(MAX_DEPTH))

    assert decode(raw, limit=LIMIT) == nested(MAX_DEPTH)


REFUSED: dict[str, tuple[str, type[EncodingError]]] = {
    "nothing": ("", MalformedError),
    "a list that ends too soon": ("8201", MalformedError),
    "a string that ends too soon": ("4401", MalformedError),
    "a head that ends too soon": ("19", MalformedError),
    "a trailing byte": ("0000", MalformedError),
    "an indefinite list": ("9f01ff", MalformedError),
    "an indefinite string": ("5f4101ff", MalformedError),
    "a break": ("ff", MalformedError),
    "a reserved head": ("1c", MalformedError),
    "text that is not UTF-8": ("62c328", MalformedError),
    "a surrogate in text": ("63eda080", MalformedError),
    "a key twice": ("a201000100", MalformedError),
    "a number longer than it must be": ("1801", NotCanonicalError),
    "a length longer than it must be": ("580161", NotCanonicalError),
    "a list's length longer than it must be": ("980100", NotCanonicalError),
    "keys in another order": ("a203000100", NotCanonicalError),
    "a float": ("f93e00", TypeNotAllowedError),
    "not a number": ("f97e00", TypeNotAllowedError),
    "infinity": ("f97c00", TypeNotAllowedError),
    "a negative number": ("20", TypeNotAllowedError),
    "undefined": ("f7", TypeNotAllowedError),
    "a simple value": ("e0", TypeNotAllowedError),
    "a true": ("f5", TypeNotAllowedError),
    "a true in a list": ("81f5", TypeNotAllowedError),
    "a true under a number": ("a101f5", TypeNotAllowedError),
    "a number over 2^53": ("1b0020000000000001", TypeNotAllowedError),
    "a date": ("c074323031332d30332d32315432303a30343a30305a", TypeNotAllowedError),
    "a big number": ("c249010000000000000000", TypeNotAllowedError),
    "a tag of no meaning": ("d9ffff00", TypeNotAllowedError),
    "a tag within": ("8201c100", TypeNotAllowedError),
    "the sign that this is CBOR": ("d9d9f700", TypeNotAllowedError),
    "a shared value": ("82d81c80d81d00", TypeNotAllowedError),
    "a list as key": ("a1810100", TypeNotAllowedError),
    "a map as key": ("a1a000", TypeNotAllowedError),
    "null as key": ("a1f600", TypeNotAllowedError),
    "keys of two kinds": ("a20100616100", TypeNotAllowedError),
    "a key of 24": ("a1181800", TypeNotAllowedError),
    "an id of one byte": ("a1410000", TypeNotAllowedError),
    "an empty text as key": ("a16000", TypeNotAllowedError),
    "lists nine deep": ("81" * 8 + "80", TypeNotAllowedError),
    "lists a hundred deep": ("81" * 100 + "80", TypeNotAllowedError),
}


@pytest.mark.parametrize("raw, error", REFUSED.values(), ids=REFUSED.keys())
def test_bytes_outside_the_profile_are_refused(raw: str, error: type[EncodingError]) -> None:
    with pytest.raises(error) as caught:
        decode(bytes.fromhex(raw), limit=LIMIT)

    assert type(caught.value) is error


def test_more_bytes_than_the_limit_are_not_read() -> None:
    raw = encode(bytes(100))

    with pytest.raises(TooLargeError, match="at most 101"):
        decode(raw, limit=len(raw) - 1)
    assert decode(raw, limit=len(raw)) == bytes(100)


def shared_values() -> bytes:
    """Return 1.6 KB that a decoder of shared values unfolds to 250^6 items."""
    references = [(b"\xd8\x1d" + bytes([level])) * 250 for level in range(6)]
    levels = [b"\xd8\x1c\x98\xfa" + all_of_one for all_of_one in references]
    return b"\x87\xd8\x1c\x81\x01" + b"".join(levels)


def keys_that_are_lists() -> bytes:
    """Return a map of 8,192 keys of one hash: Python gives -1 and -2 the same."""
    keys = (bytes([0x8D]) + bytes(0x20 + (n >> i & 1) for i in range(13)) for n in range(2**13))
    return b"\xb9" + (2**13).to_bytes(2, "big") + b"".join(key + b"\0" for key in keys)


def large_fraction() -> bytes:
    """Return a fraction of two numbers of 400,000 bytes, to be reduced on reading."""
    number = b"\xc2\x5a" + (400_000).to_bytes(4, "big") + b"\xff" * 399_999
    return b"\xd8\x1e\x82" + number + b"\x01" + number + b"\x03"


@pytest.mark.parametrize("bomb", [shared_values, keys_that_are_lists, large_fraction])
def test_what_would_keep_a_decoder_busy_is_refused_at_once(
    bomb: Callable[[], bytes],
) -> None:
    """Anyone can send these before logging in: seconds of work, or work without end."""
    raw = bomb()
    before = time.process_time()

    with pytest.raises(TypeNotAllowedError):
        decode(raw, limit=1_200_000)

    assert time.process_time() - before < 0.5  # two hundred times what it takes
