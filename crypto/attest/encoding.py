"""Strict deterministic CBOR: one value has one encoding, and only that one is read.

Follows RFC 8949 section 4.2.1 and docs/spec/envelope.md, "Conventions". What is decoded is encoded
again and compared, so non-minimal integers, trailing bytes and unsorted maps are refused; every
type and range is checked, because floats and big numbers would survive that comparison. Before
anything is built the heads alone are read: a tag or a composite key costs a decoder time that grows
with the square of its length, or without bound (shared values), and a frame is read before anyone
has logged in. Refuses floats, tags, indefinite lengths, duplicate keys and maps whose keys are of
mixed kinds. True and false stand only as values of text-keyed maps (forms), so that no reader of a
number can be handed one.
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

#: CBOR's major types (RFC 8949 section 3.1).
_BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = 2, 3, 4, 5, 6, 7
#: The low five bits of a head from which on the argument stands in the bytes that follow.
_LONG, _RESERVED = 24, 28

#: What a map's keys may be, by their kind.
_KEY_RULES: dict[type, Callable[[Any], bool]] = {
    int: lambda key: 0 <= key <= MAX_SMALL_KEY,
    bytes: lambda key: len(key) == ID_BYTES,
    str: bool,
}


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
    _check(value, MAX_DEPTH)
    try:
        return cbor2.dumps(value, canonical=True)
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
    _check_heads(raw)
    try:
        value: Value = cbor2.loads(
            raw, max_depth=MAX_DEPTH, allow_indefinite=False, allow_duplicate_keys=False
        )
    except (cbor2.CBORError, ValueError, TypeError, RecursionError) as e:
        raise MalformedError("not well-formed CBOR of this profile") from e
    _check(value, MAX_DEPTH)
    if cbor2.dumps(value, canonical=True) != raw:
        raise NotCanonicalError("the bytes are not the canonical encoding of their value")
    return value


def _check_heads(raw: bytes) -> None:
    """Raise at a tag, a composite or simple key, too much depth, or bytes that end too soon."""
    at, left, in_map = 0, 1, False
    outer: list[tuple[int, bool]] = []
    while left or outer:
        if not left:
            left, in_map = outer.pop()
            continue
        major, argument, at = _head(raw, at)
        if major == _TAG:
            raise TypeNotAllowedError("a tag is not a type of this profile")
        if in_map and not left % 2 and major in (_ARRAY, _MAP, _SIMPLE):
            raise TypeNotAllowedError("a map key is a number, an id or text")
        left -= 1
        if major in (_BYTES, _TEXT):
            at += argument
        elif major in (_ARRAY, _MAP):
            outer.append((left, in_map))
            left, in_map = (2 * argument, True) if major == _MAP else (argument, False)
            if len(outer) > MAX_DEPTH:
                raise TypeNotAllowedError(f"nested deeper than {MAX_DEPTH}")
    if at != len(raw):
        raise MalformedError(f"the value ends at byte {at}; {len(raw)} bytes found")


def _head(raw: bytes, at: int) -> tuple[int, int, int]:
    """Return the major type and argument of the head at ``at``, and where it ends."""
    if at >= len(raw):
        raise MalformedError(f"{len(raw)} bytes are fewer than their heads announce")
    major, low = raw[at] >> 5, raw[at] & 31
    at += 1
    if low < _LONG:
        return major, low, at
    if low >= _RESERVED:
        raise MalformedError("an indefinite length or a reserved head")
    end = at + (1 << low - _LONG)
    return major, int.from_bytes(raw[at:end], "big"), end


def _check(value: object, depth: int) -> None:
    if value is None or isinstance(value, bytes | str):
        return
    if type(value) is int:
        _check_int(value)
    elif not depth:
        raise TypeNotAllowedError(f"nested deeper than {MAX_DEPTH}, or of another type")
    elif type(value) is list:
        for item in value:
            _check(item, depth - 1)
    elif type(value) is dict:
        kind = _check_keys(value)
        for item in value.values():
            if not (kind is str and isinstance(item, bool)):
                _check(item, depth - 1)
    else:
        raise TypeNotAllowedError(f"{type(value).__name__} is not a type of this profile")


def _check_int(value: int) -> None:
    if not 0 <= value <= MAX_INT:
        raise TypeNotAllowedError(f"an integer outside 0..2^{MAX_INT.bit_length() - 1}")


def _check_keys(mapping: dict[object, object]) -> type | None:
    kinds = {type(key) for key in mapping}
    if not kinds:
        return None
    if len(kinds) > 1:
        raise TypeNotAllowedError("map keys of more than one kind")
    (kind,) = kinds
    if kind not in _KEY_RULES or not all(_KEY_RULES[kind](key) for key in mapping):
        raise TypeNotAllowedError(
            f"map keys are 0..{MAX_SMALL_KEY}, {ID_BYTES}-byte ids or non-empty text"
        )
    return kind
