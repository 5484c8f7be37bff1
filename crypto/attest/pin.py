"""Numbers that people compare by voice: groups of five digits, typed and never clicked away.

Follows docs/spec/directory.md, "Trust", "Devices of one desk" and "Ceremony": the fingerprint of an
agency's root in twelve groups, on which all trust rests, the number of a device in six, and the
code of the requests that an officer brings to the registrar in four.
"""

from collections.abc import Sequence

from crypto.attest import labels
from crypto.attest.hashing import digest

PIN_DIGITS = 60
DEVICE_DIGITS = 30
#: Twenty digits are 66 bits: who wants to put other bytes under a code that was read aloud has to
#: draw and sign as many keys, in the minutes between reading and typing.
CODE_DIGITS = 20
GROUP = 5


class PinError(Exception):
    """What was typed is no fingerprint of 60 digits."""

    code = "directory.pin"


class DeviceNumberError(PinError):
    """What was typed is no number of a device, of 30 digits."""

    code = "devices.number"


class CodeError(PinError):
    """What was typed is no code of 20 digits."""

    code = "keys.code"


class WrongCodeError(PinError):
    """The code that was typed is another one's."""

    code = "keys.wrong_code"


class DifferingError(PinError):
    """Two fingerprints differ; ``groups`` are those (from 1) in which they do."""

    def __init__(self, groups: Sequence[int], which: str) -> None:
        """Take the groups and what differs, never a digit."""
        super().__init__(f"{_named(groups)} of {PIN_DIGITS // GROUP}: {which}")
        self.groups = tuple(groups)


class PinsDifferError(DifferingError):
    """Two people typed different fingerprints: one has misread, misheard or mistyped."""

    code = "directory.pins_differ"


class WrongPinError(DifferingError):
    """Two people typed the same fingerprint, and the root that came has another one."""

    code = "directory.wrong_pin"


def fingerprint(root_payload: bytes) -> str:
    """Return the 60 digits that two people compare in person, in twelve groups of five."""
    return _digits(labels.P_PIN, root_payload, PIN_DIGITS)


def device_number(key: bytes) -> str:
    """Return the 30 digits by which officers tell a device, from its 32-byte signing key."""
    return _digits(labels.P_DEVICE, key, DEVICE_DIGITS)


def request_code(requests: Sequence[bytes]) -> str:
    """Return the 20 digits by which a registrar tells the requests of one visit, in any order."""
    each = [digest(labels.P_REQUEST, request) for request in requests]
    return _digits(labels.P_REQUEST, b"".join(sorted(each)), CODE_DIGITS)


def check_code(typed: str, code: str) -> None:
    """Raise unless ``typed`` is ``code``, whatever its spaces.

    Raises:
        CodeError: it has not 20 digits, or holds something else.
        WrongCodeError: another code.
    """
    try:
        groups = differing_groups(_read(typed, CODE_DIGITS), code)
    except PinError as e:
        raise CodeError(str(e)) from e
    if groups:
        raise WrongCodeError(f"{_named(groups)} of {CODE_DIGITS // GROUP} typed otherwise")


def agree(root_payload: bytes, first: str, second: str) -> str:
    """Return the root's fingerprint once two people have each typed it.

    Raises:
        PinError: one of the two has not 60 digits, or holds something else.
        PinsDifferError: the two differ; the message names the groups, never the digits.
        WrongPinError: the two agree and the root has other digits; the same holds of the message.
    """
    one, other, own = read_pin(first), read_pin(second), fingerprint(root_payload)
    if between := differing_groups(one, other):
        raise PinsDifferError(between, "the two typed otherwise")
    if wrong := differing_groups(one, own):
        raise WrongPinError(wrong, "this root has others")
    return own


def differing_groups(one: str, other: str) -> list[int]:
    """Return which groups (from 1) of two numbers of one length differ."""
    pairs = zip(one.split(), other.split(), strict=True)
    return [number for number, (a, b) in enumerate(pairs, 1) if a != b]


def read_pin(typed: str) -> str:
    """Return the fingerprint in ``typed`` in twelve groups of five digits; spaces do not count.

    Raises:
        PinError: it has not 60 digits, or holds something else.
    """
    return _read(typed, PIN_DIGITS)


def read_device_number(typed: str) -> str:
    """Return the device's number in ``typed`` in six groups of five digits.

    Raises:
        DeviceNumberError: it has not 30 digits, or holds something else.
    """
    try:
        return _read(typed, DEVICE_DIGITS)
    except PinError as e:
        raise DeviceNumberError(str(e)) from e


def _digits(person: bytes, raw: bytes, count: int) -> str:
    number = int.from_bytes(digest(person, raw), "big") % 10**count
    return _grouped(f"{number:0{count}d}")


def _named(groups: Sequence[int]) -> str:
    return f"group{'s' if len(groups) > 1 else ''} {', '.join(map(str, groups))}"


def _read(typed: str, count: int) -> str:
    digits = "".join(typed.split())
    if len(digits) != count or not (digits.isascii() and digits.isdecimal()):
        raise PinError(f"{count} digits expected; {len(digits)} signs found")
    return _grouped(digits)


def _grouped(digits: str) -> str:
    return " ".join(digits[i : i + GROUP] for i in range(0, len(digits), GROUP))
