"""What may leave as a file: a message, our word that one has come, or the ciphertext of a file."""

from dataclasses import dataclass
from pathlib import Path

from crypto.attest.header import DeskId, MessageId


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A file that may leave, to the desk ``to``; its name's stem says nothing.

    ``mid`` is the message it is, of which it is our word, or that names the blob. The file is
    ``raw`` and then, of a blob, the bytes that lie in ``body``.
    """

    stem: str
    mid: MessageId
    raw: bytes
    is_word: bool = False
    to: DeskId | None = None
    body: Path | None = None

    @property
    def item(self) -> bytes:
        """Return the hash by which it is known what was written."""
        return bytes.fromhex(self.stem)
