"""Two papers that together open a vault: how a secret is parted, printed and typed again.

Follows docs/spec/vault.md, "The papers". A secret of 32 bytes is the XOR of two halves, each of
them random: one paper alone says nothing at all about it. A half is printed as four lines of 25
digits; the last five digits of a line check it, and are of that line of that half only, so that a
mistyped digit, a line out of place and the same paper twice are each told at the line.
"""

import unicodedata

from crypto.attest import labels
from crypto.attest.hashing import digest
from crypto.seal.primitives import KEY_BYTES, fresh

LINES, LINE_BYTES = 4, 8
SECRET_DIGITS, CHECK_DIGITS, GROUP = 20, 5, 5
#: Who reads a paper aloud or types it may put these between the digits.
BETWEEN = " -\t"


class PaperError(Exception):
    """What was typed is no such line of such a paper."""

    code = "papers.line"


def part(secret: bytes) -> tuple[bytes, bytes]:
    """Return two halves (32 bytes each) of a 32-byte secret; either alone is random."""
    first = fresh(KEY_BYTES)
    return first, join(first, secret)


def join(first: bytes, second: bytes) -> bytes:
    """Return the secret of two halves."""
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def print_half(half: bytes, number: int) -> list[str]:
    """Return the four lines of half ``number`` (1 or 2): five groups of five digits each."""
    return [
        _grouped(_digits(half[at * LINE_BYTES : (at + 1) * LINE_BYTES], number, at + 1))
        for at in range(LINES)
    ]


def read_half(lines: list[str], number: int) -> bytes:
    """Return half ``number`` (1 or 2) of what was typed; raise PaperError naming the line."""
    if len(lines) != LINES:
        raise PaperError(f"half {number}: {LINES} lines expected, {len(lines)} found")
    return b"".join(read_line(line, number, at) for at, line in enumerate(lines, 1))


def read_line(typed: str, number: int, line: int) -> bytes:
    """Return the eight bytes of one line of half ``number``; raise PaperError if mistyped."""
    # Chinese input methods write full-width digits and spaces.
    plain = unicodedata.normalize("NFKC", typed)
    digits = "".join(mark for mark in plain if mark not in BETWEEN)
    where = f"line {line} of half {number}"
    if len(digits) != SECRET_DIGITS + CHECK_DIGITS or not (digits.isascii() and digits.isdecimal()):
        raise PaperError(f"{where}: expected {SECRET_DIGITS + CHECK_DIGITS} digits")
    value = int(digits[:SECRET_DIGITS])
    if value >= 1 << (8 * LINE_BYTES):
        raise PaperError(f"{where}: a digit is mistyped")
    secret = value.to_bytes(LINE_BYTES, "big")
    if _digits(secret, number, line) != digits:
        raise PaperError(f"{where}: a digit is mistyped, or it is a line of another place")
    return secret


def _digits(secret: bytes, number: int, line: int) -> str:
    value = int.from_bytes(secret, "big")
    check = digest(labels.P_PAPER, bytes((number, line)) + secret)
    tail = int.from_bytes(check, "big") % 10**CHECK_DIGITS
    return f"{value:0{SECRET_DIGITS}}{tail:0{CHECK_DIGITS}}"


def _grouped(digits: str) -> str:
    return " ".join(digits[at : at + GROUP] for at in range(0, len(digits), GROUP))
