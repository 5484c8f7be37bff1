"""A statement on its way to becoming an entry: who has to sign it, who has, and what is missing.

Follows docs/spec/directory.md, "Ceremony". A draft is an entry with too few signatures, none at
first. It is carried from one holder of a share to the next, perhaps between computers without a
network; each adds a signature, and when the threshold is reached the same bytes are the entry.
Nobody can sign twice, with a key that has no say, or beside a signature that does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crypto.attest import labels
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.payload import decode_payload
from crypto.attest.signing import KeyId, SigningKey, VerifyKey
from crypto.attest.statement import (
    ENTRY_LIMIT,
    RootPayload,
    Statement,
    StatementError,
    What,
    parse_statement,
)

#: What is signed from below: by a registrar, or by a device itself.
NOT_BY_ROOT = frozenset({What.DEVICE, What.WINDOWS, What.GRANT_KEY})


class DraftError(Exception):
    """The draft cannot be signed, or not like this."""

    code = "ceremony.draft"


class ForeignShareError(DraftError):
    """The share is none of the keys that may sign this statement."""

    code = "ceremony.foreign_share"


class SignedTwiceError(DraftError):
    """This share has signed the draft already; a second person signs with another."""

    code = "ceremony.signed_twice"


class UnfinishedError(DraftError):
    """Too few have signed: the draft is no entry yet."""

    code = "ceremony.unfinished"


class NoRootError(DraftError):
    """Whose signatures count is said by the agency's root, which is not at hand."""

    code = "ceremony.no_root"


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement with the signatures that it has so far, by distinct keys."""

    statement: Statement
    signatures: tuple[tuple[KeyId, bytes], ...] = ()

    @property
    def raw(self) -> bytes:
        """Return the draft's bytes: those of the entry once enough have signed."""
        signatures: list[Value] = [[kid, sig] for kid, sig in self.signatures]
        return encode([self.statement.raw, signatures])


def parse_draft(raw: bytes) -> Draft:
    """Return the draft or entry in ``raw``; its signatures are not verified yet.

    Raises:
        StatementError: the bytes are neither.
    """
    try:
        value: Value = decode(raw, limit=ENTRY_LIMIT)
    except EncodingError as e:
        raise StatementError(f"{e.code}: {e}") from e
    match value:
        case [bytes(statement), list(signatures)]:
            pairs = tuple(_signature(item) for item in signatures)
            return Draft(parse_statement(statement), pairs)
    raise StatementError("expected [statement, [[kid, signature], ...]]")


def roots_for(
    statement: Statement, known: RootPayload | None, accepting: RootPayload | None = None
) -> tuple[RootPayload, ...]:
    """Return the roots of which each has to reach its threshold under ``statement``.

    Args:
        statement: what is to be signed.
        known: the agency's root that counts now; for its first root there is none.
        accepting: of a succession, the root of the desk that follows: another agency's, or the
            same once more.

    Raises:
        StatementError: the payload is not of its kind's form, or nothing that a root signs.
        SignatureError: a key is none, or a possession does not hold.
        NoRootError: a root that has to sign is not given.
    """
    if statement.what in NOT_BY_ROOT:
        raise StatementError(f"a {statement.what.name} statement is not signed by a root")
    payload = decode_payload(statement)
    own = (payload,) if isinstance(payload, RootPayload) else ()
    if statement.what is What.ROOT and statement.serial == 1:
        return own
    if known is None:
        raise NoRootError("expected the agency's root entry beside the draft, found none")
    if statement.what is not What.SUCCESSION:
        return (known, *own)
    if accepting is None:
        raise NoRootError("expected the root of the desk that follows too, found none")
    return (known,) if accepting == known else (known, accepting)


def sign_draft(draft: Draft, share: SigningKey, roots: Sequence[RootPayload]) -> Draft:
    """Return ``draft`` with the signature of ``share``, whatever it has so far verified.

    Raises:
        BadSignatureError: a signature on it does not hold.
        ForeignShareError: the share is none of the roots' keys.
        SignedTwiceError: it has signed already.
    """
    signed = _verified(draft, roots)
    if share.kid not in _keys(roots):
        raise ForeignShareError("this share is none of the root's keys")
    if share.kid in signed:
        raise SignedTwiceError("expected another share: this one has signed already")
    signature = (share.kid, share.sign(labels.DIRECTORY, draft.statement.raw))
    return replace(draft, signatures=tuple(sorted((*draft.signatures, signature))))


def missing(draft: Draft, roots: Sequence[RootPayload]) -> int:
    """Return how many more have to sign until the draft is an entry, of each root on its own.

    Raises:
        BadSignatureError: a signature on it does not hold.
    """
    signed = _verified(draft, roots)
    lacking = [root.threshold - sum(key.kid in signed for key in root.keys) for root in roots]
    return sum(max(0, one) for one in lacking)


def finish(draft: Draft, roots: Sequence[RootPayload]) -> bytes:
    """Return the entry; raise UnfinishedError while too few have signed."""
    if lacking := missing(draft, roots):
        raise UnfinishedError(f"{lacking} more signatures expected")
    return draft.raw


def _verified(draft: Draft, roots: Sequence[RootPayload]) -> set[KeyId]:
    """Return whose signatures the draft has; a signature of a key without a say is none."""
    keys = _keys(roots)
    for kid, signature in draft.signatures:
        if kid not in keys:
            raise ForeignShareError("the draft is signed by a key that is none of the root's")
        keys[kid].verify(labels.DIRECTORY, draft.statement.raw, signature)
    return {kid for kid, _ in draft.signatures}


def _keys(roots: Sequence[RootPayload]) -> dict[KeyId, VerifyKey]:
    return {key.kid: key for root in roots for key in root.keys}


def _signature(item: Value) -> tuple[KeyId, bytes]:
    match item:
        case [bytes(kid), bytes(signature)]:
            return KeyId(kid), signature
    raise StatementError("a signature is [kid, signature]")
