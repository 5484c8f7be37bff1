"""Strict deterministic CBOR: one value has one encoding, and only that one is read.

Follows RFC 8949 section 4.2.1 and docs/spec/envelope.md, "Conventions". Writing is cbor2's; reading
is our own, for a decoder of all of CBOR spends time that grows with the square of a length, or
without bound, on tags, shared values and composite keys, and a frame is read before anyone has
logged in. One pass reads what the profile has and refuses all else where it stands: floats, tags,
indefinite lengths, heads longer than need be, keys twice, out of order or of mixed kinds. True and
false stand only as values of text-keyed maps (forms), so that no reader of a number can be handed
one. cbor2 reads and writes the same for every input that the tests can think of.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, Union

import cbor2

Value: TypeAlias = Union[  # noqa: UP007, RUF036 - recursive: the quoted names need it
    None,
    bool,
    int,
    bytes,
    str,
    list["Value"],
    dict[int, "Value"],
    dict[bytes, "Value"],
    dict[str, "Value"],
]

MAX_INT = 2**53
MAX_DEPTH = 8
MAX_SMALL_KEY = 23
ID_BYTES = 16

#: CBOR's major types (RFC 8949 section 3.1), and the heads of its three values without bytes.
_INT, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _TAG, _SIMPLE = 0, 1, 2, 3, 4, 6, 7
_ABSENT = frozenset({_NEGATIVE, _TAG, _SIMPLE})
_NULL, _FALSE, _TRUE = 0xF6, 0xF4, 0xF5
#: The low five bits of a head from which on the argument stands in the bytes that follow.
_LONG, _RESERVED = 24, 28
#: By those bits: how many bytes follow, and the least number that needs so many.
_FOLLOWING = {24: (1, 24), 25: (2, 1 << 8), 26: (4, 1 << 16), 27: (8, 1 << 32)}

#: What a map's keys may be, by their kind.
_KEY_RULES: dict[type, Callable[[Any], bool]] = {
    int: lambda key: 0 <= key <= MAX_SMALL_KEY,
    bytes: lambda key: len(key) == ID_BYTES,
    str: bool,
}
_KEYS = f"map keys are 0..{MAX_SMALL_KEY}, {ID_BYTES}-byte ids or non-empty text"
#: What is written without a look inside. A tuple: a union is built anew at each call.
_PLAIN = (bytes, str)


class EncodingError(Exception):
    """A value or its bytes are outside the strict profile."""

    code = "encoding"


class MalformedError(EncodingError):
    """The bytes are not CBOR of this profile."""

    code = "encoding.malformed"


class NotCanonicalError(EncodingError):
    """The bytes are CBOR, but not the one encoding of their value."""

    code = "encoding.not_canonical"


class TypeNotAllowedError(EncodingError):
    """A type, range or kind of map key that the profile does not have."""

    code = "encoding.type"


class TooLargeError(EncodingError):
    """More bytes than the reader allows."""

    code = "encoding.too_large"


def encode(value: Value) -> bytes:
    """Return the one encoding of ``value``.

    Raises:
        TypeNotAllowedError: a float, tag, big number, mixed map or whatever the profile lacks.
    """
    is_in_order = _check(value, MAX_DEPTH)  # cbor2 sorts as long as it writes
    try:
        return cbor2.dumps(value, canonical=not is_in_order)
    except UnicodeEncodeError as e:
        raise TypeNotAllowedError("text that is not Unicode: a lone surrogate") from e


def decode(raw: bytes, *, limit: int) -> Value:
    """Return the value that ``raw`` is the one encoding of.

    Args:
        raw: the bytes as received.
        limit: the most bytes that are read at all.

    Raises:
        TooLargeError, MalformedError, NotCanonicalError, TypeNotAllowedError: as their names say.
    """
    if len(raw) > limit:
        raise TooLargeError(f"{len(raw)} bytes; at most {limit} are allowed")
    try:
        value, end = _read(raw, 0, MAX_DEPTH)
    except IndexError as e:
        raise MalformedError(f"{len(raw)} bytes are fewer than their heads announce") from e
    if end != len(raw):
        raise MalformedError(f"the value ends at byte {end}; {len(raw)} bytes found")
    return value


def _read(raw: bytes, at: int, depth: int) -> tuple[Value, int]:
    """Return the value at ``at`` and where it ends; lists and maps may nest ``depth`` deep in it.

    Raises:
        IndexError: the bytes end before the value does.
    """
    head = raw[at]
    if head == _NULL:
        return None, at + 1
    major, low = head >> 5, head & 31
    if major in _ABSENT or low >= _RESERVED:
        _refuse(low)
    number, at = (low, at + 1) if low < _LONG else _argument(raw, at, low)
    if major == _INT:
        if number > MAX_INT:
            _check_int(number)
        return number, at
    if major in (_BYTES, _TEXT):
        end = at + number  # beyond the last byte it is seen to be by whoever reads on
        return (raw[at:end] if major == _BYTES else _text(raw[at:end])), end
    if not depth:
        raise TypeNotAllowedError(f"nested deeper than {MAX_DEPTH}")
    return (_read_list if major == _ARRAY else _read_map)(raw, at, number, depth - 1)


def _refuse(low: int) -> None:
    if low >= _RESERVED:
        raise MalformedError("an indefinite length or a reserved head")
    raise TypeNotAllowedError("negative numbers, tags, floats and simple values are no types here")


def _argument(raw: bytes, at: int, low: int) -> tuple[int, int]:
    """Return the argument of the head at ``at``, which follows it, and where that ends."""
    following, least = _FOLLOWING[low]
    end = at + 1 + following
    if end > len(raw):
        raise MalformedError(f"{len(raw)} bytes are fewer than their heads announce")
    number = int.from_bytes(raw[at + 1 : end], "big")
    if number < least:
        raise NotCanonicalError("a head that is longer than its number needs")
    return number, end


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as e:
        raise MalformedError("text that is not UTF-8") from e


def _read_list(raw: bytes, at: int, count: int, depth: int) -> tuple[list[Value], int]:
    items = list[Value]()
    for _ in range(count):
        item, at = _read(raw, at, depth)
        items.append(item)
    return items, at


def _read_map(raw: bytes, at: int, count: int, depth: int) -> tuple[Any, int]:
    """Return the map of ``count`` pairs at ``at`` and where it ends."""
    found: dict[Any, Value] = {}
    kind, before = None, b""
    for _ in range(count):
        key, end = _read_key(raw, at)
        kind = type(key) if kind is None else kind
        if type(key) is not kind:
            raise TypeNotAllowedError("map keys of more than one kind")
        written = raw[at:end]
        if written <= before:
            _refuse_order(is_twice=written == before)
        if kind is str and raw[end] in (_FALSE, _TRUE):
            found[key], at = raw[end] == _TRUE, end + 1
        else:
            found[key], at = _read(raw, end, depth)
        before = written
    return found, at


def _read_key(raw: bytes, at: int) -> tuple[int | bytes | str, int]:
    key, end = _read(raw, at, 0)  # no list or map: it would be evaluated
    if isinstance(key, int | bytes | str) and _KEY_RULES[type(key)](key):
        return key, end
    raise TypeNotAllowedError(_KEYS)


def _refuse_order(*, is_twice: bool) -> None:
    if is_twice:
        raise MalformedError("a map key stands twice")
    raise NotCanonicalError("map keys that do not ascend")


def _check(value: object, depth: int) -> bool:
    """Refuse what the profile lacks; say whether the keys of every map in ``value`` ascend."""
    if value is None or isinstance(value, _PLAIN):
        return True
    if type(value) is int:
        return _check_int(value)
    if not depth:
        raise TypeNotAllowedError(f"nested deeper than {MAX_DEPTH}, or of another type")
    if type(value) is list:
        is_in_order = True
        for item in value:
            if type(item) is not bytes:
                is_in_order &= _check(item, depth - 1)
        return is_in_order
    if type(value) is dict:
        return _check_map(value, depth - 1)
    raise TypeNotAllowedError(f"{type(value).__name__} is not a type of this profile")


def _check_map(mapping: dict[Any, object], depth: int) -> bool:
    kind = _check_keys(mapping)
    # Text keys ascend by their bytes: left to cbor2.
    is_in_order = kind is not str and list(mapping) == sorted(mapping)
    for item in mapping.values():
        if not (kind is str and isinstance(item, bool)):
            is_in_order &= _check(item, depth)
    return is_in_order


def _check_int(value: int) -> bool:
    if not 0 <= value <= MAX_INT:
        raise TypeNotAllowedError(f"an integer outside 0..2^{MAX_INT.bit_length() - 1}")
    return True


def _check_keys(mapping: dict[object, object]) -> type | None:
    kinds = set(map(type, mapping))
    if not kinds:
        return None
    if len(kinds) > 1:
        raise TypeNotAllowedError("map keys of more than one kind")
    (kind,) = kinds
    if kind not in _KEY_RULES or not all(map(_KEY_RULES[kind], mapping)):
        raise TypeNotAllowedError(_KEYS)
    return kind
