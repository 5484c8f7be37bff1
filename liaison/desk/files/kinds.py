"""Which kinds of file a desk takes and shows: a table. What has no row is refused, on both sides.

Only what a person looks at or listens to. Nothing that runs, and nothing that can carry what runs
(documents with macros, archives, HTML, SVG): such a thing is sent as a PDF or a picture.
"""

from dataclasses import dataclass

MIB = 1 << 20
#: A picture is decoded to be made anew, and a text is read as a whole.
LARGEST_PICTURE, LARGEST_TEXT = 64 * MIB, 4 * MIB


class FileRefusedError(Exception):
    """A file is not taken, or not shown. ``code`` is stable: logs, tests, screens rely on it."""

    code = "file"


class KindError(FileRefusedError):
    """What is in the file is of no kind that has a row."""

    code = "file.kind"


class EndingError(FileRefusedError):
    """The end of the name belongs to another kind than what is in the file."""

    code = "file.name"


class ActiveError(FileRefusedError):
    """The file holds what runs when it is opened."""

    code = "file.active"


class PictureError(FileRefusedError):
    """A picture cannot be decoded, or has too many dots."""

    code = "file.picture"


class FileTooLargeError(FileRefusedError):
    """A picture or text is larger than one that is read as a whole may be."""

    code = "file.too_large"


@dataclass(frozen=True, slots=True)
class FileKind:
    """A row: the media type, the ends of names, and what the sniffer calls such a content."""

    media_type: str
    endings: tuple[str, ...]
    sniffed: frozenset[str]

    @property
    def is_picture(self) -> bool:
        """Say whether it is made anew before it leaves and before it is shown."""
        return self.media_type.startswith("image/")


def _kind(media_type: str, endings: str, sniffed: str = "") -> FileKind:
    ends = tuple(endings.split())
    return FileKind(media_type, ends, frozenset(sniffed.split()) or frozenset(ends))


TEXT = _kind("text/plain", ".txt .csv .log")
PDF = _kind("application/pdf", ".pdf")
KINDS = (
    _kind("image/jpeg", ".jpg .jpeg", ".jpg .jpeg .jpe .jfif"),
    _kind("image/png", ".png"),
    _kind("image/webp", ".webp"),
    PDF,
    _kind("audio/mpeg", ".mp3", ".mp3 .mpga"),
    _kind("audio/mp4", ".m4a"),
    _kind("audio/wav", ".wav"),
    _kind("audio/ogg", ".ogg .oga .opus", ".ogg .oga .opus"),
    _kind("audio/amr", ".amr"),
    _kind("video/mp4", ".mp4"),
    _kind("video/quicktime", ".mov"),
    _kind("video/3gpp", ".3gp", ".3gp .3ga"),
    _kind("video/webm", ".webm"),
    TEXT,
)
BY_MEDIA_TYPE = {kind.media_type: kind for kind in KINDS}
