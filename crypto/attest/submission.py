"""What a log sends to a witness: the size it believes the witness has seen, a proof, a checkpoint.

Follows C2SP tlog-witness, ``add-checkpoint``: ``old`` and a size, one base64 hash a line, an empty
line, the signed checkpoint. Form only; whether it holds is for the witness to judge.
"""

from base64 import b64encode
from dataclasses import dataclass

from crypto.attest.checkpoint import Checkpoint, parse_checkpoint, parse_size
from crypto.attest.note import NOTE_LIMIT, NoteError, decode_base64, parse_note
from crypto.attest.tree import HASH_BYTES

PROOF_LINES_LIMIT = 63
#: The old size and 63 lines of 45 bytes stand before the checkpoint.
SUBMISSION_LIMIT = NOTE_LIMIT + 4096


class SubmissionError(NoteError):
    """The bytes are not what a log sends to a witness. ``code`` is stable."""

    code = "submission.malformed"


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint (a signed note, not verified) that is said to continue one of ``old`` leaves."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    def checkpoint(self) -> Checkpoint:
        """Return what the note claims, not verified; raise NoteError when it is out of form."""
        return parse_checkpoint(parse_note(self.note).text)

    def raw(self) -> bytes:
        """Return the body to be sent to the witness."""
        lines = (f"old {self.old}", *(b64encode(h).decode() for h in self.proof), "")
        return "".join(f"{line}\n" for line in lines).encode() + self.note


def parse_submission(raw: bytes) -> Submission:
    """Return the submission in ``raw``, whose note has the form of a checkpoint.

    Raises:
        SubmissionError: too long, no empty line before the checkpoint, too many lines, or the old
            size or a hash out of form.
        NoteError: the checkpoint is out of form.
    """
    if len(raw) > SUBMISSION_LIMIT:
        raise SubmissionError(f"{len(raw):,} bytes; at most {SUBMISSION_LIMIT:,} are allowed")
    head, gap, note = raw.partition(b"\n\n")
    if not gap:
        raise SubmissionError("an empty line before the checkpoint expected, none found")
    old, *proof = _lines(head)
    if len(proof) > PROOF_LINES_LIMIT:
        raise SubmissionError(f"{len(proof)} hashes; at most {PROOF_LINES_LIMIT} are allowed")
    submission = Submission(_old_size(old), tuple(map(_hash, proof)), note)
    submission.checkpoint()
    return submission


def _lines(head: bytes) -> list[str]:
    try:
        return head.decode("ascii").split("\n")
    except UnicodeDecodeError as e:
        raise SubmissionError("ASCII expected before the checkpoint, something else found") from e


def _old_size(line: str) -> int:
    word, space, size = line.partition(" ")
    if word != "old" or not space:
        raise SubmissionError("'old' and a size expected on the first line, something else found")
    return parse_size(size)


def _hash(line: str) -> bytes:
    found = decode_base64(line)
    if len(found) != HASH_BYTES:
        raise SubmissionError(f"a hash has {HASH_BYTES} bytes, not {len(found)}")
    return found
