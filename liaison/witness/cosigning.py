"""How a witness judges what a log submits, and cosigns it.

Follows C2SP tlog-witness, ``add-checkpoint``, check for check and in its order. A witness cosigns
only what continues all it has cosigned of that log before; it records first and answers after.
Every signed checkpoint it refuses as inconsistent is kept: it convicts the log.
"""

from dataclasses import dataclass

from crypto.attest.checkpoint import Checkpoint, cosign
from crypto.attest.note import (
    NamedKey,
    Note,
    NoteError,
    NoteSignature,
    SignatureKind,
    parse_note,
    verify_note,
)
from crypto.attest.proof import ProofError, verify_consistency
from crypto.attest.signing import SigningKey
from crypto.attest.submission import Submission, parse_submission
from crypto.attest.tree import EMPTY_ROOT, TreeHead
from liaison.runtime.clock import Clock
from liaison.witness.store import Evidence, Held, Store, Transaction

EMPTY_HEAD = TreeHead(0, EMPTY_ROOT)


class WitnessError(Exception):
    """A submission is refused. ``code`` is stable: peers, logs and tests rely on it."""

    code = "witness"


class OldSizeError(WitnessError):
    """The submission says it continues a larger tree than its own."""

    code = "witness.old_size"


class UntrustedError(WitnessError):
    """No trusted key of the log has signed, or a line in such a key's name does not hold."""

    code = "witness.untrusted"


class UnknownLogError(WitnessError):
    """The witness does not watch this log."""

    code = "witness.unknown_log"


class ConflictError(WitnessError):
    """The submission does not start where the witness stands; ``size`` says where that is."""

    code = "witness.conflict"

    def __init__(self, size: int) -> None:
        super().__init__(f"the witness has seen {size} leaves of this log")
        self.size = size


class InconsistentError(WitnessError):
    """The checkpoint does not continue what the witness has cosigned."""

    code = "witness.inconsistent"


@dataclass(frozen=True, slots=True)
class Witness:
    """One side's witness: its name and key, the logs it watches, its memory, its clock.

    ``logs`` are named as their origins; a log that changes its key stands there twice.
    """

    name: str
    key: SigningKey
    logs: tuple[NamedKey, ...]
    store: Store
    clock: Clock

    async def add_checkpoint(self, raw: bytes) -> NoteSignature:
        """Return this witness's line under the checkpoint submitted in ``raw``, recorded already.

        Raises:
            NoteError: the submission is malformed.
            WitnessError: it is refused; the subclass says why.
        """
        submission = parse_submission(raw)
        checkpoint = submission.checkpoint()
        note = self._trusted_note(submission, checkpoint.origin)
        if submission.old > checkpoint.size:
            raise OldSizeError(f"old {submission.old} is above the size {checkpoint.size}")
        async with self.store.transaction() as tx:
            held = await tx.held(checkpoint.origin)
            refusal = judge(submission, checkpoint, held)
            if refusal is None:
                return await self._cosign(tx, checkpoint, note)  # committed before it leaves
            if _convicts(refusal, checkpoint, held):
                await tx.keep(self._evidence(refusal, checkpoint, note, held))
        raise refusal  # only now: the evidence must be committed, not rolled back

    async def _cosign(self, tx: Transaction, checkpoint: Checkpoint, note: Note) -> NoteSignature:
        line = cosign(note.raw(), self.name, self.key, at=self.clock.now())
        await tx.record(checkpoint, note.adding(line).raw())
        return line

    def _trusted_note(self, submission: Submission, origin: str) -> Note:
        """Return the submitted note with the verified lines of its log and no others."""
        keys = [key for key in self.logs if key.name == origin]
        if not keys:
            raise UnknownLogError("this witness does not watch the log of this origin")
        note = parse_note(submission.note)
        signed = [key for key in keys if _claims(note, key)]
        if not signed:
            raise UntrustedError(f"no signature by a trusted key of {origin}")
        try:
            for key in signed:
                verify_note(note, key)
        except NoteError as e:
            raise UntrustedError(str(e)) from e
        kind = SignatureKind.ED25519
        return Note(note.text, tuple(note.find(key, kind) for key in signed))

    def _evidence(
        self, refusal: WitnessError, checkpoint: Checkpoint, note: Note, held: Held | None
    ) -> Evidence:
        before = held.note if held else None
        return Evidence(checkpoint, refusal.code, note.raw(), before, self.clock.now())


def judge(submission: Submission, checkpoint: Checkpoint, held: Held | None) -> WitnessError | None:
    """Return why ``checkpoint`` must not be cosigned over what is ``held``; None if it may be."""
    before = held.head if held else EMPTY_HEAD
    if submission.old != before.size:
        return ConflictError(before.size)
    try:
        verify_consistency(submission.proof, old=before, new=checkpoint.head)
    except ProofError as e:
        return InconsistentError(f"{e.code}: {e}")
    return None


def _convicts(refusal: WitnessError, checkpoint: Checkpoint, held: Held | None) -> bool:
    """Say whether the refused checkpoint is evidence: inconsistent, or a second head of one size.

    A conflict alone is none: a log may honestly not know how far its witness is.
    """
    forked = (
        held is not None and held.head.size == checkpoint.size and held.head.root != checkpoint.root
    )
    return forked or isinstance(refusal, InconsistentError)


def _claims(note: Note, key: NamedKey) -> bool:
    return any(line.is_by(key, SignatureKind.ED25519) for line in note.signatures)
