"""The specification says what the code does: its bytes, codes, labels, limits and tables."""

import re
from collections.abc import Callable, Iterator

import pytest

from crypto.attest import header, labels
from crypto.attest.blob import LARGEST_FILE
from crypto.attest.directory import GRACE, DirectoryError, UnknownDeskError
from crypto.attest.header import EnvelopeError, parse_envelope
from crypto.attest.statement import LONGEST_VALIDITY, LONGEST_WINDOW
from crypto.seal import archive, backup, content, envelope, erasure, oversight, vault
from crypto.seal.attachment import AttachmentFormError
from crypto.seal.envelope import MAY_SIGN
from crypto.seal.papers import LINES, PaperError
from crypto.seal.stream import AttachmentError
from liaison.desk.archive.oversight import NoOversightError, ReviewProofError
from liaison.desk.store import (
    InClearError,
    LogNotCutError,
    NoCipherError,
    NoRoomError,
    StoreFailedError,
)
from tests.support.requirements import REPOSITORY
from tests.unit.crypto.attest.test_padding import SIZES
from tests.vectors.test_vectors import fields

SPEC = REPOSITORY / "docs" / "spec"
PAGES = {
    name: (SPEC / f"{name}.md").read_text("utf-8")
    for name in ("envelope", "directory", "vault", "oversight", "archive", "backup")
}
EXAMPLE = re.compile(r"<!-- vector: (\S+) ([^>]+) -->\n```\n(.*?)```", re.DOTALL)


def header_of(vector: dict[str, list[str]]) -> str:
    """Return the header of an envelope vector in hex."""
    return parse_envelope(bytes.fromhex(vector["envelope"][0])).header_bytes.hex()


PARTS: dict[str, Callable[[dict[str, list[str]]], str]] = {
    "header": header_of,
    "mid": lambda vector: vector["mid"][0],
    "content": lambda vector: vector["content"][0],
    "attachment": lambda vector: vector["attachment"][0],
    "entry 4": lambda vector: vector["entry"][3],
    "record": lambda vector: vector["record"][0],
}


def examples() -> Iterator[tuple[str, str, str]]:
    """Yield each example of the pages: vector, part, and its hex without comments."""
    for page in PAGES.values():
        for name, part, block in EXAMPLE.findall(page):
            lines = (line.partition(";")[0] for line in block.splitlines())
            yield name, part, "".join("".join(lines).split())


@pytest.mark.parametrize("name, part, printed", list(examples()))
def test_an_example_is_printed_as_its_vector_holds_it(name: str, part: str, printed: str) -> None:
    vector = fields(REPOSITORY / "tests" / "vectors" / name)

    assert printed == PARTS[part](vector)


def test_every_part_has_an_example() -> None:
    assert [part for _, part, _ in examples()] == list(PARTS)


def codes(page: str, area: str) -> set[str]:
    """Return the codes of an area that a page names."""
    return set(re.findall(rf"`({area}\.\w+)`", PAGES[page]))


def codes_of(root: type[Exception]) -> set[str]:
    """Return the codes of every error of crypto below ``root``."""
    kinds = [kind for kind in root.__subclasses__() if kind.__module__.startswith("crypto.")]
    return {str(vars(kind)["code"]) for kind in kinds}


def test_every_code_of_an_envelope_is_in_the_table_of_checks() -> None:
    assert envelope.SignerError.code in codes("envelope", "envelope")
    assert codes("envelope", "envelope") == {
        code for code in codes_of(EnvelopeError) if code.startswith("envelope.")
    }


def test_every_code_of_an_attachment_is_in_the_table_of_its_checks() -> None:
    assert codes("envelope", "attachment") == {
        AttachmentFormError.code,
        *codes_of(AttachmentError),
    }


def test_every_code_with_which_an_entry_is_refused_is_in_the_table() -> None:
    asked = {"directory.unknown_signer", "directory.no_window", "directory.no_grant_key"}

    assert UnknownDeskError.code in codes("directory", "directory")
    assert codes("directory", "directory") == codes_of(DirectoryError) - asked


def test_every_code_of_a_vault_is_in_the_table() -> None:
    assert codes("vault", "vault") == codes_of(vault.VaultError)
    assert codes("vault", "papers") == {PaperError.code}
    assert codes("vault", "store") == {
        NoCipherError.code,
        InClearError.code,
        NoRoomError.code,
        LogNotCutError.code,
        StoreFailedError.code,
    }


def test_every_code_of_oversight_is_in_the_table() -> None:
    ours = {NoOversightError.code, ReviewProofError.code}

    assert codes("oversight", "oversight") == codes_of(oversight.OversightError) | ours


def test_every_code_of_an_archive_is_in_the_table() -> None:
    assert codes("archive", "archive") == codes_of(archive.ArchiveError)
    assert codes("backup", "backup") >= codes_of(backup.BackupError)
    assert codes("archive", "erasure") == codes_of(erasure.ErasureError)


OTHER_LABELS = (*labels.WRAPPING, labels.KEPT, labels.TOKEN)


@pytest.mark.parametrize(
    "label", [*labels.SIGNING, *OTHER_LABELS], ids=lambda label: label.decode()
)
def test_every_label_is_in_the_table(label: bytes) -> None:
    assert f"| `{label[:-1].decode()}\\0` |" in PAGES["envelope"]


@pytest.mark.parametrize("name", [name for name in vars(labels) if name.startswith("P_")])
def test_every_person_is_in_the_table(name: str) -> None:
    assert f"`{vars(labels)[name].decode()}`" in PAGES["envelope"]


def test_no_label_or_person_is_told_that_does_not_exist() -> None:
    told = set(re.findall(r"`(lz1-\w+|liaison/1 \w+\\0)`", PAGES["envelope"]))
    persons = {value.decode() for name, value in vars(labels).items() if name.startswith("P_")}
    signed = {f"{label[:-1].decode()}\\0" for label in (*labels.SIGNING, *OTHER_LABELS)}

    assert told == persons | signed


@pytest.mark.parametrize(
    "page, sentence",
    [
        ("envelope", f"| header | {header.HEADER_LIMIT:,} bytes |"),
        ("envelope", f"| body | {header.BODY_LIMIT:,} bytes |"),
        ("envelope", f"| addressed desks | {header.MAX_DESKS} |"),
        ("envelope", f"| readers | {header.MAX_READERS} |"),
        ("envelope", f"| clocks stopped by one message | {header.MAX_STOPS} |"),
        ("envelope", f"| blobs | {header.MAX_BLOBS} |"),
        ("envelope", f"| attachment | {LARGEST_FILE:,} bytes |"),
        ("envelope", f"| parents | {content.MAX_PARENTS} |"),
        ("envelope", f"so there are {len(SIZES)} sizes"),
        ("directory", f"(`at < not after + {GRACE:,}`)"),
        ("directory", f"for at most {LONGEST_VALIDITY // 86_400} days"),
        ("directory", f"more than {['', 'seven'][LONGEST_WINDOW // (7 * 86_400)]} days"),
        ("vault", "fewer than twelve characters"),
        ("vault", f"at most {vault.VAULT_LIMIT:,} bytes"),
        ("vault", f"is printed as {['', '', '', '', 'four'][LINES]} lines"),
    ],
)
def test_a_limit_is_told_as_the_code_has_it(page: str, sentence: str) -> None:
    assert sentence in PAGES[page]


#: The kinds of message in the order of the table's columns.
KINDS = (
    *("step", "receipt", "status", "countersign", "grant", "history"),
    *("missing", "resend", "void", "review", "erasure"),
)


def test_the_table_of_roles_is_the_codes() -> None:
    rows = re.findall(
        r"^\| ([a-z, ]+)" + r" \| (may|may not)" * len(KINDS) + r" \|$",
        PAGES["envelope"],
        re.MULTILINE,
    )
    told = {
        (role, kind)
        for roles, *cells in rows
        for role in roles.split(", ")
        for kind, cell in zip(KINDS, cells, strict=True)
        if cell == "may"
    }

    assert told == {
        (role.name.lower(), kind.name.lower()) for kind, roles in MAY_SIGN.items() for role in roles
    }
    assert vault.SHORTEST_PASSPHRASE == 12  # told in words
