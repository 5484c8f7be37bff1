"""Numbers as QR codes: in a terminal, and as a picture to print.

The one door to segno. A code always carries its white quiet zone, so that it can be read on a dark
screen; in print each module is a millimetre, which makes a fingerprint over 40 mm wide.
"""

from io import BytesIO, StringIO
from pathlib import Path

import segno

#: Modules of white around a code (ISO/IEC 18004 asks for four).
QUIET = 4
#: Pixels a module of a PNG; a module of an SVG is one millimetre.
PIXELS = 12
KINDS = (".svg", ".png")
WHITE_ON_BLACK, AS_BEFORE = "\x1b[97;40m", "\x1b[0m"


class PictureError(Exception):
    """A picture of another kind than we write."""

    code = "keys.picture"


def qr_in_terminal(text: str) -> str:
    """Return ``text`` as a QR code in half blocks, white on black whatever the terminal's theme.

    It ends without a line break.
    """
    out = StringIO()
    _made(text).terminal(out, border=QUIET, compact=True)
    lines = out.getvalue().rstrip("\n").splitlines()
    return "\n".join(f"{WHITE_ON_BLACK}{line}{AS_BEFORE}" for line in lines)


def qr_as_svg(text: str) -> str:
    """Return ``text`` as an SVG picture for a page: black on white, without a size of its own."""
    out = BytesIO()
    _made(text).save(
        out,
        kind="svg",
        border=QUIET,
        light="#fff",
        xmldecl=False,
        svgns=True,
        omitsize=True,
        nl=False,
    )
    return out.getvalue().decode()


def write_qr(text: str, file: Path) -> None:
    """Write ``text`` as a QR code into ``file``, an SVG or PNG by the end of its name.

    Raises:
        PictureError: another kind of file.
        OSError: it cannot be written.
    """
    kind = file.suffix.lower()
    if kind not in KINDS:
        raise PictureError(f"{file}: expected a name that ends with .svg or .png")
    if kind == ".svg":
        _made(text).save(str(file), kind="svg", border=QUIET, light="#fff", unit="mm")
    else:
        _made(text).save(str(file), kind="png", border=QUIET, scale=PIXELS)


def _made(text: str) -> segno.QRCode:
    # Error correction M: a code that is folded or photographed at night is still read.
    return segno.make_qr(text, error="m")
