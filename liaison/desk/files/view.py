"""What the desk says of files, as plain values for the API, the command line and the screens."""

from collections.abc import Iterable, Mapping
from typing import Any

from crypto.seal.attachment import Attachment
from liaison.desk.files.kinds import BY_MEDIA_TYPE
from liaison.desk.store import FileState, Parcel, StoredFile

View = dict[str, Any]

#: States in which an officer can look at a file.
READY = frozenset(FileState) - {FileState.COMING, FileState.REFUSED}
#: What only the carrying has to tell apart.
SHOWN_AS = {FileState.CARRIED: FileState.HERE}


def file_view(attachment: Attachment, file: StoredFile | None) -> View:
    """Return a file with its name, type, size in bytes, and how far it has come.

    ``code`` says why it does not go on; ``previewed`` whether it can be looked at on the screen.
    """
    kind = BY_MEDIA_TYPE.get(attachment.media_type)
    is_ready = file is not None and file.state in READY
    return {
        "blob": attachment.blob.hex(),
        "name": attachment.name,
        "type": attachment.media_type,
        "size": attachment.size,
        "state": str(FileState.COMING if file is None else SHOWN_AS.get(file.state, file.state)),
        "code": None if file is None else file.code,
        "ready": is_ready,
        "previewed": is_ready and kind is not None and kind.is_picture,
    }


def files_view(named: Iterable[Attachment], stored: Mapping[bytes, StoredFile]) -> list[View]:
    """Return the files that a message names, in its sender's order."""
    return [file_view(attachment, stored.get(attachment.blob)) for attachment in named]


def parcels_view(parcels: Iterable[Parcel], stored: Iterable[StoredFile]) -> list[View]:
    """Return the notes that wait for their files, or for their officer to be here."""
    files = list(stored)
    return [
        {
            "officer": parcel.officer,
            "text": parcel.text,
            "code": parcel.code,
            "ready": all(f.state is FileState.UP for f in files if f.parcel == parcel.parcel),
            "files": [
                file_view(file.attachment, file) for file in files if file.parcel == parcel.parcel
            ],
        }
        for parcel in parcels
    ]
