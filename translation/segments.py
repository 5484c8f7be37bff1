"""Cut a text into sentences, for Vietnamese, Chinese and English.

A machine sees one sentence at a time. The cut is ours, since the engine's own splitters need
libraries that are not installed and know no Vietnamese abbreviations (TP., Đ/c, N.T.H.). Nothing is
lost: the pieces, put together again with what stood between them, are the text.
"""

import re
from dataclasses import dataclass

#: What may end with a point without ending a sentence.
ABBREVIATIONS = frozenset(
    {
        *("tp", "tx", "tt", "p", "q", "h", "đ", "đ/c", "ô", "b", "ths", "ts", "gs", "pgs", "bs"),
        *("ks", "ls", "v.v", "vd", "tr", "st", "mr", "mrs", "ms", "dr", "no", "nos", "art", "arts"),
        *("prof", "gen", "col", "lt", "capt", "sgt", "e.g", "i.e", "vs", "ext", "tel", "đt"),
    }
)
INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
CLOSERS = r"[\"'”’』」》）)\]]*"
#: A possible end: a full-width mark ends at once, a point only before a space or the end.
END = re.compile(rf"[。！？…]+{CLOSERS}|[.!?]+{CLOSERS}(?=\s|$)|\n")
WHAT_FOLLOWS = re.compile(r"\s*(\S?)")
WORD_BEFORE = re.compile(r"[^\s(（\"“]*$")


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence, and the white space that followed it."""

    text: str
    after: str = ""


def split(text: str) -> list[Piece]:
    """Return the sentences of ``text`` in order; only the first may be empty (space in front)."""
    pieces: list[Piece] = []
    start = 0
    for found in END.finditer(text):
        if found.start() >= start and _is_end(text, start, found):
            pieces.append(_piece(text[start : found.end()]))
            start = found.end()
    if start < len(text):
        pieces.append(_piece(text[start:]))
    return _gather(pieces)


def _is_end(text: str, start: int, found: re.Match[str]) -> bool:
    if not found[0].startswith(".") or len(found[0].rstrip("\"'”’』」》）)]")) > 1:
        return True
    before = WORD_BEFORE.search(text[start : found.start()])
    word = before[0] if before else ""
    following = WHAT_FOLLOWS.match(text, found.end())
    follows = following[1] if following else ""
    initials = INITIALS.fullmatch(word) and word[:1].isupper()
    if word.casefold() in ABBREVIATIONS or initials:
        return not follows
    return not follows.islower()


def _piece(text: str) -> Piece:
    bare = text.rstrip()
    return Piece(bare, text[len(bare) :])


def _gather(pieces: list[Piece]) -> list[Piece]:
    """Return pieces of which none but the first is empty or begins with a space."""
    gathered: list[Piece] = []
    for piece in pieces:
        bare = piece.text.lstrip()
        space = piece.text[: len(piece.text) - len(bare)]
        if not gathered and (space or not bare):
            gathered.append(Piece("", ""))
        if gathered and (space or not bare):
            last = gathered.pop()
            space += "" if bare else piece.after
            gathered.append(Piece(last.text, last.after + space))
        if bare:
            gathered.append(Piece(bare, piece.after))
    return gathered
