"""The vectors in this folder: made as said, agreed on by two decoders, one of which is not ours."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from crypto.attest import labels
from crypto.attest.directory import Directory, DirectoryError
from crypto.attest.encoding import decode
from crypto.attest.header import EnvelopeError, parse_envelope
from crypto.attest.signing import SignatureError, VerifyKey, key_id, open_signed
from crypto.seal.attachment import AttachmentFormError, attachments_from_value
from crypto.seal.envelope import Opened, open_envelope, plain_digest
from crypto.seal.primitives import OpeningKey
from crypto.seal.stream import AttachmentError, Opening
from liaison.desk.line.outbox import FalseReceiptError, check_took
from protocols.casework.errors import CaseworkError
from protocols.casework.receipt import receipt_from_value
from protocols.wire.receipt import ReceiptError, parse_ack, parse_noted
from tests.vectors.attachment_cases import file_of
from tests.vectors.generate import FOLDER, outdated, without_wraps

ATTACHMENTS = sorted((FOLDER / "attachment").glob("*.txt"))
DIRECTORIES = sorted((FOLDER / "directory").glob("*.txt"))
ENVELOPES = sorted((FOLDER / "envelope").glob("*.txt"))
RECEIPTS = sorted((FOLDER / "receipt").glob("*.txt"))
ALL = [*ATTACHMENTS, *DIRECTORIES, *ENVELOPES, *RECEIPTS]
DECODER = FOLDER / "independent_decoder.py"
FIELDS = {"comment", "expect", "pin", "entry", "head", "directory", "desk", "at", "seed"}
RECEIPT_FIELDS = {"kind", "key", "receipt"}
OPENED_FIELDS = {"index", "place", "envelope", "mid", "eid", "content", "attachment", "blob"}


def fields(path: Path) -> dict[str, list[str]]:
    """Return the fields of a vector, each with its values in order."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(": ")
        found.setdefault(name, []).append(value)
    return found


def entries(vector: dict[str, list[str]]) -> list[bytes]:
    """Return the entries of a directory vector."""
    return [bytes.fromhex(entry) for entry in vector["entry"]]


def named(path: Path) -> str:
    """Return a vector's name for a test's."""
    return path.stem


@pytest.mark.parametrize("path", DIRECTORIES, ids=named)
def test_a_directory_stands_or_its_last_entry_is_refused(path: Path) -> None:
    vector = fields(path)
    *before, last = entries(vector)
    directory = Directory.replay(vector.get("pin", []), before)

    try:
        directory.append(last)
    except DirectoryError as e:
        code = e.code
    else:
        code = "ok"

    assert [code] == vector["expect"]
    assert [f"{directory.head.size} {directory.head.hash.hex()}"] == vector["head"]


def opened(vector: dict[str, list[str]]) -> Opened:
    """Return the envelope of a vector, opened as the vector says."""
    known = fields(FOLDER / "directory" / vector["directory"][0])
    keys = [OpeningKey.from_seed(bytes.fromhex(seed)) for seed in vector["seed"]]
    directory = Directory.replay(known["pin"], entries(known))
    for place in vector.get("place", []):
        directory.place(*map(int, place.split()))
    return open_envelope(
        parse_envelope(bytes.fromhex(vector["envelope"][0])),
        desk=bytes.fromhex(vector["desk"][0]),  # type: ignore[arg-type]  # as it stands there
        windows={key_id(key.public): key for key in keys},
        directory=directory,
        at=int(vector["at"][0]),
        index=int(vector["index"][0]) if "index" in vector else None,
    )


@pytest.mark.parametrize("path", ENVELOPES, ids=named)
def test_an_envelope_opens_or_is_refused_under_its_code(path: Path) -> None:
    vector = fields(path)

    try:
        found = opened(vector)
    except EnvelopeError as e:
        assert [e.code] == vector["expect"]  # noqa: PT017 - either outcome is a vector's
    else:
        assert vector["expect"] == ["ok"]
        assert [found.content.encoded().hex()] == vector["content"]
        assert [found.sealed.mid.hex(), found.sealed.eid.hex()] == vector["mid"] + vector["eid"]


@pytest.mark.parametrize("path", ATTACHMENTS, ids=named)
@pytest.mark.parametrize("piece", [1_000, 1 << 20])
def test_a_blob_opens_or_is_refused_under_its_code_however_it_comes(path: Path, piece: int) -> None:
    vector = fields(path)
    said, blob = (bytes.fromhex(vector[name][0]) for name in ("attachment", "blob"))

    try:
        (attachment,) = attachments_from_value([decode(said, limit=4_096)])
        opening = Opening(attachment)
        plain = b"".join(opening.pull(blob[at : at + piece]) for at in range(0, len(blob), piece))
        opening.finish()
    except (AttachmentFormError, AttachmentError) as e:
        assert [e.code] == vector["expect"]  # noqa: PT017 - either outcome is a vector's
    else:
        assert vector["expect"] == ["ok"]
        assert plain == file_of(attachment.size)


def take(vector: dict[str, list[str]]) -> object:
    """Return the receipt of a vector as the desk or the broker reads it."""
    raw = bytes.fromhex(vector["receipt"][0])
    if vector["kind"] == ["opened"]:
        return receipt_from_value(decode(raw, limit=len(raw)))
    key = VerifyKey(bytes.fromhex(vector["key"][0]))
    if vector["kind"] == ["took"]:
        mid, eid = (bytes.fromhex(vector[name][0]) for name in ("mid", "eid"))
        return check_took(raw, mid, eid, key)
    if vector["kind"] == ["ack"]:
        return parse_ack(open_signed(key, labels.ACK, raw))
    return parse_noted(open_signed(key, labels.NOTED, raw))


@pytest.mark.parametrize("path", RECEIPTS, ids=named)
def test_a_receipt_is_taken_or_refused_under_its_code(path: Path) -> None:
    vector = fields(path)

    try:
        take(vector)
    except (CaseworkError, FalseReceiptError, ReceiptError, SignatureError) as e:
        code = e.code
    else:
        code = "ok"

    assert [code] == vector["expect"]


def test_the_files_are_as_they_would_be_made_now() -> None:
    assert [path.name for path in outdated()] == []


def test_a_file_that_differs_in_a_wrap_only_is_up_to_date() -> None:
    text = ENVELOPES[0].read_text(encoding="utf-8")
    wrap = text.index("590490", text.index("envelope: ")) + 6
    digit = "0" if text[wrap] != "0" else "1"
    garbled = text[:wrap] + digit + text[wrap + 1 :]

    assert without_wraps(garbled) == without_wraps(text)
    assert without_wraps(text.replace("expect: ", "expect: x")) != without_wraps(text)


@pytest.mark.parametrize("path", ALL, ids=named)
def test_a_vector_is_told_in_one_form(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert [line.partition(": ")[0] for line in lines[:2]] == ["comment", "expect"]
    assert {line.partition(": ")[0] for line in lines} <= FIELDS | OPENED_FIELDS | RECEIPT_FIELDS


def test_the_independent_decoder_agrees_on_every_vector() -> None:
    finished = subprocess.run(
        [sys.executable, "-P", DECODER],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    ok = sum(fields(path)["expect"] == ["ok"] for path in ALL)
    refused = len(ALL) - ok

    assert finished.stdout == f"{ok} opened, {refused} refused, 0 disagree\n"
    assert finished.returncode == 0
    assert ok >= 20
    assert refused >= 300


def test_the_independent_decoder_disagrees_with_a_spoilt_vector(tmp_path: Path) -> None:
    decoder = tmp_path / DECODER.name
    decoder.write_text(DECODER.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "directory").mkdir()
    text = (FOLDER / "directory" / "three-agencies.txt").read_text(encoding="utf-8")
    spoilt = re.sub(r"head: (\d+) .", r"head: \1 x", text)
    (tmp_path / "directory" / "three-agencies.txt").write_text(spoilt, encoding="utf-8")

    finished = subprocess.run(
        [sys.executable, "-P", decoder],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert finished.stdout.endswith("0 opened, 1 refused, 1 disagree\n")
    assert finished.returncode == 1


def test_the_independent_decoder_loads_none_of_our_code_and_not_its_libraries() -> None:
    """Neither our packages nor cbor2, whose mistakes we would share."""
    script = (
        "import runpy, sys\n"
        "try: runpy.run_path(sys.argv[1], run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    finished = subprocess.run(
        [sys.executable, "-P", "-c", script, DECODER],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    loaded = set(re.findall(r"'(\w+)'", finished.stdout.splitlines()[-1]))

    assert "nacl" in loaded
    assert not loaded & {"crypto", "protocols", "liaison", "config", "translation", "tests"}
    assert not loaded & {"cbor2", "cryptography"}


def test_the_plain_hash_is_of_the_content_as_signed() -> None:
    vector = fields(FOLDER / "envelope" / "rescue-request.txt")
    content = bytes.fromhex(vector["content"][0])

    assert plain_digest(content) == plain_digest(opened(vector).content.encoded())
