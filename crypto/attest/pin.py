"""Numbers that people compare by voice: groups of five digits, typed and never clicked away.

Follows docs/spec/directory.md, "Trust" and "Devices of one desk": the fingerprint of an agency's
root in twelve groups, on which all trust rests, and the number of a device in six.
"""

from crypto.attest import labels
from crypto.attest.hashing import digest

PIN_DIGITS = 60
DEVICE_DIGITS = 30
GROUP = 5


class PinError(Exception):
    """What was typed is no fingerprint of 60 digits."""

    code = "directory.pin"


class DeviceNumberError(PinError):
    """What was typed is no number of a device, of 30 digits."""

    code = "devices.number"


def fingerprint(root_payload: bytes) -> str:
    """Return the 60 digits that two people compare in person, in twelve groups of five."""
    return _digits(labels.P_PIN, root_payload, PIN_DIGITS)


def device_number(key: bytes) -> str:
    """Return the 30 digits by which officers tell a device, from its 32-byte signing key."""
    return _digits(labels.P_DEVICE, key, DEVICE_DIGITS)


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


def _read(typed: str, count: int) -> str:
    digits = "".join(typed.split())
    if len(digits) != count or not (digits.isascii() and digits.isdecimal()):
        raise PinError(f"{count} digits expected; {len(digits)} signs found")
    return _grouped(digits)


def _grouped(digits: str) -> str:
    return " ".join(digits[i : i + GROUP] for i in range(0, len(digits), GROUP))
