"""A disclosure reads as what it is, or is refused."""

import pytest

from crypto.attest.encoding import Value, encode
from crypto.seal.disclosure import (
    FILE_LIMIT,
    MOST_HASHES,
    Disclosure,
    DisclosureError,
    parse_disclosure,
)

KEY = bytes(32)
PARTS: list[Value] = [1, b"envelope", KEY, [b"entry"], b"took", b"leaf", [KEY], b"note"]


def with_part(number: int, value: Value) -> bytes:
    """Return a file with another part at ``number``."""
    return encode([*PARTS[:number], value, *PARTS[number + 1 :]])


def test_a_disclosure_reads_as_it_was_written() -> None:
    file = Disclosure(b"envelope", KEY, (b"entry",), b"took", b"leaf", (KEY,), b"note")

    assert file.encoded() == encode(PARTS)
    assert parse_disclosure(file.encoded()) == file
    assert KEY.hex() not in repr(file)
    assert repr(KEY) not in repr(file.entries)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(with_part(0, 2), id="another version"),
        pytest.param(with_part(2, b"short"), id="a key of another length"),
        pytest.param(with_part(3, [1]), id="an entry that is a number"),
        pytest.param(with_part(6, [KEY] * (MOST_HASHES + 1)), id="too long a proof"),
        pytest.param(encode(PARTS[:-1]), id="a part missing"),
        pytest.param(encode(PARTS)[:-1], id="cut short"),
        pytest.param(b"%PDF-1.7", id="something else"),
        pytest.param(bytes(FILE_LIMIT + 1), id="too large"),
    ],
)
def test_what_has_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(DisclosureError):
        parse_disclosure(raw)
