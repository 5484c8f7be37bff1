"""What a file is told to be from its content, and what becomes of its name and of a picture."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from crypto.seal.attachment import Attachment, AttachmentFormError, is_safe_name
from crypto.seal.stream import Sealing
from liaison.desk.files.cabinet import Cabinet, OtherKindError
from liaison.desk.files.darkroom import make_anew
from liaison.desk.files.filing import plain_name
from liaison.desk.files.kinds import PDF, ActiveError, EndingError, KindError, PictureError
from liaison.desk.files.sniffing import Watcher, check_ending, kind_of
from tests.support.files import PDF as DOCUMENT
from tests.support.files import in_pieces, photograph

CONTENTS = {
    "image/jpeg": photograph(),
    "image/png": photograph("PNG"),
    "image/webp": photograph("WEBP"),
    "application/pdf": DOCUMENT,
    "audio/mpeg": b"ID3\x04" + bytes(50),
    "audio/mp4": b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42",
    "audio/wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(20),
    "audio/ogg": b"OggS\0\x02" + bytes(22) + b"\x01vorbis",
    "audio/amr": b"#!AMR\n" + bytes(20),
    "video/mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(20),
    "video/quicktime": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
    "video/3gpp": b"\0\0\0\x18ftyp3gp4\0\0\0\0",
    "video/webm": b"\x1a\x45\xdf\xa3" + bytes(10) + b"webm",
    "text/plain": "Nguyễn Thị P1, 护照 E12345678".encode(),
}


@pytest.mark.parametrize("media_type", CONTENTS)
def test_a_file_is_of_the_kind_of_its_content(media_type: str) -> None:
    assert kind_of(CONTENTS[media_type]).media_type == media_type


@pytest.mark.parametrize(
    "head",
    [
        b"MZ" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"PK\3\4" + bytes(100),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        b"{\\rtf1\\ansi}",
        b"\0\1\2\3" * 50,
        "\u00e9".encode("latin-1") * 40,
    ],
    ids=["Windows", "Linux", "archive", "old Word", "RTF", "bytes", "another charset"],
)
def test_what_has_no_row_is_of_no_kind(head: bytes) -> None:
    with pytest.raises(KindError):
        kind_of(head)


@pytest.mark.parametrize("begins", ["P1 at", "BM", "MZ", "II*", "GIF", "PK", "%!", "ID", "-lh"])
def test_a_text_stays_one_whatever_its_first_letters_are_elsewhere(begins: str) -> None:
    assert kind_of(f"{begins} lúc 02:14 ở bến xe.".encode()).media_type == "text/plain"


@pytest.mark.parametrize("text", [b"<HTML><body>", b"a <SVG onload=x>", b"#!/bin/sh", b"<?php x"])
def test_a_text_with_markup_is_no_text(text: bytes) -> None:
    with pytest.raises((ActiveError, KindError)):
        kind_of(text)


def test_a_text_may_be_cut_within_a_character() -> None:
    whole = ("x" + "护照" * 30_000).encode()

    assert kind_of(whole[: 64 * 1024]).media_type == "text/plain"


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.pdf.exe", "pdf"])
def test_an_ending_of_another_kind_is_refused(name: str) -> None:
    with pytest.raises(EndingError):
        check_ending(name, PDF)


def test_a_script_in_a_pdf_is_seen_across_two_pieces() -> None:
    watcher = Watcher(PDF)
    watcher.see(b"x" * 100 + b"/JavaSc")

    with pytest.raises(ActiveError):
        watcher.see(b"ript (app.alert)")


@pytest.mark.parametrize(
    "name, plain",
    [
        ("C:\\Users\\An\\hộ chiếu.pdf", "hộ chiếu.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("a\u202egpj.pdf", "a_gpj.pdf"),
        ('a:b*"?.pdf', "a_b___.pdf"),
        (".profile.txt ", "profile.txt"),
        ("照" * 100 + ".pdf", "照" * 65 + ".pdf"),
    ],
)
def test_a_name_becomes_one_that_may_travel_and_keeps_its_end(name: str, plain: str) -> None:
    assert plain_name(name) == plain
    assert is_safe_name(plain)


async def test_a_transparent_picture_stays_so_and_its_preview_lies_on_white() -> None:
    made = io.BytesIO()
    Image.new("RGBA", (3_000, 20), (0, 0, 0, 0)).save(made, "PNG")

    anew, preview = await make_anew(made.getvalue()), await make_anew(made.getvalue(), preview=True)

    with Image.open(io.BytesIO(anew)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (3_000, 20))
    with Image.open(io.BytesIO(preview)) as small:
        assert (small.format, small.size[0]) == ("JPEG", 1_600)
        assert small.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "ICO"])
async def test_no_other_decoder_is_tried(kind: str) -> None:
    made = io.BytesIO()
    Image.new("RGB", (16, 16)).save(made, kind)

    with pytest.raises(PictureError):
        await make_anew(made.getvalue())


async def received(
    folder: Path, plain: bytes, name: str, media_type: str
) -> tuple[Cabinet, Attachment]:
    """Return a cabinet to which a file has come that its sender sealed without looking into it."""
    cabinet, sealing = Cabinet(folder / "files"), Sealing()
    blob = sealing.push(plain) + b"".join(sealing.finish())
    attachment = sealing.attachment(name, media_type)
    cabinet.coming(attachment.blob).write_bytes(blob)
    return cabinet, attachment


@pytest.mark.parametrize(
    "plain, name, media_type, error",
    [
        (b"MZ" + bytes(100), "a.pdf", "application/pdf", KindError),
        (DOCUMENT, "a.jpg", "image/jpeg", OtherKindError),
        (DOCUMENT, "a.exe", "application/pdf", EndingError),
        (DOCUMENT + b"/JavaScript", "a.pdf", "application/pdf", ActiveError),
        (DOCUMENT + bytes(2 << 20) + b"/Launch", "a.pdf", "application/pdf", ActiveError),
        (b"a\n" * 1_100_000 + b"<script>", "a.txt", "text/plain", ActiveError),
    ],
    ids=["a program", "another kind", "another end", "a script", "a script far inside", "markup"],
)
async def test_a_file_that_came_is_looked_into_whatever_its_sender_said(
    tmp_path: Path, plain: bytes, name: str, media_type: str, error: type[Exception]
) -> None:
    cabinet, attachment = await received(tmp_path, plain, name, media_type)

    with pytest.raises(error):
        await cabinet.check(attachment, cabinet.coming(attachment.blob))


@pytest.mark.parametrize("media_type", CONTENTS)
async def test_a_file_that_came_as_it_was_said_is_good(tmp_path: Path, media_type: str) -> None:
    name = "a" + kind_of(CONTENTS[media_type]).endings[0]
    cabinet, attachment = await received(tmp_path, CONTENTS[media_type], name, media_type)

    coming = cabinet.coming(attachment.blob)
    await cabinet.check(attachment, coming)
    cabinet.take(attachment.blob, coming)

    assert [piece async for piece in cabinet.read(attachment)] == [CONTENTS[media_type]]


async def test_a_name_that_is_not_safe_is_not_sealed(tmp_path: Path) -> None:
    async def keep(_attachment: Attachment) -> None:
        raise AssertionError

    with pytest.raises(AttachmentFormError):
        await Cabinet(tmp_path / "files").seal("a/b.pdf", in_pieces(DOCUMENT), keep)


async def test_what_was_cut_off_half_sealed_is_gone_at_the_next_start_and_what_came_stays(
    tmp_path: Path,
) -> None:
    cabinet, attachment = await received(tmp_path, DOCUMENT, "a.pdf", "application/pdf")
    (tmp_path / "files" / f"{'0' * 32}.part").write_bytes(b"x")

    Cabinet(tmp_path / "files")

    assert list((tmp_path / "files").iterdir()) == [cabinet.coming(attachment.blob)]


async def test_of_what_comes_by_hand_no_more_is_read_than_the_file_has_and_one_byte(
    tmp_path: Path,
) -> None:
    cabinet, read = Cabinet(tmp_path / "files"), list[bytes]()

    async def endless() -> AsyncIterator[bytes]:
        while len(read) < 50:
            read.append(bytes(1_000))
            yield read[-1]

    async with cabinet.held(endless(), most=2_500) as path:
        size = path.stat().st_size

    assert (size, len(read)) == (2_501, 3)
    assert list((tmp_path / "files").iterdir()) == []


async def test_only_what_belongs_to_a_case_stays_in_the_cabinet(tmp_path: Path) -> None:
    cabinet, attachment = await received(tmp_path, DOCUMENT, "a.pdf", "application/pdf")
    other = cabinet.coming(bytes(32))
    other.write_bytes(b"x")

    cabinet.keep_only({attachment.blob})

    assert cabinet.coming(attachment.blob).exists()
    assert not other.exists()
