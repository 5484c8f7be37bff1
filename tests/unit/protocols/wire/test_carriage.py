"""A carried file reads as what it is, or is refused."""

import pytest

from crypto.attest.encoding import Value, encode
from protocols.wire.carriage import (
    BLOB_HEAD,
    FILE_LIMIT,
    MOST_ENTRIES,
    CarriedFile,
    CarriedFileError,
    blob_head,
    named_blob,
    parse_carried,
)

ENVELOPE, WORD = encode([b"", [], b"", b""]), encode([b"", b""])


def test_a_file_tells_a_message_from_a_word() -> None:
    files = [CarriedFile(item, (b"one", b"two")) for item in (ENVELOPE, WORD)]

    found = [parse_carried(file.encoded()) for file in files]

    assert found == files
    assert [file.is_envelope for file in found] == [True, False]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([ENVELOPE], id="no entries"),
        pytest.param([b"", []], id="no item"),
        pytest.param([encode([b"", b"", b""]), []], id="an item of another length"),
        pytest.param([ENVELOPE, [1]], id="an entry that is a number"),
        pytest.param([ENVELOPE, [b""] * (MOST_ENTRIES + 1)], id="too many entries"),
        pytest.param([ENVELOPE, [], []], id="a third part"),
        pytest.param({0: ENVELOPE}, id="a map"),
    ],
)
def test_what_has_another_form_is_refused(value: Value) -> None:
    with pytest.raises(CarriedFileError):
        parse_carried(encode(value))


def test_a_blob_is_told_by_the_first_bytes_of_its_file() -> None:
    head = blob_head(bytes([7]) * 32)

    assert len(head) == BLOB_HEAD
    assert named_blob(head + b"sealed") == bytes([7]) * 32
    assert [named_blob(first) for first in (head[:-1], b"x" + head[1:], b"")] == [None] * 3
    with pytest.raises(CarriedFileError):
        parse_carried(head)


def test_what_is_not_whole_too_large_or_something_else_is_refused() -> None:
    raw = CarriedFile(ENVELOPE).encoded()

    for bad in (b"", raw[:-1], raw + b"\0", b"%PDF-1.7", bytes(FILE_LIMIT + 1)):
        with pytest.raises(CarriedFileError):
            parse_carried(bad)
