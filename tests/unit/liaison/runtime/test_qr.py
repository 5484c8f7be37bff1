from pathlib import Path

import pytest

from liaison.runtime.qr import (
    AS_BEFORE,
    WHITE_ON_BLACK,
    PictureError,
    qr_as_svg,
    qr_in_terminal,
    write_qr,
)

NUMBER = " ".join(["54663"] * 12)


def test_a_code_in_print_is_over_forty_millimetres_wide_with_its_white_zone(tmp_path: Path) -> None:
    file = tmp_path / "root.svg"

    write_qr(NUMBER, file)

    said = file.read_text()
    assert 'width="41mm"' in said
    assert 'fill="#fff" d="M0 0h41v41h-41z"' in said


def test_a_png_is_one(tmp_path: Path) -> None:
    file = tmp_path / "root.PNG"

    write_qr(NUMBER, file)

    assert file.read_bytes().startswith(b"\x89PNG")


def test_another_kind_of_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError):
        write_qr(NUMBER, tmp_path / "root.pdf")


def test_another_number_is_another_picture() -> None:
    assert qr_as_svg(NUMBER) != qr_as_svg(NUMBER.replace("5", "6"))


def test_a_terminal_shows_it_white_on_black_whatever_its_theme() -> None:
    lines = qr_in_terminal(NUMBER).splitlines()

    assert all(line.startswith(WHITE_ON_BLACK) and line.endswith(AS_BEFORE) for line in lines)
    assert set(lines[0].removeprefix(WHITE_ON_BLACK).removesuffix(AS_BEFORE)) == {"█"}
