"""Checkpoints: the signed head of a log, and the cosignatures of witnesses under it.

Follows C2SP tlog-checkpoint v1.0.0 and tlog-cosignature, ``cosignature/v1`` (Ed25519). Stricter in
two things: the log's key is named as the log's origin, and a time of cosigning is a real moment.
A checkpoint is evidence only when a quorum of known witnesses has cosigned it; whether their times
are recent enough is for the caller, who has a clock, to judge.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

from crypto.attest.note import (
    MalformedNoteError,
    NamedKey,
    NoteError,
    NoteSignature,
    SignatureKind,
    decode_base64,
    parse_note,
    parse_signatures,
    sign_note,
    verify_line,
    verify_note,
)
from crypto.attest.signing import SIGNATURE_BYTES, SigningKey
from crypto.attest.tree import HASH_BYTES, TreeHead

#: The most leaves a log may count; what a signed 64-bit column of a database can hold.
SIZE_LIMIT = 2**63 - 1
COSIGNATURE_HEADER = "cosignature/v1"
TIME_BYTES = 8
#: The last second of the year 9999.
TIME_LIMIT = 253_402_300_799
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
FIXED_LINES = 3


class CheckpointError(NoteError):
    """A checkpoint cannot be used. ``code`` is stable."""

    code = "checkpoint"


class MalformedCheckpointError(CheckpointError):
    """The text is not origin, size and root, one a line."""

    code = "checkpoint.malformed"


class ForeignCheckpointError(CheckpointError):
    """The checkpoint is of another log than the one asked for."""

    code = "checkpoint.foreign"


class MalformedCosignatureError(CheckpointError):
    """A known witness's line is not a time and a signature."""

    code = "checkpoint.cosignature"


class QuorumError(CheckpointError):
    """Fewer of the known witnesses have cosigned than the policy asks for."""

    code = "checkpoint.quorum"


class PolicyError(CheckpointError):
    """The policy can never be met, or counts one key twice."""

    code = "checkpoint.policy"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the log called ``origin``: ``size`` leaves under the 32-byte ``root``.

    ``extensions`` are further lines the log may add; they are signed, and mean nothing here.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def head(self) -> TreeHead:
        """Return size and root, as proofs are verified against."""
        return TreeHead(self.size, self.root)

    def text(self) -> str:
        """Return the text that is signed, each line with its newline."""
        root = b64encode(self.root).decode()
        return "".join(f"{x}\n" for x in (self.origin, self.size, root, *self.extensions))


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's word that at ``at`` (UTC) this was the largest tree it had seen of the log."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint whose log and whose quorum of witnesses were verified."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom to believe: the log's key, the witnesses' keys, and how many of them must cosign."""

    log: NamedKey
    witnesses: tuple[NamedKey, ...]
    quorum: int

    def __post_init__(self) -> None:
        """Raise PolicyError unless the quorum can be met and no name or key stands twice."""
        if not 1 <= self.quorum <= len(self.witnesses):
            raise PolicyError(f"a quorum of {self.quorum} of {len(self.witnesses)} witnesses")
        known = (self.log, *self.witnesses)
        names, keys = {k.name for k in known}, {k.verify_key.raw for k in known}
        if len(names) != len(known) or len(keys) != len(known):
            raise PolicyError("log and witnesses each need a name and a key of their own")

    @classmethod
    def of_all(cls, log: NamedKey, *witnesses: NamedKey) -> "Policy":
        """Return the policy under which every one of ``witnesses`` must cosign."""
        return cls(log, witnesses, len(witnesses))


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint whose signed text is ``text``; it verifies nothing.

    Raises:
        MalformedCheckpointError: not at least three non-empty lines, or a size or root out of form.
    """
    *lines, rest = text.split("\n")
    if rest or len(lines) < FIXED_LINES or not all(lines):
        raise MalformedCheckpointError("three non-empty lines or more expected, each with newline")
    origin, size, root, *extensions = lines
    return Checkpoint(origin, parse_size(size), _parse_root(root), tuple(extensions))


def parse_size(text: str) -> int:
    """Return a number of leaves from its decimal form, which has no leading zeroes.

    Raises:
        MalformedCheckpointError: out of form, or above ``SIZE_LIMIT``.
    """
    if not DECIMAL.fullmatch(text) or int(text) > SIZE_LIMIT:
        raise MalformedCheckpointError(f"a size is a decimal number up to {SIZE_LIMIT}")
    return int(text)


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """Return the checkpoint as a note signed by its log, whose key is named as the origin.

    Raises:
        NoteError: the checkpoint is out of form, so that no reader would accept it.
    """
    parse_checkpoint(checkpoint.text())
    return sign_note(checkpoint.text(), checkpoint.origin, key).raw()


def open_checkpoint(raw: bytes, log: NamedKey) -> Checkpoint:
    """Return the checkpoint in ``raw`` once ``log`` is seen to have signed it; witnesses aside.

    Raises:
        ForeignCheckpointError: it is of a log of another origin.
        NoteError: malformed, not signed by ``log``, or its signature does not hold.
    """
    checkpoint = parse_checkpoint(verify_note(parse_note(raw), log))
    if checkpoint.origin != log.name:
        raise ForeignCheckpointError(
            f"a checkpoint of {log.name} expected, one of {checkpoint.origin!r} found"
        )
    return checkpoint


def verify_checkpoint(raw: bytes, policy: Policy) -> Cosigned:
    """Return the checkpoint in ``raw`` with the times at which known witnesses cosigned it.

    Raises:
        QuorumError: fewer witnesses than ``policy`` asks for have cosigned.
        NoteError: malformed, of another log, or a line by the log or a known witness does not hold.
    """
    checkpoint = open_checkpoint(raw, policy.log)
    note = parse_note(raw)
    found = tuple(
        _verify_cosignature(signature, witness, note.text)
        for witness in policy.witnesses
        for signature in note.signatures
        if signature.is_by(witness, SignatureKind.COSIGNATURE_V1)
    )
    if len(found) < policy.quorum:
        missing = {w.name for w in policy.witnesses} - {c.name for c in found}
        raise QuorumError(
            f"{policy.quorum} cosignatures expected, {len(found)} found; "
            f"missing: {', '.join(sorted(missing))}"
        )
    return Cosigned(checkpoint, found)


def cosign(raw: bytes, name: str, key: SigningKey, *, at: datetime) -> NoteSignature:
    """Return the witness ``name``'s signature line under the checkpoint in ``raw``.

    ``at`` is aware; its whole second is signed. The witness has verified log and consistency first.

    Raises:
        NoteError: ``raw`` or ``name`` is malformed.
    """
    note = parse_note(raw)
    parse_checkpoint(note.text)
    seconds = int(at.timestamp())
    signature = key.sign_plain(_cosigned_message(seconds, note.text))
    hint = NamedKey(name, key.verify_key).hint(SignatureKind.COSIGNATURE_V1)
    return NoteSignature(name, hint, seconds.to_bytes(TIME_BYTES) + signature)


def add_cosignature(raw: bytes, answer: bytes, witness: NamedKey) -> bytes:
    """Return the checkpoint in ``raw`` with the verified line by ``witness`` out of its ``answer``.

    An older line by the same witness gives way; lines by keys not asked for are dropped.

    Raises:
        UnsignedNoteError: the answer holds no line by ``witness``.
        NoteError: malformed, or the line does not hold.
    """
    note = parse_note(raw)
    for signature in parse_signatures(answer):
        if signature.is_by(witness, SignatureKind.COSIGNATURE_V1):
            _verify_cosignature(signature, witness, note.text)
            return note.adding(signature).raw()
    note.find(witness, SignatureKind.COSIGNATURE_V1)
    return raw


def _verify_cosignature(signature: NoteSignature, witness: NamedKey, text: str) -> Cosignature:
    if len(signature.signature) != TIME_BYTES + SIGNATURE_BYTES:
        raise MalformedCosignatureError(
            f"{TIME_BYTES + SIGNATURE_BYTES} bytes expected, {len(signature.signature)} found"
        )
    seconds = int.from_bytes(signature.signature[:TIME_BYTES])
    if not 0 < seconds <= TIME_LIMIT:
        raise MalformedCosignatureError(f"{witness.name}: {seconds} is no time of cosigning")
    bare = NoteSignature(signature.name, signature.hint, signature.signature[TIME_BYTES:])
    verify_line(bare, witness, _cosigned_message(seconds, text))
    return Cosignature(witness.name, datetime.fromtimestamp(seconds, UTC))


def _cosigned_message(seconds: int, text: str) -> bytes:
    return f"{COSIGNATURE_HEADER}\ntime {seconds}\n{text}".encode()


def _parse_root(text: str) -> bytes:
    try:
        root = decode_base64(text)
    except MalformedNoteError as e:
        raise MalformedCheckpointError(f"the root is out of form: {e}") from e
    if len(root) != HASH_BYTES:
        raise MalformedCheckpointError(f"a root has {HASH_BYTES} bytes, not {len(root)}")
    return root
