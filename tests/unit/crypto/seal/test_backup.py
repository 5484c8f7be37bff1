"""A backup's bytes: whose they are, that all of them are there, and to whom they open."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import pytest

from crypto.attest import labels
from crypto.attest.encoding import Value, encode
from crypto.attest.signing import SigningKey, key_id, pack_signed
from crypto.seal.backup import (
    ACCOUNT_LIMIT,
    CHUNK,
    About,
    Account,
    AlteredBackupError,
    BackupError,
    BackupKind,
    BackupSignerError,
    BackupWriter,
    MalformedBackupError,
    WrongPapersError,
    check_stream,
    open_rows,
    split_account,
    verify_account,
)
from crypto.seal.primitives import OpeningKey, WrappingKey
from tests.support.chance import Chance
from tests.support.world import HERE, NOW, THERE, directory, seed

PAPERS = OpeningKey.from_seed(seed("papers"))
ABOUT = About(BackupKind.ROWS, HERE.desk, NOW, "7")
ROWS: list[Value] = [["cases", ["thread"], [bytes([n])]] for n in range(3)]
LARGE: list[Value] = [["messages", ["record"], [bytes(CHUNK)]] for _ in range(3)]


def written(
    rows: list[Value] = ROWS, *, about: About = ABOUT, device: SigningKey = HERE.device
) -> bytes:
    """Return the file of a backup."""
    writer = BackupWriter(about, WrappingKey.from_public(PAPERS.public), key_id(PAPERS.public))
    return b"".join([*(writer.push(row) for row in rows), writer.finish(device)])


def verified(raw: bytes) -> tuple[Account, bytes]:
    """Return the account of a file and its stream, seen to be whole."""
    signed, size = split_account(raw[-ACCOUNT_LIMIT:], len(raw))
    account = verify_account(signed, size, directory())
    check_stream(account, iter([raw[:size]]))
    return account, raw[:size]


def opened(raw: bytes, key: OpeningKey = PAPERS) -> list[Value]:
    """Return the rows of a file."""
    account, stream = verified(raw)
    return list(open_rows(account, key, BytesIO(stream).read))


@pytest.mark.parametrize("rows", [[], ROWS, LARGE], ids=["none", "few", "many-chunks"])
def test_what_was_backed_up_comes_out_in_order(rows: list[Value]) -> None:
    assert opened(written(rows)) == rows


def test_an_account_says_what_a_backup_is() -> None:
    account, stream = verified(written())

    assert (account.kind, account.desk, account.device) == (
        BackupKind.ROWS,
        HERE.desk,
        HERE.device.kid,
    )
    assert (account.at, account.schema, account.size) == (NOW, "7", len(stream))


def test_a_thousand_mutations_are_each_refused() -> None:
    raw, chance = written(), Chance(15)

    for _ in range(1_000):
        with pytest.raises(BackupError):
            opened(mutated(raw, chance))


def mutated(raw: bytes, chance: Chance) -> bytes:
    """Return the file with a bit turned, cut, with a piece gone, or with something in between."""
    at, length = chance.below(len(raw)), 1 + chance.below(200)
    turned = bytearray(raw)
    turned[at] ^= 1 << chance.below(8)
    return chance.one_of(
        [
            bytes(turned),
            raw[:at],
            raw[at + 1 :],
            raw[:at] + raw[at + length :],
            raw[:at] + b"\0" + raw[at:],
        ]
    )


@pytest.mark.parametrize(
    "signer, about",
    [
        (HERE.officer, ABOUT),
        (THERE.device, ABOUT),
        (SigningKey.from_seed(seed("a stranger's")), ABOUT),
        (HERE.device, replace(ABOUT, at=NOW + 800 * 86_400)),
    ],
    ids=["officer", "other-desk", "stranger", "out-of-time"],
)
def test_a_backup_is_signed_by_a_device_of_its_desk_in_its_time(
    signer: SigningKey, about: About
) -> None:
    with pytest.raises(BackupSignerError):
        verified(written(about=about, device=signer))


def test_a_signature_under_another_label_is_none() -> None:
    raw = written()
    signed, size = split_account(raw[-ACCOUNT_LIMIT:], len(raw))
    account = verify_account(signed, size, directory())
    other = pack_signed(HERE.device, labels.STANDING, account.encoded())

    with pytest.raises(BackupSignerError):
        verify_account(other, size, directory())


def test_other_papers_open_nothing() -> None:
    with pytest.raises(WrongPapersError):
        opened(written(), OpeningKey.from_seed(seed("other papers")))


@pytest.mark.parametrize(
    "change", [{"kind": BackupKind.CASE_KEYS}, {"at": NOW + 1}, {"desk": THERE.desk}]
)
def test_a_wrap_is_of_its_backup_alone(change: dict[str, object]) -> None:
    account, stream = verified(written())
    other = replace(account, **change)  # type: ignore[arg-type]  # one field of many

    with pytest.raises(WrongPapersError):
        list(open_rows(other, PAPERS, BytesIO(stream).read))


def test_a_stream_without_its_last_chunk_is_seen() -> None:
    account, stream = verified(written(LARGE))
    cut = stream[: 2 * (CHUNK + 17)]

    with pytest.raises(AlteredBackupError, match="last chunk"):
        list(open_rows(replace(account, size=len(cut)), PAPERS, BytesIO(cut).read))


def test_a_stream_is_compared_with_what_was_signed() -> None:
    account, stream = verified(written())

    with pytest.raises(AlteredBackupError, match="not the one"):
        check_stream(account, iter([stream[:-1], b"?"]))


def test_chunks_that_changed_places_are_seen() -> None:
    account, stream = verified(written(LARGE))
    size = CHUNK + 17
    swapped = stream[size : 2 * size] + stream[:size] + stream[2 * size :]

    with pytest.raises(AlteredBackupError):
        list(open_rows(account, PAPERS, BytesIO(swapped).read))


def bodies() -> Iterator[Value]:
    """Yield what is no account, though it is signed."""
    yield []
    yield [
        2,
        1,
        HERE.desk,
        HERE.device.kid,
        NOW,
        "7",
        bytes(16),
        bytes(1_168),
        bytes(24),
        0,
        bytes(32),
    ]
    yield [
        1,
        9,
        HERE.desk,
        HERE.device.kid,
        NOW,
        "7",
        bytes(16),
        bytes(1_168),
        bytes(24),
        0,
        bytes(32),
    ]
    yield [
        1,
        1,
        HERE.desk,
        HERE.device.kid,
        NOW,
        "7",
        bytes(16),
        bytes(1_167),
        bytes(24),
        0,
        bytes(32),
    ]


@pytest.mark.parametrize("body", list(bodies()), ids=["empty", "version", "kind", "wrap"])
def test_a_signed_body_that_is_no_account_is_malformed(body: Value) -> None:
    with pytest.raises(MalformedBackupError):
        verify_account(pack_signed(HERE.device, labels.BACKUP, encode(body)), 0, directory())


@pytest.mark.parametrize("raw", [b"", b"\0\0\0\0", b"\xff\xff\xff\xff", b"abc"])
def test_a_file_without_an_account_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedBackupError):
        split_account(raw, len(raw))
