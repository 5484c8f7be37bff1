"""What vouches for a disclosed message, and nothing beside it: entries and a checkpoint, trimmed.

A signature that is not needed to let an entry stand, and a line of a checkpoint that nobody checks,
would be bytes that anybody may alter unseen; they are left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from crypto.attest.checkpoint import Policy
from crypto.attest.directory import Desk, Directory, DirectoryError
from crypto.attest.encoding import Value, encode
from crypto.attest.note import SignatureKind, parse_note
from crypto.attest.signing import KeyId
from crypto.attest.statement import Entry, Statement, What, parse_entry


def entries_for(
    entries: Iterable[bytes],
    pins: Iterable[str],
    desks: Sequence[Desk],
    signers: Iterable[KeyId],
    policy: Policy,
) -> tuple[bytes, ...]:
    """Return the entries by which a message can be checked, each with the signatures it needs.

    Args:
        entries: the directory's, in order.
        pins: the fingerprints of the roots.
        desks: source and addressed desks, and those of the signers.
        signers: whose signatures the message carries.
        policy: broker and witnesses.
    """
    agencies = {desk.agency for desk in desks}
    servers = {policy.log.verify_key.kid, *(one.verify_key.kid for one in policy.witnesses)}
    subjects: dict[What, set[bytes]] = {
        What.ROOT: set(agencies),
        What.DESK: {desk.id for desk in desks},
        What.DEVICE: set(signers),
        What.INFRA: set(servers),
    }

    def is_needed(statement: Statement) -> bool:
        named = subjects.get(statement.what, set())
        return statement.agency in agencies and statement.subject in named

    typed, kept = list(pins), list[bytes]()
    for entry in map(parse_entry, entries):
        if is_needed(entry.statement):
            kept.append(_with_few_signatures(entry, typed, kept))
    return tuple(kept)


def lines_for(checkpoint: bytes, policy: Policy) -> bytes:
    """Return a checkpoint with the lines of broker and witnesses alone."""
    note = parse_note(checkpoint)
    lines = [note.find(policy.log, SignatureKind.ED25519)]
    lines += [note.find(one, SignatureKind.COSIGNATURE_V1) for one in policy.witnesses]
    return replace(note, signatures=tuple(lines)).raw()


def _with_few_signatures(entry: Entry, pins: Sequence[str], before: Sequence[bytes]) -> bytes:
    signatures = list(entry.signatures)
    for one in entry.signatures:
        fewer = [signature for signature in signatures if signature is not one]
        if fewer and _stands(pins, [*before, _packed(entry, fewer)]):
            signatures = fewer
    return _packed(entry, signatures)


def _packed(entry: Entry, signatures: Sequence[tuple[KeyId, bytes]]) -> bytes:
    pairs: list[Value] = [[kid, signature] for kid, signature in signatures]
    return encode([entry.statement.raw, pairs])


def _stands(pins: Sequence[str], entries: Sequence[bytes]) -> bool:
    try:
        Directory.replay(pins, entries)
    except DirectoryError:
        return False
    return True
