"""Bytes that somebody means ill with: good ones spoilt as a seed decides, byte by byte or by parts.

A good sample is turned, cut, sewn and swollen; or it is read, one value somewhere in it is
replaced, left out or doubled, and it is written again, so that more is tried than what is refused
at the first byte. Byte strings that are encodings themselves are entered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from crypto.attest.encoding import EncodingError, Value, decode, encode
from liaison.runtime.origin import PACKAGES
from tests.support.chance import Chance

LIMIT = 1 << 21
_MAPS: tuple[dict[str, Value], ...] = ({}, {"act": True}, {"act": None})
#: What is put in the place of a value.
STRANGE: tuple[Value, ...] = (
    None,
    0,
    1,
    23,
    255,
    2**31,
    2**53,
    b"",
    bytes(16),
    bytes(32),
    bytes(64),
    bytes(3_000),
    "",
    "a",
    "é\u202e\u0000",
    "9" * 3_000,
    [],
    [[[[]]]],
    [0] * 300,
    *_MAPS,
)


@dataclass(frozen=True, slots=True)
class Target:
    """Who reads bytes, and good ones to begin with."""

    name: str
    read: Callable[[bytes], object]
    samples: tuple[bytes, ...]

    def code(self, raw: bytes) -> str:
        """Return what becomes of ``raw``: ``read``, or the code of an error of our own."""
        try:
            self.read(raw)
        except Exception as e:
            if type(e).__module__.partition(".")[0] not in PACKAGES:
                raise
            return str(e.code)  # type: ignore[attr-defined]  # every error of ours has one
        return "read"


def spoilt(sample: bytes, chance: Chance) -> bytes:
    """Return ``sample`` spoilt in one way, or in several one after the other."""
    ways = (_turned, _cut, _sewn, _swollen, _replaced, _replaced, _replaced, _replaced)
    for _ in range(1 + chance.below(3)):
        sample = chance.one_of(ways)(sample, chance)
    return sample


def _turned(raw: bytes, chance: Chance) -> bytes:
    if not raw:
        return b"\xff"
    at = chance.below(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << chance.below(8)]) + raw[at + 1 :]


def _cut(raw: bytes, chance: Chance) -> bytes:
    begin = chance.below(len(raw) + 1)
    return raw[:begin] + raw[begin + chance.below(40) :]


def _sewn(raw: bytes, chance: Chance) -> bytes:
    at, begin = (chance.below(len(raw) + 1) for _ in range(2))
    return raw[:at] + raw[begin : begin + chance.below(200)] + raw[at:]


def _swollen(raw: bytes, chance: Chance) -> bytes:
    """Put a head in that announces much, or much itself."""
    heads = (b"\x9b" + b"\xff" * 8, b"\x5b" + b"\x7f" * 8, b"\xbb\0\0\0\1\0\0\0\0", b"\x81" * 50)
    at = chance.below(len(raw) + 1)
    return raw[:at] + chance.one_of((*heads, bytes(5_000), b"\xd8\x1c" * 40)) + raw[at:]


def _replaced(raw: bytes, chance: Chance) -> bytes:
    """Replace a value somewhere in what ``raw`` encodes; turn a bit when it encodes nothing."""
    try:
        return encode(_changed(decode(raw, limit=LIMIT), chance))
    except EncodingError:
        return _turned(raw, chance)


def _changed(value: Value, chance: Chance) -> Value:
    if isinstance(value, bytes) and chance.below(2):
        return _replaced(value, chance)
    if isinstance(value, list) and value and chance.below(4):
        at = chance.below(len(value))
        kept = [*value]
        kept[at : at + 1] = chance.one_of(
            ([_changed(value[at], chance)], [_changed(value[at], chance)], [], [value[at]] * 2)
        )
        return kept
    if isinstance(value, dict) and value and chance.below(4):
        fields = cast("dict[str, Value]", value)  # or of any other one kind of key
        key = chance.one_of([*fields])
        if not chance.below(4):
            return {other: item for other, item in fields.items() if other != key}
        return {**fields, key: _changed(fields[key], chance)}
    return chance.one_of(STRANGE)
