"""What a message says of a file that comes with it: where its ciphertext is, its key, its name.

Follows docs/spec/envelope.md, "Attachments" (content field 13). The file itself travels as a blob,
sealed by ``crypto.seal.stream``; whoever reads the message can open it, and nobody else. Refuses a
name that could lead anywhere or show as another (paths, control and direction characters, names
that a system keeps for itself), so that a receiving desk may use it as it stands.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from crypto.attest.blob import LARGEST_FILE, BlobId
from crypto.attest.encoding import Value
from crypto.attest.hashing import DIGEST_BYTES
from crypto.attest.header import MAX_BLOBS, EnvelopeError, Header
from crypto.seal.primitives import KEY_BYTES, STREAM_HEADER_BYTES

LONGEST_NAME = 200
#: What no system's file name may hold.
FORBIDDEN = frozenset('/\\:*?"<>|')
#: Names that a system keeps for its devices, whatever follows their first dot.
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9][a-z0-9.+-]{0,99}")


class BlobsError(EnvelopeError):
    """The header names other blobs than the attachments that the sender signed."""

    code = "envelope.blobs"


class AttachmentFormError(Exception):
    """What is said of a file is not of the specified form."""

    code = "attachment.form"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of ``size`` bytes; ``blob`` names its ciphertext, ``plain`` is the hash of itself."""

    blob: BlobId
    key: bytes = field(repr=False)
    header: bytes
    size: int
    name: str = field(repr=False)
    media_type: str
    plain: bytes

    def value(self) -> Value:
        """Return it as it stands in a content."""
        fields: dict[int, Value] = {
            1: self.blob,
            2: self.key,
            3: self.header,
            4: self.size,
            5: self.name,
            6: self.media_type,
            7: self.plain,
        }
        return fields


def attachments_from_value(value: Value) -> tuple[Attachment, ...]:
    """Return the attachments of content field 13, in the sender's order; none for None.

    Raises:
        AttachmentFormError: not 1 to 16 of them, one out of form, or a blob twice.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_BLOBS:
        raise AttachmentFormError(f"a list of 1 to {MAX_BLOBS} attachments expected")
    found = tuple(_attachment(item) for item in value)
    if len({attachment.blob for attachment in found}) != len(found):
        raise AttachmentFormError("each blob is named once")
    return found


def check_blobs(attachments: Sequence[Attachment], header: Header) -> None:
    """Raise BlobsError unless the header names exactly the blobs of ``attachments``."""
    if header.blobs != blobs_of(attachments):
        raise BlobsError("the header names other blobs than the attachments that were signed")


def blobs_of(attachments: Sequence[Attachment]) -> tuple[bytes, ...]:
    """Return the blobs of ``attachments`` as a header names them: sorted."""
    return tuple(sorted(attachment.blob for attachment in attachments))


def is_safe_name(name: str) -> bool:
    """Say whether ``name`` may be a file's name on every system, and shows as what it is."""
    return (
        1 <= len(name.encode(errors="replace")) <= LONGEST_NAME
        and not any(char in FORBIDDEN or unicodedata.category(char)[0] == "C" for char in name)
        and name == name.strip(" .")
        and not RESERVED.fullmatch(name)
    )


def _attachment(item: Value) -> Attachment:
    match item:
        case {
            1: bytes(blob),
            2: bytes(key),
            3: bytes(header),
            4: int(size),
            5: str(name),
            6: str(media_type),
            7: bytes(plain),
            **rest,
        } if not rest:
            attachment = Attachment(BlobId(blob), key, header, size, name, media_type, plain)
            _check(attachment)
            return attachment
    raise AttachmentFormError("an attachment has the fields 1 to 7")


def _check(attachment: Attachment) -> None:
    sizes = [len(attachment.blob), len(attachment.key), len(attachment.header)]
    if [*sizes, len(attachment.plain)] != [
        DIGEST_BYTES,
        KEY_BYTES,
        STREAM_HEADER_BYTES,
        DIGEST_BYTES,
    ]:
        raise AttachmentFormError("blob, key, header or hash of another length")
    if not 1 <= attachment.size <= LARGEST_FILE:
        raise AttachmentFormError(f"1 to {LARGEST_FILE} bytes expected, {attachment.size} found")
    if not is_safe_name(attachment.name):
        raise AttachmentFormError("a plain file name expected")
    if not MEDIA_TYPE.fullmatch(attachment.media_type):
        raise AttachmentFormError("a media type in small letters expected")
