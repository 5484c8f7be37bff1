"""Why an entry does not stand in the directory, or what is asked for is not there.

Each has a stable code; docs/spec/directory.md, "What is refused", lists them.
"""


class DirectoryError(Exception):
    """An entry may not stand in the directory, or what is asked for is not there."""

    code = "directory"


class NotPinnedError(DirectoryError):
    """A root whose fingerprint nobody has pinned."""

    code = "directory.not_pinned"


class NotAuthorisedError(DirectoryError):
    """The entry is not signed by those who may say this."""

    code = "directory.not_authorised"


class BrokenChainError(DirectoryError):
    """Serial or previous hash do not follow the subject's last statement."""

    code = "directory.chain"


class ReboundError(DirectoryError):
    """A key, desk or window id that already means something else."""

    code = "directory.rebound"


class RefusedEntryError(DirectoryError):
    """The entry's bytes, keys or signatures do not hold."""

    code = "directory.refused"


class UnknownDeskError(DirectoryError):
    """No desk of that id or slug."""

    code = "directory.unknown_desk"


class UnknownSubjectError(DirectoryError):
    """No key or desk of that id that this agency could revoke."""

    code = "directory.unknown_subject"


class UnknownSignerError(DirectoryError):
    """No key of that id, or not one that counts at that time."""

    code = "directory.unknown_signer"


class RevokedError(DirectoryError):
    """A key or desk that was revoked before, or of which nobody can say yet that it was after."""

    code = "directory.revoked"


class NoWindowError(DirectoryError):
    """The desk has published no window that is open at that time."""

    code = "directory.no_window"


class NoGrantKeyError(DirectoryError):
    """No grant key of that id, or none of that device."""

    code = "directory.no_grant_key"
