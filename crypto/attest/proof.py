"""Proofs over the hash tree: that a leaf stands in it, and that a tree continues an older one.

Built as RFC 6962 sections 2.1.1 and 2.1.2 define them. The verifiers decide as those of RFC 9162
sections 2.1.3.2 and 2.1.4.2, which the tests hold beside them. A proof is a list of hashes, and
each hash covers a span of leaves known from the sizes alone: the spans say how many hashes there
must be and on which side each one stands. ``..._nodes`` names the stored nodes a proof is folded
from, so a store fetches them in one query.
"""

from collections.abc import Mapping, Sequence

from crypto.attest.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    Coordinate,
    TreeError,
    TreeHead,
    hash_node,
    span_hash,
    span_nodes,
    split,
)


class ProofError(TreeError):
    """A proof cannot be built or does not hold. ``code`` is stable."""

    code = "proof"


class ProofRangeError(ProofError):
    """The leaf or the older tree does not lie within the tree."""

    code = "proof.range"


class ProofLengthError(ProofError):
    """The proof has another number of hashes than its tree needs, or one that is not 32 bytes."""

    code = "proof.length"


class ProofMismatchError(ProofError):
    """The proof leads to another root than the one claimed."""

    code = "proof.mismatch"


def inclusion_nodes(index: int, size: int) -> list[Coordinate]:
    """Return the stored nodes needed to prove leaf ``index`` in the tree of ``size`` leaves.

    Raises:
        ProofRangeError: the leaf does not lie in the tree.
    """
    return [node for span in _inclusion_spans(index, size) for node in span_nodes(span)]


def inclusion_proof(index: int, size: int, nodes: Mapping[Coordinate, bytes]) -> list[bytes]:
    """Return the audit path of leaf ``index`` in the tree of ``size`` leaves, leaf's side first.

    ``nodes`` holds at least what ``inclusion_nodes(index, size)`` names. Source: RFC 6962, 2.1.1.

    Raises:
        ProofRangeError: the leaf does not lie in the tree.
        MissingNodeError: a node needed is not in ``nodes``.
    """
    return [span_hash(span, nodes) for span in _inclusion_spans(index, size)]


def consistency_nodes(old: int, new: int) -> list[Coordinate]:
    """Return the stored nodes needed to prove that ``new`` leaves begin with the ``old`` ones.

    Raises:
        ProofRangeError: the old size is negative or larger than the new one.
    """
    return [node for span in _consistency_spans(old, new) for node in span_nodes(span)]


def consistency_proof(old: int, new: int, nodes: Mapping[Coordinate, bytes]) -> list[bytes]:
    """Return the proof that the tree of ``new`` leaves begins with the ``old`` ones.

    It is empty when either tree is empty or both are one. ``nodes`` holds at least what
    ``consistency_nodes(old, new)`` names. Source: RFC 6962, 2.1.2.

    Raises:
        ProofRangeError: the old size is negative or larger than the new one.
        MissingNodeError: a node needed is not in ``nodes``.
    """
    return [span_hash(span, nodes) for span in _consistency_spans(old, new)]


def verify_inclusion(
    leaf_hash: bytes, proof: Sequence[bytes], *, index: int, head: TreeHead
) -> bytes:
    """Return ``leaf_hash`` once it is proved to stand at ``index`` under ``head``.

    Source: RFC 9162, 2.1.3.2.

    Raises:
        ProofRangeError: the index does not lie in the tree.
        ProofLengthError: the proof has the wrong number of hashes, or one of the wrong length.
        ProofMismatchError: the proof leads to another root.
    """
    spans = _inclusion_spans(index, head.size)
    _check_hashes((leaf_hash, *proof), 1 + len(spans))
    root = leaf_hash
    for span, sibling in zip(spans, proof, strict=True):
        on_the_left = span.start <= index
        root = hash_node(sibling, root) if on_the_left else hash_node(root, sibling)
    _check_root("inclusion", root, head.root)
    return leaf_hash


def verify_consistency(proof: Sequence[bytes], *, old: TreeHead, new: TreeHead) -> TreeHead:
    """Return ``new`` once its tree is proved to begin with all the leaves of ``old``.

    The empty tree begins every tree, and needs an empty proof. Source: RFC 9162, 2.1.4.2.

    Raises:
        ProofRangeError: the old tree is larger than the new one.
        ProofLengthError: the proof has the wrong number of hashes, or one of the wrong length.
        ProofMismatchError: the proof leads to another root, or an empty tree has a wrong one.
    """
    spans = _consistency_spans(old.size, new.size)
    _check_hashes(proof, len(spans))
    if old.size == 0:
        _check_root("the empty tree", EMPTY_ROOT, old.root)
        _check_root("the empty tree", new.root if new.size else EMPTY_ROOT, new.root)
        return new
    path = [*zip(spans, proof, strict=True)]
    old_root = new_root = old.root
    if spans and spans[0].start < old.size:  # the old tree is no node of the new one
        old_root = new_root = path.pop(0)[1]
    for span, sibling in path:
        if span.start < old.size:
            old_root, new_root = hash_node(sibling, old_root), hash_node(sibling, new_root)
        else:
            new_root = hash_node(new_root, sibling)
    _check_root("consistency with the old tree", old_root, old.root)
    _check_root("consistency with the new tree", new_root, new.root)
    return new


def _inclusion_spans(index: int, size: int) -> list[range]:
    """Return the leaves under each hash of an audit path, leaf's side first."""
    if not 0 <= index < size:
        raise ProofRangeError(f"leaf {index} does not lie in a tree of {size} leaves")
    spans = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            spans.append(range(middle, end))
            end = middle
        else:
            spans.append(range(begin, middle))
            begin = middle
    return spans[::-1]


def _consistency_spans(old: int, new: int) -> list[range]:
    """Return the leaves under each hash of a consistency proof, in the proof's order."""
    if not 0 <= old <= new:
        raise ProofRangeError(f"a tree of {new} leaves cannot continue one of {old}")
    if old == 0:
        return []
    spans = []
    begin, end = 0, new
    while end != old:
        middle = begin + split(end - begin)
        if old <= middle:
            spans.append(range(middle, end))
            end = middle
        else:
            spans.append(range(begin, middle))
            begin = middle
    if begin:  # else the old tree is whole on the left: its root is known to the verifier
        spans.append(range(begin, end))
    return spans[::-1]


def _check_hashes(hashes: Sequence[bytes], expected: int) -> None:
    if len(hashes) != expected:
        raise ProofLengthError(f"{expected} hashes expected, {len(hashes)} found")
    for found in hashes:
        if len(found) != HASH_BYTES:
            raise ProofLengthError(f"a hash has {HASH_BYTES} bytes, not {len(found)}")


def _check_root(what: str, found: bytes, expected: bytes) -> None:
    if found != expected:
        raise ProofMismatchError(
            f"{what}: the proof leads to {found.hex()}, not to {expected.hex()}"
        )
