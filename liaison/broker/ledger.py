"""The ledger's past: what was signed must still be there, and its proofs.

Follows docs/spec/ledger.md. Leaves are appended within the writer's batches (``batch.py``) and
signed after their commit (``checkpoints.py``). At start the stored leaves are held against the last
checkpoint that was signed, in the database and in a file beside it: a database that was put back to
an older state would be a second history, and is not served.
"""

from collections.abc import Iterable

from crypto.attest.checkpoint import Checkpoint, open_checkpoint
from crypto.attest.note import NamedKey, NoteError
from crypto.attest.proof import (
    ProofRangeError,
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
)
from crypto.attest.signing import KeyId, VerifyKey
from crypto.attest.tree import TreeError
from liaison.broker.errors import RefusedError, RegressedLedgerError
from liaison.broker.store import Store
from protocols.wire.api import Refusal


def origin_of(kid: KeyId) -> str:
    """Return the name under which the broker of this key signs its ledger's checkpoints."""
    return f"liaison/{kid.hex()}"


def log_key(key: VerifyKey) -> NamedKey:
    """Return the key that signs the checkpoints of the broker with this key."""
    return NamedKey(origin_of(key.kid), key)


async def check_history(store: Store, log: NamedKey, notes: Iterable[bytes | None]) -> None:
    """Return when the stored ledger continues every checkpoint in ``notes``.

    Raises:
        RegressedLedgerError: it is shorter than one of them, another than it, or one is not ours.
    """
    for note in notes:
        if note is not None:
            await _check_continues(store, _opened(note, log))


async def prove_inclusion(store: Store, index: int, *, size: int) -> list[bytes]:
    """Return the hashes that prove leaf ``index`` in the first ``size`` leaves, which are stored.

    Raises:
        RefusedError: the leaf does not lie in that tree.
    """
    try:
        nodes = await store.nodes(inclusion_nodes(index, size))
    except ProofRangeError as e:
        raise RefusedError(Refusal.RANGE, str(e)) from e
    return inclusion_proof(index, size, nodes)


async def prove_consistency(store: Store, old: int, *, size: int) -> list[bytes]:
    """Return the hashes that prove that the first ``size`` leaves begin with the first ``old``.

    Raises:
        RefusedError: the old tree is larger.
    """
    try:
        nodes = await store.nodes(consistency_nodes(old, size))
    except ProofRangeError as e:
        raise RefusedError(Refusal.RANGE, str(e)) from e
    return consistency_proof(old, size, nodes)


def _opened(note: bytes, log: NamedKey) -> Checkpoint:
    try:
        return open_checkpoint(note, log)
    except NoteError as e:
        raise RegressedLedgerError(f"the last checkpoint is not this broker's: {e}") from e


async def _check_continues(store: Store, signed: Checkpoint) -> None:
    try:
        head = await store.head(signed.size)
    except TreeError as e:
        raise RegressedLedgerError(
            f"a checkpoint of {signed.size} leaves was signed; fewer are stored"
        ) from e
    if head != signed.head:
        raise RegressedLedgerError(f"the first {signed.size} leaves are not those that were signed")
