"""Padding that hides how long a text is, and the sizes that a padded text can have.

Follows docs/spec/envelope.md, "Padding": ``len32be(x) || x || 0*`` up to a power of two from 2,048
to 65,536 bytes, then Padmé (PURBs, section 4). It lies on the broker's side of the trust line
because the broker refuses bodies of any other size, so that no desk leaks a length by mistake.
"""

LENGTH_BYTES = 4
SMALLEST = 2_048
LAST_POWER = 65_536
LARGEST = 1_048_576


class PaddingError(Exception):
    """A text is too long, or padded bytes are not the padding of a text."""

    code = "padding"


class TooLongError(PaddingError):
    """The text does not fit into the largest padded size."""

    code = "padding.too_long"


class NotPaddedError(PaddingError):
    """The bytes are not the canonical padding of any text."""

    code = "padding.not_canonical"


def padded_size(length: int) -> int:
    """Return the size in bytes to which a text of ``length`` bytes is padded.

    Raises:
        TooLongError: the padded text would exceed 1 MiB.
    """
    padded = rounded(LENGTH_BYTES + length)
    if padded > LARGEST:
        raise TooLongError(f"{length} bytes; at most {LARGEST - LENGTH_BYTES} are allowed")
    return padded


def rounded(size: int) -> int:
    """Return the size, at least 2,048, that stands for all sizes up to it: power of two, Padmé."""
    size = max(size, SMALLEST)
    return _next_power(size) if size <= LAST_POWER else _padme(size)


def is_padded_size(size: int) -> bool:
    """Say whether some text is padded to exactly ``size`` bytes."""
    return SMALLEST <= size <= LARGEST and padded_size(size - LENGTH_BYTES) == size


def pad(text: bytes) -> bytes:
    """Return ``text`` with its length in front and zeros behind; raise TooLongError above 1 MiB."""
    framed = len(text).to_bytes(LENGTH_BYTES, "big") + text
    return framed.ljust(padded_size(len(text)), b"\0")


def unpad(padded: bytes) -> bytes:
    """Return the text in ``padded``.

    Raises:
        NotPaddedError: wrong length, wrong size for that length, or anything but zeros behind it.
    """
    length = int.from_bytes(padded[:LENGTH_BYTES], "big")
    text, rest = padded[LENGTH_BYTES : LENGTH_BYTES + length], padded[LENGTH_BYTES + length :]
    if not is_padded_size(len(padded)) or len(text) != length:
        raise NotPaddedError(
            f"{len(padded)} bytes are no padded size, or fewer than the text's own"
        )
    if padded_size(length) != len(padded) or any(rest):
        raise NotPaddedError(f"{len(padded)} bytes that are not the padding of a text")
    return text


def _next_power(size: int) -> int:
    return 1 << (size - 1).bit_length()


def _padme(size: int) -> int:
    exponent = size.bit_length() - 1
    kept = exponent.bit_length()
    mask = (1 << (exponent - kept)) - 1
    return (size + mask) & ~mask
