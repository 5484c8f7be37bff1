"""Who may read a message: the keys it is wrapped to, as the sender signed them.

Follows docs/spec/envelope.md, check 9b: the broker hands the wraps over as a list that it could
shorten or lengthen, so the signed content names each reader and why it is one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from crypto.attest.directory import Directory, DirectoryError
from crypto.attest.header import DeskId, EnvelopeError, Header
from crypto.attest.signing import KeyId
from crypto.attest.statement import GrantKey, Window
from crypto.seal.content import WITHIN_A_DESK, Content, ReaderRole


class ReadersError(EnvelopeError):
    """The wraps are not for exactly the readers that the sender signed, or a reader is no party."""

    code = "envelope.readers"


@dataclass(frozen=True, slots=True)
class Reader:
    """A window or a device's grant key to which the content key is wrapped, and why."""

    window: Window | GrantKey
    role: ReaderRole


def with_readers(content: Content, readers: Sequence[Reader]) -> Content:
    """Return ``content`` naming ``readers``, in the order of their key ids."""
    return replace(content, readers=listed(readers))


def by_kid(readers: Iterable[Reader]) -> list[Reader]:
    """Return ``readers`` in the order of their key ids, as kids and wraps stand."""
    return sorted(readers, key=lambda reader: reader.window.kid)


def listed(readers: Iterable[Reader]) -> tuple[tuple[KeyId, ReaderRole], ...]:
    """Return how a content names ``readers``."""
    return tuple((reader.window.kid, reader.role) for reader in by_kid(readers))


def check_readers(content: Content, header: Header, directory: Directory) -> None:
    """Raise ReadersError unless the kids are the readers the sender signed, each a party.

    Check 9b: every addressed desk has exactly one window of its own, and no more.
    """
    check_listed(content, header)
    if content.kind in WITHIN_A_DESK:
        _check_devices(content, header, directory)
        return
    owners: dict[DeskId, int] = {}
    for kid, role in content.readers:
        if role is ReaderRole.DEVICE:
            raise ReadersError("a device reads only what its own desk's devices give each other")
        try:
            owner, _ = directory.window(kid)
        except DirectoryError as e:
            raise ReadersError(f"{e.code}: {e}") from e
        if owner not in (header.dst if role is ReaderRole.DESK else (header.src,)):
            raise ReadersError(f"a reader with the role {role.name} is no such party")
        owners[owner] = owners.get(owner, 0) + 1
    if any(owners.get(desk) != 1 for desk in header.dst):
        raise ReadersError("each addressed desk must have exactly one window of its own")


def check_listed(content: Content, header: Header) -> None:
    """Raise ReadersError unless the kids are the readers that the sender signed."""
    if tuple(kid for kid, _ in content.readers) != header.kids:
        raise ReadersError("the wraps are not for the readers that the sender signed")


def _check_devices(content: Content, header: Header, directory: Directory) -> None:
    """Refuse a grant or history to others than devices of one desk: the sender's, or its successor.

    A desk that is followed gives what it has to who follows it, and to nobody else.
    """
    to = header.dst[0]
    is_followed = len(header.dst) == 1 and header.src in directory.before(to)
    if header.dst != (header.src,) and not is_followed:
        raise ReadersError("what devices give each other stays within their desk or its successor")
    for kid, role in content.readers:
        try:
            device = directory.grantee(kid)
        except DirectoryError as e:
            raise ReadersError(f"{e.code}: {e}") from e
        if role is not ReaderRole.DEVICE or device.payload.desk != to:
            raise ReadersError("a reader is no device of the desk")
