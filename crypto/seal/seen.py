"""An officer's word that they have seen an alarm of their desk.

Follows docs/spec/envelope.md, "Alarms". It names the alarm by what it is about, so that nobody can
say later that another was meant; it settles nothing.
"""

from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.directory import Directory, DirectoryError, Signer
from crypto.attest.encoding import encode
from crypto.attest.header import DeskId
from crypto.attest.signing import KeyId, SignatureError, SigningKey
from crypto.attest.statement import Role


class SeenError(Exception):
    """The signature is none of an officer of the desk over this alarm."""

    code = "alarm.false_signature"


@dataclass(frozen=True, slots=True)
class SeenAlarm:
    """An alarm of ``desk``: its code, what it is about, when it was raised and seen (ts)."""

    desk: DeskId
    code: str
    subject: str
    raised: int
    seen: int

    def encoded(self) -> bytes:
        """Return the bytes that are signed."""
        return encode([self.desk, self.code, self.subject, self.raised, self.seen])


def sign_seen(alarm: SeenAlarm, key: SigningKey) -> bytes:
    """Return the officer's signature."""
    return key.sign(labels.SEEN, alarm.encoded())


def verify_seen(alarm: SeenAlarm, kid: KeyId, signature: bytes, directory: Directory) -> Signer:
    """Return who has seen the alarm, once their signature holds.

    Raises:
        SeenError: no officer of the desk, not valid then, or another alarm.
    """
    try:
        signer = directory.signer(kid, at=alarm.seen)
        signer.payload.key.verify(labels.SEEN, alarm.encoded(), signature)
    except (DirectoryError, SignatureError) as e:
        raise SeenError(f"{e.code}: {e}") from e
    if signer.payload.desk != alarm.desk or signer.payload.role is Role.DEVICE:
        raise SeenError("an officer of the desk expected")
    return signer
