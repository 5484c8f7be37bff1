import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.attest.tree import (
    EMPTY_ROOT,
    Coordinate,
    Frontier,
    FrontierError,
    MissingNodeError,
    hash_leaf,
    hash_node,
    root_hash,
    root_nodes,
    span_hash,
)

# The reference leaves of Certificate Transparency's own tests, and the root after each of them.
LEAVES = [
    bytes.fromhex(entry)
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
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def grown(hashes: list[bytes]) -> tuple[Frontier, dict[Coordinate, bytes]]:
    frontier = Frontier()
    stored: dict[Coordinate, bytes] = {}
    for leaf in hashes:
        frontier, completed = frontier.append(leaf)
        for coordinate, digest in completed:
            assert coordinate not in stored  # a node is completed once and never changes
            stored[coordinate] = digest
    return frontier, stored


def test_the_empty_tree_has_the_hash_of_the_empty_string() -> None:
    known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    assert EMPTY_ROOT.hex() == known
    assert root_hash([]) == EMPTY_ROOT
    assert Frontier().root() == EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_the_reference_leaves_have_the_reference_roots(size: int) -> None:
    hashes = [hash_leaf(entry) for entry in LEAVES[:size]]

    assert root_hash(hashes).hex() == ROOTS[size - 1]
    assert grown(hashes)[0].root().hex() == ROOTS[size - 1]


def test_a_leaf_cannot_be_passed_off_as_a_node() -> None:
    left, right = hash_leaf(b"one"), hash_leaf(b"two")

    assert hash_leaf(left + right) != hash_node(left, right)


def test_growth_gives_the_root_of_the_whole_at_every_size_up_to_300() -> None:
    frontier = Frontier()
    hashes = [hash_leaf(b"%d" % i) for i in range(300)]

    for size, leaf in enumerate(hashes, start=1):
        frontier, _ = frontier.append(leaf)
        assert (frontier.head().size, frontier.head().root) == (size, root_hash(hashes[:size]))


def test_growth_completes_every_complete_subtree_with_its_own_root() -> None:
    hashes = [hash_leaf(b"%d" % i) for i in range(300)]

    _, stored = grown(hashes)

    whole = {
        (level, i): root_hash(hashes[i << level : (i + 1) << level])
        for level in range(9)
        for i in range(300 >> level)
    }
    assert stored == whole


def test_a_frontier_read_back_from_stored_nodes_grows_on() -> None:
    hashes = [hash_leaf(b"%d" % i) for i in range(100)]
    frontier, stored = grown(hashes[:77])

    again = Frontier.of(77, {coordinate: stored[coordinate] for coordinate in root_nodes(77)})

    assert again == frontier
    assert again.append(hashes[77])[0].root() == root_hash(hashes[:78])


def test_a_frontier_from_too_few_nodes_says_which_one_is_missing() -> None:
    _, stored = grown([hash_leaf(b"%d" % i) for i in range(5)])
    del stored[Coordinate(2, 0)]

    with pytest.raises(MissingNodeError, match="node 0 of level 2"):
        Frontier.of(5, stored)


@pytest.mark.parametrize(
    "size,lengths", [(3, [32]), (2, [32, 32]), (1, [31]), (-1, [32]), (-3, [32, 32])]
)
def test_a_frontier_out_of_shape_is_refused(size: int, lengths: list[int]) -> None:
    with pytest.raises(FrontierError) as caught:
        Frontier(size, tuple(bytes(n) for n in lengths))

    assert caught.value.code == "tree.frontier"


def test_a_span_of_a_single_leaf_is_that_leaf() -> None:
    hashes = [hash_leaf(entry) for entry in LEAVES]
    _, stored = grown(hashes)

    assert span_hash(range(6, 7), stored) == hashes[6]
    assert span_hash(range(4, 7), stored) == root_hash(hashes[4:7])


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70), st.data())
def test_changing_any_leaf_changes_the_root(entries: list[bytes], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(entries) - 1))
    altered = [*entries]
    altered[position] += b"!"

    assert root_hash([hash_leaf(e) for e in altered]) != root_hash([hash_leaf(e) for e in entries])


@given(st.lists(st.binary(max_size=8), min_size=2, max_size=70, unique=True), st.data())
def test_leaving_out_doubling_or_swapping_leaves_changes_the_root(
    entries: list[bytes], data: st.DataObject
) -> None:
    hashes = [hash_leaf(e) for e in entries]
    one = data.draw(st.integers(0, len(hashes) - 2))
    other = data.draw(st.integers(one + 1, len(hashes) - 1))
    swapped = [*hashes]
    swapped[one], swapped[other] = swapped[other], swapped[one]

    for altered in (hashes[:one] + hashes[one + 1 :], [*hashes, hashes[other]], swapped):
        assert root_hash(altered) != root_hash(hashes)
