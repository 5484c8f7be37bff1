"""A picture made anew: turned as its camera meant, its dots and nothing else. A program of its own.

Whoever takes a photograph tells where and with what; a picture from elsewhere may be made to harm
the program that decodes it. So this runs as a process without any key, reads one picture from
standard input and writes one to standard output. It imports nothing of ours.
"""

import io
import sys
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

#: No other decoder is ever tried.
FORMATS = ("JPEG", "PNG", "WEBP")
#: A bomb is small in the file and huge in memory: more dots than this are refused, unread.
MOST_DOTS = 64_000_000
#: The longer side of a preview.
PREVIEW = 1_600
QUALITY = 90
REFUSED = 3


def make_anew(raw: bytes, *, preview: bool) -> bytes:
    """Return the picture in ``raw`` without anything beside its dots, a preview as small JPEG.

    Raises:
        ValueError, OSError, Warning: it is none of the formats, too large, or broken.
    """
    with Image.open(io.BytesIO(raw), formats=FORMATS) as found:
        kind = found.format
        if found.width * found.height > MOST_DOTS:
            raise ValueError("too many dots")
        found.load()
        turned = ImageOps.exif_transpose(found)
    plain = turned.convert(
        "RGBA" if "A" in turned.getbands() or "transparency" in turned.info else "RGB"
    )
    if preview:
        plain.thumbnail((PREVIEW, PREVIEW))
        kind = "JPEG"
    # A new image: what hung on the old one (EXIF, GPS, profiles, comments) is not copied.
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    if kind == "JPEG" and bare.mode == "RGBA":
        white = Image.new("RGB", bare.size, "white")
        white.paste(bare, mask=bare.getchannel("A"))
        bare = white
    made = io.BytesIO()
    bare.save(made, kind, **({} if kind == "PNG" else {"quality": QUALITY}))
    return made.getvalue()


def main() -> int:
    """Make one picture anew; return 0, or REFUSED and write nothing."""
    warnings.simplefilter("error")
    Image.MAX_IMAGE_PIXELS = MOST_DOTS
    preview = sys.argv[1:] == ["preview"]
    try:
        made = make_anew(sys.stdin.buffer.read(), preview=preview)
    except (ValueError, OSError, SyntaxError, MemoryError, Warning, UnidentifiedImageError):
        return REFUSED
    except Image.DecompressionBombError:
        return REFUSED
    sys.stdout.buffer.write(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
