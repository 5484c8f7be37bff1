"""Second signatures over a message: four eyes, made before it is sealed and checked when it opens.

Follows docs/spec/envelope.md, "Second signatures": over who says what to whom in which case, under
a label of their own, by an officer who is another person than the sender.
"""

from collections.abc import Sequence

from crypto.attest import labels
from crypto.attest.directory import Directory, DirectoryError, Signer
from crypto.attest.hashing import digest
from crypto.attest.header import DeskId, EnvelopeError, Header
from crypto.attest.signing import BadSignatureError, KeyId, SigningKey
from crypto.attest.statement import AgencyId, Role
from crypto.seal.content import Content


class CountersignatureError(EnvelopeError):
    """A second signature does not hold, or is the sender's own."""

    code = "envelope.countersignature"


def countersign_draft(
    draft: bytes, src: DeskId, dst: Sequence[DeskId], key: SigningKey
) -> tuple[KeyId, bytes]:
    """Return the second signature of ``key`` over a draft that is not sealed yet."""
    return key.kid, key.sign(labels.COUNTERSIGN, _countersigned(draft, src, dst))


def check_countersignatures(
    content: Content,
    header: Header,
    sender: Signer,
    *,
    directory: Directory,
    at: int,
    index: int | None = None,
) -> None:
    """Raise CountersignatureError unless each second signature is another person's and holds.

    ``at`` and ``index`` are the message's, as in :func:`crypto.seal.envelope.open_envelope`.
    """
    if not content.countersignatures:
        return  # a draft is encoded for them alone
    body = _countersigned(content.draft(), header.src, header.dst)
    for kid, signature in content.countersignatures:
        try:
            second = directory.signer(kid, at=at, index=index)
            second.payload.key.verify(labels.COUNTERSIGN, body, signature)
        except (DirectoryError, BadSignatureError) as e:
            raise CountersignatureError(f"{e.code}: {e}") from e
        # One officer has a key on each computer: it is the pseudonym that names the person.
        if second.payload.role is Role.DEVICE or _person(second) == _person(sender):
            raise CountersignatureError("a second signature must be another person's")


def _person(signer: Signer) -> tuple[AgencyId, str]:
    return signer.agency, signer.payload.pseudonym


def _countersigned(draft: bytes, src: DeskId, dst: Sequence[DeskId]) -> bytes:
    return src + b"".join(dst) + digest(labels.P_CONTENT, draft)
