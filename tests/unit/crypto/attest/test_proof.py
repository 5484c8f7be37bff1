from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.proof import (
    ProofError,
    ProofLengthError,
    ProofMismatchError,
    ProofRangeError,
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from crypto.attest.tree import (
    EMPTY_ROOT,
    Coordinate,
    Frontier,
    MissingNodeError,
    TreeHead,
    hash_leaf,
    hash_node,
    root_hash,
)

LARGEST = 300
HASHES = [hash_leaf(b"%d" % i) for i in range(LARGEST)]
HEADS = [TreeHead(0, EMPTY_ROOT)]
NODES: dict[Coordinate, bytes] = {}


def _grow() -> None:
    frontier = Frontier()
    for leaf in HASHES:
        frontier, completed = frontier.append(leaf)
        NODES.update(completed)
        HEADS.append(frontier.head())


_grow()

# The reference leaves of Certificate Transparency's own tests, and proofs over them.
REFERENCE = [
    hash_leaf(bytes.fromhex(entry))
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
G = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
H = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
I = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"  # noqa: E741 - its place


def reference_nodes() -> dict[Coordinate, bytes]:
    frontier = Frontier()
    nodes: dict[Coordinate, bytes] = {}
    for leaf in REFERENCE:
        frontier, completed = frontier.append(leaf)
        nodes.update(completed)
    return nodes


@pytest.mark.parametrize(
    "index,size,path",
    [(0, 1, []), (0, 8, [A, B, C]), (5, 8, [D, E, F]), (2, 3, [G]), (1, 5, [H, B, D])],
)
def test_the_reference_leaves_have_the_reference_audit_paths(
    index: int, size: int, path: list[str]
) -> None:
    assert [h.hex() for h in inclusion_proof(index, size, reference_nodes())] == path


@pytest.mark.parametrize(
    "old,new,path", [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [I, E, F]), (2, 5, [B, D])]
)
def test_the_reference_trees_have_the_reference_consistency_proofs(
    old: int, new: int, path: list[str]
) -> None:
    assert [h.hex() for h in consistency_proof(old, new, reference_nodes())] == path


def rfc6962_path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) word for word from RFC 6962, 2.1.1."""
    if len(hashes) == 1:
        return []
    k = 1 << (len(hashes) - 1).bit_length() - 1
    if index < k:
        return [*rfc6962_path(index, hashes[:k]), root_hash(hashes[k:])]
    return [*rfc6962_path(index - k, hashes[k:]), root_hash(hashes[:k])]


def rfc6962_subproof(old: int, hashes: Sequence[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) word for word from RFC 6962, 2.1.2."""
    if old == len(hashes):
        return [] if known else [root_hash(hashes)]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    if old <= k:
        return [*rfc6962_subproof(old, hashes[:k], known=known), root_hash(hashes[k:])]
    return [*rfc6962_subproof(old - k, hashes[k:], known=False), root_hash(hashes[:k])]


def rfc9162_inclusion_holds(leaf: bytes, path: list[bytes], index: int, head: TreeHead) -> bool:
    """Step by step from RFC 9162, 2.1.3.2."""
    fn, sn, r = index, head.size - 1, leaf
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = hash_node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hash_node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == head.root


def rfc9162_consistency_holds(path: list[bytes], old: TreeHead, new: TreeHead) -> bool:
    """Step by step from RFC 9162, 2.1.4.2, for 0 < old < new."""
    if not path:
        return False
    if old.size & (old.size - 1) == 0:
        path = [old.root, *path]
    fn, sn = old.size - 1, new.size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = hash_node(c, fr), hash_node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = hash_node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return (fr, sr, sn) == (old.root, new.root, 0)


def test_every_leaf_of_every_tree_up_to_300_is_proved_from_the_nodes_named() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            nodes = {c: NODES[c] for c in inclusion_nodes(index, size)}
            proof = inclusion_proof(index, size, nodes)

            assert verify_inclusion(HASHES[index], proof, index=index, head=HEADS[size])
            assert rfc9162_inclusion_holds(HASHES[index], proof, index, HEADS[size])


def test_every_pair_of_trees_up_to_300_is_proved_consistent_from_the_nodes_named() -> None:
    for new in range(LARGEST + 1):
        for old in range(new + 1):
            nodes = {c: NODES[c] for c in consistency_nodes(old, new)}
            proof = consistency_proof(old, new, nodes)

            assert verify_consistency(proof, old=HEADS[old], new=HEADS[new]) == HEADS[new]
            assert not 0 < old < new or rfc9162_consistency_holds(proof, HEADS[old], HEADS[new])


def test_proofs_are_the_ones_the_recursive_definition_gives() -> None:
    for size in range(1, 65):
        for index in range(size):
            path = rfc6962_path(index, HASHES[:size])
            assert inclusion_proof(index, size, NODES) == path
            subproof = rfc6962_subproof(index + 1, HASHES[:size], known=True)
            assert consistency_proof(index + 1, size, NODES) == subproof


def test_a_proof_in_a_tree_of_a_million_asks_for_few_nodes() -> None:
    # 20 levels a million leaves; a span on the right edge may be folded from several nodes.
    assert len(inclusion_nodes(123_456, 999_999)) <= 40
    assert len(consistency_nodes(123_457, 999_999)) <= 40


sizes = st.integers(1, LARGEST)


@st.composite
def inclusion_cases(draw: st.DrawFn) -> tuple[int, int, list[bytes]]:
    size = draw(sizes)
    index = draw(st.integers(0, size - 1))
    return index, size, inclusion_proof(index, size, NODES)


@st.composite
def consistency_cases(draw: st.DrawFn) -> tuple[int, int, list[bytes]]:
    new = draw(st.integers(2, LARGEST))
    old = draw(st.integers(1, new - 1))
    return old, new, consistency_proof(old, new, NODES)


def flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value) ^ 1 << bit).to_bytes(len(value))


def mutations(proof: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    """Every way to spoil a proof: a flipped bit, a hash more, one less, two exchanged, one cut."""
    ways = [
        st.builds(
            lambda at, new: [*proof[:at], new, *proof[at:]],
            st.integers(0, len(proof)),
            st.sampled_from(HASHES),
        )
    ]
    if proof:
        at = st.integers(0, len(proof) - 1)
        ways += [
            st.builds(
                lambda i, bit: [*proof[:i], flipped(proof[i], bit), *proof[i + 1 :]],
                at,
                st.integers(0, 255),
            ),
            at.map(lambda i: proof[:i] + proof[i + 1 :]),
            at.map(lambda i: [*proof[:i], proof[i][:31], *proof[i + 1 :]]),
        ]
    if len(proof) > 1:
        ways.append(
            st.integers(0, len(proof) - 2).map(
                lambda i: [*proof[:i], proof[i + 1], proof[i], *proof[i + 2 :]]
            )
        )
    return st.one_of(ways)


@given(inclusion_cases(), st.data())
def test_a_spoiled_audit_path_proves_nothing(
    case: tuple[int, int, list[bytes]], data: st.DataObject
) -> None:
    index, size, proof = case
    spoiled = data.draw(mutations(proof))

    with pytest.raises(ProofError):
        verify_inclusion(HASHES[index], spoiled, index=index, head=HEADS[size])


@given(consistency_cases(), st.data())
def test_a_spoiled_consistency_proof_proves_nothing(
    case: tuple[int, int, list[bytes]], data: st.DataObject
) -> None:
    old, new, proof = case
    spoiled = data.draw(mutations(proof))

    with pytest.raises(ProofError):
        verify_consistency(spoiled, old=HEADS[old], new=HEADS[new])


@given(inclusion_cases(), st.data())
def test_an_audit_path_proves_its_own_leaf_in_its_own_place_only(
    case: tuple[int, int, list[bytes]], data: st.DataObject
) -> None:
    index, size, proof = case
    other = data.draw(st.integers(-1, size).filter(lambda i: i != index))

    with pytest.raises(ProofError):
        verify_inclusion(HASHES[index], proof, index=other, head=HEADS[size])
    with pytest.raises(ProofMismatchError):
        verify_inclusion(hash_leaf(b"another story"), proof, index=index, head=HEADS[size])


@given(st.integers(2, 120), st.data())
def test_a_log_with_an_old_leaf_rewritten_cannot_be_proved_consistent(
    new: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, new - 1))
    rewritten = data.draw(st.integers(0, old - 1))
    hashes = [*HASHES[:new]]
    hashes[rewritten] = hash_leaf(b"another story")
    proof = rfc6962_subproof(old, hashes, known=True)

    with pytest.raises(ProofMismatchError):
        verify_consistency(proof, old=HEADS[old], new=TreeHead(new, root_hash(hashes)))


@pytest.mark.parametrize("old,new", [*pairwise([0, 1, 2, 7, 8, 9, 300])])
def test_a_tree_is_consistent_with_no_other_root_of_the_old_size(old: int, new: int) -> None:
    proof = consistency_proof(old, new, NODES)

    with pytest.raises(ProofMismatchError):
        verify_consistency(proof, old=TreeHead(old, bytes(32)), new=HEADS[new])


def test_a_tree_continues_itself_and_no_other_of_its_size() -> None:
    assert verify_consistency([], old=HEADS[7], new=HEADS[7]) == HEADS[7]
    with pytest.raises(ProofMismatchError):
        verify_consistency([], old=HEADS[7], new=TreeHead(7, HEADS[8].root))


def test_the_empty_tree_has_one_root_only() -> None:
    with pytest.raises(ProofMismatchError):
        verify_consistency([], old=HEADS[0], new=TreeHead(0, HEADS[1].root))


RANGES: list[Callable[[], object]] = [
    lambda: inclusion_proof(3, 3, NODES),
    lambda: inclusion_nodes(-1, 3),
    lambda: inclusion_nodes(0, 0),
    lambda: consistency_proof(4, 3, NODES),
    lambda: consistency_nodes(-1, 3),
    lambda: verify_inclusion(HASHES[0], [], index=0, head=HEADS[0]),
    lambda: verify_consistency([], old=HEADS[2], new=HEADS[1]),
]


def test_a_byte_moved_from_a_hash_to_its_neighbour_is_seen() -> None:
    """Both sides of a node are hashed in one: cut elsewhere they lead to the same root."""
    (sibling,) = inclusion_proof(0, 2, NODES)
    assert verify_inclusion(HASHES[0], [sibling], index=0, head=HEADS[2]) == HASHES[0]

    with pytest.raises(ProofLengthError):
        verify_inclusion(HASHES[0] + sibling[:1], [sibling[1:]], index=0, head=HEADS[2])


@pytest.mark.parametrize("asked", RANGES)
def test_a_leaf_or_a_tree_outside_the_tree_is_refused(asked: Callable[[], object]) -> None:
    with pytest.raises(ProofRangeError) as caught:
        asked()

    assert caught.value.code == "proof.range"


def test_a_proof_for_the_empty_tree_must_be_empty() -> None:
    with pytest.raises(ProofLengthError, match="0 hashes expected, 1 found"):
        verify_consistency([HASHES[0]], old=HEADS[0], new=HEADS[1])


def test_a_proof_over_a_node_that_was_lost_is_not_built() -> None:
    nodes = {c: NODES[c] for c in inclusion_nodes(5, 100)}
    del nodes[Coordinate(0, 4)]

    with pytest.raises(MissingNodeError, match="node 4 of level 0"):
        inclusion_proof(5, 100, nodes)
