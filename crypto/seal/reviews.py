"""A review, as the desk's computer that recorded it tells the others.

Follows docs/spec/oversight.md, "Review". It says who opened which case, when and why, by ids and a
code, and nothing of what was written in it. The device of the computer that showed the case signs.
"""

from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.directory import Directory, DirectoryError
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.header import ID_BYTES, DeskId
from crypto.attest.signing import SIGNED_LIMIT, KeyId, SignatureError, SigningKey
from crypto.attest.statement import Role
from crypto.seal.content import ThreadId
from crypto.seal.oversight import MalformedOversightError, OversightError


class ReviewSignerError(OversightError):
    """The review is not signed by a device of the desk that it names."""

    code = "oversight.signer"


@dataclass(frozen=True, slots=True)
class SignedReview:
    """That two supervisors opened a case: which one, when (ts), why (a code), by which keys."""

    desk: DeskId
    thread: ThreadId
    at: int
    reason: str
    first: KeyId
    second: KeyId

    def encoded(self) -> bytes:
        """Return the bytes that are signed."""
        return encode([self.desk, self.thread, self.at, self.reason, self.first, self.second])


def sign_review(review: SignedReview, device: SigningKey) -> bytes:
    """Return the review signed by the device of the computer that showed the case."""
    body = review.encoded()
    return encode([body, device.kid, device.sign(labels.REVIEW, body)])


def verify_review(raw: bytes, directory: Directory) -> SignedReview:
    """Return the review in ``raw`` once a device of its desk is seen to have signed it.

    The device may have been revoked since: what it recorded stays.

    Raises:
        MalformedOversightError: the bytes are none.
        ReviewSignerError: the signature does not hold, or is of no device of that desk.
    """
    body, kid, signature = _parts(raw)
    review = _review(body)
    try:
        signer = directory.whose(kid).payload
        signer.key.verify(labels.REVIEW, body, signature)
    except (DirectoryError, SignatureError) as e:
        raise ReviewSignerError(f"{e.code}: {e}") from e
    if signer.desk != review.desk or signer.role is not Role.DEVICE:
        raise ReviewSignerError("a review is signed by a device of its desk")
    return review


def reviews_from_value(value: Value) -> list[bytes]:
    """Return the reviews in ``value``, not verified; raise MalformedOversightError for none."""
    match value:
        case [_, *_] as items:
            statements = [item for item in items if isinstance(item, bytes)]
            for statement in statements:
                _review(_parts(statement)[0])
            if len(statements) == len(items):
                return statements
    raise MalformedOversightError("expected signed reviews, one at least")


def _parts(raw: bytes) -> tuple[bytes, KeyId, bytes]:
    match _decoded(raw):
        case [bytes(body), bytes(kid), bytes(signature)]:
            return body, KeyId(kid), signature
    raise MalformedOversightError("a review is [body, kid, signature]")


def _review(body: bytes) -> SignedReview:
    match _decoded(body):
        case [
            bytes(desk),
            bytes(thread),
            int(at),
            str(reason),
            bytes(first),
            bytes(second),
        ] if len(desk) == len(thread) == len(first) == len(second) == ID_BYTES:
            ids = DeskId(desk), ThreadId(thread)
            return SignedReview(*ids, at, reason, KeyId(first), KeyId(second))
    raise MalformedOversightError("expected [desk, thread, at, reason, first, second]")


def _decoded(raw: bytes) -> Value:
    try:
        return decode(raw, limit=SIGNED_LIMIT)
    except EncodingError as e:
        raise MalformedOversightError(f"{e.code}: {e}") from e
