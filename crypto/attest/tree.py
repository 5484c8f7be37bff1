"""Hash tree over audit leaves: its hashes, its growth and its root.

Follows RFC 6962 section 2.1 (SHA-256; leaves and nodes carry different prefixes, so a leaf can
never be passed off as a node). Pure: bytes in, bytes out. Storing nodes and signing roots happen
elsewhere; the proofs over it stand in ``proof.py``.

Only complete subtrees are ever stored: a node once known never changes. What lies on the ragged
right edge is folded from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import NamedTuple

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"
HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()


class TreeError(Exception):
    """A tree cannot be used. ``code`` is stable: logs and tests rely on it."""

    code = "tree"


class FrontierError(TreeError):
    """The hashes are not one of 32 bytes for each complete subtree of the size."""

    code = "tree.frontier"


class MissingNodeError(TreeError):
    """A complete subtree that is needed is not among the stored nodes."""

    code = "tree.missing_node"


class Coordinate(NamedTuple):
    """A complete subtree: the leaves ``position << level`` up to ``(position + 1) << level``."""

    level: int
    position: int


class Node(NamedTuple):
    """A complete subtree with its 32-byte hash, ready to be stored; it never changes."""

    coordinate: Coordinate
    digest: bytes


class TreeHead(NamedTuple):
    """What a checkpoint says of a tree: its number of leaves and its 32-byte root."""

    size: int
    root: bytes


def hash_leaf(entry: bytes) -> bytes:
    """Return the 32-byte hash under which ``entry`` stands in the tree."""
    return sha256(LEAF_PREFIX + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of a node from its children's hashes, in order."""
    return sha256(NODE_PREFIX + left + right).digest()


def root_hash(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over ``leaf_hashes`` (32 bytes each, oldest first).

    The empty tree has the root SHA-256(""), as RFC 6962 section 2.1 defines it.
    """
    if not leaf_hashes:
        return EMPTY_ROOT
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    half = split(len(leaf_hashes))
    return hash_node(root_hash(leaf_hashes[:half]), root_hash(leaf_hashes[half:]))


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that appending needs: the size, and the hashes of the largest complete subtrees.

    ``hashes`` run from the oldest and largest to the youngest and smallest; there is one for each
    binary one of ``size``.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Raise FrontierError unless there is one hash of 32 bytes a complete subtree."""
        lengths = [len(h) for h in self.hashes]
        if self.size < 0 or lengths != [HASH_BYTES] * self.size.bit_count():
            raise FrontierError(
                f"{self.size} leaves need {HASH_BYTES} bytes for each complete subtree; "
                f"lengths {lengths} found"
            )

    @classmethod
    def of(cls, size: int, nodes: Mapping[Coordinate, bytes]) -> "Frontier":
        """Return the frontier of a stored tree from the nodes ``root_nodes(size)`` names.

        Raises:
            MissingNodeError: one of them is not in ``nodes``.
        """
        return cls(size, tuple(_stored(nodes, coordinate) for coordinate in root_nodes(size)))

    def append(self, leaf_hash: bytes) -> tuple["Frontier", list[Node]]:
        """Return the frontier with one leaf more, and the nodes this leaf completes, leaf first."""
        hashes = [*self.hashes]
        completed = [Node(Coordinate(0, self.size), leaf_hash)]
        while self.size >> (len(completed) - 1) & 1:  # a full left neighbour: the two merge
            level = len(completed)
            joined = hash_node(hashes.pop(), completed[-1].digest)
            completed.append(Node(Coordinate(level, self.size >> level), joined))
        return Frontier(self.size + 1, (*hashes, completed[-1].digest)), completed

    def root(self) -> bytes:
        """Return the 32-byte root of the tree as it stands."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT

    def head(self) -> TreeHead:
        """Return size and root together, as a checkpoint states them."""
        return TreeHead(self.size, self.root())


def root_nodes(size: int) -> list[Coordinate]:
    """Return the complete subtrees that make up a tree of ``size`` leaves, oldest first."""
    return span_nodes(range(size))


def span_nodes(span: range) -> list[Coordinate]:
    """Return the complete subtrees over the leaves of ``span``, largest and oldest first.

    ``span`` begins at a multiple of a power of two no smaller than itself, as all of RFC 6962 do.
    """
    nodes = []
    begin = span.start
    while begin < span.stop:
        level = (span.stop - begin).bit_length() - 1
        nodes.append(Coordinate(level, begin >> level))
        begin += 1 << level
    return nodes


def span_hash(span: range, nodes: Mapping[Coordinate, bytes]) -> bytes:
    """Return the hash over the leaves of ``span``, which holds one leaf at least.

    Raises:
        MissingNodeError: one of ``span_nodes(span)`` is not in ``nodes``.
    """
    return _fold([_stored(nodes, coordinate) for coordinate in span_nodes(span)])


def split(size: int) -> int:
    """Return how many leaves stand left in a tree of ``size`` (two at least): a power of two."""
    return 1 << ((size - 1).bit_length() - 1)


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees, largest first: the smallest two join first."""
    return reduce(lambda right, left: hash_node(left, right), reversed(hashes))


def _stored(nodes: Mapping[Coordinate, bytes], coordinate: Coordinate) -> bytes:
    try:
        return nodes[coordinate]
    except KeyError:
        level, position = coordinate
        raise MissingNodeError(f"node {position} of level {level} is not stored") from None
