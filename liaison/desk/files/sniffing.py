"""What a file is, told from its content: the name and the sender's word count for nothing.

The sender's desk looks before it seals, the receiving desk again after it has opened: neither
trusts the other's look. A text has no mark of its own: it reads as UTF-8 and holds no markup.
"""

import re
from pathlib import PurePosixPath

import puremagic

from liaison.desk.files.kinds import KINDS, PDF, TEXT, ActiveError, EndingError, FileKind, KindError

#: The first bytes of a file that are looked into.
HEAD = 64 * 1024
#: Below this the sniffer has seen two or three letters, as any text may begin with.
SURE = 0.5
#: What starts a program where PDF is read (ISO 32000-1, 12.6.4 and 7.11.4). Long enough that no
#: compressed stream holds it by chance; a name written with escapes, or within a compressed object,
#: is not seen.
ACTIVE_IN_PDF = (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia")
MARKUP = re.compile(rb"<(?:!doctype|html|svg|script|iframe|\?xml|\?php)|\A#!", re.IGNORECASE)
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def kind_of(head: bytes) -> FileKind:
    """Return the kind of a file that begins with ``head``.

    Raises:
        KindError: none that has a row.
    """
    try:
        # The surest finding alone: what might be one of several is none.
        first = max(puremagic.magic_string(head), key=lambda found: found.confidence)
    except (puremagic.PureError, ValueError):
        return _text(head)
    for kind in KINDS:
        if first.extension in kind.sniffed and kind is not TEXT:
            return kind
    if first.confidence < SURE:  # a text that begins with P1 is no bitmap
        return _text(head)
    raise KindError(f"pictures, PDF, sound, film or plain text expected, {first.extension} found")


def check_ending(name: str, kind: FileKind) -> None:
    """Raise EndingError unless the end of ``name`` is one of the kind's."""
    ending = PurePosixPath(name).suffix.lower()
    if ending not in kind.endings:
        expected = " or ".join(kind.endings)
        raise EndingError(f"{expected} expected for {kind.media_type}, {ending or 'none'} found")


def check_text(whole: bytes) -> None:
    """Raise KindError or ActiveError unless ``whole`` is plain text."""
    try:
        whole.decode()
    except UnicodeDecodeError as e:
        raise KindError("text in UTF-8 expected, other bytes found") from e
    if CONTROL.search(whole):
        raise KindError("plain text expected, control characters found")
    if MARKUP.search(whole):
        raise ActiveError("plain text expected, markup or a script found")


class Watcher:
    """Looks for what runs in a file that passes by in pieces."""

    def __init__(self, kind: FileKind) -> None:
        """Look for what the kind can hold."""
        self._wanted = ACTIVE_IN_PDF if kind is PDF else ()
        self._before = b""

    def see(self, piece: bytes) -> None:
        """Take the next piece; raise ActiveError when it shows something that runs."""
        if not self._wanted:
            return
        around = self._before + piece
        if any(mark in around for mark in self._wanted):
            raise ActiveError("a PDF without scripts, programs and inner files expected")
        self._before = around[-max(map(len, self._wanted)) :]


def _text(head: bytes) -> FileKind:
    cut = head
    while cut and cut[-1] & 0xC0 == 0x80:  # noqa: PLR2004 - a character may be cut at the end
        cut = cut[:-1]
    check_text(cut[:-1] if cut and cut[-1] >= 0xC0 else cut)  # noqa: PLR2004
    return TEXT
