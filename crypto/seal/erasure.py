"""The erasure of a case: what two officers sign, and who may.

Follows docs/spec/archive.md, "Erasure". What is signed names the case and says under which rule it
was made unreadable, and nothing of what was written in it: it stays when the case is gone. Destroys
nothing; the desk does, once this holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.attest import labels
from crypto.attest.directory import Directory, DirectoryError
from crypto.attest.encoding import EncodingError, Value, decode, encode
from crypto.attest.header import ID_BYTES, DeskId
from crypto.attest.signing import SIGNED_LIMIT, KeyId, SignatureError, SigningKey
from crypto.attest.statement import Role
from crypto.seal.content import ThreadId

#: Two persons sign, and one of them at least may release messages or supervise.
SIGNERS = 2
SENIOR = frozenset({Role.APPROVER, Role.SUPERVISOR})


class ErasureError(Exception):
    """A case may not be erased on this word."""

    code = "erasure"


class MalformedErasureError(ErasureError):
    """The bytes are no signed erasure."""

    code = "erasure.malformed"


class ErasureSignersError(ErasureError):
    """It is not signed by two officers of the desk of whom one may release or supervise."""

    code = "erasure.signers"


@dataclass(frozen=True, slots=True)
class Erasure:
    """That a case is erased: which one, at what time (ts), why and under which rule.

    ``messages`` is how many it had. ``reason`` is casework's code, ``rule`` what the officers name.
    """

    desk: DeskId
    thread: ThreadId
    ref: str
    at: int
    reason: str
    rule: str
    messages: int

    def encoded(self) -> bytes:
        """Return the bytes that are signed."""
        return encode(
            [self.desk, self.thread, self.ref, self.at, self.reason, self.rule, self.messages]
        )


@dataclass(frozen=True, slots=True)
class SignedErasure:
    """An erasure whose signatures hold, and the officers' pseudonyms."""

    erasure: Erasure
    officers: tuple[str, ...]


def sign_erasure(erasure: Erasure, keys: Sequence[SigningKey]) -> bytes:
    """Return the erasure signed with each of ``keys``."""
    body = erasure.encoded()
    signed = {key.kid: key.sign(labels.ERASURE, body) for key in keys}
    return encode([body, [[kid, signed[kid]] for kid in sorted(signed)]])


def verify_erasure(raw: bytes, directory: Directory) -> SignedErasure:
    """Return the erasure in ``raw`` once it is seen to be its desk's word.

    Raises:
        MalformedErasureError: the bytes are none.
        ErasureSignersError: a signature does not hold, its key did not count at that time or is
            another desk's or a device's; or they are not two persons, one of them senior.
    """
    _, signatures = _signed(raw)
    at = parse_erasure(raw).at
    try:
        for kid, _ in signatures:
            directory.signer(kid, at=at)
    except DirectoryError as e:
        raise ErasureSignersError(f"{e.code}: {e}") from e
    return told_erasure(raw, directory)


def told_erasure(raw: bytes, directory: Directory) -> SignedErasure:
    """Return the erasure in ``raw`` that another computer of its desk has taken and tells of.

    It says that the officers' keys counted then; they may have left since, and still bind.

    Raises:
        MalformedErasureError: the bytes are none.
        ErasureSignersError: a signature does not hold, its key is another desk's or a device's; or
            they are not two persons, one of them senior.
    """
    found, erasure = read_erasure(raw, directory), parse_erasure(raw)
    signers = [directory.whose(kid).payload for kid, _ in _signed(raw)[1]]
    if any(one.desk != erasure.desk or one.role is Role.DEVICE for one in signers):
        raise ErasureSignersError("an erasure is signed by officers of its desk")
    if len(set(found.officers)) != SIGNERS:
        raise ErasureSignersError(f"{SIGNERS} officers expected, {len(set(found.officers))} found")
    if not any(one.role in SENIOR for one in signers):
        raise ErasureSignersError("neither of the two officers may release or supervise")
    return found


def parse_erasure(raw: bytes) -> Erasure:
    """Return what is signed in ``raw``, not verified; raise MalformedErasureError for none."""
    return _erasure(_signed(raw)[0])


def erasures_from_value(value: Value) -> list[bytes]:
    """Return the statements in ``value``, not verified; raise MalformedErasureError for none."""
    match value:
        case [_, *_] as items:
            statements = [item for item in items if isinstance(item, bytes)]
            for statement in statements:
                parse_erasure(statement)
            if len(statements) == len(items):
                return statements
    raise MalformedErasureError("expected signed erasures, one at least")


def read_erasure(raw: bytes, directory: Directory) -> SignedErasure:
    """Return an erasure that was verified when it was made; who signed it may have left since.

    Raises:
        MalformedErasureError, ErasureSignersError: it is not what was kept then.
    """
    body, signatures = _signed(raw)
    try:
        signers = [directory.whose(kid) for kid, _ in signatures]
        for signer, (_, signature) in zip(signers, signatures, strict=True):
            signer.payload.key.verify(labels.ERASURE, body, signature)
    except (DirectoryError, SignatureError) as e:
        raise ErasureSignersError(f"{e.code}: {e}") from e
    return SignedErasure(_erasure(body), tuple(sorted(s.payload.pseudonym for s in signers)))


def _signed(raw: bytes) -> tuple[bytes, list[tuple[KeyId, bytes]]]:
    match _decoded(raw):
        case [bytes(body), list(pairs)]:
            found = [_pair(pair) for pair in pairs]
            if [kid for kid, _ in found] == sorted({kid for kid, _ in found}):
                return body, found
    raise MalformedErasureError("expected [body, [[kid, signature], ...]], kids sorted, distinct")


def _pair(item: Value) -> tuple[KeyId, bytes]:
    match item:
        case [bytes(kid), bytes(signature)]:
            return KeyId(kid), signature
    raise MalformedErasureError("a signature is [kid, bytes]")


def _erasure(body: bytes) -> Erasure:
    match _decoded(body):
        case [
            bytes(desk),
            bytes(thread),
            str(ref),
            int(at),
            str(reason),
            str(rule),
            int(messages),
        ] if len(desk) == len(thread) == ID_BYTES:
            return Erasure(DeskId(desk), ThreadId(thread), ref, at, reason, rule, messages)
    raise MalformedErasureError("expected [desk, thread, ref, at, reason, rule, messages]")


def _decoded(raw: bytes) -> Value:
    try:
        return decode(raw, limit=SIGNED_LIMIT)
    except EncodingError as e:
        raise MalformedErasureError(f"{e.code}: {e}") from e
